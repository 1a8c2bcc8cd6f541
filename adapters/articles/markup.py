"""The markup of an article's blocks, taken out of the page: of elements that selectors found, or of the blocks that hold given words."""

import html as escaping
import math
import re
from collections import Counter
from collections.abc import Mapping, Set
from dataclasses import dataclass

from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

from adapters.articles.edges import beyond_the_text
from adapters.articles.figures import UNSEEN, captions_of, is_decoration, serialised
from adapters.articles.page import ArticlePage, Element, text_of
from adapters.articles.places import Asides, Heading
from adapters.html import text_of_html
from syncd.vietnamese.text import nfc, one_line

_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "caption",
        "center",
        "dd",
        "details",
        "dir",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hgroup",
        "hr",
        "li",
        "main",
        "menu",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
_NOT_WORDS = re.compile(r"[\W_]+")
_LEAD = re.compile(
    r"(?:^|[\s_-])(?:sapo|lead|lede|home-?text|standfirst|chapeau|trich-?(?:yeu|dan)|tom-?tat|mo-?ta|summary|intro(?:-?text)?|excerpt|abstract|description|(?:news-?|short-?|cms-?)?desc|short-?desc\w*)(?:$|[\s_-])",
    re.IGNORECASE,
)
_CHUNK = 40
_SHORT = 16  # letters; a shorter block must stand where the words go on
_NEAR = 120
_AFTER = 12  # elements after the last words in which an image may still be theirs
_STRAY = 0.1  # part of all letters


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """Markup not yet cleaned, its text without the captions of images, and the lead that stood apart from the rest."""

    html: str = ""
    text: str = ""
    lead: str = ""
    share: float = 0.0  # of the words that were asked for: how much the page's blocks have
    left_out: int = 0  # with `weigh_rest`: letters of the paragraphs of the same container that do not belong to it


def by_elements(element: Element, removed: set[Element]) -> Marked:
    """All that one element holds, but for what is removed."""
    html = "".join(serialised(element, removed))
    return Marked(html=html, text=_text(html))


def by_words(
    page: ArticlePage,
    words: str,
    heading: Heading | None,
    byline: Set[str],
    removed: set[Element],
    *,
    weigh_rest: bool = False,
) -> Marked:
    """The blocks of the page that hold these words, in one container, with the images and captions that stand among them.

    What stands above the text in `byline`, and lists of other posts, are left out although the words have them.
    """
    body = next(page.root.iter("body"), page.root)
    kept = _Blocks(body, _letters(words), removed)
    share = kept.matched / max(len(_letters(words)), 1)
    kept.leave_out_what_is_beyond(byline, heading)
    if not kept.weights:
        return Marked()
    container = kept.container()
    images = kept.shown_images(container, heading)
    dropped = kept.dropped(heading, images) | removed
    html = "".join(serialised(container, dropped, texts=kept.dropped_texts, images=images))
    lead = kept.lead(container, heading, page)
    if lead:
        html = f"<p>{escaping.escape(lead, quote=False)}</p>{html}"
    return Marked(
        html=html, text=_text(html), lead=lead, share=share, left_out=kept.left_out(container) if weigh_rest else 0
    )


