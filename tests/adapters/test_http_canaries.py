"""Canary addresses on real sockets."""

import time

import pytest

from adapters.canaries import CanaryAddresses
from adapters.http.client import HttpSettings, PoliteClient
from syncd.clock import SystemClock
from syncd.errors import ConfigError
from syncd.testing.local_site import LocalSite


def canaries(*addresses: str) -> CanaryAddresses:
    clock = SystemClock()
    return CanaryAddresses(addresses, http=PoliteClient(HttpSettings(), clock=clock), clock=clock)


def test_one_that_answers_is_enough(local_site: LocalSite) -> None:
    there, gone = f"127.0.0.1:{local_site.port}", "127.0.0.8:9"
    assert canaries(gone, there).any_answers()
    assert canaries(local_site.url("/")).any_answers(), "404 is an answer"
    assert local_site.last().method == "HEAD"
    local_site.pause()
    assert not canaries(gone, there, local_site.url("/")).any_answers()


def test_one_that_accepts_but_does_not_answer_is_no_web_address_alive(local_site: LocalSite) -> None:
    local_site.reset("/")
    assert not canaries(local_site.url("/")).any_answers()


def test_all_are_asked_at_once(local_site: LocalSite) -> None:
    local_site.behave("/", lambda line, request: line.wait(0.5))
    start = time.monotonic()
    assert not canaries(*[f"http://127.0.0.{n}:{local_site.port}/" for n in range(1, 9)]).any_answers()
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("address", ["vidu.example", "ftp://vidu.example/", "", "vidu.example:x", "http://"])
def test_what_is_no_address_is_refused_by_its_key(address: str) -> None:
    with pytest.raises(ConfigError) as caught:
        canaries("127.0.0.1:53", address)
    assert caught.value.key == "http.canaries[1]"
