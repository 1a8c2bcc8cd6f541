"""Documents built to harm their reader: the 18 of XML and the document half of the 18 of size, by name.

Each is made when asked for, since the largest have 15 MiB, the most that comes in by default. `xml` documents are feeds to
`parse_feed`; `page` ones are pages or fragments; `image` ones are what a picture's address answers.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

DATA = Path(__file__).parents[1] / "data"
LIMIT = 15 * 1024 * 1024  # http.max_body_bytes
_ITEM = "<item><title>Tin &amp; bài</title><link>https://a.example/1</link>{}</item>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """`internal` stands for an address that must never be called."""

    name: str
    kind: Literal["feed", "page", "image"]
    make: Callable[[str], bytes]


def _rss(inner: str = "", *, head: str = "", root: str = "rss version='2.0'") -> str:
    return f"<?xml version='1.0'?>{head}<{root}><channel><title>t</title>{_ITEM.format(inner)}</channel></rss>"


def _entities(declarations: str, used: str) -> str:
    return _rss(f"<description>{used}</description>", head=f"<!DOCTYPE rss [{declarations}]>")


def _billion_laughs(_: str) -> bytes:
    levels = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 11))
    return _entities(f'<!ENTITY a0 "ha">{levels}', "&a10;").encode()


def _quadratic(_: str) -> bytes:
    return _entities(f'<!ENTITY a "{"x" * 100_000}">', "&a;" * 5_000).encode()


def _recursive(_: str) -> bytes:
    return _entities('<!ENTITY a "&b;"><!ENTITY b "&a;">', "&a;").encode()


def _external_file(_: str) -> bytes:
    return _entities('<!ENTITY a SYSTEM "file:///etc/passwd">', "&a;").encode()


def _external_http(internal: str) -> bytes:
    return _entities(f'<!ENTITY a SYSTEM "{internal}/entity">', "&a;").encode()


def _parameter_entity(internal: str) -> bytes:
    return _entities(f'<!ENTITY % p SYSTEM "{internal}/p.dtd"> %p;', "&a;").encode()


def _doctype_only(internal: str) -> bytes:
    return _rss(head=f'<!DOCTYPE rss SYSTEM "{internal}/rss.dtd">').encode()


def _xinclude(internal: str) -> bytes:
    xi = "xmlns:xi='http://www.w3.org/2001/XInclude'"
    return _rss(
        f"<description {xi}><xi:include href='file:///etc/passwd' parse='text'/><xi:include href='{internal}/xi'/></description>"
    ).encode()


def _stylesheet(internal: str) -> bytes:
    return _rss(head=f"<?xml-stylesheet type='text/xsl' href='{internal}/style.xsl'?>").encode()


def _xslt(internal: str) -> bytes:
    xsl = "xmlns:xsl='http://www.w3.org/1999/XSL/Transform'"
    return _rss(f"<description {xsl}><xsl:copy-of select=\"document('{internal}/xslt')\"/></description>").encode()


def _namespaces(_: str) -> bytes:
    declared = "".join(f" xmlns:n{n}='urn:{n}'" for n in range(100_000))
    return _rss(root=f"rss version='2.0'{declared}").encode()


def _depth(_: str) -> bytes:
    return _rss("<a>" * 100_000 + "</a>" * 100_000).encode()


def _attributes(_: str) -> bytes:
    many = " ".join(f"b{n}=''" for n in range(100_000))
    return _rss(f"<a {many}/>").encode()


def _cdata(_: str) -> bytes:
    """50 MB cannot come in; this is what can."""
    start, end = _rss("<description><![CDATA[\0]]></description>").split("\0")
    return (start + "x" * (LIMIT - len(start) - len(end) - 20) + end).encode()


def _utf_16(_: str) -> bytes:
    return (
        _entities('<!ENTITY a SYSTEM "file:///etc/passwd">', "&a;")
        .replace("'1.0'", "'1.0' encoding='utf-16'")
        .encode("utf-16")
    )


def _utf_7(_: str) -> bytes:
    hidden = _entities('<!ENTITY a SYSTEM "file:///etc/passwd">', "&a;").partition("?>")[2]
    return b"<?xml version='1.0' encoding='utf-7'?>" + hidden.encode("utf-7")


def _nul(_: str) -> bytes:
    return _rss("<description>a\x00b</description><author>\x00</author>").encode()


def _svg_enclosure(_: str) -> bytes:
    return b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(1)</script></svg>"


def _many_items(_: str) -> bytes:
    return f"<rss><channel><title>t</title>{_ITEM.format('') * 100_000}</channel></rss>".encode()


def _long_title(_: str) -> bytes:
    return _rss().replace("Tin &amp; bài", "x" * 10_000_000).encode()


def _nested(_: str) -> bytes:
    return ("<html><body>" + "<div>" * 200_000 + "chữ</body></html>").encode()


def _long_attribute(_: str) -> bytes:
    return f"<html><body><p title='{'x' * 1_000_000}'>chữ</p><a href='/{'x' * 1_000_000}'>y</a></body></html>".encode()


def _png(_: str) -> bytes:
    """30,000 by 30,000 pixels in a hundred bytes: 3.6 GB for whoever unpacks it. Its rows end early, as decoders find out late."""
    rows = zlib.compress(b"\x00" * (1 + 30_000 // 8))
    parts = ((b"IHDR", struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0)), (b"IDAT", rows), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )


def _zip(_: str) -> bytes:
    """A small one of the kind of 42.zip: 40 MB of zeros, packed twice."""
    packed = b"0" * 40_000_000
    for name in ("trong.txt", "ngoai.zip"):
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, packed)
        packed = made.getvalue()
    return packed


XML = (
    Document(name="billion-laughs", kind="feed", make=_billion_laughs),
    Document(name="quadratic-blow-up", kind="feed", make=_quadratic),
    Document(name="recursive-entity", kind="feed", make=_recursive),
    Document(name="external-entity-file", kind="feed", make=_external_file),
    Document(name="external-entity-http", kind="feed", make=_external_http),
    Document(name="parameter-entity-remote-dtd", kind="feed", make=_parameter_entity),
    Document(name="doctype-system-remote", kind="feed", make=_doctype_only),
    Document(name="xinclude-file", kind="feed", make=_xinclude),
    Document(name="xml-stylesheet-internal", kind="feed", make=_stylesheet),
    Document(name="xslt-document", kind="feed", make=_xslt),
    Document(name="namespaces-100000", kind="feed", make=_namespaces),
    Document(name="depth-100000", kind="feed", make=_depth),
    Document(name="attributes-100000", kind="feed", make=_attributes),
    Document(name="cdata-50-mb", kind="feed", make=_cdata),
    Document(name="utf-16-entities", kind="feed", make=_utf_16),
    Document(name="utf-7-declared", kind="feed", make=_utf_7),
    Document(name="nul-bytes", kind="feed", make=_nul),
    Document(name="svg-enclosure-script", kind="image", make=_svg_enclosure),
)
SIZE = (
    Document(name="items-100000", kind="feed", make=_many_items),
    Document(name="title-10-mb", kind="feed", make=_long_title),
    Document(name="div-200000", kind="page", make=_nested),
    Document(name="attribute-1-mb", kind="page", make=_long_attribute),
    Document(name="png-30000", kind="image", make=_png),
    Document(name="zip-bomb", kind="image", make=_zip),
)
