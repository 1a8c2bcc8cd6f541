"""What every source adapter must do, as tests to inherit. Works with pytest and does not import it.

    class TestMySource(SourceContract):
        @pytest.fixture
        def arena(self) -> Iterator[SourceArena]: ...

An arena is a `LocalSite` of the kind that the adapter reads, and a way to fill it with posts.
"""

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Protocol
from urllib.parse import urlsplit

from syncd.errors import SourceError
from syncd.ports.source import ArchivePage, Known, Reading, Source
from syncd.testing.local_site import LocalSite

BEGIN = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
_STEPS = 60
_FAULTY_PAGES = {
    "a login": "<!doctype html><html><body><form><input type='password' name='p'></form></body></html>",
    "maintenance": "<!doctype html><html><body><h1>Website đang nâng cấp</h1></body></html>",
    "another page": "<!doctype html><html><body><p>Xin chào</p></body></html>",
    "something cut": "<",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePost:
    """One post as its site has it. `number` is unique; a higher one is newer."""

    number: int
    title: str
    published: datetime
    text: str = ""

    @property
    def html(self) -> str:
        return "".join(f"<p>{line}</p>" for line in (self.text or f"Toàn văn của {self.title}.").splitlines())


def site_posts(count: int, *, first: int = 1) -> list[SitePost]:
    """So many posts, the newest first, eleven hours apart."""
    return [
        SitePost(
            number=number,
            title=f"Đảng ủy xã Ví Dụ họp phiên thứ {number}",
            published=BEGIN + timedelta(hours=11 * number),
            text="\n".join(f"Đoạn {part} của bài số {number}: {'nội dung cuộc họp ' * 12}" for part in range(1, 8)),
        )
        for number in range(first + count - 1, first - 1, -1)
    ]


class SourceArena(Protocol):
    """One site and its adapter. `list_path` is where the list lies; `listed` how many posts the list shows at most."""

    site: LocalSite
    list_path: str
    listed: int
    has_archive: bool
    has_titles: bool  # a plain sitemap has none: they come from the posts' own pages

    def source(self) -> Source:
        """A new adapter of this site, as each look gets one."""
        ...

    def show(self, posts: Sequence[SitePost]) -> None:
        """Let the site hold these posts, newest first, with their pages and with its archive."""
        ...

    def number_of(self, url: str) -> int | None:
        """Which post an address is."""
        ...

    def page_path(self, post: SitePost) -> str:
        """The path of a post's own page."""
        ...


def refusal(call: Callable[[], object]) -> SourceError:
    """The SourceError that `call` raises."""
    try:
        got = call()
    except SourceError as err:
        return err
    raise AssertionError(f"no SourceError; got {got!r}")


def known_by(reading: Reading) -> Known:
    """What syncd remembers of a reading."""
    exchange = reading.exchange
    return Known(
        etag=exchange.header("etag"), last_modified=exchange.header("last-modified"), body_sha256=exchange.body_sha256
    )


def walk(arena: SourceArena, since: datetime) -> list[ArchivePage]:
    """The archive to its end, each step by an adapter of its own, as a backfill that is stopped and resumed."""
    pages: list[ArchivePage] = []
    at: str | None = None
    while len(pages) < _STEPS:
        page = arena.source().archive(since, at)
        pages.append(page)
        at = page.next
        if at is None:
            return pages
    raise AssertionError(f"the archive does not end within {_STEPS} steps")


class SourceContract:
    """Inherit, and give `arena`."""

    # --- the list ---------------------------------------------------------------------------------

    def test_posts_are_read_in_the_order_of_the_list(self, arena: SourceArena) -> None:
        posts = site_posts(arena.listed)
        arena.show(posts)
        reading = arena.source().read(Known())
        assert not reading.unchanged
        assert [arena.number_of(post.url) for post in reading.posts] == [post.number for post in posts]
        if arena.has_titles:
            assert [post.title for post in reading.posts] == [post.title for post in posts]

    def test_every_value_is_clean(self, arena: SourceArena) -> None:
        arena.show(site_posts(min(arena.listed, 5)))
        for post in arena.source().read(Known()).posts:
            assert post.title
            assert unicodedata.is_normalized("NFC", post.title)
            assert "\n" not in post.title
            assert urlsplit(post.url).scheme in ("http", "https")
            assert urlsplit(post.url).netloc
            assert "<script" not in post.html

    def test_dates_are_the_posts_own(self, arena: SourceArena) -> None:
        posts = {post.number: post for post in site_posts(min(arena.listed, 5))}
        arena.show(list(posts.values()))
        for read in arena.source().read(Known()).posts:
            number = arena.number_of(read.url)
            assert number is not None
            instant = read.published.instant
            assert instant is not None
            assert abs(instant - posts[number].published) < timedelta(minutes=1)
            assert read.published.raw

    def test_a_list_that_did_not_change_is_unchanged(self, arena: SourceArena) -> None:
        arena.show(site_posts(3))
        first = arena.source().read(Known())
        second = arena.source().read(known_by(first))
        assert second.unchanged
        assert not second.posts

    def test_a_new_post_is_seen_and_changes_the_hash(self, arena: SourceArena) -> None:
        arena.show(site_posts(2))
        first = arena.source().read(Known())
        arena.show(site_posts(3))
        second = arena.source().read(known_by(first))
        assert not second.unchanged
        assert second.list_sha256 != first.list_sha256
        assert len(second.posts) == len(first.posts) + 1

    # --- faults -----------------------------------------------------------------------------------

    def test_a_list_that_is_gone_is_a_permanent_fault(self, arena: SourceArena) -> None:
        arena.site.page(arena.list_path, "không có", status=404)
        error = refusal(lambda: arena.source().read(Known()))
        assert (error.kind, error.permanent) == ("http_status", True)
        assert error.hint

    def test_a_site_that_asks_for_patience_is_given_it(self, arena: SourceArena) -> None:
        arena.site.page(arena.list_path, "chờ", status=503, headers={"Retry-After": "120"})
        error = refusal(lambda: arena.source().read(Known()))
        assert (error.retry_after, error.permanent) == (timedelta(seconds=120), False)

    def test_what_is_no_list_is_a_fault_and_never_an_empty_list(self, arena: SourceArena) -> None:
        for name, page in _FAULTY_PAGES.items():
            arena.site.page(arena.list_path, page)
            error = refusal(lambda: arena.source().read(Known()))
            assert not error.permanent, name
            assert error.kind, name

    def test_an_empty_answer_is_a_fault(self, arena: SourceArena) -> None:
        arena.site.page(arena.list_path, "")
        assert refusal(lambda: arena.source().read(Known())).kind == "empty_body"

    # --- the posts' own pages ---------------------------------------------------------------------

    def test_a_post_is_completed_with_its_whole_text(self, arena: SourceArena) -> None:
        arena.show(site_posts(2))
        source = arena.source()
        listed = source.read(Known()).posts[0]
        whole = source.complete(listed) if not listed.full_text else listed
        assert whole.full_text
        assert "nội dung cuộc họp" in whole.html
        assert whole.url == listed.url
        if whole is not listed:
            assert whole.article is not None
            assert arena.site.count(arena.page_path(site_posts(2)[0])) == 1

    def test_a_page_that_cannot_be_read_is_a_fault_of_that_page(self, arena: SourceArena) -> None:
        arena.show(site_posts(2))
        source = arena.source()
        listed = source.read(Known()).posts[0]
        if listed.full_text:
            return
        arena.site.page(arena.page_path(site_posts(2)[0]), "không có", status=404)
        assert refusal(lambda: source.complete(listed)).url == listed.url

    # --- the archive ------------------------------------------------------------------------------

    def test_the_archive_gives_every_older_post_once_walked_through(self, arena: SourceArena) -> None:
        posts = site_posts(arena.listed * 2 + 3)
        arena.show(posts)
        if not arena.has_archive:
            assert refusal(lambda: walk(arena, BEGIN)).kind == "no_archive"
            return
        found = {arena.number_of(post.url) for page in walk(arena, BEGIN - timedelta(days=1)) for post in page.posts}
        assert found == {post.number for post in posts}

    def test_an_archive_step_is_one_request(self, arena: SourceArena) -> None:
        arena.show(site_posts(arena.listed * 2 + 3))
        at: str | None = None
        for _ in range(_STEPS if arena.has_archive else 0):
            source = arena.source()
            arena.site.forget()
            page = source.archive(BEGIN, at)
            assert arena.site.count() == 1
            at = page.next
            if at is None:
                break

    def test_the_archive_stops_where_it_is_old_enough(self, arena: SourceArena) -> None:
        posts = site_posts(arena.listed * 4)
        arena.show(posts)
        if not arena.has_archive:
            return
        since = posts[arena.listed].published
        found = {arena.number_of(post.url) for page in walk(arena, since) for post in page.posts}
        assert found >= {post.number for post in posts if post.published >= since}

    def test_a_place_that_is_none_is_refused(self, arena: SourceArena) -> None:
        arena.show(site_posts(3))
        if arena.has_archive:
            for token in ("", "[]", "xyz", '{"walk":"[1]"}'):
                error = refusal(partial(arena.source().archive, BEGIN, token))
                assert (error.kind, error.permanent) == ("bad_token", True), token
