"""The units' websites of the demo, on loopback: each shows what had been published at the demo's own time."""

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape

from syncd.demo.province import DOWN_FROM, DOWN_UNTIL, POSTS, DemoPost, DemoUnit
from syncd.domain.model import LOCAL
from syncd.testing.local_site import LocalSite, Page, SeenRequest

_WEEKDAYS = ("Thứ hai", "Thứ ba", "Thứ tư", "Thứ năm", "Thứ sáu", "Thứ bảy", "Chủ nhật")


class UnitSite:
    """One unit's website. `now` is asked at each request; `down` units answer 503 for their ten days."""

    def __init__(self, unit: DemoUnit, now: Callable[[], datetime]) -> None:
        self.unit = unit
        self._now = now
        self._site = LocalSite()
        self._site.answer("/rss", self._guard(self._feed))
        self._site.answer("/", self._guard(self._list))
        self._site.answer("/tin/*", self._guard(self._article))

    @property
    def port(self) -> int:
        return self._site.port

    @property
    def list_url(self) -> str:
        return self._site.url("/" if self.unit.site == "page" else "/rss")

    def close(self) -> None:
        self._site.close()

    def _guard(self, handler: Callable[[SeenRequest], Page]) -> Callable[[SeenRequest], Page]:
        def guarded(request: SeenRequest) -> Page:
            if self.unit.id == "doan-mat-mang" and DOWN_FROM <= self._now() < DOWN_UNTIL:
                return Page(status=503, body="Máy chủ đang bảo trì".encode())
            return handler(request)

        return guarded

    def _shown(self) -> list[DemoPost]:
        """What the list shows: the newest first, as many as its window holds."""
        out = [post for post in POSTS[self.unit.id] if post.published <= self._now()]
        return out[::-1][: self.unit.window]

    def _url(self, post: DemoPost) -> str:
        return self._site.url(f"/tin/{post.slug}.html")

    def _feed(self, request: SeenRequest) -> Page:
        broken = self.unit.site == "nukeviet"
        items = "".join(
            f"<item><title>{escape(post.title)}</title><link>{self._url(post)}</link>"
            f'<guid isPermaLink="false">news_{post.number}</guid>'
            f"<description>{escape(post.paragraphs[0])}</description>"
            + ("" if broken else f"<content:encoded>{escape(_html(post))}</content:encoded>")
            + f"<pubDate>{_nukeviet_date(post.published) if broken else format_datetime(post.published)}</pubDate></item>"
            for post in self._shown()
        )
        generator = "<generator>NukeViet v4.5</generator>" if broken else ""
        body = (
            '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/">'
            f"<channel><title>{escape(self.unit.name)}</title><link>{self._site.url('/')}</link>{generator}{items}</channel></rss>"
        )
        return Page(body=body.encode(), content_type="application/rss+xml; charset=utf-8")

    def _list(self, request: SeenRequest) -> Page:
        items = "".join(
            f'<li class="news-item"><a href="/tin/{post.slug}.html"><h3>{escape(post.title)}</h3></a>'
            f'<span class="date">{post.published:%d/%m/%Y | %H:%M}</span></li>'
            for post in self._shown()
        )
        return _page(
            self.unit.name, f'<p class="clock">Hôm nay, {self._now().astimezone(LOCAL):%d/%m/%Y}</p><ul>{items}</ul>'
        )

    def _article(self, request: SeenRequest) -> Page:
        for post in POSTS[self.unit.id]:
            if request.path == f"/tin/{post.slug}.html" and post.published <= self._now():
                printed = f"{_WEEKDAYS[post.published.weekday()]} - {post.published:%d/%m/%Y %H:%M}"
                clock = f'<header class="clock">Hôm nay, {self._now().astimezone(LOCAL):%d/%m/%Y}</header>'
                if self.unit.site == "nukeviet":
                    return _page(
                        post.title,
                        f'{clock}<div class="news_column"><h1 class="title">{escape(post.title)}</h1><span class="h5">{printed}</span>'
                        f'<div id="news-bodyhtml" class="bodytext">{_html(post)}</div></div>',
                        generator="NukeViet v4.5",
                    )
                return _page(
                    post.title,
                    f'{clock}<h1>{escape(post.title)}</h1><p class="post-date">{printed}</p><div class="bodytext">{_html(post)}</div>',
                )
        return Page(status=404, body="Không tìm thấy".encode())


def _html(post: DemoPost) -> str:
    return "".join(f"<p>{escape(paragraph)}</p>" for paragraph in post.paragraphs)


def _page(title: str, body: str, *, generator: str = "") -> Page:
    made_by = f'<meta name="generator" content="{generator}">' if generator else ""
    html = f'<!doctype html><html lang="vi"><head><meta charset="utf-8">{made_by}<title>{escape(title)}</title></head><body>{body}</body></html>'
    return Page(body=html.encode())


def _nukeviet_date(at: datetime) -> str:
    """As NukeViet before 4.6 prints it: the month where the minutes belong, the day without a leading zero."""
    utc = at.astimezone(UTC)
    return f"{utc:%a}, {utc.day} {utc:%b %Y %H}:{utc:%m}:{utc:%S} GMT"
