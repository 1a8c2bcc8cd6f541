"""Plone's adapter on the Plone of syncd.testing: the contract, and what becomes of posts when something goes wrong between two calls."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.http.client import HttpSettings, PoliteClient
from adapters.portals.plone import PlonePortal, PloneSettings
from syncd.clock import SystemClock
from syncd.domain.identity import text_sha256
from syncd.domain.model import Approval
from syncd.ports.portal import DeliveryClass, Portal, PortalState
from syncd.ports.secret import Secret
from syncd.testing.faulty_portal import Effect, Fault
from syncd.testing.local_plone import LocalPlone
from syncd.testing.local_site import Page
from syncd.testing.portal_contract import PortalArena, PortalContract, new_key, refusal, sample_image, sample_post

AT = datetime(2025, 10, 14, 1, 30, tzinfo=UTC)
MONTH = (datetime(2025, 10, 1, tzinfo=UTC), datetime(2025, 11, 1, tzinfo=UTC))


@dataclass
class Site:
    server: LocalPlone
    client: PoliteClient

    def portal(self, login: str = "syncd", password: str | None = None, **settings: Any) -> PlonePortal:
        known = {account.login: account.password for account in self.server.state.accounts}
        table = PloneSettings(
            url=self.server.url,
            username=login,
            password=Secret(password or known[login]),
            allow_addresses=("127.0.0.0/8",),
            **{"folder": "tin-tuc", "media_folder": "tep-tin", **settings},
        )
        clock = SystemClock()
        return PlonePortal(table, name="cong", http=self.client, clock=clock, settle=timedelta(seconds=120))


@dataclass
class Arena:
    portal: Portal
    stranger: Portal | None
    server: LocalPlone

    def type_by_hand(self, *, title: str, html: str, date: datetime, copies: int = 1) -> list[str]:
        return [self.server.type_by_hand(title=title, html=html, date=date) for _ in range(copies)]

    def trash(self, portal_id: str) -> None:
        raise AssertionError("Plone has no trash")

    def delete(self, portal_id: str) -> None:
        self.server.delete(portal_id)

    def files(self) -> int:
        return len(self.server.files())


@pytest.fixture
def site() -> Iterator[Site]:
    client = PoliteClient(HttpSettings(), clock=SystemClock())
    with LocalPlone() as server:
        yield Site(server=server, client=client)
    client.abort()


class TestPloneOnLocalPlone(PortalContract):
    @pytest.fixture(params=["basic", "token"])
    def arena(self, site: Site, request: pytest.FixtureRequest) -> PortalArena:
        stranger = site.portal(password="sai mật khẩu", login_by=request.param)
        return Arena(portal=site.portal(login_by=request.param), stranger=stranger, server=site.server)


# --- between two calls ---------------------------------------------------------------------------------


@pytest.mark.parametrize("approval", Approval)
def test_post_whose_making_was_answered_to_nobody_is_gone_on_with(site: Site, approval: Approval) -> None:
    portal, key, post = site.portal(), new_key(), sample_post(approval=approval)
    site.server.inject(Fault(path="/tin-tuc", effect=Effect.DONE, reset=True))
    assert refusal(lambda: portal.create(post, key)).unknown
    found = portal.find(key)
    made = portal.create(post, key)
    # a draft is made by one call, and the others are not delivered before they have their state
    assert found == (made if approval is Approval.DRAFT else None)
    assert made.state.value == {"auto": "public", "pending": "pending", "draft": "draft"}[approval]
    assert (len(site.server.copies(key)), made.published_at) == (1, post.published_at)


@pytest.mark.parametrize("effect", [Effect.NONE, Effect.DONE])
def test_post_whose_publishing_was_answered_to_nobody_is_published_once(site: Site, effect: Effect) -> None:
    portal, key = site.portal(), new_key()
    site.server.inject(Fault(path="/*/@workflow/publish", effect=effect, reset=True))
    assert refusal(lambda: portal.create(sample_post(), key)).unknown
    assert (portal.find(key) is None) is (effect is Effect.NONE)
    made = portal.create(sample_post(), key)
    assert (made.state, made.published_at) == (PortalState.PUBLIC, AT)
    assert len(site.server.copies(key)) == 1


def test_reading_that_fails_after_publishing_leaves_the_outcome_unknown(site: Site) -> None:
    portal, key = site.portal(), new_key()
    site.server.inject(Fault(method="GET", path=f"/tin-tuc/{key}", reset=True, times=2))
    assert refusal(lambda: portal.create(sample_post(), key)).unknown
    found = portal.find(key)
    assert found is not None
    assert found.state is PortalState.PUBLIC


def test_write_that_met_another_one_was_undone_for_certain(site: Site) -> None:
    portal, key = site.portal(), new_key()
    site.server.state.conflicts = 1
    error = refusal(lambda: portal.create(sample_post(), key))
    assert (error.kind, error.unknown, error.permanent) == ("conflict", False, False)
    assert portal.create(sample_post(), key).state is PortalState.PUBLIC


def test_account_that_may_not_publish_leaves_a_post_that_counts_as_absent(site: Site) -> None:
    portal, key = site.portal("syncd_pending"), new_key()
    assert "may not publish" in portal.verify()
    error = refusal(lambda: portal.create(sample_post(approval=Approval.AUTO), key))
    assert (error.kind, error.unknown) == ("forbidden", False)
    today = datetime.now(UTC)
    assert portal.find(key) is None
    assert not list(portal.list(today - timedelta(hours=1), today + timedelta(hours=1)))
    assert portal.create(sample_post(approval=Approval.PENDING), key).state is PortalState.PENDING
    assert len(site.server.copies(key)) == 1


# --- what people do there --------------------------------------------------------------------------------


def test_pending_post_is_changed_when_an_editor_has_decided(site: Site) -> None:
    portal, key = site.portal("syncd_pending"), new_key()
    made = portal.create(sample_post(approval=Approval.PENDING), key)
    edit = sample_post(title="Đã sửa")
    error = refusal(lambda: portal.update(made.id, edit, key))
    assert (error.kind, error.unknown, error.permanent) == ("awaits_review", False, False)
    site.server.approve(made.id)
    assert (portal.update(made.id, edit, key).state, portal.update(made.id, edit, key).title) == (
        PortalState.PUBLIC,
        "Đã sửa",
    )


def test_post_that_a_person_has_open_is_changed_later(site: Site) -> None:
    portal, key = site.portal(), new_key()
    made = portal.create(sample_post(), key)
    site.server.state.locked.add(made.id)
    error = refusal(lambda: portal.update(made.id, sample_post(), key))
    assert (error.kind, error.unknown, error.permanent) == ("locked", False, False)


def test_post_that_was_moved_and_renamed_is_still_ours(site: Site) -> None:
    portal, key = site.portal(), new_key()
    made = portal.create(sample_post(), key)
    site.server.move(made.id, "thong-bao")
    moved = portal.find(key)
    assert moved is not None
    assert (moved.id, moved.url.rpartition("/")[0]) == (made.id, f"{site.server.url}/thong-bao")
    site.server.move(made.id, "tin-tuc", "ten-dep")
    for seen in (portal.find(key), portal.read(made.id), *portal.list(*MONTH)):
        assert seen is not None
        assert (seen.id, seen.key, seen.url) == (made.id, key, f"{site.server.url}/tin-tuc/ten-dep")
    assert portal.update(made.id, sample_post(title="Đã sửa"), key).title == "Đã sửa"


def test_draft_of_an_editor_without_a_date_is_listed_by_the_day_it_was_made(site: Site) -> None:
    portal, today = site.portal(), datetime.now(UTC)
    typed = site.server.type_by_hand(title="Nháp", html="<p>x</p>", date=None, state="private")
    listed = {post.id: post for post in portal.list(today - timedelta(hours=1), today + timedelta(hours=1))}
    assert (listed[typed].state, listed[typed].published_at) == (PortalState.DRAFT, None)
    assert not list(portal.list(*MONTH))


def test_post_dated_ahead_is_scheduled_and_an_expired_one_is_private(site: Site) -> None:
    portal, ahead = site.portal(), datetime(2099, 1, 1, tzinfo=UTC)
    coming = portal.create(sample_post(published_at=ahead), new_key())
    over = portal.create(sample_post(), new_key())
    site.server.edit(over.id, expires=AT + timedelta(days=1))
    (listed,) = portal.list(ahead, ahead + timedelta(days=1))
    assert listed == coming
    assert coming.state is PortalState.SCHEDULED
    assert [post.state for post in portal.list(*MONTH)] == [PortalState.PRIVATE]


def test_state_of_the_sites_own_is_what_the_configuration_says(site: Site) -> None:
    key = new_key()
    made = site.portal().create(sample_post(), key)
    site.server.edit(made.id, state="da-dang")
    for states, seen in (({}, PortalState.PENDING), ({"da-dang": PortalState.PUBLIC}, PortalState.PUBLIC)):
        post = site.portal(states=states).read(made.id)
        assert post is not None
        assert post.state is seen


# --- text, folders, rights -------------------------------------------------------------------------------


def test_text_that_speaks_of_tags_is_kept_whole(site: Site) -> None:
    html = "<p>Thẻ &lt;script&gt; và &amp;lt; &amp; <!-- x --> hết.</p>"
    made = site.portal().create(sample_post(html=html), new_key())
    assert made.content_sha256 == text_sha256(html)


def test_categories_with_folders_of_their_own_keep_the_key_single(site: Site) -> None:
    portal, key = site.portal(folders={"Thông báo": "thong-bao"}), new_key()
    assert portal.capabilities.delivery_class is DeliveryClass.B
    site.server.inject(Fault(path="/thong-bao", effect=Effect.DONE, reset=True))
    refusal(lambda: portal.create(sample_post(categories=("Thông báo",)), key))
    made = portal.create(sample_post(categories=("Tin tức",)), key)
    assert made.url == f"{site.server.url}/thong-bao/{key}"
    assert made.categories == ("Thông báo",)
    assert len(site.server.copies(key)) == 1


def test_hand_typed_post_tells_its_folder_as_a_category(site: Site) -> None:
    site.server.type_by_hand(title="Tin", html="<p>x</p>", date=AT, folder="thong-bao")
    (listed,) = site.portal().list(*MONTH)
    assert (listed.author, listed.categories) == ("unit_a", ("thong-bao",))


def test_own_picture_is_sent_again_only_when_it_is_another(site: Site) -> None:
    portal, key, image = site.portal(), new_key(), sample_image()
    made = portal.create(sample_post(image_inside=image), key)
    portal.update(made.id, sample_post(image_inside=image), key)
    assert b'"image"' not in site.server.site.last().body
    portal.update(made.id, sample_post(image_inside=sample_image()), key)
    assert b'"image"' in site.server.site.last().body


@pytest.mark.parametrize(
    ("login", "settings", "kind", "says"),
    [
        ("syncd", {"folder": "khong-co"}, "category_missing", "khong-co"),
        ("syncd", {"media_folder": "khong-co"}, "category_missing", "khong-co"),
        ("unit_a", {}, "forbidden", "News Item"),
    ],
)
def test_verify_names_the_folder_or_right_that_is_missing(
    site: Site, login: str, settings: dict[str, Any], kind: str, says: str
) -> None:
    error = refusal(site.portal(login, **settings).verify)
    assert (error.kind, says in error.message, bool(error.hint)) == (kind, True, True)
    assert refusal(lambda: site.portal(folder="khong-co").create(sample_post(), new_key())).kind == "category_missing"


ITEM = {"@id": "x", "UID": "1", "id": "x", "review_state": None, "effective": None, "modified": ""}


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ({"items": [], "items_total": 3}, "incomplete"),
        ({"items": [ITEM, ITEM], "items_total": 2}, "incomplete"),
        ({"items": [{"@id": "x"}], "items_total": 1}, "incomplete"),
        ({"items": []}, "incomplete"),
        ({"message": "Trang chủ"}, "protocol"),
    ],
    ids=["short", "twice", "not whole", "no total", "no list"],
)
def test_list_that_is_not_whole_is_no_census(site: Site, told: dict[str, Any], kind: str) -> None:
    page = Page(body=json.dumps(told).encode(), content_type="application/json")
    site.server.inject(Fault(method="GET", path="/@search", page=page))
    assert refusal(lambda: list(site.portal().list(*MONTH))).kind == kind


def test_public_post_whose_date_an_editor_took_away_is_still_there(site: Site) -> None:
    portal, key = site.portal(), new_key()
    made = portal.create(sample_post(), key)
    site.server.edit(made.id, effective=None)
    found = portal.find(key)
    assert found is not None
    assert (found.state, found.published_at) == (PortalState.PUBLIC, None)


def test_account_with_another_id_than_its_login_is_taken_without_its_roles(site: Site) -> None:
    page = Page(status=401, body=b'{"type": "Unauthorized", "message": ""}', content_type="application/json")
    site.server.inject(Fault(method="GET", path="/@users/*", page=page))
    assert "with which roles, it does not say" in site.portal().verify()
