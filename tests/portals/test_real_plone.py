"""A real Plone on loopback: the contract, and what only the real one can tell. `make portals`; installs Plone from the package index."""

import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from adapters.http.client import HttpSettings, PoliteClient
from syncd.clock import SystemClock
from syncd.domain.identity import text_sha256
from syncd.domain.model import Approval, SourceKey
from syncd.errors import PortalError
from syncd.ports.portal import FileToPush, Portal, PortalPost, PortalState
from syncd.testing.portal_contract import PortalArena, PortalContract, new_key, refusal, sample_image, sample_post
from tests.portals.plone import RealPlone

pytestmark = pytest.mark.slow


@dataclass
class RealArena:
    portal: Portal
    stranger: Portal | None
    plone: RealPlone

    def type_by_hand(self, *, title: str, html: str, date: datetime, copies: int = 1) -> list[str]:
        return list(self.plone.type_posts(title, date=date, html=html, copies=copies))

    def trash(self, portal_id: str) -> None:
        raise AssertionError("Plone has no trash")

    def delete(self, portal_id: str) -> None:
        self.plone.delete(portal_id)

    def files(self) -> int:
        return self.plone.files()


class TestRealPlone(PortalContract):
    @pytest.fixture
    def arena(self, plone: RealPlone) -> PortalArena:
        return RealArena(portal=plone.portal(), stranger=plone.portal(password="sai mật khẩu"), plone=plone)


MONTH = (datetime(2025, 10, 1, tzinfo=UTC), datetime(2025, 11, 1, tzinfo=UTC))


class TestRealPloneByToken:
    """The other way to sign in."""

    def test_post_is_made_found_and_read(self, plone: RealPlone) -> None:
        portal, key = plone.portal(login_by="token"), new_key()
        assert "Cổng thông tin tỉnh Ví Dụ" in portal.verify()
        made = portal.create(sample_post(), key)
        assert portal.find(key) == portal.read(made.id) == made

    def test_wrong_password_is_told(self, plone: RealPlone) -> None:
        stranger = plone.portal(password="sai mật khẩu", login_by="token")
        error = refusal(lambda: stranger.find(new_key()))
        assert (error.kind, error.unknown) == ("unauthorized", False)


def test_eight_creates_of_one_key_at_once_are_one_post(plone: RealPlone) -> None:
    key = new_key()
    portal = plone.portal()

    def create(_: int) -> PortalPost | PortalError:
        client = PoliteClient(HttpSettings(), clock=SystemClock())  # one client sends one request at a time to a host
        try:
            return plone.portal(client=client).create(sample_post(), key)
        except PortalError as err:
            return err
        finally:
            client.abort()

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(create, range(8)))
    made = [outcome for outcome in outcomes if isinstance(outcome, PortalPost)]
    undone = [outcome.kind for outcome in outcomes if isinstance(outcome, PortalError)]
    assert made
    assert {post.id for post in made} == {portal.create(sample_post(), key).id}
    assert set(undone) <= {"conflict"}
    assert len(plone.copies(key)) == 1


def test_writes_side_by_side_are_made_or_undone_for_certain(plone: RealPlone) -> None:
    keys = [new_key() for _ in range(24)]

    def create(key: SourceKey) -> PortalError | None:
        client = PoliteClient(HttpSettings(), clock=SystemClock())
        try:
            plone.portal(client=client).create(sample_post(), key)
        except PortalError as err:
            return err
        finally:
            client.abort()
        return None

    with ThreadPoolExecutor(8) as pool:
        errors = [error for error in pool.map(create, keys) if error is not None]
    assert {(error.kind, error.unknown) for error in errors} <= {("conflict", False)}
    portal = plone.portal()
    for key in keys:
        assert portal.create(sample_post(), key).state is PortalState.PUBLIC
        assert len(plone.copies(key)) == 1


def test_pending_post_is_approved_by_an_editor_and_changed_by_us_only_then(plone: RealPlone) -> None:
    portal, key = plone.portal("syncd_pending"), new_key()
    assert "may not publish" in portal.verify()
    made = portal.create(sample_post(approval=Approval.PENDING, author="unit_a"), key)
    assert (made.state, made.author) == (PortalState.PENDING, "unit_a")
    edit = sample_post(title="Đã sửa", approval=Approval.PENDING)
    assert refusal(lambda: portal.update(made.id, edit, key)).kind == "awaits_review"
    plone.approve(made.id)
    approved = portal.find(key)
    assert approved is not None
    assert (approved.state, approved.published_at) == (PortalState.PUBLIC, made.published_at)
    assert plone.status(f"tin-tuc/{key}") == 200
    changed = portal.update(made.id, edit, key)
    assert (changed.state, changed.title, changed.author) == (PortalState.PUBLIC, "Đã sửa", "unit_a")
    assert portal.withdraw(made.id, key).state is PortalState.DRAFT
    assert plone.status(f"tin-tuc/{key}") == 401


