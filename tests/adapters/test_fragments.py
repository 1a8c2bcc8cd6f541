"""The quick reading of a fragment gives what the parsers give, over made-up markup and over every text of the corpus."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.fragments import count_words, plain_fragment, plain_text
from adapters.html import clean_html, images_of, text_of_html
from adapters.sources.feed_trees import NotAFeed, read_raw
from syncd.domain import identity
from syncd.vietnamese.text import decode

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "feeds"
PIECES = [
    "<p>", "</p>", "<div>", "</div>", "<b>", "</b>", "<a href='x'>", "</a>", "<br>", "<br/>", "</br>", "<br />", "<h2>", "</h2>",
    "<img src=x>", '<img alt="a b" src="y">', "<hr>", "<span class=c>", "</span>", "<li>", "</li>", "<ul>", "</ul>", "<script>", "</script>",
    "<table>", "<td>", "</table>", "Đảng", " ủy ", "\n", "\t", "&amp;", "&nbsp;", "&#8217;", "&lt;p&gt;", "&", "&copy;", "&#1;", "<", ">",
    "<!-- x -->", "a", "\u00a0", "e\u0301", "<P>", "</P>", "<style>", "x=1", '"', "<div class='syncd-credit'>", "<title>", "</title>",
]  # fmt: skip


PICTURES = [
    '<img src="/1.jpg" alt="Quang &amp;amp; &quot;cảnh&quot; &lt;1&gt;" title="x > y">',
    "<img src='2.jpg?a=1&amp;b=2' width=20 height=1>",
    '<a href="/3" title="&lt;img src=/4.jpg&gt;"><img alt="không địa chỉ"></a>',
    "<img src=/1.jpg alt='  hai   lần '>",
    '&lt;img src="/5.jpg"&gt;',
]


BASE = "https://vidu.example/tin/"
ELEMENTS = [
    "<p>{}</p>", "<div class=a style='x: y'>{}</div>", "<b>{}</b>", '<a href="../x">{}</a>', "<a href='http://b.vn/?a=1&amp;b=2' title='\"'>{}</a>",
    "<span>{}</span>", "<h2>{}</h2>", "<i>{}</i>", "<font color=red>{}</font>", "<h1 title='x' lang=vi>{}</h1>", "<blockquote>{}</blockquote>",
    "<ul>{}</ul>", "<li>{}</li>", "<ol start=2>{}</ol>", "<sup>{}</sup>", "<em>{}</em>", "{} {}", "{}<br>{}", "{}{}{}", "<P>{}</P>", "{}\n{}",
]  # fmt: skip
LEAVES = [
    *PIECES, "Huyện ủy", "&ocirc;", "&lang;", "&rsquo;", "&apos;", "&#824;", "&#038;", "&#0009;", "\u0301", '="', "'>", "&b=1", "<img src=http://localhost/x.png>",
    "<img src='http://b.vn/1.gif' width=1 height='1'>", "<img alt='&amp;lt; x' src='http://b.vn/2.gif' title='a\nb'>", "<img src=/3.gif alt>", "<hr>",
    '<img src="http://b.vn/4.gif" onerror=alert(1)>', "<a href=javascript:alert(1)>x</a>", "<b\xa0c>", "<p/>", "<div data-src=x>", "<a href='x'/>", "<img src='x'/>", "</a href='x'>", "&nbsp", "&#xE9;",
]  # fmt: skip
MARKUP = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: st.builds(
        lambda form, parts: form.format(*parts), st.sampled_from(ELEMENTS), st.tuples(inner, inner, inner)
    ),
    max_leaves=12,
)


def assert_same(source: str) -> bool:
    """Whether the fragment was read quickly; where it was, everything must be what the parsers give."""
    quick = plain_fragment(source, BASE)
    if quick is None:
        return False
    html = clean_html(source, BASE)
    assert (quick.html, quick.text, quick.images) == (html, text_of_html(source), images_of(html)), source
    assert quick.text == text_of_html(html), source
    assert count_words(quick.text) == len(quick.text.split())
    return True


@given(MARKUP)
def test_well_nested_markup_is_read_as_by_the_parsers(source: str) -> None:
    assert_same(source)


@given(st.lists(st.sampled_from(LEAVES), max_size=14).map("".join))
def test_any_other_markup_is_read_as_by_the_parsers(source: str) -> None:
    assert_same(source)
    assert plain_text(source) == text_of_html(source)


NAMES = [
    "href",
    "src",
    "alt",
    "title",
    "lang",
    "class",
    "style",
    "width",
    "height",
    "onclick",
    "HREF",
    "target",
    "rel",
    "start",
    "data",
    "name",
]
HOSTS = [
    "a.vn",
    "-x.vn",
    "1.2.3.aa",
    "0x1.vn",
    "xn--a.vn",
    "localhost",
    "a.localhost",
    "127.0.0.1",
    "A.vn",
    "a_b.vn",
    "a.v",
    f"{'x' * 70}.vn",
    ".vn",
]
PATHS = [
    "",
    "/",
    "/x.jpg",
    "/a%20b",
    "/a b",
    "/%zz",
    "?x=1",
    "/?a=1&amp;b=2",
    "/ảnh.jpg",
    "#q",
    "/../x",
    "//y",
    "/x;y",
    "/~!$'()*+,=:@%/-",
    "/x\\y",
]
VALUES = [
    "",
    "x",
    "&amp;",
    "1",
    "0",
    "1px",
    "ả",
    "e\u0301",
    "a\nb",
    " x ",
    "'",
    "&nbsp;",
    "&lt;",
    "\xa0",
    "javascript:alert(1)",
    "data:x",
    "mailto:a@b.vn",
]
ADDRESSES = st.builds(
    "{}{}{}".format,
    st.sampled_from(["http://", "https://", "HTTP://", "//", ""]),
    st.sampled_from(HOSTS),
    st.sampled_from(PATHS),
)
ATTRIBUTES = st.one_of(
    st.builds(
        lambda space, name, quote, value: f"{space}{name}={quote}{value}{quote}",
        st.sampled_from(" \n"), st.sampled_from(NAMES), st.sampled_from(['"', '"', "'", ""]), st.one_of(st.sampled_from(VALUES), ADDRESSES),
    ),
    st.sampled_from(NAMES).map(" {}".format),
)  # fmt: skip


@given(
    st.sampled_from(["img", "a", "p", "ol", "font", "br", "hr", "IMG"]), st.lists(ATTRIBUTES, max_size=4).map("".join)
)
def test_tag_is_cleaned_as_by_the_cleaner(name: str, attributes: str) -> None:
    end = "" if name.lower() in ("img", "br", "hr") else f"</{name}>"
    assert_same(f"<{name}{attributes}>x{end}")


def test_everyday_markup_is_read_quickly() -> None:
    body = (
        "<h2>Hội nghị</h2><p style='x: y'>Sáng&nbsp;nay, <b>Huyện ủy</b> t&ocirc;n tr&#7841;ng &gt; 90%<br />và</p>\n<ul><li>một</li><li>hai</li></ul>"
        '<div class="c"><a href="/x" target="_blank"><img src="http://b.example/1.jpg?a=1&amp;b=2" alt="Quang cảnh"></a></div>'
    )
    assert assert_same(body)
    assert assert_same("Không có thẻ &amp; nào")


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join), st.booleans())
def test_lines_are_the_same_as_from_the_parser(source: str, cleaned: bool) -> None:
    html = clean_html(source, "https://vidu.example/") if cleaned else source
    quick = identity._shown_of_clean(html)
    if quick is not None:
        reader = identity._TextReader()
        reader.feed(html)
        reader.close()
        assert _lines(quick) == _lines("".join(reader.parts))


@given(st.lists(st.sampled_from([*PIECES, *PICTURES]), max_size=8).map("".join))
def test_pictures_are_the_same_as_from_the_tree(source: str) -> None:
    cleaned = clean_html(source, "https://vidu.example/")
    # A figure makes the tree be built; an empty one shows nothing.
    assert images_of(cleaned) == images_of(f"{cleaned}<figure></figure>")


@pytest.mark.slow
@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here")
def test_every_text_of_the_corpus_is_the_same() -> None:
    quick = at_once = texts = 0
    for path in sorted(CORPUS.iterdir()):
        try:
            raw, _ = read_raw(decode(path.read_bytes()).text, "https://vidu.example/")
        except NotAFeed:
            continue
        for source in {text for item in raw.items for text in (item.summary, item.content) if text}:
            cleaned = clean_html(source, "https://vidu.example/")
            at_once += assert_same(source)
            assert_same(cleaned)
            assert images_of(cleaned) == images_of(f"{cleaned}<figure></figure>"), (path.name, cleaned[:200])
            shown = identity._shown_of_clean(cleaned)
            if shown is not None:
                reader = identity._TextReader()
                reader.feed(cleaned)
                reader.close()
                assert _lines(shown) == _lines("".join(reader.parts)), (path.name, cleaned[:200])
            quick, texts = quick + (shown is not None), texts + 1
    assert quick > texts * 0.9
    assert at_once > texts * 0.7


def _lines(shown: str) -> list[str]:
    return [line for line in (" ".join(line.split()) for line in shown.split("\n")) if line]
