"""The quick reading of a feed's text gives what the tree gives, over made-up markup and over every text of the corpus."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.html import clean_html, images_of, text_of_html
from adapters.sources.feed_text import plain_text
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


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_text_is_the_same_as_from_the_tree(source: str) -> None:
    assert plain_text(source) == text_of_html(source)


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
    quick = texts = 0
    for path in sorted(CORPUS.iterdir()):
        try:
            raw, _ = read_raw(decode(path.read_bytes()).text, "https://vidu.example/")
        except NotAFeed:
            continue
        for source in {text for item in raw.items for text in (item.summary, item.content) if text}:
            cleaned = clean_html(source, "https://vidu.example/")
            for text in (source, cleaned):
                assert plain_text(text) == text_of_html(text), (path.name, text[:200])
            assert images_of(cleaned) == images_of(f"{cleaned}<figure></figure>"), (path.name, cleaned[:200])
            shown = identity._shown_of_clean(cleaned)
            if shown is not None:
                reader = identity._TextReader()
                reader.feed(cleaned)
                reader.close()
                assert _lines(shown) == _lines("".join(reader.parts)), (path.name, cleaned[:200])
            quick, texts = quick + (shown is not None), texts + 1
    assert quick > texts * 0.9


def _lines(shown: str) -> list[str]:
    return [line for line in (" ".join(line.split()) for line in shown.split("\n")) if line]
