"""Servers with odd certificates and handshakes, for TLS as it fails in the field."""

import ssl
import subprocess
import warnings
from collections.abc import Sequence
from pathlib import Path

from syncd.testing.certificates import Authority

_CA_CONFIG = """[ca]
default_ca = own
[own]
dir = {dir}
database = {dir}/index.txt
serial = {dir}/serial
new_certs_dir = {dir}
certificate = {dir}/authority.pem
private_key = {dir}/authority.key
default_md = sha256
policy = any
copy_extensions = copy
[any]
commonName = supplied
"""


def odd_server(
    authority: Authority,
    name: str,
    folder: Path,
    *,
    host: str,
    extensions: Sequence[str] = (),
    digest: str = "sha256",
    starts: str | None = None,
) -> ssl.SSLContext:
    """A server's side for `host`, signed with `digest`; `starts` (`YYYYMMDDHHMMSSZ`) is the first instant it holds."""
    key, request, certificate = (folder / f"{name}.{ending}" for ending in ("key", "csr", "pem"))
    added = [part for text in (f"subjectAltName=DNS:{host}", *extensions) for part in ("-addext", text)]
    openssl(
        *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", request),
        *("-subj", f"/CN={host}", *added),
    )
    issuer_key = authority.directory / "authority.key"
    if starts is None:
        openssl(
            *("x509", "-req", "-in", request, "-CA", authority.certificate, "-CAkey", issuer_key, "-days", "30"),
            *("-copy_extensions", "copy", f"-{digest}", "-out", certificate),
        )
    else:
        config = folder / f"{name}.cnf"
        config.write_text(_CA_CONFIG.format(dir=authority.directory), encoding="ascii")
        (authority.directory / "index.txt").write_text("", encoding="ascii")
        (authority.directory / "serial").write_text("77\n", encoding="ascii")
        openssl(
            *("ca", "-batch", "-config", config, "-in", request, "-out", certificate, "-notext"),
            *("-startdate", starts, "-enddate", "20491231235959Z"),
        )
    return server_side(certificate, key)


def server_side(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")  # else OpenSSL refuses to serve what it would refuse to trust
    context.load_cert_chain(certificate, key)
    return context


def old_version_only(context: ssl.SSLContext) -> ssl.SSLContext:
    """The same, speaking nothing newer than TLS 1.0."""
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that such versions are old is the point
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1
    return context


def server_hello_without_renegotiation_info() -> bytes:
    """A TLS 1.2 ServerHello as of a server from before RFC 5746: it has no extensions at all."""
    body = (
        b"\x03\x03" + bytes(32) + b"\x00" + b"\xc0\x2b" + b"\x00"
    )  # no session, ECDHE-ECDSA-AES128-GCM-SHA256, no compression
    handshake = b"\x02" + len(body).to_bytes(3) + body
    return b"\x16\x03\x03" + len(handshake).to_bytes(2) + handshake


def openssl(*arguments: str | Path) -> None:
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
