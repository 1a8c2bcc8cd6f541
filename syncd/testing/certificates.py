"""Certificates for sites on loopback, good and bad ones, made by the `openssl` command."""

import shutil
import ssl
import subprocess
from collections.abc import Sequence
from pathlib import Path

_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


def openssl_is_there() -> bool:
    """Whether certificates can be made on this machine."""
    return shutil.which("openssl") is not None


class Authority:
    """A certification authority of a test's own, in `directory`. `certificate` is the file that a client must trust."""

    def __init__(self, directory: Path, *, name: str = "syncd test root", issuer: "Authority | None" = None) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.certificate = directory / "authority.pem"
        self._key = directory / "authority.key"
        self._issued = 0
        constraints = ("basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign")
        if issuer is None:
            _openssl(
                *("req", "-x509", *_KEY, "-days", "30", "-subj", f"/CN={name}", *_added(constraints)),
                *("-keyout", str(self._key), "-out", str(self.certificate)),
            )
        else:
            issuer.sign(name, constraints, key=self._key, certificate=self.certificate, days=30)

    def sign(self, name: str, extensions: Sequence[str], *, key: Path, certificate: Path, days: int) -> None:
        """Make a key and a certificate for it. `days` below zero: it has expired."""
        request = certificate.with_suffix(".csr")
        _openssl("req", *_KEY, "-keyout", key, "-out", request, "-subj", f"/CN={name}", *_added(extensions))
        _openssl(
            *("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self._key, "-days", str(days)),
            *("-copy_extensions", "copy", "-out", certificate),
        )

    def server(
        self, names: Sequence[str] = ("localhost",), *, days: int = 30, intermediates: Sequence["Authority"] = ()
    ) -> ssl.SSLContext:
        """A server's side for these host names, for `LocalSite(tls=...)`. `intermediates` are sent along."""
        self._issued += 1
        key = self.directory / f"server{self._issued}.key"
        chain = self.directory / f"server{self._issued}.pem"
        alternative = "subjectAltName=" + ",".join(f"DNS:{name}" for name in names)
        self.sign(names[0], [alternative], key=key, certificate=chain, days=days)
        for authority in intermediates:
            chain.write_bytes(chain.read_bytes() + authority.certificate.read_bytes())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        return context


def _added(extensions: Sequence[str]) -> list[str]:
    return [part for extension in extensions for part in ("-addext", extension)]


def _openssl(*arguments: str | Path) -> None:
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {arguments[0]} failed: {done.stderr}")
