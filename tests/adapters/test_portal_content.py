"""The links of a text, as a portal gives it back."""

from hypothesis import given
from hypothesis import strategies as st

from adapters.portals.content import outgoing_links

OWN = "https://cong.example/tin"
PIECES = (
    "chữ", "<p>", "</p>", '<a href="https://ban-a.example/?a=1&amp;b=2">', '<a href="https://ban-b.example/">', '<a class="x" href=" HTTPS://ban-c.example ">',
    "</a>", '</a href="https://ban-d.example/">', '<a title="', '">', "<a href=https://ban-e.example>", '<A HREF="https://ban-f.example">', "<script>", "</script>",
    "<title>", "<textarea>", "<!-- syncd-0 -->", "<!-- ", " -->", '<a href="https://cong.example/1" href="https://ban-g.example/"/>', '<a data-href="https://ban-h.example">',
)  # fmt: skip


def test_addresses_elsewhere_are_told_once_in_order() -> None:
    html = (
        '<p><a href="https://ban-b.example/2">hai</a> <a href="https://ban-a.example/?x=1&amp;y=2">một</a></p>'
        '<a href="https://ban-b.example/2">lại</a><a href="https://cong.example/9">ở đây</a><a href="#cuoi">x</a><!-- syncd-0 -->'
    )
    assert outgoing_links(html, own_url=OWN) == ("https://ban-b.example/2", "https://ban-a.example/?x=1&y=2")


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_the_quick_way_finds_what_the_parser_finds(html: str) -> None:
    by_parser = "<I></I>"  # not of the form we write
    assert outgoing_links(html, own_url=OWN) == outgoing_links(by_parser + html, own_url=OWN)
