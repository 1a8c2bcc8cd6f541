"""Which addresses may be dialled."""

from ipaddress import IPv4Network, IPv6Network, ip_network

import pytest

from adapters.http.addresses import AddressGuard, parse_networks
from syncd.errors import ConfigError

REFUSED = {
    "0.0.0.0": "this network",
    "10.0.0.1": "private",
    "10.255.255.255": "private",
    "100.64.0.1": "carrier-grade NAT",
    "100.100.100.200": "carrier-grade NAT",
    "100.127.255.255": "carrier-grade NAT",
    "127.0.0.1": "loopback",
    "127.127.127.127": "loopback",
    "168.63.129.16": "cloud platform",
    "169.254.169.254": "link-local",
    "172.16.0.1": "private",
    "172.31.255.255": "private",
    "192.0.0.192": "IETF protocol assignments",
    "192.0.2.1": "documentation",
    "192.88.99.1": "6to4 relay",
    "192.168.1.1": "private",
    "198.18.0.1": "benchmarking",
    "198.19.255.255": "benchmarking",
    "198.51.100.7": "documentation",
    "203.0.113.9": "documentation",
    "224.0.0.1": "multicast",
    "239.255.255.255": "multicast",
    "240.0.0.1": "reserved",
    "255.255.255.255": "reserved",
    "::": "unspecified",
    "::1": "loopback",
    "::2": "this network",
    "::127.0.0.1": "loopback",
    "::ffff:127.0.0.1": "loopback",
    "::ffff:7f00:1": "loopback",
    "::ffff:10.0.0.1": "private",
    "64:ff9b::7f00:1": "loopback",
    "64:ff9b::a9fe:a9fe": "link-local",
    "64:ff9b:1::1": "local NAT64",
    "100::1": "discard-only",
    "2001::1": "Teredo tunnel",
    "2001:0:53aa:64c:0:0:80ff:fffe": "Teredo tunnel",
    "2001:2::1": "IETF protocol assignments",
    "2001:10::1": "IETF protocol assignments",
    "2001:db8::1": "documentation",
    "2002:7f00:1::": "6to4 tunnel",
    "2002:808:808::1": "6to4 tunnel",
    "3fff::1": "documentation",
    "4000::1": "not global unicast",
    "5f00::1": "segment routing",
    "fc00::1": "private",
    "fd00:ec2::254": "private",
    "fe80::1": "link-local",
    "fe80::1%eth0": "link-local",
    "fec0::1": "site-local",
    "ff02::1": "multicast",
    "not an address": "not an address",
    "127.1": "not an address",
    "": "not an address",
}
PUBLIC = [
    "1.1.1.1",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "113.160.0.1",
    "126.255.255.255",
    "128.0.0.0",
    "168.63.129.15",
    "172.15.255.255",
    "172.32.0.0",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2001:4860:4860::8888",
    "2401:d800::1",
    "2620:4f:8000::1",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
]


@pytest.mark.parametrize(("address", "reason"), REFUSED.items(), ids=REFUSED)
def test_special_address_is_refused_with_its_reason(address: str, reason: str) -> None:
    assert AddressGuard().refusal(address) == reason


@pytest.mark.parametrize("address", PUBLIC)
def test_public_address_may_be_dialled(address: str) -> None:
    assert AddressGuard().refusal(address) is None


@pytest.mark.parametrize("address", ["10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::a01:203"])
def test_allowed_range_holds_in_every_way_of_writing_it(address: str) -> None:
    assert AddressGuard(parse_networks(["10.1.0.0/16"])).refusal(address) is None


def test_allowed_range_allows_nothing_beside_it() -> None:
    guard = AddressGuard().widened(["10.1.0.0/16", "fd00:1::/32", "192.168.0.7"])
    assert guard.refusal("10.2.0.1") == "private"
    assert guard.refusal("fd00:1::5") is None
    assert guard.refusal("fd00:2::5") == "private"
    assert guard.refusal("192.168.0.7") is None
    assert guard.refusal("192.168.0.8") == "private"


def test_range_that_is_none_names_its_key() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_networks(["10.0.0.0/8", "10.0.0.0/40"])
    assert caught.value.key == "http.allow_addresses"
    assert caught.value.value == "10.0.0.0/40"


