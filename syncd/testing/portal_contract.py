"""What every portal adapter must do, as tests to inherit. Works with pytest and does not import it.

    class TestMyPortal(PortalContract):
        @pytest.fixture
        def arena(self) -> PortalArena: ...

Each test has posts, keys and a month of its own, so that a portal may keep what earlier ones left.
"""

import hashlib
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Protocol

from syncd.domain.identity import text_sha256
from syncd.domain.model import LOCAL, Approval, SourceKey
from syncd.errors import PortalError
from syncd.ports.portal import DeliveryClass, FileToPush, PlacedFile, Portal, PortalPost, PortalState, PostToPush, Trash

# the smallest true PNG: one red point
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108020000009077"
    "53de0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)
HARD_TITLES = (
    "Hội nghị \"trực báo\" tháng 10: nhiều kết quả 'nổi bật'",
    "Chỉ tiêu a < b và c > d; Nghị quyết số 18-NQ/TW & 19-NQ/TW",
    "Mẫu {{ post.title }} {% raw %} ${x} %s \\n",
    "Chúc mừng năm mới 🎉🇻🇳 – đoàn kết, sáng tạo…",
    "Đảng bộ xã Ví Dụ: ứng dụng công nghệ số trong sinh hoạt chi bộ",
    "[gallery ids=1] không phải mã ngắn",
    "<b>Không phải chữ đậm</b>",
)
_serial = count()


class PortalArena(Protocol):
    """One portal and the hands of its editors. `stranger` is the same portal with a wrong password; None where it knows none."""

    portal: Portal
    stranger: Portal | None

    def type_by_hand(self, *, title: str, html: str, date: datetime, copies: int = 1) -> Sequence[str]:
        """An editor writes so many public posts in the portal's own way; their ids."""
        ...

    def trash(self, portal_id: str) -> None:
        """An editor throws it away; not called where `capabilities.trash` is NONE."""
        ...

    def delete(self, portal_id: str) -> None:
        """Gone for good."""
        ...

    def files(self) -> int:
        """How many files the portal stores that are no part of a post."""
        ...


def new_key() -> SourceKey:
    """A key that no other call returned, in any process."""
    return SourceKey("syncd-" + secrets.token_hex(16))


def sample_post(
    *,
    title: str = "Hội nghị trực báo của Ban A Ví Dụ",
    html: str = '<p>Sáng nay, Ban A Ví Dụ họp.</p><p>Nguồn: <a href="https://ban-a.vidu.example/tin/1">Ban A Ví Dụ</a></p>',
    summary: str = "Ban A Ví Dụ họp trực báo.",
    published_at: datetime = datetime(2025, 10, 14, 1, 30, tzinfo=UTC),
    approval: Approval = Approval.AUTO,
    author: str | None = None,
    categories: tuple[str, ...] = (),
    image: PlacedFile | None = None,
    image_inside: FileToPush | None = None,
) -> PostToPush:
    """A post to push, with whatever the test is about in place of the usual."""
    return PostToPush(
        title=title,
        html=html,
        summary=summary,
        published_at=published_at,
        approval=approval,
        unit_name="Ban A Ví Dụ",
        source_url="https://ban-a.vidu.example/tin/1",
        author=author,
        categories=categories,
        image=image,
        image_inside=image_inside,
    )


def sample_image() -> FileToPush:
    """A picture of its own for each call: a PNG reader stops at the end mark, what follows changes the hash only."""
    data = PNG + new_key().encode()
    return FileToPush(
        sha256=hashlib.sha256(data).hexdigest(),
        content_type="image/png",
        data=data,
        alt="Quang cảnh hội nghị",
        caption="Ảnh: A & B",
    )


def refusal(call: Callable[[], object]) -> PortalError:
    """The PortalError that `call` raises."""
    try:
        got = call()
    except PortalError as err:
        return err
    raise AssertionError(f"no PortalError; got {got!r}")


def _standing(post: PortalPost | None) -> PortalPost:
    assert post is not None
    return post


def _draft(arena: PortalArena) -> PortalState:
    return PortalState.DRAFT if arena.portal.capabilities.drafts else PortalState.PENDING


