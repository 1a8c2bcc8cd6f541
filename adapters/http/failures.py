"""What can go wrong with a request, by kind, and what the operator can do about each."""

from datetime import timedelta

from syncd.errors import ForeignError

HINTS = {
    "dns": "check the host name in the address, and the name server of this machine",
    "refused": "the site is down or a firewall stands between; open the address in a browser on this machine",
    "timeout": "the site is slow or silent; if it always is, raise http.total_timeout_s",
    "reset": "the site or a firewall cut the connection; if it goes on, ask the site's administrator",
    "tls": "open the site in a browser on this machine and look at its certificate; check this machine's clock",
    "tls_expired": "the site's administrator must renew its certificate",
    "tls_not_yet_valid": "the certificate holds from a later day: check this machine's clock, then tell the site's administrator",
    "tls_self_signed": "the site signed its certificate itself: its administrator must get one from an authority, "
    "or name this one in http.extra_ca_files after comparing it by telephone",
    "tls_untrusted": "no authority known here vouches for the site: if it is the office's own authority, name its "
    "certificate in http.extra_ca_files",
    "tls_outdated": "the site speaks an encryption that is no longer safe (before TLS 1.2, SHA-1, or short keys): "
    "its administrator must renew the server; where the site offers http too, enter that address",
    "tls_client_certificate": "the site wants a certificate from whoever reads it: its administrator must let the list be read without",
    "tls_wrong_name": "the certificate is made out to another name: correct the address, or ask the site's administrator",
    "tls_incomplete_chain": "the site does not send its intermediate certificate: its administrator must add it, "
    "or name the missing one in http.extra_ca_files",
    "blocked_address": "the name leads to an address that is not public; if it should be read, add it to allow_addresses",
    "blocked_port": "write the port into the unit's own address, or add it to http.allow_ports",
    "too_large": "the answer is longer than http.max_body_bytes; check that the address is the right one",
    "bad_coding": "the site's compression is broken: its administrator must look at it",
    "truncated": "the site closed the connection in the middle of its answer; if it goes on, ask its administrator",
    "too_many_redirects": "open the address in a browser and enter the one it ends at",
    "bad_redirect": "open the address in a browser and enter the one it ends at",
    "bad_url": "write an address such as https://vidu.example/rss, without a password in it",
    "protocol": "what answers there is no proper web server; check address and port",
    "robots": "the site's robots.txt keeps robots out: ask its administrator to let syncd in, or, where the unit itself wants "
    "its posts carried, name the host and the reason in [http.ignore_robots]",
    "held": "the site asked for a pause; nothing need be done",
    "aborted": "the program was stopping; the next run repeats it",
}
_PERMANENT = frozenset({"blocked_address", "blocked_port", "bad_url"})


class HttpFailure(ForeignError):
    """No answer was had from `url`.

    `kind`: one of the keys of `HINTS`. `sent`: the request may have reached the server, so that the outcome of a write is unknown.
    """

    def __init__(
        self, message: str, *, url: str, kind: str, sent: bool = False, retry_after: timedelta | None = None
    ) -> None:
        super().__init__(
            message,
            kind=kind,
            permanent=kind in _PERMANENT,
            retry_after=retry_after,
            subject=url,
            hint=HINTS[kind],
        )
        self.url = url
        self.sent = sent
