"""A real WordPress on loopback: the contract, and what only the real one can tell. `make portals`; needs root the first time."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.http.client import HttpSettings, PoliteClient
from syncd.clock import SystemClock
from syncd.domain.model import LOCAL, Approval
from syncd.ports.portal import Portal, PortalState
from syncd.testing.portal_contract import PortalArena, PortalContract, new_key, refusal, sample_image, sample_post
from tests.portals.wordpress import RealWordPress

pytestmark = pytest.mark.slow


@dataclass
class RealArena:
    portal: Portal
    stranger: Portal | None
    wordpress: RealWordPress

    def type_by_hand(self, *, title: str, html: str, date: datetime, copies: int = 1) -> list[str]:
        at = date.astimezone(LOCAL).strftime("%Y-%m-%d %H:%M:%S")
        ids = self.wordpress.type_posts(title, author="unit_a", date=at, html=html, copies=copies)
        return [str(post_id) for post_id in ids]

    def trash(self, portal_id: str) -> None:
        self.wordpress.trash(int(portal_id))

    def delete(self, portal_id: str) -> None:
        self.wordpress.delete(int(portal_id))

    def files(self) -> int:
        return self.wordpress.files()


class TestRealWordPress(PortalContract):
    @pytest.fixture
    def arena(self, wordpress: RealWordPress) -> PortalArena:
        stranger = wordpress.portal(password="aaaa bbbb cccc dddd eeee ffff")
        return RealArena(portal=wordpress.portal(), stranger=stranger, wordpress=wordpress)


def test_author_is_mapped_by_login_and_by_shown_name(wordpress: RealWordPress) -> None:
    portal = wordpress.portal()
    for name in ("unit_b", "Ban B Ví Dụ"):
        made = portal.create(sample_post(author=name), new_key())
        assert (made.author, made.author_name) == ("unit_b", "Ban B Ví Dụ")


def test_author_unknown_there_leaves_the_post_under_our_account(wordpress: RealWordPress) -> None:
    assert wordpress.portal().create(sample_post(author="không có ai"), new_key()).author == "syncd"


def test_standing_category_is_used_whatever_its_case(wordpress: RealWordPress) -> None:
    made = wordpress.portal().create(sample_post(categories=("TIN TỨC", "Thông báo")), new_key())
    assert set(made.categories) == {"Tin tức", "Thông báo"}


def test_image_is_the_posts_own_with_alt_text_and_caption(wordpress: RealWordPress) -> None:
    image = sample_image()
    portal = wordpress.portal()
    made = portal.create(sample_post(image=portal.put_file(image)), new_key())
    told = json.loads(
        wordpress.php(
            "$id = get_post_thumbnail_id((int) $in['id']); echo json_encode(array(get_post($id)->post_name,"
            " get_post_meta($id, '_wp_attachment_image_alt', true), wp_get_attachment_caption($id)));",
            id=made.id,
        )
    )
    assert told == [image.filename.removesuffix(".png"), image.alt, "Ảnh: A &amp; B"]


def test_account_without_publishing_delivers_as_pending_and_finds_it_again(wordpress: RealWordPress) -> None:
    portal = wordpress.portal("syncd_pending")
    assert "may not publish" in portal.verify()
    key = new_key()
    made = portal.create(sample_post(approval=Approval.PENDING, author="unit_a"), key)
    assert (made.state, made.author) == (PortalState.PENDING, "unit_a")
    assert portal.find(key) == made
    refused = refusal(lambda: portal.create(sample_post(approval=Approval.AUTO), new_key()))
    assert (refused.kind, refused.unknown) == ("forbidden", False)


def test_post_published_by_an_editor_stays_public_when_the_pending_account_updates_it(wordpress: RealWordPress) -> None:
    portal, key = wordpress.portal("syncd_pending"), new_key()
    made = portal.create(sample_post(approval=Approval.PENDING), key)
    wordpress.publish(int(made.id))
    updated = portal.update(made.id, sample_post(title="Đã sửa", approval=Approval.PENDING), key)
    assert (updated.state, updated.title) == (PortalState.PUBLIC, "Đã sửa")
    assert updated.published_at == made.published_at


def test_private_and_password_posts_are_listed_as_not_public(wordpress: RealWordPress) -> None:
    portal = wordpress.portal()
    at = datetime(2024, 2, 29, 16, 59, 59, tzinfo=UTC)
    private, locked = (portal.create(sample_post(published_at=at), new_key()).id for _ in range(2))
    wordpress.php("wp_update_post(array('ID' => (int) $in['id'], 'post_status' => 'private'));", id=private)
    wordpress.php("wp_update_post(array('ID' => (int) $in['id'], 'post_password' => 'x'));", id=locked)
    listed = {post.id: post.state for post in portal.list(at, at + timedelta(seconds=1))}
    assert listed == {private: PortalState.PRIVATE, locked: PortalState.PRIVATE}


def test_account_that_sees_too_little_is_told_which_rights_are_missing(wordpress: RealWordPress) -> None:
    error = refusal(wordpress.portal("unit_a").verify)
    assert error.kind == "forbidden"
    assert "edit_others_posts" in error.message


def test_post_dated_ahead_is_scheduled(wordpress: RealWordPress) -> None:
    key = new_key()
    ahead = datetime(2099, 1, 1, tzinfo=UTC)
    made = wordpress.portal().create(sample_post(published_at=ahead), key)
    assert (made.state, made.published_at) == (PortalState.SCHEDULED, ahead)


SLOW = """<?php add_filter( 'rest_pre_insert_post', function ( $post ) {
    if ( str_contains( $post->post_title ?? '', 'đến chậm' ) ) { sleep( 2 ); }
    return $post;
} );"""


def test_post_made_after_we_stopped_waiting_is_absent_at_first_and_found_later(wordpress: RealWordPress) -> None:
    """Why the settle time is waited out: the first look-up comes too early to tell."""
    plugin = Path(wordpress.site["state"]) / "www" / "wp-content" / "mu-plugins" / "slow.php"
    plugin.write_text(SLOW)
    impatient = PoliteClient(HttpSettings(total_timeout_s=1.0), clock=SystemClock())
    key, clock = new_key(), SystemClock()
    try:
        portal = wordpress.portal(client=impatient)
        error = refusal(lambda: portal.create(sample_post(title="Tin đến chậm"), key))
        assert (error.kind, error.unknown) == ("timeout", True)
        patient = wordpress.portal()
        assert patient.find(key) is None
        deadline = clock.monotonic() + 30
        while (found := patient.find(key)) is None:
            assert clock.monotonic() < deadline
        assert found.title == "Tin đến chậm"
    finally:
        impatient.abort()
        plugin.unlink()
