"""TLS: what is trusted, what is refused, and under which name."""

import hashlib
import ssl
import subprocess
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.http.client import HttpFailure, HttpSettings, PoliteClient
from adapters.http.tls import SharedContext
from syncd.clock import SystemClock
from syncd.errors import ConfigError
from syncd.ports.source import Exchange
from syncd.testing.certificates import Authority, openssl_is_there
from syncd.testing.local_site import LocalSite

pytestmark = pytest.mark.skipif(not openssl_is_there(), reason="the openssl command is missing")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("root"))


@pytest.fixture(scope="module")
def other_root(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("other"), name="another root")


@pytest.fixture(scope="module")
def intermediate(tmp_path_factory: pytest.TempPathFactory, root: Authority) -> Authority:
    return Authority(tmp_path_factory.mktemp("intermediate"), name="syncd test intermediate", issuer=root)


@pytest.fixture
def secure_site(root: Authority) -> Iterator[LocalSite]:
    with LocalSite(tls=root.server()) as site:
        site.page("/", "xin chào")
        yield site


def get(site: LocalSite, *trusted: Path, url: str | None = None, timeout_s: float = 5.0) -> Exchange:
    settings = HttpSettings(
        spacing_s=0.0,
        total_timeout_s=timeout_s,
        allow_addresses=("127.0.0.0/8", "::1/128"),
        allow_ports=(site.port,),
        extra_ca_files=tuple(map(str, trusted)),
    )
    with PoliteClient(settings, clock=SystemClock(), lookup=lambda host: ["127.0.0.1"]).visit() as visit:
        return visit.get(url or site.url("/"))


def refused(site: LocalSite, *trusted: Path, url: str | None = None, timeout_s: float = 5.0) -> HttpFailure:
    with pytest.raises(HttpFailure) as caught:
        get(site, *trusted, url=url, timeout_s=timeout_s)
    assert caught.value.hint
    assert not caught.value.sent
    assert site.count() == 0
    return caught.value


def test_exchange_names_the_leaf_certificate(secure_site: LocalSite, root: Authority) -> None:
    exchange = get(secure_site, root.certificate)
    leaf = ssl.get_server_certificate(("127.0.0.1", secure_site.port))
    assert exchange.tls_sha256 == hashlib.sha256(ssl.PEM_cert_to_DER_cert(leaf)).hexdigest()
    assert exchange.body.decode() == "xin chào"


def test_host_name_with_a_trailing_dot_is_proved_without_it(secure_site: LocalSite, root: Authority) -> None:
    assert get(secure_site, root.certificate, url=f"https://localhost.:{secure_site.port}/").status == 200


def test_expired_certificate_is_refused(root: Authority) -> None:
    with LocalSite(tls=root.server(days=-1)) as site:
        assert refused(site, root.certificate).kind == "tls_expired"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_certificate_for_another_name_is_refused(root: Authority, host: str) -> None:
    with LocalSite(tls=root.server(names=["khac.example"])) as site:
        failure = refused(site, root.certificate, url=f"https://{host}:{site.port}/")
    assert failure.kind == "tls_wrong_name"


def test_authority_that_is_not_trusted_is_refused(secure_site: LocalSite, other_root: Authority) -> None:
    assert refused(secure_site, other_root.certificate).kind == "tls_incomplete_chain"


def test_missing_intermediate_is_refused_and_an_administrator_may_pin_it(
    root: Authority, intermediate: Authority
) -> None:
    with LocalSite(tls=intermediate.server()) as site:
        site.page("/", "xin chào")
        assert refused(site, root.certificate).kind == "tls_incomplete_chain"
        assert get(site, root.certificate, intermediate.certificate).status == 200


def test_intermediate_that_is_sent_completes_the_chain(root: Authority, intermediate: Authority) -> None:
    with LocalSite(tls=intermediate.server(intermediates=[intermediate])) as site:
        site.page("/", "xin chào")
        assert get(site, root.certificate).status == 200


