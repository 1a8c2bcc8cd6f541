"""Web addresses as the HTTP client asks for them: read once, normalised, in the parts a request is made of.

httpx reads them (IDNA, escapes, relative ones). Most addresses are written as httpx would write them, and are recognised as such by
one pattern: that costs a tenth, and a process that meets no other address does not import httpx, its command line and rich.
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote

DEFAULT_PORTS = {"http": 80, "https": 443}

# What httpx gives back unchanged; `tests/adapters/test_web_addresses.py` holds the two to one another. A host ends in a letter, as
# every top-level name but those in Punycode does, or is four numbers; a path holds no segment that begins with a dot.
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_LABEL = r"(?!xn--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_CHARACTER = r"(?:[A-Za-z0-9_~!$&()*+,;=:@.-]|%[0-9A-Fa-f]{2})"
_PLAIN = re.compile(
    rf"(?P<scheme>https?)://(?P<host>(?:{_OCTET}\.){{3}}{_OCTET}|(?:{_LABEL}\.)*(?!xn--)[a-z](?:[a-z0-9-]{{0,61}}[a-z])?)"
    rf"(?::(?P<port>[1-9][0-9]{{0,4}}))?(?P<target>(?:/(?!\.){_CHARACTER}*)+(?:\?(?:{_CHARACTER}|[/?])+)?)(?:#[!-~]*)?",
    re.ASCII,
)
_MAX_PLAIN_CHARS = 2_000


class BadAddress(Exception):
    """The text makes no address; the message says why."""


@dataclass(frozen=True, slots=True)
class WebAddress:
    """An address without its fragment: `text` whole, the rest as a request is made of it. None of it holds a name or a password.

    `host` is for people and comparisons, `dialled_host` is ASCII, an IPv6 address without brackets. `port`: None where the scheme's
    own is meant. `target`: path and query. `private`: the address was given with a name or a password.
    """

    text: str
    scheme: str
    host: str
    dialled_host: str
    port: int | None
    target: str
    private: bool = False

    @property
    def authority(self) -> str:
        host = f"[{self.dialled_host}]" if ":" in self.dialled_host else self.dialled_host
        return host if self.port is None else f"{host}:{self.port}"

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port or DEFAULT_PORTS[self.scheme]

    @property
    def path(self) -> str:
        """For people: escapes resolved."""
        return unquote(self.target.partition("?")[0])

    def __str__(self) -> str:
        return self.text


def read_address(text: str) -> WebAddress:
    """The address a text makes, normalised; the scheme may be any.

    Raises:
        BadAddress: it makes none.
    """
    if (plain := _plain(text)) is not None:
        scheme, host, target = plain["scheme"], plain["host"], plain["target"]
        port = int(plain["port"]) if plain["port"] else None
        if port in (None, DEFAULT_PORTS[scheme]):
            return WebAddress(f"{scheme}://{host}{target}", scheme, host, host, None, target)
        return WebAddress(f"{scheme}://{host}:{port}{target}", scheme, host, host, port, target)
    import httpx  # only here and below, for the reason above

    try:
        given = httpx.URL(text)
        url = given.copy_with(fragment=None, userinfo=b"")
        target, dialled = url.raw_path.decode("ascii"), url.raw_host.decode("ascii")
        # `host` is made only now, from Punycode, and says so with an error where that is none
        return WebAddress(str(url), url.scheme, url.host, dialled, url.port, target, private=bool(given.userinfo))
    except (httpx.InvalidURL, ValueError) as err:
        raise BadAddress(str(err)) from err


def joined(base: WebAddress, location: str) -> str:
    """Where a redirect from `base` leads. Raises BadAddress as `read_address`."""
    if _plain(location) is not None:
        return location
    import httpx  # as above

    try:
        return str(httpx.URL(str(base)).join(location))
    except (httpx.InvalidURL, ValueError) as err:
        raise BadAddress(str(err)) from err


def _plain(text: str) -> re.Match[str] | None:
    return _PLAIN.fullmatch(text) if len(text) <= _MAX_PLAIN_CHARS else None