class PortalContract:
    """Inherit, and give `arena`."""

    # --- who we are -----------------------------------------------------------------------------------

    def test_verify_says_who_we_are(self, arena: PortalArena) -> None:
        assert arena.portal.verify().strip()

    def test_wrong_password_raises_and_never_reads_as_empty(self, arena: PortalArena) -> None:
        if arena.stranger is None:
            return
        key = new_key()
        made = arena.portal.create(sample_post(), key)
        stranger = arena.stranger
        start = datetime(2025, 10, 1, tzinfo=UTC)
        for call in (
            stranger.verify,
            lambda: stranger.find(key),
            lambda: stranger.find(new_key()),
            lambda: stranger.read(made.id),
            lambda: list(stranger.list(start, start + timedelta(days=31))),
            lambda: stranger.create(sample_post(), new_key()),
            lambda: stranger.update(made.id, sample_post(), key),
            lambda: stranger.withdraw(made.id, key),
        ):
            assert not refusal(call).unknown

    # --- creating and finding ----------------------------------------------------------------------

    def test_key_never_sent_is_absent(self, arena: PortalArena) -> None:
        assert arena.portal.find(new_key()) is None

    def test_created_post_is_found_and_read_as_it_was_sent(self, arena: PortalArena) -> None:
        key, post = new_key(), sample_post()
        made = arena.portal.create(post, key)
        assert made.key == key
        assert made.id
        assert made.url.startswith("http")
        assert made.title == post.title
        assert made.state is PortalState.PUBLIC
        assert made.published_at == post.published_at
        assert made.content_sha256 == text_sha256(post.html)
        assert made.links == ("https://ban-a.vidu.example/tin/1",)
        for seen in (arena.portal.find(key), arena.portal.read(made.id)):
            assert seen == made

    def test_key_that_begins_alike_is_another_key(self, arena: PortalArena) -> None:
        key = new_key()
        arena.portal.create(sample_post(html=f"<p>Nhắc tới {key[:-1]} trong bài.</p>"), key)
        other = SourceKey(key[:-1] + ("0" if key[-1] != "0" else "1"))
        assert arena.portal.find(other) is None

    def test_key_quoted_in_anothers_text_is_not_that_post(self, arena: PortalArena) -> None:
        key = new_key()
        arena.portal.create(sample_post(html=f"<p>Trích dẫn {key} &lt;!-- {key} --&gt;</p>"), new_key())
        assert arena.portal.find(key) is None

    def test_create_repeated_for_a_key_returns_the_standing_post_where_the_portal_enforces_keys(
        self, arena: PortalArena
    ) -> None:
        if arena.portal.capabilities.delivery_class is not DeliveryClass.A:
            return
        key = new_key()
        first = arena.portal.create(sample_post(), key)
        assert arena.portal.create(sample_post(title="Bản thứ hai"), key) == first
        assert arena.portal.find(key) == first

    def test_approval_decides_the_state(self, arena: PortalArena) -> None:
        wanted = {
            Approval.AUTO: PortalState.PUBLIC,
            Approval.PENDING: PortalState.PENDING,
            Approval.DRAFT: _draft(arena),
        }
        for approval, state in wanted.items():
            key = new_key()
            made = arena.portal.create(sample_post(approval=approval), key)
            found = _standing(arena.portal.find(key))
            assert (made.state, found.state, found.id) == (state, state, made.id)

    def test_titles_come_back_to_the_letter(self, arena: PortalArena) -> None:
        for title in HARD_TITLES:
            key = new_key()
            arena.portal.create(sample_post(title=title, summary=title), key)
            assert _standing(arena.portal.find(key)).title == title

    def test_text_keeps_what_a_reader_sees(self, arena: PortalArena) -> None:
        html = "<p>a &lt; b, {{ c }} [audio src=x] “đ” 🎉 C:\\thư mục\\tệp</p><ul><li>Một</li><li>Hai</li></ul>"
        key = new_key()
        arena.portal.create(sample_post(html=html), key)
        assert _standing(arena.portal.find(key)).content_sha256 == text_sha256(html)

    # --- images, authors, categories ------------------------------------------------------------------

    def test_file_is_stored_once_however_often_it_is_put(self, arena: PortalArena) -> None:
        if not arena.portal.capabilities.files:
            return
        before, image = arena.files(), sample_image()
        placed = arena.portal.put_file(image)
        assert placed.id
        assert placed.url.startswith("http")
        assert (placed.sha256, placed.alt, placed.caption) == (image.sha256, image.alt, image.caption)
        assert arena.portal.put_file(image) == placed
        assert arena.files() == before + 1

    def test_attachment_is_put_like_a_picture(self, arena: PortalArena) -> None:
        if not arena.portal.capabilities.files:
            return
        data = b"%PDF-1.4\n%" + new_key().encode() + b"\n%%EOF\n"
        file = FileToPush(
            sha256=hashlib.sha256(data).hexdigest(), content_type="application/pdf", data=data, name="Nghị quyết số 18"
        )
        placed, before = arena.portal.put_file(file), arena.files()
        assert placed.url.startswith("http")
        assert (arena.portal.put_file(file), arena.files()) == (placed, before)

    def test_post_keeps_its_picture_through_an_update(self, arena: PortalArena) -> None:
        key, file, can = new_key(), sample_image(), arena.portal.capabilities
        inside = file if can.image_inside else None
        placed = arena.portal.put_file(file) if can.files and not can.image_inside else None
        before = arena.files()
        made = arena.portal.create(sample_post(image=placed, image_inside=inside), key)
        edit = sample_post(title="Sửa tiêu đề", image=placed, image_inside=inside)
        assert arena.portal.update(made.id, edit, key).title == "Sửa tiêu đề"
        assert arena.portal.create(sample_post(image=placed, image_inside=inside), new_key()).id != made.id
        if can.files and not can.image_inside:
            assert arena.files() == before

    def test_categories_are_made_once_and_named_again(self, arena: PortalArena) -> None:
        name = f"Chuyên mục {next(_serial)} & Đời sống"
        for _ in range(2):
            key = new_key()
            arena.portal.create(sample_post(categories=(name,)), key)
            assert _standing(arena.portal.find(key)).categories == (name,)

    # --- changing ---------------------------------------------------------------------------------------

    def test_update_replaces_title_and_text_and_keeps_state_date_and_key(self, arena: PortalArena) -> None:
        for approval in Approval:
            key = new_key()
            made = arena.portal.create(sample_post(approval=approval), key)
            edit = sample_post(
                title="Tiêu đề đã sửa",
                html="<p>Nội dung đã sửa.</p>",
                approval=Approval.AUTO,
                published_at=datetime(2025, 12, 24, tzinfo=UTC),
            )
            arena.portal.update(made.id, edit, key)
            found = _standing(arena.portal.find(key))
            assert (found.id, found.title, found.content_sha256) == (made.id, edit.title, text_sha256(edit.html))
            assert (found.state, found.published_at) == (made.state, made.published_at)

    def test_update_of_a_post_that_is_gone_is_permanent(self, arena: PortalArena) -> None:
        key = new_key()
        made = arena.portal.create(sample_post(), key)
        arena.delete(made.id)
        error = refusal(lambda: arena.portal.update(made.id, sample_post(), key))
        assert error.permanent
        assert not error.unknown

    def test_trashed_post_stays_found(self, arena: PortalArena) -> None:
        if arena.portal.capabilities.trash is Trash.NONE:
            return
        for approval in (Approval.AUTO, Approval.PENDING):
            key = new_key()
            made = arena.portal.create(sample_post(approval=approval), key)
            arena.trash(made.id)
            for seen in (arena.portal.find(key), arena.portal.read(made.id)):
                assert _standing(seen).state is PortalState.TRASH

    def test_withdrawn_post_is_not_public_and_stays_found(self, arena: PortalArena) -> None:
        for approval in Approval:
            key = new_key()
            made = arena.portal.create(sample_post(approval=approval), key)
            hidden = (PortalState.DRAFT, PortalState.PENDING, PortalState.PRIVATE)
            for _ in range(2):  # an answer may be lost: the second call changes nothing
                assert arena.portal.withdraw(made.id, key).state in hidden
            found = _standing(arena.portal.find(key))
            assert (found.id, found.title) == (made.id, made.title)
            assert found.state in hidden

    def test_withdrawal_of_a_post_that_is_gone_is_permanent(self, arena: PortalArena) -> None:
        key = new_key()
        made = arena.portal.create(sample_post(), key)
        arena.delete(made.id)
        error = refusal(lambda: arena.portal.withdraw(made.id, key))
        assert (error.kind, error.permanent, error.unknown) == ("gone", True, False)

    def test_deleted_post_is_gone(self, arena: PortalArena) -> None:
        key = new_key()
        made = arena.portal.create(sample_post(), key)
        arena.delete(made.id)
        assert arena.portal.read(made.id) is None
        assert arena.portal.find(key) is None

    def test_id_that_never_was_reads_as_gone(self, arena: PortalArena) -> None:
        assert arena.portal.read("987654321") is None

    # --- the census -------------------------------------------------------------------------------------

    def test_month_begins_at_local_midnight_and_ends_before_the_next(self, arena: PortalArena) -> None:
        year = 1990 + next(_serial) % 30
        start = datetime(year, 2, 1, tzinfo=LOCAL).astimezone(UTC)
        end = datetime(year, 3, 1, tzinfo=LOCAL).astimezone(UTC)
        second = timedelta(seconds=1)
        ids = [
            arena.portal.create(sample_post(published_at=at), new_key()).id
            for at in (start - second, start, end - second, end)
        ]
        listed = [post.id for post in arena.portal.list(start, end) if post.id in ids]
        assert listed == ids[1:3]
        after = [post.id for post in arena.portal.list(end, end + timedelta(days=31)) if post.id in ids]
        assert after == ids[3:]

    def test_list_is_in_date_order_and_holds_every_state(self, arena: PortalArena) -> None:
        year = 1990 + next(_serial) % 30
        start = datetime(year, 6, 1, tzinfo=LOCAL).astimezone(UTC)
        approvals = (Approval.PENDING, Approval.AUTO, Approval.DRAFT, Approval.AUTO)
        made = [
            arena.portal.create(
                sample_post(approval=approval, published_at=start + timedelta(days=9 - number)), new_key()
            )
            for number, approval in enumerate(approvals)
        ]
        kept = arena.portal.capabilities.trash is Trash.LISTED
        if kept:
            arena.trash(made[3].id)
        listed = {post.id: post.state for post in arena.portal.list(start, start + timedelta(days=30))}
        mine = [(number, listed[number]) for number in listed if number in {post.id for post in made}]
        every = [
            (made[3].id, PortalState.TRASH if kept else PortalState.PUBLIC),
            (made[2].id, _draft(arena)),
            (made[1].id, PortalState.PUBLIC),
            (made[0].id, PortalState.PENDING),
        ]
        if arena.portal.capabilities.sees_unpublished:
            assert mine == every
        else:
            public = [post for post in mine if post[1] is PortalState.PUBLIC]
            assert public == [post for post in every if post[1] is PortalState.PUBLIC]

    def test_hand_typed_post_is_listed_without_key(self, arena: PortalArena) -> None:
        at = datetime(2025, 8, 20, 3, 4, tzinfo=UTC)  # some portals keep minutes only
        html = '<p>Gõ tay, xem <a href="https://ban-b.vidu.example/tin/9">bài gốc</a>.</p>'
        (typed,) = arena.type_by_hand(title="Bài gõ tay", html=html, date=at)
        listed = {post.id: post for post in arena.portal.list(at, at + timedelta(seconds=1))}
        post = listed[typed]
        assert (post.key, post.title, post.state, post.published_at) == (
            None,
            "Bài gõ tay",
            PortalState.PUBLIC,
            at,
        )
        assert post.links == ("https://ban-b.vidu.example/tin/9",)
        assert post.content_sha256 == text_sha256(html)

    def test_more_posts_than_a_page_are_all_listed(self, arena: PortalArena) -> None:
        year = 1990 + next(_serial) % 30
        at = datetime(year, 11, 5, tzinfo=LOCAL).astimezone(UTC)  # all at one instant, as days without a time are
        ids = set(arena.type_by_hand(title="Tin vắn", html="<p>Tin.</p>", date=at, copies=103))
        listed = [post.id for post in arena.portal.list(at, at + timedelta(days=1)) if post.id in ids]
        assert len(listed) == len(ids) == 103
        assert set(listed) == ids
