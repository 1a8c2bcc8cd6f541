"""Which network addresses may be dialled: public ones, and those the configuration names.

The table follows the IANA special-purpose registries for IPv4 and IPv6 (RFC 6890 and later entries). It is our own because
`ipaddress.is_global` of Python 3.11 lets 64:ff9b::/96 and 2002::/16 pass, which may wrap a private IPv4 address.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from syncd.errors import ConfigError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_IPV4 = (
    (IPv4Network("0.0.0.0/8"), "this network"),
    (IPv4Network("10.0.0.0/8"), "private"),
    (IPv4Network("100.64.0.0/10"), "carrier-grade NAT"),
    (IPv4Network("127.0.0.0/8"), "loopback"),
    (IPv4Network("168.63.129.16/32"), "cloud platform"),  # public by number, the host's agent on Azure
    (IPv4Network("169.254.0.0/16"), "link-local"),
    (IPv4Network("172.16.0.0/12"), "private"),
    (IPv4Network("192.0.0.0/24"), "IETF protocol assignments"),
    (IPv4Network("192.0.2.0/24"), "documentation"),
    (IPv4Network("192.88.99.0/24"), "6to4 relay"),
    (IPv4Network("192.168.0.0/16"), "private"),
    (IPv4Network("198.18.0.0/15"), "benchmarking"),
    (IPv4Network("198.51.100.0/24"), "documentation"),
    (IPv4Network("203.0.113.0/24"), "documentation"),
    (IPv4Network("224.0.0.0/4"), "multicast"),
    (IPv4Network("240.0.0.0/4"), "reserved"),
)
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_IPV6 = (  # what of 2000::/3 is not public, then names for what lies outside of it
    (IPv6Network("2001::/32"), "Teredo tunnel"),
    (IPv6Network("2001::/23"), "IETF protocol assignments"),
    (IPv6Network("2001:db8::/32"), "documentation"),
    (IPv6Network("2002::/16"), "6to4 tunnel"),
    (IPv6Network("3fff::/20"), "documentation"),
    (IPv6Network("::/128"), "unspecified"),
    (IPv6Network("::1/128"), "loopback"),
    (IPv6Network("64:ff9b:1::/48"), "local NAT64"),
    (IPv6Network("100::/64"), "discard-only"),
    (IPv6Network("5f00::/16"), "segment routing"),
    (IPv6Network("fc00::/7"), "private"),
    (IPv6Network("fe80::/10"), "link-local"),
    (IPv6Network("fec0::/10"), "site-local"),
    (IPv6Network("ff00::/8"), "multicast"),
)
_WRAPPING = (  # the last 32 bits are an IPv4 address, and that one is reached
    IPv6Network("::ffff:0:0/96"),
    IPv6Network("64:ff9b::/96"),
    IPv6Network("::/96"),
)


def parse_networks(ranges: Iterable[str], *, key: str = "http.allow_addresses") -> tuple[Network, ...]:
    """The CIDR ranges of a configuration; a bare address is a range of one.

    Raises:
        ConfigError: a range that is none.
    """
    networks: list[Network] = []
    for text in ranges:
        try:
            networks.append(ip_network(text.strip(), strict=False))
        except ValueError as err:
            raise ConfigError(
                f"{text!r} is no address range", key=key, value=text, hint="write CIDR ranges such as 10.1.0.0/16"
            ) from err
    return tuple(networks)


class AddressGuard:
    """Judges addresses before they are dialled. Immutable, shared by threads."""

    def __init__(self, allowed: Sequence[Network] = ()) -> None:
        self._allowed = tuple(allowed)

    def widened(self, ranges: Sequence[str], *, key: str = "allow_addresses") -> "AddressGuard":
        """A guard that lets these ranges pass too."""
        return AddressGuard(self._allowed + parse_networks(ranges, key=key)) if ranges else self

    def refusal(self, address: str) -> str | None:
        """Why a numeric address must not be dialled, as one or two words; None when it may be."""
        try:
            ip = ip_address(address)
        except ValueError:
            return "not an address"
        wrapped = _wrapped(ip)
        for network in self._allowed:
            if ip in network or wrapped in network:
                return None
        return _special_use(wrapped)


def _wrapped(ip: Address) -> Address:
    """The IPv4 address that is reached through an IPv6 one, or the address itself."""
    if isinstance(ip, IPv4Address) or int(ip) <= 1:  # :: and ::1 are addresses of their own
        return ip
    if any(ip in network for network in _WRAPPING):
        return IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip


@lru_cache(maxsize=4096)
def _special_use(ip: Address) -> str | None:
    if isinstance(ip, IPv4Address):
        return next((name for network, name in _IPV4 if ip in network), None)
    named = next((name for network, name in _IPV6 if ip in network), None)
    return named or (None if ip in _GLOBAL_UNICAST else "not global unicast")
