"""Texts brought down to what a portal keeps: no word lost, none moved, no tag left that the portal would drop."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.html import clean_html
from adapters.portals.drupal_calls import BASIC_HTML
from adapters.portals.reduced import Kept, reduced
from syncd.domain.identity import CREDIT_CLASS, text_sha256, visible_lines

FEW: Kept = {"p": frozenset(), "a": frozenset({"href"}), "br": frozenset()}
NEXT_TO_NOTHING: Kept = {"br": frozenset()}


@pytest.mark.parametrize(
    ("html", "there"),
    [
        ("<p>Một <b>hai</b> <u>ba</u></p>", "<p>Một <strong>hai</strong> ba</p>"),
        ("<h1>Tên</h1><h3>Mục</h3>", "<h2>Tên</h2><h3>Mục</h3>"),
        (
            '<figure><img src="https://a.example/1.jpg" alt="Ảnh" title="x"><figcaption>Đồng chí A &amp; B</figcaption></figure>',
            '<p><img src="https://a.example/1.jpg" alt="Ảnh"></p><p><em>Đồng chí A &amp; B</em></p>',
        ),
        (
            "<table><caption>Bảng 1</caption><tbody><tr><th>TT</th><th>Tên</th></tr>\n<tr><td>1</td><td>Xã A</td></tr></tbody></table><p>Hết</p>",
            "<p><strong>Bảng 1</strong></p><p>TT&emsp;Tên</p><p>1&emsp;Xã A</p><p>Hết</p>",
        ),
        ("<table><tr><td><p>a</p><p>b</p></td><td>c</td></tr></table>", "<p>a</p><p>b</p><p>c</p>"),
        ("<div>a<div>b</div>c</div>", "<p>a</p><p>b</p><p>c</p>"),
        ("<ul><li><div>a</div><div>b</div></li></ul>", "<ul><li><p>a</p><p>b</p></li></ul>"),
        ("<p>x<sub>2</sub>y<hr></p>", "<p>x2y<br></p>"),
        ("<p>&#91;gallery] &lt;b&gt;</p>", "<p>&#91;gallery] &lt;b&gt;</p>"),
        (f'<p class="{CREDIT_CLASS}">Nguồn</p><p class="x">y</p>', f'<p class="{CREDIT_CLASS}">Nguồn</p><p>y</p>'),
        ('<p>a</p>\n<!-- syncd-1 -->', '<p>a</p>\n<!-- syncd-1 -->'),
        ("trần <span>trụi</span>", "trần trụi"),
    ],
)  # fmt: skip
def test_what_drupal_does_not_keep_is_said_in_what_it_keeps(html: str, there: str) -> None:
    assert reduced(html, BASIC_HTML) == there


_TAGS = ["p", "div", "h1", "h2", "b", "i", "u", "span", "ul", "ol", "li", "table", "tr", "td", "th", "caption", "figure",
         "figcaption", "blockquote", "pre", "dl", "dt", "dd", "a", "sub", "img", "br", "hr", "thead", "tbody"]  # fmt: skip
_PIECES = st.one_of(
    st.sampled_from([f"<{tag}>" for tag in _TAGS] + [f"</{tag}>" for tag in _TAGS]),
    st.sampled_from(["một", "hai", " ba ", "bốn.", "&amp;", "&#91;x]", "\n", " ", "năm&nbsp;sáu", "<", 'x"y']),
)
_PAGES = st.lists(_PIECES, max_size=40).map("".join)


@given(_PAGES)
def test_the_words_are_the_same_before_and_after(page: str) -> None:
    html = clean_html(page, "https://ban-a.example/")
    for keep in (BASIC_HTML, FEW, NEXT_TO_NOTHING):
        there = reduced(html, keep)
        assert set(re.findall(r"</?([a-z][a-z0-9]*)", there)) <= set(keep), (html, there)
        assert " ".join(visible_lines(there)) == " ".join(visible_lines(html)), (html, there)
        assert text_sha256(there) == text_sha256(html)
        assert reduced(there, keep) == there


@given(_PAGES)
def test_what_keeps_everything_changes_nothing_to_be_seen(page: str) -> None:
    html = clean_html(page, "https://ban-a.example/")
    everything = {
        tag: frozenset({"href", "src", "alt", "title", "rel"}) for tag in set(re.findall(r"<([a-z][a-z0-9]*)", html))
    }
    assert visible_lines(reduced(html, everything)) == visible_lines(html)
