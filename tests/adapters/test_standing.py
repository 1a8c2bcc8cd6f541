import pytest

from adapters.http.client import HttpSettings, PoliteClient
from adapters.standing import PageStanding
from syncd.clock import SystemClock
from syncd.testing.local_site import LocalSite


@pytest.fixture
def standing() -> PageStanding:
    settings = HttpSettings(allow_addresses=("127.0.0.0/8",), allow_ports=(), spacing_s=0.0, total_timeout_s=5.0)
    return PageStanding(PoliteClient(settings, clock=SystemClock()))


@pytest.mark.parametrize(
    ("path", "stands"),
    [
        ("/tin/1", True),
        ("/tin/404", False),
        ("/tin/410", False),
        ("/tin/500", None),
        ("/ve-trang-chu", False),
        ("/", True),
    ],
)
def test_a_page_says_itself_whether_it_is_still_there(
    standing: PageStanding, local_site: LocalSite, path: str, stands: bool | None
) -> None:
    for known in ("/", "/tin/1"):
        local_site.page(known, "<p>Tin</p>")
    for status in (404, 410, 500):
        local_site.page(f"/tin/{status}", "<p>Lỗi</p>", status=status)
    local_site.redirect("/ve-trang-chu", "/")
    assert standing(local_site.url(path), (local_site.port,)) is stands


def test_a_site_that_does_not_answer_says_nothing(standing: PageStanding) -> None:
    assert standing("http://127.0.0.1:1/tin/1", (1,)) is None
