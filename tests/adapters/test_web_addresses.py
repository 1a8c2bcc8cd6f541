"""Addresses read by the short way are those that httpx would have made."""

import subprocess
import sys

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.http.web_addresses import BadAddress, joined, read_address

PLAIN = (
    "http://vidu.example/",
    "https://vidu.example/rss.xml",
    "https://vidu.example:443/rss",
    "http://vidu.example:443/rss",
    "http://vidu.example:8080/a/b.aspx?x=1&y=%C4%83#top",
    "https://www.tinh-uy.vidu.example//tin/?page=2",
    "http://127.1.0.250:8099/12/rss",
    "http://vidu.example/a;b=c,d/@e:f/~g!$&()*+",
    "http://a--b.vidu.example/%e1%bb%8d",
    "http://vidu.example/?q=a/b?c",
)
OTHERS = (
    "http://vidu.example",
    "http://vidu.example?x=1",
    "http://vidu.example/?",
    "HTTP://ViDu.Example/A",
    "http://vidu.example/a/../b",
    "http://vidu.example/.well-known/x",
    "http://vidu.example/a/./b?../c",
    "http://vidu.example/tin tức?q=ă b",
    "http://vidu.example/%zz%4",
    "http://vidu.example:0080/",
    "http://vidu.example:99999/",
    "http://vidu.example:/",
    "http://tỉnh-ủy.vidu.example/",
    "http://xn--fea.vidu.example/",
    "http://vidu.xn--fea/",
    "http://xn--a.vn/",
    "http://256.1.1.1/",
    "http://01.1.1.1/",
    "http://1.1.1/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://2130706433/",
    "http://127.0.0.1./",
    "http://vidu.example./",
    "http://[::1]:80/x",
    "http://[::ffff:10.0.0.1]/",
    "http://[::1/",
    "http://-a.example/",
    "http://a_b.example/",
    "http:///x",
    "http:x",
    "mailto:ban@vidu.example",
    "/x",
    "",
    "http://vidu.example/\x00",
    "http://vidu.example/#\x7f",
    "http://vidu.example/'\"<>`{}|^[]",
)


def by_httpx(text: str) -> tuple[object, ...] | None:
    try:
        url = httpx.URL(text).copy_with(fragment=None)
        return str(url), url.scheme, url.host, url.netloc, url.raw_host, url.port, url.raw_path, bool(url.userinfo)
    except (httpx.InvalidURL, ValueError):
        return None


def by_us(text: str) -> tuple[object, ...] | None:
    try:
        url = read_address(text)
    except BadAddress:
        return None
    sent = (url.authority.encode(), url.dialled_host.encode(), url.port, url.target.encode())
    return url.text, url.scheme, url.host, *sent, url.private


@pytest.mark.parametrize("text", [*PLAIN, *OTHERS])
def test_an_address_is_read_as_httpx_reads_it(text: str) -> None:
    assert by_us(text) == by_httpx(text)


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(["http://", "https://", "http://vidu.example/", "http://vidu.example:81/x"]),
    st.text(st.sampled_from("aZ09.-_/?#&=%:@~!$'()*+,;[]\\ xn2eđ\t"), max_size=24),
)
def test_any_address_is_read_as_httpx_reads_it(start: str, rest: str) -> None:
    theirs = by_httpx(start + rest)
    if theirs is None or not theirs[-1]:  # a name or password is told apart below
        assert by_us(start + rest) == theirs


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["/", "//", "https://vidu.example/", "?", "../", ""]), st.text("ab./?=%:#", max_size=12))
def test_a_redirect_leads_where_httpx_says(start: str, rest: str) -> None:
    base, location = "http://vidu.example/tin/rss.xml", start + rest
    try:
        theirs = str(httpx.URL(base).join(location).copy_with(fragment=None))
    except (httpx.InvalidURL, ValueError):
        return
    assert read_address(joined(read_address(base), location)).text == theirs


def test_a_name_and_password_are_noticed_and_left_out() -> None:
    address = read_address("https://ban:mat-khau@vidu.example/rss?x=1")

    assert address.private
    assert "mat-khau" not in repr(address)


def test_usual_addresses_do_not_cost_the_import_of_httpx() -> None:
    code = (
        "import sys, adapters.http.client\nfrom adapters.http.web_addresses import read_address\n"
        f"for text in {PLAIN!r}:\n    read_address(text)\nsys.exit('httpx' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
