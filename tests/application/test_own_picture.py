"""A post's own picture out of its text, and what is left of the text."""

import pytest

from syncd.application.publishing.own_picture import without_picture

URL = "https://ban-a.example/anh/1.jpg?w=800&h=600"
IMG = '<img src="https://ban-a.example/anh/1.jpg?w=800&amp;h=600" alt="Quang cảnh">'
OTHER = '<img alt="Khác" src="https://ban-a.example/anh/2.jpg">'
TEXT = "<p>Họp bàn.</p>"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(f"{TEXT}<figure>{IMG}<figcaption>Ảnh: A</figcaption></figure>{TEXT}", TEXT + TEXT, id="figure"),
        pytest.param(f"{TEXT}<p>{IMG}</p>", TEXT, id="paragraph"),
        pytest.param(f'<p style="x"><a href="/lon.jpg">{IMG}</a><br>&nbsp;</p>{TEXT}', TEXT, id="link-in-a-paragraph"),
        pytest.param(f"<p>{IMG} Họp bàn.</p>", "<p> Họp bàn.</p>", id="beside-words"),
        pytest.param(
            f"<figure>{IMG}{OTHER}<figcaption>Hai ảnh</figcaption></figure>",
            f"<figure>{OTHER}<figcaption>Hai ảnh</figcaption></figure>",
            id="two-in-one-figure",
        ),
        pytest.param(f"<p></p><figure>{OTHER}</figure>{IMG}", f"<p></p><figure>{OTHER}</figure>", id="others-stay"),
        pytest.param(f"{IMG}{TEXT}{IMG}", TEXT, id="twice"),
        pytest.param(f"{TEXT}{OTHER}", f"{TEXT}{OTHER}", id="not-shown-in-the-text"),
    ],
)
def test_the_picture_goes_and_what_held_only_it(before: str, after: str) -> None:
    assert without_picture(before, URL) == after
