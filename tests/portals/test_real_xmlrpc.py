"""The same real WordPress over XML-RPC, in both dialects. `make portals`."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.portals.xmlrpc import XmlRpcPortal, XmlRpcSettings
from syncd.clock import SystemClock
from syncd.domain.model import Approval
from syncd.ports.portal import PortalState
from syncd.ports.secret import Secret
from syncd.testing.portal_contract import PortalArena, PortalContract, new_key, refusal, sample_image, sample_post
from tests.portals.test_real_wordpress import RealArena
from tests.portals.wordpress import SETTLE, RealWordPress

pytestmark = pytest.mark.slow


def connect(
    wordpress: RealWordPress, login: str = "syncd", password: str | None = None, **settings: object
) -> XmlRpcPortal:
    base = XmlRpcSettings(
        url=wordpress.site["base_url"] + "/xmlrpc.php",
        username=login,
        password=Secret(password or wordpress.site["users"][login]["application_password"]),
        allow_addresses=("127.0.0.0/8",),
    )
    return XmlRpcPortal(
        replace(base, **settings),
        name="cong",
        http=wordpress.client,
        clock=SystemClock(),
        settle=SETTLE,  # type: ignore[arg-type]  # settings by name
    )


class TestRealWordPressMethods(PortalContract):
    @pytest.fixture
    def arena(self, wordpress: RealWordPress) -> PortalArena:
        return RealArena(
            portal=connect(wordpress), stranger=connect(wordpress, password="aaaa bbbb"), wordpress=wordpress
        )


class TestRealMetaWeblog(PortalContract):
    @pytest.fixture
    def arena(self, wordpress: RealWordPress) -> PortalArena:
        return RealArena(
            portal=connect(wordpress, dialect="metaweblog"),
            stranger=connect(wordpress, password="aaaa bbbb", dialect="metaweblog"),
            wordpress=wordpress,
        )

    def test_categories_are_made_once_and_named_again(self, arena: PortalArena) -> None:
        """None can be made: one that stands is taken whatever its case, one that does not is told of."""
        assert arena.portal.create(sample_post(categories=("TIN TỨC",)), new_key()).categories == ("Tin tức",)
        missing = refusal(lambda: arena.portal.create(sample_post(categories=("Chưa có",)), new_key()))
        assert (missing.kind, missing.unknown) == ("category_missing", False)


def test_trashed_post_is_found_by_its_id_alone_over_metaweblog(wordpress: RealWordPress) -> None:
    portal, key = connect(wordpress, dialect="metaweblog"), new_key()
    made = portal.create(sample_post(), key)
    wordpress.trash(int(made.id))
    standing = portal.read(made.id)
    assert standing is not None
    assert standing.state is PortalState.TRASH
    assert portal.find(key) is None


def test_recent_posts_that_do_not_reach_back_are_no_census(wordpress: RealWordPress) -> None:
    wordpress.empty()  # the latest posts are those of this test
    portal, at = connect(wordpress, dialect="metaweblog", recent_posts=2), datetime(2098, 5, 1, tzinfo=UTC)
    for day in range(3):
        portal.create(sample_post(published_at=at + timedelta(days=day)), new_key())
    assert refusal(lambda: list(portal.list(at, at + timedelta(days=9)))).kind == "incomplete"
    assert len(list(portal.list(at + timedelta(days=1, seconds=1), at + timedelta(days=9)))) == 1


def test_author_is_mapped_and_a_picture_is_the_posts_own(wordpress: RealWordPress) -> None:
    portal, image = connect(wordpress), sample_image()
    made = portal.create(sample_post(author="Ban B Ví Dụ", image=portal.put_file(image)), new_key())
    assert (made.author, made.author_name) == ("unit_b", "Ban B Ví Dụ")
    told = wordpress.php(
        "$id = get_post_thumbnail_id((int) $in['id']); echo get_post($id)->post_title, '|', get_post($id)->post_excerpt;",
        id=made.id,
    )
    assert told == f"{image.filename}|Ảnh: A &amp; B"


def test_role_that_may_not_see_everything_is_refused_unless_named(wordpress: RealWordPress) -> None:
    assert refusal(connect(wordpress, "unit_a").verify).kind == "forbidden"
    assert refusal(connect(wordpress, "syncd_pending").verify).kind == "forbidden"
    portal = connect(wordpress, "syncd_pending", full_roles=("syncd_pending",))
    assert portal.verify()
    key = new_key()
    made = portal.create(sample_post(approval=Approval.PENDING, author="unit_a"), key)
    assert (made.state, made.author, portal.find(key)) == (PortalState.PENDING, "unit_a", made)
    refused = refusal(lambda: portal.create(sample_post(approval=Approval.AUTO), new_key()))
    assert (refused.kind, refused.unknown) == ("forbidden", False)


def test_post_dated_ahead_is_scheduled_in_both_dialects(wordpress: RealWordPress) -> None:
    ahead = datetime(2099, 1, 1, tzinfo=UTC)
    for dialect in ("wp", "metaweblog"):
        made = connect(wordpress, dialect=dialect).create(sample_post(published_at=ahead), new_key())
        assert (made.state, made.published_at) == (PortalState.SCHEDULED, ahead)


def test_account_that_loses_posts_of_a_page_makes_no_census(wordpress: RealWordPress) -> None:
    """An author's page of a hundred is short by the posts of others, and nothing in it tells."""
    wordpress.empty()  # a page that shows nothing at all would be taken for the list's end: why such roles are refused at `verify`
    at = datetime(1987, 5, 1, tzinfo=UTC)
    wordpress.type_posts("Của A", author="unit_a", date="1987-05-02 09:00:00", copies=60)
    wordpress.type_posts("Của B", author="unit_b", date="1987-05-03 09:00:00", copies=60)
    portal = connect(wordpress, "unit_a", full_roles=("author",))
    assert refusal(lambda: list(portal.list(at, at + timedelta(days=9)))).kind == "incomplete"


def test_text_below_an_editors_fold_is_kept_when_the_post_is_withdrawn_over_metaweblog(
    wordpress: RealWordPress,
) -> None:
    portal, key = connect(wordpress, dialect="metaweblog"), new_key()
    made = portal.create(sample_post(html="<p>Trên.</p><p>Dưới.</p>"), key)
    folded = f"<p>Trên.</p><!--more--><p>Dưới.</p>\n<!-- {key} -->"
    wordpress.php(
        "wp_update_post(array('ID' => (int) $in['id'], 'post_content' => $in['text']));", id=made.id, text=folded
    )
    seen = portal.find(key)
    assert seen is not None
    assert (seen.id, seen.content_sha256) == (made.id, made.content_sha256)
    assert portal.withdraw(made.id, key).state is PortalState.DRAFT
    text = wordpress.php("echo get_post((int) $in['id'])->post_content;", id=made.id)
    assert ("Trên." in text, "Dưới." in text, key in text) == (True, True, True)
    portal.update(made.id, sample_post(html="<p>Chỉ còn.</p>"), key)
    assert "Dưới." not in wordpress.php("echo get_post((int) $in['id'])->post_content;", id=made.id)
