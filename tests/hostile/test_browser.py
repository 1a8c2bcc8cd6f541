"""The pages that show hostile posts, in a real browser: no script runs, no dialog opens, nobody is called.

The browser is told to ignore the pages' Content-Security-Policy, so that what is shown has to be harmless by itself.
"""

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from syncd.application.evidence import dossier
from syncd.application.letters import prepare
from syncd.application.publishing.publish import publish
from syncd.delivery.web import create_app
from syncd.domain.model import PeriodId, UnitId
from tests.delivery.test_web import serving
from tests.hostile.office import KINDS, PERIOD, HostileOffice, hostile_office, unit_of
from tests.hostile.xss_vectors import VECTORS

CHROMIUM = Path(os.environ.get("SYNCD_TEST_CHROMIUM", "/usr/bin/chromium"))
# Each of these would be a script that runs.
_SPY = "window.ran = []; for (const name of ['alert', 'confirm', 'prompt', 'print', 'open']) window[name] = () => window.ran.push(name);"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM} (SYNCD_TEST_CHROMIUM names another)"),
]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostileOffice]:
    with hostile_office(tmp_path_factory.mktemp("hostile")) as office:
        folder = office.folder / "letters"
        folder.mkdir()
        for name in ("statement", "summary"):
            for number, letter in enumerate(prepare(office.services, name, PeriodId(PERIOD))):
                (folder / f"{name}-{number}.html").write_text(letter.letter.html or "", encoding="utf-8")
        publish(office.services)
        yield office


def pages_of(office: HostileOffice, web: str) -> Iterator[str]:
    units = sorted({unit_of(vector, kind) for vector in VECTORS for kind in KINDS})
    yield from (f"{web}{path}" for path in ("/", "/units/hong", *(f"/units/{unit}/{PERIOD}" for unit in units)))
    yield from (f"{web}/posts/{post.id}" for post in office.posts.values())
    yield from (path.as_uri() for path in sorted((office.folder / "portal").rglob("*.html")))
    yield from (path.as_uri() for path in sorted((office.folder / "letters").glob("*.html")))


def test_nothing_of_64_hostile_texts_acts_in_a_real_browser(office: HostileOffice) -> None:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    called: set[str] = set()
    dialogs: list[str] = []
    ran: dict[str, list[str]] = {}
    own = {"127.0.0.1", "localhost", "", None}
    with serving(create_app(office.services)) as port, playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        context = browser.new_context(bypass_csp=True)
        context.add_init_script(_SPY)
        page = context.new_page()
        page.on("request", lambda request: called.add(urlsplit(request.url).hostname or ""))
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        visited = 0
        for url in pages_of(office, f"http://127.0.0.1:{port}"):
            page.goto(url, wait_until="load")
            page.mouse.move(200, 200)
            for name in page.evaluate("window.ran"):
                ran.setdefault(url, []).append(name)
            assert page.evaluate("document.querySelectorAll('script,iframe,form,input,object,embed,base').length") == 0
            assert page.url == url
            visited += 1
        browser.close()
    assert visited > 4 * len(VECTORS) - 20
    assert (ran, dialogs, called - own) == ({}, [], set())


def test_dossier_s_report_acts_no_more_than_the_pages(office: HostileOffice, tmp_path: Path) -> None:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    out = tmp_path / "ho-so.zip"
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        context = browser.new_context(bypass_csp=True)
        context.add_init_script(_SPY)
        page = context.new_page()
        for unit in sorted({unit_of(vector, "trang") for vector in VECTORS}):
            dossier.build(office.services, UnitId(unit), [PeriodId(PERIOD)], out)
            with zipfile.ZipFile(out) as packed:
                (name,) = (name for name in packed.namelist() if name.endswith("report.html"))
                page.set_content(packed.read(name).decode())
            assert page.evaluate("window.ran") == []
            assert (
                page.evaluate("document.querySelectorAll('script,iframe,form,input,object,embed,base,img').length") == 0
            )
        browser.close()


def test_script_that_does_run_is_noticed() -> None:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        page = browser.new_page()
        page.add_init_script(_SPY)
        page.goto("about:blank")
        page.set_content("<img src='data:x' onerror=alert(1)>")
        page.wait_for_function("window.ran.length > 0")
        assert page.evaluate("window.ran") == ["alert"]
        browser.close()