class _Blocks:
    """The blocks of a page that hold the words of its article, and those among them that do not."""

    def __init__(self, body: Element, words: str, removed: set[Element]) -> None:
        self.weights: dict[Element, int] = {}  # letters of the article by innermost block
        self.unmatched: list[Element] = []
        self.images: list[Element] = []
        self.dropped_texts: set[tuple[Element, str]] = set()
        self.matched = 0  # letters
        self._texts: list[tuple[Element, tuple[Element, str] | None, str, int]] = []  # what holds words, in page order
        self._words = words
        self._at = 0
        self._times: Counter[str] = Counter()
        self._often: dict[str, int] = {}
        self._order: dict[Element, int] = {}
        self._walk(body, _outer_blocks(body), removed)

    def leave_out_what_is_beyond(self, byline: Set[str], heading: Heading | None) -> None:
        """Take out what stands above and below the text proper: a few words above its heading are another's."""
        beyond = beyond_the_text([text for _, _, text, _ in self._texts], byline)
        begins = self._order.get(heading.element, 0) if heading is not None else 0
        above = [at for at, (block, _, _, _) in enumerate(self._texts) if self._order[block] < begins]
        if sum(self._texts[at][3] for at in above) < _STRAY * self.matched:
            beyond |= set(above)
        for at in beyond:
            block, part, _, letters = self._texts[at]
            self.weights[block] -= letters
            if not self.weights[block]:
                del self.weights[block]
            if part is None:
                self.unmatched.append(block)
            else:
                self.dropped_texts.add(part)

    def container(self) -> Element:
        """The innermost element that holds nearly all the words."""
        total = sum(self.weights.values())
        sums: dict[Element, int] = {}
        for element, weight in self.weights.items():
            for each in (element, *element.iterancestors()):
                sums[each] = sums.get(each, 0) + weight
        best = next(iter(self.weights))
        holding = [element for element, weight in sums.items() if weight >= 0.98 * total]
        innermost = max(holding, key=lambda element: sum(1 for _ in element.iterancestors())) if holding else best
        above = innermost.getparent()
        # beside an article of one paragraph stands its image
        return above if innermost.tag == "p" and above is not None and above.tag not in ("body", "html") else innermost

    def shown_images(self, container: Element, heading: Heading | None) -> dict[Element, set[Element]]:
        """The images of the article, each with the elements of its caption: those among the words, and above them below the heading."""
        places = [self._order[element] for element in self.weights]
        first, last = min(places), max(places)
        shown: dict[Element, set[Element]] = {}
        asides = Asides(container)
        for image in self.images:
            place = self._order[image]
            if place > last + _AFTER or (place < first and not self._follows(image, heading)):
                continue
            if not is_decoration(image) and image not in asides and not self._leads_elsewhere(image):
                shown[image] = captions_of(image)
        return shown

    def dropped(self, heading: Heading | None, shown: Mapping[Element, set[Element]]) -> set[Element]:
        """What to leave out of the container: blocks without words of the article, images of other things."""
        dropped = {*self.unmatched, *(image for image in self.images if image not in shown)}
        if heading is not None:
            dropped.add(heading.element)
        return dropped

    def left_out(self, container: Element) -> int:
        """How many letters the paragraphs within the container have that are none of the words."""
        asides = Asides(container)
        return sum(
            len(_letters(text_of(element)))
            for element in self.unmatched
            if element.tag == "p" and element not in asides and container in element.iterancestors()
        )

    def lead(self, container: Element, heading: Heading | None, page: ArticlePage) -> str:
        """The lead that stands between the heading and the container, where it is named or repeated as the page's description."""
        if heading is None:
            return ""
        description = _letters(page.meta("og:description", "description"))[:200]
        begins = self._order.get(heading.element, math.inf)
        ends = min(self._order[each] for each in self.weights)
        for element in self.unmatched:
            if not begins < self._order[element] < ends:
                continue
            text = text_of(element)
            letters = _letters(text)
            named = any(
                _LEAD.search(f"{each.get('class') or ''} {each.get('id') or ''}")
                for each in (element, element.getparent())
            )
            told = len(description) >= 60 and description[:60] in letters[:160]
            if (named or told) and 40 <= len(letters) <= 1_500 and letters[:80] not in self._words:
                return text
        return ""

    def _walk(self, body: Element, outer: set[Element], removed: set[Element]) -> None:
        walk = etree.iterwalk(body, events=("start", "end"))
        for event, element in walk:
            if event == "end":
                parent = element.getparent()
                if element is not body and parent in outer and element.tail and element.tail.strip():
                    self._judge_text(parent, element, "tail", element.tail)
                continue
            self._order[element] = len(self._order)
            if element in removed or element.tag in UNSEEN:
                walk.skip_subtree()
            elif element.tag == "img":
                self.images.append(element)
            elif element in outer:
                if element.text and element.text.strip():
                    self._judge_text(element, element, "text", element.text)
            else:
                self._judge(element)
                for image in element.iter("img"):
                    self._order[image] = len(self._order)
                    self.images.append(image)
                walk.skip_subtree()

    def _judge(self, element: Element) -> None:
        raw = "".join(element.itertext())
        if not raw or raw.isspace():
            return
        if "{" in raw or ";" in raw:  # a script may stand within
            raw = text_of(element)
        letters = _letters(raw)
        if not letters:
            return
        if self._holds(letters):
            self._keep(element, None, text_of(element), len(letters))
        else:
            self.unmatched.append(element)

    def _judge_text(self, block: Element, element: Element, kind: str, text: str) -> None:
        letters = _letters(text)
        if letters and self._holds(letters):
            self._keep(block, (element, kind), one_line(text), len(letters))
        elif letters:
            self.dropped_texts.add((element, kind))

    def _keep(self, block: Element, part: tuple[Element, str] | None, text: str, letters: int) -> None:
        self._texts.append((block, part, text, letters))
        self.weights[block] = self.weights.get(block, 0) + letters
        self.matched += letters

    def _holds(self, letters: str) -> bool:
        """Whether the words hold these letters, as often as they came; the place where they go on moves along."""
        if len(letters) >= _CHUNK:
            self._times[letters] += 1
            if self._times[letters] == 2:
                self._often[letters] = self._words.count(letters)
            if self._times[letters] > self._often.get(letters, 1):
                return False
        if len(letters) < _SHORT:
            found = self._words.find(letters, self._at, self._at + _NEAR + len(letters))
        else:
            found = self._words.find(letters, max(0, self._at - _NEAR))
            if found < 0:
                found = self._words.find(letters)
        if found >= 0:
            self._at = found + len(letters)
            return True
        if len(letters) < 2 * _CHUNK:
            return False
        chunks = [letters[start : start + _CHUNK] for start in range(0, len(letters) - _CHUNK + 1, _CHUNK)]
        held = [chunk for chunk in chunks if chunk in self._words]
        if len(held) * 2 > len(chunks):
            self._at = self._words.find(held[-1]) + _CHUNK
            return True
        return False

    def _follows(self, element: Element, heading: Heading | None) -> bool:
        return (
            heading is not None
            and heading.element in self._order
            and self._order[heading.element] < self._order[element]
        )

    def _leads_elsewhere(self, image: Element) -> bool:
        """Whether an image is the face of a link to another page, as in a list of other posts."""
        link = next(image.iterancestors("a"), None)
        href = (link.get("href") or "") if link is not None else ""
        path = href.split("?")[0].split("#")[0].lower()
        if (
            not path
            or path.endswith((".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp"))
            or href.startswith("javascript")
        ):
            return False
        item = next(image.iterancestors("li", "article"), None)
        return item is not None and not any(each in self.weights for each in item.iter())


def _outer_blocks(body: Element) -> set[Element]:
    """The elements that hold blocks, and so are none of the innermost."""
    outer = {body}
    for element in body.iter(*_BLOCKS):
        for above in element.iterancestors():
            if above in outer:
                break
            outer.add(above)
    return outer


def _letters(text: str) -> str:
    return _NOT_WORDS.sub("", text if text.isascii() else nfc(text)).casefold()


def _text(html: str) -> str:
    return text_of_html(re.sub(r"<figcaption>.*?</figcaption>", " ", html, flags=re.DOTALL))
