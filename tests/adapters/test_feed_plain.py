"""Items read by their source are what lxml reads, over made-up documents and over the corpus; and brief items say what they must."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sources import feed_trees
from adapters.sources.feed_items import RawFeed, read_tree
from syncd.vietnamese.text import decode

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "feeds"
BASE = "https://vidu.example/rss"
HEAD = (
    '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    ' xmlns:media="http://search.yahoo.com/mrss/"><channel><title>Tin</title><generator>NukeViet</generator>'
)
NAMES = [
    "title", "link", "guid", "pubDate", "dc:date", "description", "content:encoded", "dc:creator", "author", "category", "dc:subject",
    "media:title", "media:thumbnail", "media:content", "enclosure", "comments", "x:y", "Title", "id", "source",
]  # fmt: skip
ATTRIBUTES = [
    "", "", "", ' isPermaLink="false"', " url='http://b.example/1.jpg' type=\"image/jpeg\"", ' href="/x?a=1&amp;b=2" rel="alternate"', ' type="text/plain"',
    ' a="1" a="2"', ' rdf:about="x"', ' xml:base="/y"', ' title="a > b"', ' xmlns="urn:x"', ' a = "1"', " a=1", ' a="&lt;=&quot;"', ' a="x=y" b=""',
]  # fmt: skip
TEXTS = [
    "", "Huyện ủy", " hai  từ ", "\n", "\r\n", "\t", "&lt;p&gt;", "&amp;amp;", "&quot;", "&apos;", "&#8217;", "&#038;", "&#x01EA1;", "&#0;", "&#31;", "&#13;", "&nbsp;", "&",
    "<![CDATA[<p>x &amp; y</p>]]>", "<![CDATA[a]]]]><![CDATA[>b]]>", "<![CDATA[ <![CDATA[ ]]>", "]]>", "<![CDATA[</item><item>]]>", "<!-- x -->", "<b>x</b>",
    "<?x?>", "http://b.example/1.html", "\x01", "\ufffe", "\x85", "\x7f", "<br/>", "Thu, 01 Oct 2026 08:00:00 +0700", "]]", "<", ">", "&#128512;",
]  # fmt: skip
ELEMENTS = st.builds(
    lambda name, attributes, texts, closed: (
        f"<{name}{attributes}/>" if closed else f"<{name}{attributes}>{''.join(texts)}</{name}>"
    ),
    st.sampled_from(NAMES),
    st.sampled_from(ATTRIBUTES),
    st.lists(st.sampled_from(TEXTS), max_size=3),
    st.sampled_from([False, False, False, True]),
)
PIECES = st.one_of(
    ELEMENTS, ELEMENTS, ELEMENTS, st.sampled_from(["\n", " ", "x", "<!-- x -->", "</link>", "<item>", "<![CDATA[x]]>"])
)
ITEMS = st.lists(PIECES, max_size=5).map(lambda pieces: f"<item>{''.join(pieces)}</item>")
PLAIN = [
    "<title>a</title>",
    "<link>http://b.example/1</link>",
    "<description>&lt;p&gt;Huyện &amp;amp; xã</description>",
    "<guid>1</guid>",
]


def by_tree(text: str) -> RawFeed | None:
    root = feed_trees._parse(text, BASE)
    return read_tree(root, feed_trees.MAX_ITEMS) if root is not None else None


def by_source(text: str) -> RawFeed | None:
    return feed_trees.read_usual(text.encode("utf-8", "surrogatepass"), BASE, None)


@given(st.lists(ITEMS, min_size=1, max_size=3), st.sampled_from(["", "\r\n", "\n ", "x", "<item/>"]))
def test_items_are_what_lxml_reads(items: list[str], between: str) -> None:
    text = f"{HEAD}{between.join(items)}</channel></rss>"
    plain = by_source(text)
    if plain is not None:
        assert plain == by_tree(text), text


@given(st.lists(st.sampled_from(PLAIN), max_size=4), st.sampled_from(TEXTS), st.sampled_from(TEXTS))
def test_whatever_stands_in_a_usual_item_is_what_lxml_reads(elements: list[str], one: str, two: str) -> None:
    text = f"{HEAD}<item>{''.join(elements)}<title>{one}{two}</title></item>\n</channel></rss>\n"
    plain = by_source(text)
    if plain is not None:
        assert plain == by_tree(text), text


def test_usual_document_is_read_by_its_source() -> None:
    item = (
        '<item>\r\n<title>Hội nghị &amp;amp; &#8220;bàn&#8221;</title><guid isPermaLink="false">news_1</guid><category><![CDATA[Đảng]]></category>'
        "<content:encoded><![CDATA[<p>x</p>]]></content:encoded><enclosure url='http://b.example/1.jpg' type='image/jpeg'/></item>\r\n"
    )
    text = f"{HEAD}{item}{item}</channel>\n</rss>\n"
    plain = by_source(text)
    assert plain is not None
    assert plain == by_tree(text)
    assert (plain.generator, plain.total, plain.items[0].title) == ("NukeViet", 2, "Hội nghị &amp; “bàn”")


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}<items><item><title>x</title></item></items></channel></rss>",
        f"{HEAD}<!-- <item><title>x</title></item></channel></rss>",
        f"{HEAD}<!-- --><item><title>x</title></item><!-- --></channel></rss>",
        f"{HEAD}<item><title>x</title></item><entry/></channel></rss>",
        f"{HEAD}<entry/><item><title>x</title></item></channel></rss>",
        f"{HEAD}<item><title>x</title></item></channel></rss><x/>",
        f"{HEAD}<item><a:b>x</a:b></item></channel></rss>",
        f"{HEAD}<item><title>x\ud800</title></item></channel></rss>",
        '<rss xml:base="/x"><channel><item><link>y</link></item></channel></rss>',
        "</item>",
        "<item>",
        "",
    ],
)
def test_anything_else_is_left_to_lxml(text: str) -> None:
    assert by_source(text) is None


@pytest.mark.slow
@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here")
def test_every_feed_of_the_corpus_is_the_same() -> None:
    plain = 0
    for path in sorted(CORPUS.iterdir()):
        try:
            text = feed_trees._without_prolog(decode(path.read_bytes()).text.lstrip("\ufeff"))
        except feed_trees.NotAFeed:
            continue
        quick = by_source(text)
        if quick is not None:
            assert quick == by_tree(text), path.name
            plain += 1
    assert plain >= 40
