"""The one TLS context, and the names of what fails in it."""

import contextlib
import os
import ssl
import threading
from collections.abc import Sequence
from typing import Any

import certifi

from syncd.errors import ConfigError

_EXPIRED, _WRONG_NAME, _WRONG_IP = 10, 62, 64  # X509_V_ERR_… of OpenSSL's x509_vfy.h
_NO_ISSUER, _UNVERIFIED_LEAF = 20, 21


class SharedContext(ssl.SSLContext):
    """Verifies against the system's trust store (certifi's, where the system has none) and `extra_ca_files`.

    Shared by all connections and threads. The store is loaded by the first handshake: it costs some 20 ms.
    """

    def __new__(cls, extra_ca_files: Sequence[str] = ()) -> "SharedContext":
        return super().__new__(cls, ssl.PROTOCOL_TLS_CLIENT)

    def __init__(self, extra_ca_files: Sequence[str] = ()) -> None:
        self.minimum_version = ssl.TLSVersion.TLSv1_2
        super().set_alpn_protocols(["http/1.1"])
        self._extra_ca_files = tuple(extra_ca_files)
        self._lock = threading.Lock()
        self._loaded = False

    def set_alpn_protocols(self, alpn_protocols: Any) -> None:
        """Nothing: httpcore 1.0.9 calls this at every connection, and OpenSSL must not see it while another thread shakes hands."""

    def load(self) -> None:
        """Load the trust store, once.

        Raises:
            ConfigError: an extra file that cannot be read or holds no certificate.
        """
        with self._lock:
            if self._loaded:
                return
            paths = ssl.get_default_verify_paths()
            if paths.cafile or (paths.capath and _has_entries(paths.capath)):
                self.load_default_certs()
            else:
                self.load_verify_locations(cafile=certifi.where())
            for file in self._extra_ca_files:
                try:
                    self.load_verify_locations(cafile=file)
                except OSError as err:
                    raise ConfigError(
                        f"cannot use {file} as certificates: {err.strerror or err}",
                        key="http.extra_ca_files",
                        value=file,
                        hint="name a readable file with certificates in PEM form",
                    ) from err
            self._loaded = True


def certificate_kind(err: ssl.SSLCertVerificationError) -> str:
    """Which kind of failure a refused certificate is."""
    if err.verify_code == _EXPIRED:
        return "tls_expired"
    if err.verify_code in (_WRONG_NAME, _WRONG_IP):
        return "tls_wrong_name"
    if err.verify_code in (_NO_ISSUER, _UNVERIFIED_LEAF):
        return "tls_incomplete_chain"
    return "tls"


def tls_reason(err: ssl.SSLError) -> str:
    return (err.reason or str(err)).replace("_", " ").lower()


def _has_entries(folder: str) -> bool:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        return any(True for _ in entries)
    return False
