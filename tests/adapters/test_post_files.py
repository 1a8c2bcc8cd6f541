"""Which files of posts go to the portal: told by their bytes alone, fetched over a real connection."""

import io
import zipfile
from collections.abc import Iterator

import pytest

from adapters.http.client import HttpSettings, PoliteClient
from adapters.post_files import FileFetcher, file_type
from syncd.clock import SystemClock
from syncd.errors import ForeignError
from syncd.testing.local_site import LocalSite
from syncd.testing.portal_contract import PNG

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
ODT = "application/vnd.oasis.opendocument.text"


def zipped(*names: str, mimetype: str = "") -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        if mimetype:
            archive.writestr("mimetype", mimetype)
        for name in names:
            archive.writestr(name, "<x/>")
    return made.getvalue()


@pytest.mark.parametrize(
    ("data", "address", "kind"),
    [
        (PNG, "/anh.jpg", "image/png"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 40, "/anh.php?id=7", "image/jpeg"),
        (b"%PDF-1.4\n", "/tai-ve?tep=12", "application/pdf"),
        (b"{\\rtf1\\ansi}", "/a.doc", "application/rtf"),
        (OLE, "/cong-van.DOC", "application/msword"),
        (OLE, "/bang.xls?v=2", "application/vnd.ms-excel"),
        (OLE, "/cai-dat.msi", None),
        (zipped("[Content_Types].xml", "word/document.xml"), "/a", DOCX),
        (zipped("content.xml", mimetype=ODT), "/a.odt", ODT),
        (zipped("content.xml", mimetype="application/epub+zip"), "/a.odt", None),
        (zipped("a.exe"), "/a.docx", None),
        (b"PK\x03\x04 not a zip", "/a.docx", None),
        (b"MZ\x90\0", "/a.pdf", None),
        (b"<html><script>alert(1)</script>", "/a.pdf", None),
        (b"<svg onload='alert(1)'/>", "/a.svg", None),
        (b"", "/a.pdf", None),
    ],
)
def test_a_file_is_what_its_bytes_are(data: bytes, address: str, kind: str | None) -> None:
    assert file_type(data, f"https://ban-a.vidu.example{address}") == kind


@pytest.fixture
def fetch() -> Iterator[FileFetcher]:
    client = PoliteClient(HttpSettings(spacing_s=0.0, allow_addresses=("127.0.0.0/8",)), clock=SystemClock())
    yield FileFetcher(client)
    client.abort()


def test_a_file_is_fetched_whatever_the_server_calls_it(fetch: FileFetcher) -> None:
    with LocalSite() as site:
        site.page("/tep", b"%PDF-1.7 noi dung", content_type="text/html")
        file = fetch(site.url("/tep"), (site.port,))
    assert file is not None
    assert (file.content_type, file.data) == ("application/pdf", b"%PDF-1.7 noi dung")
    assert file.filename == f"syncd-{file.sha256[:16]}.pdf"


def test_a_page_in_place_of_a_file_is_none(fetch: FileFetcher) -> None:
    with LocalSite() as site:
        site.page("/tep.pdf", b"<html>Moi ban dang nhap</html>", content_type="application/pdf")
        assert fetch(site.url("/tep.pdf"), (site.port,)) is None


def test_a_file_that_is_not_there_is_told_as_such(fetch: FileFetcher) -> None:
    with LocalSite() as site:
        with pytest.raises(ForeignError) as caught:
            fetch(site.url("/khong-co.pdf"), (site.port,))
        assert caught.value.permanent
        with pytest.raises(ForeignError, match=r"refused|port"):
            fetch("http://127.0.0.1:9/tep.pdf", ())
