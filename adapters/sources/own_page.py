"""What a post's own page adds to what its list gave, and which of the two is believed where they differ."""

from dataclasses import replace

from adapters.articles.article import ArticleData
from adapters.html import text_of_html
from syncd.domain.model import LOCAL, Precision, ReadDate
from syncd.ports.source import Exchange, PostData

LAST_RESORT = "lastmod"  # origin of a date that tells of the last change: any other one is better
_FINENESS = (Precision.NONE, Precision.MONTH, Precision.DAY, Precision.HOUR, Precision.MINUTE, Precision.SECOND)
_CUT = ("…", "...")
_FEWEST_TO_COMPARE = 12  # characters of a title that was cut


def with_own_page(post: PostData, article: ArticleData, exchange: Exchange, *, by_hand: bool) -> PostData:
    """The post with its text, and what else its page tells.

    `by_hand`: selectors of the configuration found it, so that the page's title, date and author win. Otherwise the list's title stays
    unless it was cut or made of the address, and its date unless the page's is surer or finer.
    """
    shorter = not by_hand and _words(article.html) < _words(post.html)
    return replace(
        post,
        title=(article.title or post.title) if by_hand else _title(post, article),
        canonical_url=article.canonical_url or post.canonical_url,
        published=_published(post.published, article.published, by_hand=by_hand),
        author=(article.author or post.author) if by_hand else (post.author or article.author),
        categories=post.categories or article.categories,
        summary=post.summary or article.summary,
        html=post.html if shorter else article.html,
        full_text=True,
        images=article.images or post.images,
        attachments=article.attachments or post.attachments,
        article=exchange,
    )


def title_of_address(url: str) -> str:
    """A title where a list gives none: the words of the address, until the page's own is read."""
    words = url.split("?")[0].rstrip("/").rpartition("/")[2].rpartition(".")[0] or url.rstrip("/").rpartition("/")[2]
    return " ".join(words.replace("-", " ").replace("_", " ").split()) or url


def _title(post: PostData, article: ArticleData) -> str:
    if not article.title or post.title == article.title:
        return post.title
    if post.title == title_of_address(post.url):
        return article.title
    if post.title.endswith(_CUT):
        stem = post.title.rstrip(".… ").casefold()
        if len(stem) >= _FEWEST_TO_COMPARE and article.title.casefold().startswith(stem):
            return article.title
    return post.title


def _published(listed: ReadDate, own: ReadDate, *, by_hand: bool) -> ReadDate:
    if own.instant is None:
        return listed
    if listed.instant is None or listed.origin == LAST_RESORT:
        return own
    if by_hand:
        return own if own.origin == "article" else listed
    if listed.doubt is not None and own.doubt is None:
        return own
    same_day = listed.instant.astimezone(LOCAL).date() == own.instant.astimezone(LOCAL).date()
    finer = _FINENESS.index(own.precision) > _FINENESS.index(listed.precision)
    return own if same_day and finer and own.doubt is None else listed


def _words(html: str) -> int:
    return len(text_of_html(html).split()) if html else 0
