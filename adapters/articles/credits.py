"""Who wrote an article, what it is called and where the site files it."""

import re
from urllib.parse import urlsplit

from adapters.articles.article import ArticleRules
from adapters.articles.bodies import Body
from adapters.articles.page import ArticlePage, text_of, value_of
from adapters.articles.places import Asides, Heading
from adapters.articles.stated import Stated, breadcrumbs_of
from syncd.vietnamese.fold import fold
from syncd.vietnamese.text import one_line

_AUTHOR_NAME = re.compile(
    r"(?:^|[\s_-])(?:author|byline|tac-?gia|nguoi-?viet|but-?danh)(?:$|[\s_-]|name)", re.IGNORECASE
)
_AUTHOR_LABEL = re.compile(
    r"^(?:tác giả|người viết|người đăng|bài(?: và ảnh)?|tin(?:,? bài)?(?:,? ảnh)?|theo|nguồn|by|author|von|par|por)\s*:?\s+",
    re.IGNORECASE,
)
_NAMES = re.compile(r"(?:[A-ZĐÀ-ỸĂÂÊÔƠƯ][\w.'’-]*\.?(?:\s*[-–,&/]\s*|\s+|$)){1,8}")
_HOME = {"trang chủ", "trang chu", "home", "trang nhất", "homepage", "startseite"}
_MAX_NAME = 80
_MAX_CATEGORIES = 10


def title_of(page: ArticlePage, stated: Stated, heading: Heading | None, rules: ArticleRules) -> str:
    """By the selectors, else the article's headline as printed, stated or in the page's title."""
    for element in page.find(rules.title) if rules.title else ():
        if title := value_of(element):
            return title
    printed = heading.text if heading is not None else ""
    title = next((text_of(element) for element in page.root.iter("title")), "")
    return one_line(printed or stated.headline or page.meta("og:title", "twitter:title") or title)


def author_of(page: ArticlePage, stated: Stated, heading: Heading | None, body: Body, rules: ArticleRules) -> str:
    """By the selectors, else as stated, else as an element of that name says, else a name that ends the text."""
    for element in page.find(rules.author) if rules.author else ():
        if author := value_of(element):
            return author
    told = (stated.author, page.meta("author", "article:author", "dc.creator", "dcterms.creator"))
    for name in told:
        if name and not name.startswith("http") and len(name) <= _MAX_NAME and not _is_the_site(name, page):
            return name
    asides = heading.asides if heading is not None else Asides()
    for element in page.root.iter("span", "a", "p", "div", "strong", "address"):
        names = f"{element.get('class') or ''} {element.get('itemprop') or ''} {element.get('rel') or ''}"
        if _AUTHOR_NAME.search(names) and element not in asides:
            text = _AUTHOR_LABEL.sub("", text_of(element))
            if 2 < len(text) <= _MAX_NAME and not any(char.isdigit() for char in text):
                return text
    return _signature(body)


def _is_the_site(name: str, page: ArticlePage) -> bool:
    """Whether an author is only the name of the website."""
    plain = "".join(char for char in fold(name) if char.isalnum())
    labels = (urlsplit(page.url).hostname or "").split(".")
    return plain in labels or fold(name) == fold(page.meta("og:site_name"))


def categories_of(page: ArticlePage, stated: Stated, rules: ArticleRules) -> tuple[str, ...]:
    """By the selectors, else the sections the page states, else its breadcrumbs without the front page and the article."""
    if rules.category:
        found = [value_of(element) for element in page.find(rules.category)]
    else:
        found = [*stated.sections, *page.metas.get("article:section", [])]
        crumbs = breadcrumbs_of(page)
        title = fold(page.meta("og:title"))
        found = found or [crumb for crumb in crumbs if fold(crumb) not in _HOME and fold(crumb) != title]
    return tuple(dict.fromkeys(each for each in found if each and len(each) <= _MAX_NAME))[:_MAX_CATEGORIES]


def _signature(body: Body) -> str:
    """The name on the last line of a text, as Vietnamese offices sign: `Nguyễn Văn Ví Dụ`, `Tin, ảnh: Thị Mẫu`."""
    last = body.text.rsplit("\n", 1)[-1].strip() if body.text else ""
    name = _AUTHOR_LABEL.sub("", last).strip(" ./()*")
    labelled = name != last
    words = name.split()
    if not (1 if labelled else 2) <= len(words) <= 8 or len(name) > 60 or any(char.isdigit() for char in name):
        return ""
    return name if _NAMES.fullmatch(name) and not last.endswith((".", "!", "?", ":")) else ""
