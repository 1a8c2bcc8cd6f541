"""The one TLS context, and the names of what fails in it."""

import contextlib
import os
import re
import ssl
import threading
from collections.abc import Sequence

from syncd.errors import ConfigError

_KIND_OF_REFUSAL = {  # X509_V_ERR_… of OpenSSL's x509_vfy.h
    2: "tls_incomplete_chain",  # the issuer of an intermediate is not there
    9: "tls_not_yet_valid",
    10: "tls_expired",
    18: "tls_self_signed",
    19: "tls_untrusted",  # the chain ends at a root that nobody here trusts
    20: "tls_incomplete_chain",
    21: "tls_incomplete_chain",
    62: "tls_wrong_name",
    64: "tls_wrong_name",
    66: "tls_outdated",  # keys too short, or signatures by SHA-1
    67: "tls_outdated",
    68: "tls_outdated",
}
_OUTDATED = (
    "unsupported protocol",
    "unsafe legacy renegotiation",
    "dh key too small",
    "wrong signature type",
    "protocol version",
    "no protocols available",
    "no shared cipher",
    "insufficient security",
)


_HASHED_NAME = re.compile(r"[0-9a-f]{8}\.[0-9]+")  # of a folder that `openssl rehash` or c_rehash made


class SharedContext(ssl.SSLContext):
    """Verifies against the system's trust store (certifi's, where the system has none) and `extra_ca_files`.

    Shared by all connections and threads. The store is loaded by the first handshake.
    """

    def __new__(cls, extra_ca_files: Sequence[str] = ()) -> "SharedContext":
        return super().__new__(cls, ssl.PROTOCOL_TLS_CLIENT)

    def __init__(self, extra_ca_files: Sequence[str] = ()) -> None:
        self.minimum_version = ssl.TLSVersion.TLSv1_2
        self.set_alpn_protocols(["http/1.1"])
        self._extra_ca_files = tuple(extra_ca_files)
        self._lock = threading.Lock()
        self._loaded = False

    def load(self) -> None:
        """Load the trust store, once.

        Raises:
            ConfigError: an extra file that cannot be read or holds no certificate.
        """
        with self._lock:
            if self._loaded:
                return
            paths = ssl.get_default_verify_paths()
            if paths.cafile and paths.capath and _is_all_in_folder(paths.cafile, paths.capath):
                # authorities are read as they are asked for; all 140 of the file take 20 ms
                self.load_verify_locations(capath=paths.capath)
            elif paths.cafile or (paths.capath and _has_entries(paths.capath)):
                self.load_default_certs()
            else:
                import certifi  # only here: most systems have a store

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
    return _KIND_OF_REFUSAL.get(err.verify_code, "tls")


def handshake_kind(err: ssl.SSLError) -> str:
    """Which kind of failure a handshake is that broke off before or after the certificate was judged."""
    reason = tls_reason(err)
    if "certificate required" in reason:
        return "tls_client_certificate"
    if any(words in reason for words in _OUTDATED):
        return "tls_outdated"
    return "tls"


def tls_reason(err: ssl.SSLError) -> str:
    return (err.reason or str(err)).replace("_", " ").lower()


def _is_all_in_folder(file: str, folder: str) -> bool:
    """Whether the hashed folder holds what the file does, as Debian makes both: the file is its certificates, one after the other.

    Told by their length, so that a certificate that somebody added to the file alone is still trusted.
    """
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        hashed = [entry.stat().st_size for entry in entries if _HASHED_NAME.fullmatch(entry.name)]
        return bool(hashed) and sum(hashed) == os.stat(file).st_size
    return False


def _has_entries(folder: str) -> bool:
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        return any(True for _ in entries)
    return False
