"""An article's markup written out: the tags that are let through, and images with their captions as figures."""

import html as escaping
import re
from collections.abc import Iterator, Mapping, Set

from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

from adapters.articles.page import Element, text_of
from adapters.html import TAGS

UNSEEN = frozenset(
    [
        "script",
        "style",
        "noscript",
        "template",
        "iframe",
        "object",
        "embed",
        "svg",
        "math",
        "textarea",
        "select",
        "option",
        "button",
        "input",
        "nav",
        "canvas",
        "audio",
        "video",
        "head",
    ]
)
_VOID = frozenset(("img", "br", "hr", "col"))
_KEPT_ATTRIBUTES = ("href", "src", "alt", "title", "colspan", "rowspan", "scope", "width", "height", "start", "span")
_LAZY = ("data-src", "data-original", "data-lazy-src", "data-lazy")
_ICON = re.compile(
    r"icon|logo|avatar|emoji|smil|share|social|spacer|pixel|banner|advert|qr-?code|print|btn|button", re.IGNORECASE
)
_CAPTION = re.compile(
    r"caption|chu-?thich|image_?desc|img-?desc|photo-?(?:desc|credit|source)|fig-?text|wp-caption-text", re.IGNORECASE
)
_MAX_CAPTION = 500
_MAX_PLAIN_CAPTION = 250
_SMALL = 60  # pixels


def captions_of(image: Element) -> set[Element]:
    """The elements that hold the caption of an image: of its figure, or named so beside it."""
    figure = next(image.iterancestors("figure"), None)
    if figure is not None:
        return set(figure.iter("figcaption"))
    block = image
    for _ in range(4):
        block = block.getparent()
        if block is None or block.tag in ("body", "article", "main", "section"):
            break
        if sum(1 for _ in block.iter("img")) > 1:
            break
        found = {element for element in block.iter(etree.Element) if element is not block and _is_caption(element)}
        if found:
            return found
        below = block.getnext()
        if below is not None and not text_of(block) and (_is_caption(below) or _looks_like_caption(below)):
            return {below}
    return set()


def _is_caption(element: Element) -> bool:
    names = f"{element.get('class') or ''} {element.get('id') or ''}"
    return _CAPTION.search(names) is not None and len(text_of(element)) <= _MAX_CAPTION


def _looks_like_caption(element: Element) -> bool:
    """Whether a block right below an image is set as captions are: short, and centred or in italics as a whole."""
    text = text_of(element)
    if (
        not 3 < len(text) <= _MAX_PLAIN_CAPTION
        or element.tag in ("img", "table", "ul", "ol")
        or element.find(".//img") is not None
    ):
        return False
    style = f"{element.get('style') or ''} {element.get('align') or ''} {element.get('class') or ''}".lower()
    slanted = element.tag in ("em", "i") or any(text_of(each) == text for each in element.iter("em", "i"))
    return slanted or "center" in style


def is_decoration(image: Element) -> bool:
    names = " ".join(
        filter(None, (image.get("class"), image.get("id"), (image.get("src") or "")[-200:].rsplit("/", 1)[-1]))
    )
    return bool(_ICON.search(names)) or any(
        (size := _pixels(image.get(side))) is not None and size < _SMALL for side in ("width", "height")
    )


def _pixels(value: str | None) -> int | None:
    number = re.match(r"\s*(\d{1,5})(?:px)?\s*$", value or "")
    return int(number[1]) if number else None


def serialised(
    element: Element,
    dropped: Set[Element],
    *,
    texts: Set[tuple[Element, str]] = frozenset(),
    images: Mapping[Element, set[Element]] | None = None,
) -> Iterator[str]:
    """What an element holds as HTML, with the tags that are let through and without what is dropped; an image with its caption as a figure."""
    captions = {caption for each in (images or {}).values() for caption in each}
    walk = etree.iterwalk(element, events=("start", "end"))
    skipped: set[Element] = set()
    for event, each in walk:
        shown = each.tag in TAGS and each is not element and not (images is not None and each.tag == "figure")
        if event == "start":
            if each in captions or each in dropped or each.tag in UNSEEN:
                skipped.add(each)
                walk.skip_subtree()
                continue
            if shown and images is not None and each.tag == "img":
                yield _figure(each, images.get(each, set()))
            elif shown:
                yield _opening(each)
            if each.text and (each, "text") not in texts:
                yield escaping.escape(each.text, quote=False)
            continue
        if each not in skipped and shown and each.tag not in _VOID:
            yield f"</{each.tag}>"
        if each is not element and each.tail and (each, "tail") not in texts:
            yield escaping.escape(each.tail, quote=False)


def _figure(image: Element, captions: set[Element]) -> str:
    if not captions:
        return _opening(image)
    words = escaping.escape(" ".join(dict.fromkeys(filter(None, map(text_of, captions)))), quote=False)
    return f"<figure>{_opening(image)}<figcaption>{words}</figcaption></figure>" if words else _opening(image)


def _opening(element: Element) -> str:
    attributes = {name: value for name in _KEPT_ATTRIBUTES if (value := element.get(name))}
    if element.tag == "img" and (late := next((element.get(name) for name in _LAZY if element.get(name)), None)):
        attributes["src"] = late
    given = "".join(f' {name}="{escaping.escape(value)}"' for name, value in attributes.items())
    return f"<{element.tag}{given}>"