def test_account_that_may_not_publish_is_told_and_leaves_nothing_that_counts(plone: RealPlone) -> None:
    portal, key = plone.portal("syncd_pending"), new_key()
    error = refusal(lambda: portal.create(sample_post(approval=Approval.AUTO), key))
    assert (error.kind, error.unknown) == ("forbidden", False)
    assert portal.find(key) is None
    assert portal.create(sample_post(approval=Approval.PENDING), key).state is PortalState.PENDING
    assert len(plone.copies(key)) == 1


def test_pending_post_that_an_editor_returned_is_a_draft_and_stays_one(plone: RealPlone) -> None:
    portal, key = plone.portal("syncd_pending"), new_key()
    made = portal.create(sample_post(approval=Approval.PENDING), key)
    plone.step(made.id, "reject")
    assert portal.update(made.id, sample_post(title="Đã sửa"), key).state is PortalState.DRAFT
    found = portal.find(key)
    assert found is not None
    assert (found.state, found.title) == (PortalState.DRAFT, "Đã sửa")


def test_post_that_an_editor_changed_shows_it(plone: RealPlone) -> None:
    portal, key = plone.portal(), new_key()
    made = portal.create(sample_post(), key)
    # one that Plone's editor sends has its entities encoded as the browser does
    plone.edit(made.id, title="Biên tập viên sửa", html=f'<div class="{key}"><p>Chữ khác.</p></div>')
    found = portal.find(key)
    assert found is not None
    assert (found.id, found.key, found.title) == (made.id, key, "Biên tập viên sửa")
    assert found.content_sha256 == text_sha256("<p>Chữ khác.</p>")


def test_post_that_an_editor_moved_and_renamed_is_still_ours(plone: RealPlone) -> None:
    portal, key = plone.portal(), new_key()
    made = portal.create(sample_post(), key)
    plone.move(made.id, "thong-bao")
    moved = portal.find(key)
    assert moved is not None
    assert (moved.id, moved.categories) == (made.id, ("thong-bao",))
    plone.edit(made.id, id="ten-dep-hon", login="admin")
    for seen in (portal.find(key), portal.read(made.id), *portal.list(*MONTH)):
        if seen is not None and seen.id == made.id:
            assert (seen.key, seen.url) == (key, f"{plone.url}/thong-bao/ten-dep-hon")
            continue
        assert seen is not None
    assert portal.update(made.id, sample_post(title="Đã sửa"), key).url == f"{plone.url}/thong-bao/ten-dep-hon"


def test_post_dated_ahead_is_scheduled_and_seen_by_the_census(plone: RealPlone) -> None:
    # as an account without the right to see what is not in force, which editors have not
    portal, key, ahead = plone.portal("syncd_pending"), new_key(), datetime(2099, 1, 1, tzinfo=UTC)
    made = plone.portal().create(sample_post(published_at=ahead), key)
    assert (made.state, made.published_at) == (PortalState.SCHEDULED, ahead)
    assert portal.find(key) == made
    assert made in list(portal.list(ahead, ahead + timedelta(days=1)))


def test_drafts_of_editors_are_listed_by_the_day_they_were_made(plone: RealPlone) -> None:
    portal, today = plone.portal(), datetime.now(UTC)
    typed = plone.type_post("Nháp của biên tập viên", state="private")
    waiting = plone.type_post("Tin chờ duyệt", state="pending")
    listed = {post.id: post for post in portal.list(today - timedelta(days=1), today + timedelta(days=1))}
    assert (listed[typed].state, listed[typed].published_at) == (PortalState.DRAFT, None)
    # Plone dates a post when it is handed in
    assert listed[waiting].state is PortalState.PENDING
    assert listed[waiting].published_at is not None


