"""Which addresses may be dialled."""

import pytest

from adapters.addresses import AddressGuard, parse_networks
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
