"""The port that a source's own address grants: read by the short way, it is the one that `urlsplit` finds."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sources.visits import _port_of


def by_urlsplit(url: str) -> int | str | None:
    try:
        return urlsplit(url).port
    except ValueError as err:
        return str(err)


def by_visits(url: str) -> int | str | None:
    try:
        return _port_of(url)
    except ValueError as err:
        return str(err)


@pytest.mark.parametrize(
    ("url", "port"),
    [
        ("https://vidu.example/rss", None),
        ("https://vidu.example:443/rss", 443),
        ("http://vidu.example:8080?a=b:1", 8080),
        ("http://vidu.example/a:81/@b:82", None),
        ("http://[::1]:8099/", 8099),
        ("http://vidu.example:65535/", 65535),
        ("", None),
    ],
)
def test_port_is_the_one_that_is_written(url: str, port: int | None) -> None:
    assert _port_of(url) == port


@given(
    st.lists(
        st.sampled_from(
            [
                *("http://", "https://", "HTTP://", "//", "vidu.example", "127.0.0.1", "[::1]", ":", ":80", ":08"),
                *(":70000", ":1a", "@", "/", "?", "#", "\\", " ", "\n", "\t", "ă", "٣", "a:1"),
            ]
        ),
        max_size=7,
    ).map("".join)
)
def test_short_way_finds_what_urlsplit_finds(url: str) -> None:
    assert by_visits(url) == by_urlsplit(url)