# The IANA special-purpose address registries, IPv4 and IPv6, row by row: block -> "Globally Reachable" as the registry says.
REGISTRY = {
    "0.0.0.0/8": False,
    "0.0.0.0/32": False,
    "10.0.0.0/8": False,
    "100.64.0.0/10": False,
    "127.0.0.0/8": False,
    "169.254.0.0/16": False,
    "172.16.0.0/12": False,
    "192.0.0.0/24": False,
    "192.0.0.0/29": False,
    "192.0.0.8/32": False,
    "192.0.0.9/32": True,  # PCP anycast
    "192.0.0.10/32": True,  # TURN anycast
    "192.0.0.170/32": False,
    "192.0.0.171/32": False,
    "192.0.2.0/24": False,
    "192.31.196.0/24": True,  # AS112
    "192.52.193.0/24": True,  # AMT
    "192.88.99.0/24": False,
    "192.88.99.2/32": False,
    "192.168.0.0/16": False,
    "192.175.48.0/24": True,  # AS112
    "198.18.0.0/15": False,
    "198.51.100.0/24": False,
    "203.0.113.0/24": False,
    "240.0.0.0/4": False,
    "255.255.255.255/32": False,
    "::1/128": False,
    "::/128": False,
    "64:ff9b:1::/48": False,
    "100::/64": False,
    "100:0:0:1::/64": False,
    "2001::/23": False,
    "2001::/32": False,
    "2001:1::1/128": True,  # anycast services
    "2001:1::2/128": True,
    "2001:1::3/128": True,
    "2001:2::/48": False,
    "2001:3::/32": True,  # AMT
    "2001:4:112::/48": True,  # AS112
    "2001:10::/28": False,
    "2001:20::/28": True,  # ORCHIDv2
    "2001:30::/28": True,  # drones
    "2001:db8::/32": False,
    "2002::/16": False,
    "2620:4f:8000::/48": True,  # AS112
    "3fff::/20": False,
    "5f00::/16": False,
    "fc00::/7": False,
    "fe80::/10": False,
}
SAID_REACHABLE_AND_REFUSED = {  # no unit's website can be there: a protocol's own addresses inside blocks that are not public
    "192.0.0.9/32", "192.0.0.10/32", "2001:1::1/128", "2001:1::2/128", "2001:1::3/128", "2001:3::/32", "2001:4:112::/48",
    "2001:20::/28", "2001:30::/28",
}  # fmt: skip


def ends(block: str) -> set[str]:
    network = ip_network(block)
    middle = network.network_address + network.num_addresses // 2
    return {str(network.network_address), str(middle), str(network.broadcast_address)}


@pytest.mark.parametrize(("block", "reachable"), REGISTRY.items(), ids=REGISTRY)
def test_every_row_of_the_registries_is_judged(block: str, reachable: bool) -> None:
    refusals = {AddressGuard().refusal(address) for address in ends(block)}
    if reachable and block not in SAID_REACHABLE_AND_REFUSED:
        assert refusals == {None}
    else:
        assert None not in refusals


@pytest.mark.parametrize("wrapping", ["::ffff:{}", "64:ff9b::{}", "::{}"])
def test_wrapped_ipv4_addresses_are_judged_as_what_is_in_them(wrapping: str) -> None:
    """All of the IPv4 rows once more, inside each kind of IPv6 address that carries one."""
    guard = AddressGuard()
    for block, network in ((block, ip_network(block)) for block in REGISTRY if "." in block):
        for address in ends(block):
            if wrapping == "::{}" and network.network_address == IPv4Network("0.0.0.0/32").network_address:
                continue  # `::` and its neighbours are addresses of their own
            assert (guard.refusal(wrapping.format(address)) is None) == (guard.refusal(address) is None), (
                block,
                address,
            )


def test_nothing_outside_global_unicast_is_public() -> None:
    public = IPv6Network("2000::/3")
    for high in range(0, 0x10000, 0x11):
        address = IPv6Network((high << 112, 16))
        if high not in (0, 0x64) and not address.subnet_of(public):
            assert AddressGuard().refusal(str(address.network_address + 1)) is not None