def test_wrong_intermediate_is_an_incomplete_chain(
    root: Authority, other_root: Authority, intermediate: Authority
) -> None:
    with LocalSite(tls=intermediate.server(intermediates=[other_root])) as site:
        assert refused(site, root.certificate).kind == "tls_incomplete_chain"


def test_self_signed_certificate_is_refused(root: Authority, other_root: Authority, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(other_root.certificate, other_root.directory / "authority.key")
    with LocalSite(tls=context) as site:
        assert refused(site, root.certificate).kind == "tls_self_signed"


def test_old_protocol_versions_are_refused(root: Authority) -> None:
    context = root.server()
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that such versions are old is the point
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    with LocalSite(tls=context) as site:
        assert refused(site, root.certificate).kind in ("tls_outdated", "reset")


def test_plain_http_on_a_tls_port_is_refused(local_site: LocalSite, root: Authority) -> None:
    failure = refused(local_site, root.certificate, url=f"https://localhost:{local_site.port}/", timeout_s=2.0)
    assert failure.kind in ("tls", "reset")


def test_stalled_handshake_ends_at_the_deadline(root: Authority) -> None:
    context = root.server()
    release = threading.Event()

    def stall(sock: ssl.SSLSocket, name: str | None, ctx: ssl.SSLContext) -> None:
        release.wait(5)

    context.sni_callback = stall
    with LocalSite(tls=context) as site:
        failure = refused(site, root.certificate, timeout_s=0.3)
        release.set()
    assert failure.kind == "timeout"


def test_extra_file_that_is_no_certificate_is_a_configuration_error(secure_site: LocalSite, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        get(secure_site, tmp_path / "missing.pem")
    assert caught.value.key == "http.extra_ca_files"


def test_redirect_from_https_to_http_is_not_followed(
    secure_site: LocalSite, local_site: LocalSite, root: Authority
) -> None:
    secure_site.redirect("/", local_site.url("/"))
    settings = HttpSettings(
        spacing_s=0.0,
        allow_addresses=("127.0.0.0/8", "::1/128"),
        allow_ports=(secure_site.port, local_site.port),
        extra_ca_files=(str(root.certificate),),
    )
    with (
        PoliteClient(settings, clock=SystemClock(), lookup=lambda host: ["127.0.0.1"]).visit() as visit,
        pytest.raises(HttpFailure) as caught,
    ):
        visit.get(secure_site.url("/"))
    assert caught.value.kind == "bad_redirect"
    assert local_site.count() == 0


@pytest.fixture
def system_store(tmp_path: Path, root: Authority, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A trust store as Debian makes it, with `root` alone: gives its file; beside it lies the hashed folder."""
    told = subprocess.run(
        ["openssl", "x509", "-hash", "-noout", "-in", root.certificate], capture_output=True, text=True, check=True
    )
    (tmp_path / f"{told.stdout.strip()}.0").symlink_to(root.certificate)
    file = tmp_path / "ca-certificates.crt"
    file.write_bytes(root.certificate.read_bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    return file


def test_authorities_of_the_system_are_read_as_they_are_asked_for(secure_site: LocalSite, system_store: Path) -> None:
    context = SharedContext()
    context.load()
    assert context.cert_store_stats()["x509"] == 0
    assert get(secure_site).status == 200


def test_certificate_that_stands_in_the_systems_file_alone_is_trusted(
    root: Authority, other_root: Authority, system_store: Path
) -> None:
    system_store.write_bytes(root.certificate.read_bytes() + other_root.certificate.read_bytes())
    for authority in (root, other_root):
        with LocalSite(tls=authority.server()) as site:
            site.page("/", "xin chào")
            assert get(site).status == 200


def test_authority_the_system_does_not_name_is_refused(other_root: Authority, system_store: Path) -> None:
    with LocalSite(tls=other_root.server()) as site:
        assert refused(site).kind == "tls_incomplete_chain"
