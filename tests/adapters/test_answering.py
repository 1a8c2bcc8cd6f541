"""Whether a counted post still answers at its public address."""

import pytest

from adapters.answering import PublicAnswer
from adapters.http.client import HttpSettings, PoliteClient
from syncd.clock import SystemClock
from syncd.testing.local_site import LocalSite

TITLE = "Hội nghị giao ban tháng 10"
LOGIN = '<h1>Đăng nhập</h1><form><input name="u"><input type="password" name="p"></form>'


@pytest.fixture
def ask() -> PublicAnswer:
    settings = HttpSettings(allow_addresses=("127.0.0.0/8",), allow_ports=(), spacing_s=0.0, total_timeout_s=5.0)
    return PublicAnswer(PoliteClient(settings, clock=SystemClock()))


@pytest.mark.parametrize(
    ("path", "answers", "seen"),
    [
        ("/tin/1", True, "HTTP 200"),
        ("/tin/doi-dia-chi", True, "HTTP 200"),
        ("/tin/doi-tieu-de", True, "HTTP 200"),
        ("/tin/co-o-dang-nhap", True, "HTTP 200"),
        ("/tin/404", False, "HTTP 404"),
        ("/tin/410", False, "HTTP 410"),
        ("/tin/403", False, "HTTP 403"),
        ("/tin/500", None, "HTTP 500"),
        ("/tin/rieng", False, "log-in page"),
        ("/tin/o-mat-khau", False, "log-in page"),
        ("/tin/ve-trang-chu", False, "front page"),
    ],
)
def test_what_a_reader_gets_tells(
    ask: PublicAnswer, local_site: LocalSite, path: str, answers: bool | None, seen: str
) -> None:
    post = f"<html><body><h1>{TITLE}</h1><p>Nội dung</p></body></html>"
    local_site.page("/tin/1", post)
    local_site.page("/tin/doi-tieu-de", "<h1>Tựa biên tập viên đã sửa</h1>")
    local_site.page("/tin/co-o-dang-nhap", post + LOGIN)
    local_site.page("/tin/o-mat-khau", LOGIN)
    local_site.page("/wp-login.php", "<h1>Cổng</h1>")
    local_site.page("/", "<h1>Trang chủ</h1>")
    for status in (403, 404, 410, 500):
        local_site.page(f"/tin/{status}", "<p>Lỗi</p>", status=status)
    local_site.redirect("/tin/doi-dia-chi", "/tin/1")
    local_site.redirect("/tin/rieng", "/wp-login.php")
    local_site.redirect("/tin/ve-trang-chu", "/")
    assert ask(local_site.url(path), TITLE) == (answers, seen)


def test_a_portal_that_does_not_answer_says_nothing(ask: PublicAnswer) -> None:
    answers, _ = ask("http://127.0.0.1:1/tin/1", TITLE)
    assert answers is None
