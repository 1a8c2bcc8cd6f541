"""Whom a post typed by hand on a portal names as its source."""

import pytest

from adapters.portals.content import credited


@pytest.mark.parametrize(
    ("html", "whose"),
    [
        ("<p>Tin.</p><p><em>Nguồn: Ban A Tỉnh ủy Ví Dụ</em></p>", "Ban A Tỉnh ủy Ví Dụ"),
        ("<p>Tin.</p><p style='text-align:right'>(Theo: Ban A)</p>", "Ban A"),
        ("<p>Tin, dài hơn một dòng.</p><div><b>Tin, ảnh:</b> Ban A.</div>", "Ban A"),
        ("<p>Tin.</p><p>Ban A</p>", "Ban A"),
        ("<p>Tin.</p><p>Nguồn:</p>", ""),
        ("", ""),
        (f"<p>{'một câu rất dài ' * 30}</p>", ""),
        (f"<p>{'chữ ' * 3000}</p><p>Nguồn: Ban A</p>", "Ban A"),
        ('<p>Tin.</p><p class="syncd-credit">Nguồn: Ban B</p>', "Tin"),
    ],
    ids=["named", "after whom", "text and pictures", "a name alone", "nobody", "no text", "a sentence", "a long text", "our own line"],
)  # fmt: skip
def test_the_last_line_names_whose_it_is(html: str, whose: str) -> None:
    assert credited(html) == whose
