"""Where on a page something stands: in its main part, beside it, or in what frames every page of the site."""

import re
from functools import lru_cache

from adapters.probing.tree import Element, up, words_of

MAIN, BESIDE, MENTIONED, FRAME = 1.0, 0.45, 0.2, 0.0

_FRAME_TAGS = frozenset({"nav", "footer"})
_FRAME_ROLES = frozenset({"navigation", "contentinfo", "search", "menu", "menubar"})
_FRAME = re.compile(
    r"(?:^|[_\W])(?:nav|navbar|navigation|menu\w*|submenu|mainmenu|megamenu|topmenu|footer\w*|foot|breadcrumbs?|bread-?crumb|"
    r"pagination|paging|pager|phantrang|share|social|banner\w*|quangcao|quang-cao|advert\w*|lienket|lien-ket|weblinks?|"
    r"copyright|language|login|sitemap|tags?|tag-?cloud|comments?|binh-?luan|chia-?se|skip-?links?|search-?form)(?:$|[_\W])",
    re.IGNORECASE,
)
_BESIDE = re.compile(
    r"(?:^|[_\W])(?:sidebar\w*|side-?bar\w*|aside|widget\w*|right-?(?:col(?:umn)?|bar|side)|left-?(?:bar|side)|"
    r"col-?right|cot-?phai|marquee|ticker|thong-?bao|thongbao|modal|popup|slider?|slideshow|carousel\w*|"
    r"owl-carousel|video\w*|gallery|thu-?vien\w*|album\w*)(?:$|[_\W])",
    re.IGNORECASE,
)
_MENTIONED = re.compile(
    r"(?:^|[_\W])(?:related|relate|lien-?quan|tin-?lien-?quan|tin-?khac|other-?news|othernews|most-?(?:read|view\w*)|popular|"
    r"xem-?nhieu|doc-?nhieu|docnhieu|xemnhieu|tinxemnhieu|top-?view\w*|hot-?view|trending|recommend\w*)(?:$|[_\W])",
    re.IGNORECASE,
)
_MENTIONED_HEADING = re.compile(
    r"(?:đọc|xem|quan tâm|bình luận)\s+nhiều|liên quan|(?:tin|bài)(?:,\s*bài)?(?:\s+viết)?\s+(?:khác|cũ hơn|đã đưa)|most\s+(?:read|viewed|popular)|related|có thể bạn|"
    r"các tin (?:khác|đã đưa|cũ)",
    re.IGNORECASE,
)
_BESIDE_HEADING = re.compile(
    r"^(?:thông báo|liên kết|website|văn bản(?: mới)?|thư viện|video|hình ảnh|lịch (?:công tác|làm việc|tiếp)|hỏi đáp)",
    re.IGNORECASE,
)
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6", "legend", "caption", "strong", "b")
_MAX_HEADING = 60
_OF_ONE_POST = ("tag-", "category-", "post-", "type-", "status-", "format-")  # WordPress says so of each entry


def place_of(element: Element) -> float:
    """How far the element belongs to what the page is for: `MAIN`, `BESIDE` it, only `MENTIONED`, or `FRAME`."""
    place = MAIN
    for above in [element, *up(element)]:
        marks = _marks(above)
        if above.tag in _FRAME_TAGS or (above.get("role") or "").lower() in _FRAME_ROLES:
            return FRAME
        if above.tag == "header" and not _inside(above, ("article", "main", "li", "section")):
            return FRAME
        if marks and (found := _place_of_marks(marks)) < place:
            place = found
        if above.tag == "aside":
            place = min(place, BESIDE)
        if place == FRAME:
            return FRAME
    return place


def place_of_heading(block: Element) -> float:
    """What the heading over a block of entries says of it; `MAIN` where it has none or says nothing."""
    for steps, above in enumerate([block, *up(block)]):
        if steps > 3:
            break
        heading = _heading_before(above)
        if heading:
            if _MENTIONED_HEADING.search(heading):
                return MENTIONED
            return BESIDE if _BESIDE_HEADING.search(heading) else MAIN
    return MAIN


def _heading_before(element: Element) -> str:
    """The short heading that stands right before an element, or opens it."""
    for before in element.itersiblings(preceding=True):
        if not isinstance(before.tag, str):
            continue
        words = words_of(before)
        if not words:
            continue
        return words if len(words) <= _MAX_HEADING else ""
    return ""


def _inside(element: Element, tags: tuple[str, ...]) -> bool:
    return next(element.iterancestors(*tags), None) is not None


def _marks(element: Element) -> str:
    names = f"{element.get('class') or ''} {element.get('id') or ''}".split()
    return " ".join(name for name in names if not name.startswith(_OF_ONE_POST))


@lru_cache(maxsize=4096)
def _place_of_marks(marks: str) -> float:
    if _FRAME.search(marks):
        return FRAME
    if _MENTIONED.search(marks):
        return MENTIONED
    return BESIDE if _BESIDE.search(marks) else MAIN