def test_text_that_speaks_of_tags_is_kept_whole(plone: RealPlone) -> None:
    html = (
        "<p>Thẻ &lt;script&gt;alert(1)&lt;/script&gt; và &amp;lt; &amp;amp; &quot;x&quot; hết.</p>"
        '<p><a href="https://ban-a.vidu.example/?a=1&amp;lt=2&amp;copy=3">Bản gốc</a></p>'
    )
    made = plone.portal().create(sample_post(html=html, title="&lt;b&gt; &amp;"), new_key())
    assert (made.title, made.content_sha256) == ("&lt;b&gt; &amp;", text_sha256(html))
    assert made.links == ("https://ban-a.vidu.example/?a=1&lt=2&copy=3",)


def test_password_that_changes_in_mid_run_is_told_and_nothing_is_taken_for_absent(plone: RealPlone) -> None:
    portal, key = plone.portal("syncd_pending"), new_key()
    made = portal.create(sample_post(approval=Approval.DRAFT), key)
    plone.set_password("syncd_pending", "mật khẩu mới đã đổi")
    calls: list[Callable[[], object]] = [
        lambda: portal.find(key),
        lambda: portal.find(new_key()),
        lambda: portal.read(made.id),
        lambda: list(portal.list(*MONTH)),
        lambda: portal.create(sample_post(), new_key()),
        lambda: portal.update(made.id, sample_post(), key),
        lambda: portal.put_file(sample_image()),
    ]
    try:
        for call in calls:
            error = refusal(call)
            assert (error.kind, error.unknown) == ("unauthorized", False)
    finally:
        plone.set_password("syncd_pending", plone.password("syncd_pending"))
    assert portal.find(key) == made
    assert len(plone.copies(key)) == 1


def test_picture_and_attachment_are_open_to_readers(plone: RealPlone) -> None:
    portal, image = plone.portal(), sample_image()
    data = b"%PDF-1.4\n%" + new_key().encode() + b"\n%%EOF\n"
    pdf = FileToPush(sha256=sha256(data).hexdigest(), content_type="application/pdf", data=data, name="Nghị quyết")
    for file in (image, pdf):
        with urllib.request.urlopen(portal.put_file(file).url, timeout=30) as answer:
            assert (answer.headers.get_content_type(), answer.read()) == (file.content_type, file.data)


def test_own_picture_stands_within_the_post_with_its_caption(plone: RealPlone) -> None:
    portal, key, image = plone.portal(), new_key(), sample_image()
    before = plone.files()
    made = portal.create(sample_post(image_inside=image), key)
    portal.update(made.id, sample_post(title="Đã sửa", image_inside=image), key)
    (post,) = (post for post in plone.posts() if post["id"] == key)
    assert (post["image"]["filename"], post["image_caption"]) == (image.filename, image.caption)
    assert plone.files() == before


def test_account_that_sees_too_little_is_told(plone: RealPlone) -> None:
    assert refusal(plone.portal("unit_a").verify).kind == "forbidden"
    assert refusal(plone.portal(folder="khong-co").verify).kind == "category_missing"


def test_post_that_a_person_has_open_is_changed_later(plone: RealPlone) -> None:
    portal, key = plone.portal(), new_key()
    made = portal.create(sample_post(), key)
    plone.ask("POST", f"tin-tuc/{key}/@lock", {})
    error = refusal(lambda: portal.update(made.id, sample_post(title="Đã sửa"), key))
    assert (error.kind, error.unknown, error.permanent) == ("locked", False, False)
    plone.ask("DELETE", f"tin-tuc/{key}/@lock", {})
    assert portal.update(made.id, sample_post(title="Đã sửa"), key).title == "Đã sửa"


def test_post_whose_answer_nobody_waited_for_is_made_once(plone: RealPlone) -> None:
    """The client goes away while Plone still works on it, again and again."""
    portal, key, clock = plone.portal(), new_key(), SystemClock()
    for wait_s in (0.02, 0.05, 0.1):
        impatient = PoliteClient(HttpSettings(total_timeout_s=wait_s), clock=clock)
        error = _error(lambda client=impatient: plone.portal(client=client).create(sample_post(), key))
        assert error is None or error.kind in ("timeout", "conflict")
        impatient.abort()
    deadline = clock.monotonic() + 30
    # what was left behind is still being carried out
    while error := _error(lambda: portal.create(sample_post(), key)):
        assert error.kind == "conflict"
        assert clock.monotonic() < deadline
    found = portal.find(key)
    assert found is not None
    assert (found.state, len(plone.copies(key))) == (PortalState.PUBLIC, 1)


def _error(call: Callable[[], object]) -> PortalError | None:
    try:
        call()
    except PortalError as err:
        return err
    return None
