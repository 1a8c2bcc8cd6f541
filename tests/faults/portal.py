"""Every fault of a portal, by its name: how it comes, what the first run makes of it, what people are told and do.

Each is played in a `PortalWorld`; that in the end each post stands there once, the test around it asks.
"""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from syncd.application.reading_back.set_back import restored
from syncd.domain.model import Status
from syncd.ports.records import PushState
from syncd.ports.source import ImageData
from syncd.testing.local_portal import Effect, Fault
from syncd.testing.portal_contract import sample_image
from tests.application.collecting import local, read_date, story
from tests.faults.portal_answers import BAD_ANSWERS, EVER, page, refusal
from tests.faults.portal_world import POSTS, SETTLE, STRUCK, PortalWorld, fault_office, portal_world

Play = Callable[[PortalWorld], None]
FAULTS: dict[str, Play] = {**BAD_ANSWERS}
DAY = timedelta(days=1)
QUEUED, UNKNOWN, DELIVERED = PushState.QUEUED, PushState.UNKNOWN, PushState.DELIVERED


def fault(name: str) -> Callable[[Play], Play]:
    def named(play: Play) -> Play:
        FAULTS[name] = play
        return play

    return named


@fault("P01 refused")
def _(world: PortalWorld) -> None:
    world.server.site.pause()
    report = world.publish()
    assert "refused" in (report.portal_error or "")
    assert {push.attempts for push in world.pushes} == {0}
    world.told("portal_down", "refused")
    world.nobody_is_blamed()
    world.server.site.resume()


@fault("P14 401 mid batch")
def _(world: PortalWorld) -> None:
    """The password is withdrawn after the first post: nothing more is tried, an anonymous look-up never reads as absence, no try is lost."""
    world.services = replace(world.services, publish_rules=replace(world.services.publish_rules, at_once=1))
    accounts = list(world.server.state.accounts)

    def withdraw(body: bytes) -> bytes:
        world.server.state.accounts[0] = replace(accounts[0], password="withdrawn")
        return body

    world.server.inject(Fault(effect=Effect.DONE, change=withdraw))
    report = world.publish()
    world.told("portal_down", "401")
    assert "password" in (report.hint or "")
    for _ in range(3):
        world.clock.advance(SETTLE)
        assert world.publish().portal_error
        assert not world.census().complete
    assert len(world.server.posts()) == 1
    assert {push.state for push in world.pushes} <= {QUEUED, DELIVERED}
    assert {push.attempts for push in world.pushes if push.state is QUEUED} == {0}
    world.nobody_is_blamed()
    world.server.state.accounts[:] = accounts


@fault("P16 404 endpoint")
def _(world: PortalWorld) -> None:
    """Writing is switched off: after three in a row the run ends, and says where to look."""
    world.server.inject(Fault(page=refusal(404, "rest_no_route"), times=EVER))
    report = world.publish()
    assert "portal.url" in (report.hint or "")
    assert world.server.posts() == ()
    world.told("portal_down", "404")
    world.nobody_is_blamed()
    world.server.forgive()


@fault("P20 429 with Retry-After")
def _(world: PortalWorld) -> None:
    """What the portal asks for is kept to the second, the others wait too, and it costs no try."""
    world.strike(page=page(429, **{"Retry-After": "900"}))
    before = world.clock.now()
    assert world.publish().portal_error
    push = world.push
    assert (push.state, push.error_kind, push.attempts) == (QUEUED, "throttled", 0)
    assert push.not_before is not None
    assert push.not_before >= before + timedelta(seconds=900)
    world.told("portal_down", "429")
    world.nobody_is_blamed()


@fault("P21 503 maintenance")
def _(world: PortalWorld) -> None:
    """Nothing works there for an hour."""
    world.server.inject(Fault(method="*", path="*", page=page(503, b"<h1>Briefly unavailable</h1>"), times=EVER))
    for _ in range(6):
        assert world.publish().portal_error
        assert not world.census().complete
        world.clock.advance(timedelta(minutes=10))
    assert {push.attempts for push in world.pushes} == {0}
    world.told("portal_down", "503")
    world.nobody_is_blamed()
    world.server.forgive()


@fault("P22 commit after 60 s")
def _(world: PortalWorld) -> None:
    """A look-up after a minute would have found nothing, and the second copy would have been ours."""
    world.strike(effect=Effect.LATE, reset=True)
    world.publish()
    assert world.push.state is UNKNOWN
    world.clock.advance(timedelta(seconds=59))
    world.publish()
    assert world.server.copies(world.struck.key) == ()
    world.server.catch_up()
    world.nobody_is_blamed()


@fault("P23 media ok post fails")
def _(world: PortalWorld) -> None:
    """The picture that was put is used at the next try, not put again."""
    picture = sample_image()
    world.services = replace(world.services, fetch_file=lambda unit, url: picture)
    world.write(images=(ImageData(url="https://ban-a.example/anh/1.jpg"),))
    world.strike(page=page(500))
    world.publish()
    assert (world.push.state, len(world.server.state.media)) == (UNKNOWN, 1)
    world.nobody_is_blamed()
    world.rounds()
    (media,) = world.server.state.media
    assert world.stands().featured_media == media


@fault("P24 portal strips HTML (hash differs)")
def _(world: PortalWorld) -> None:
    """What the portal made of the text is what we know it by: no edit of a person, and none of ours without one at the source."""
    world.server.state.strips_tags = ("table", "tr", "td")
    world.edit(story("bàn") + "<table><tr><td>Số liệu</td></tr></table>")
    world.publish()
    world.census()
    written = world.stands().modified
    world.clock.advance(DAY)
    world.publish()
    assert world.stands().modified == written
    world.edit(story("bàn lại") + "<table><tr><td>Số liệu khác</td></tr></table>")
    assert world.publish().total.updated == 1
    assert "Số liệu khác" in world.stands().content


@fault("P25 slug gets -2")
def _(world: PortalWorld) -> None:
    """Somebody's post has the same title: ours gets another address, and is what it is by its key."""
    world.server.type_by_hand(title=STRUCK, html="<p>Bài khác hẳn.</p>", date=local("2026-10-02 07:00"))
    world.server.state.posts[11].slug = "tin-số-2"
    world.lose_the_answer()
    world.publish()
    world.rounds()
    assert world.stands().slug == "tin-số-2-2"
    world.server.delete(11)


@fault("P26 accepted as draft")
def _(world: PortalWorld) -> None:
    """The portal lets everything wait for a person of its own: delivered, not visible, and not the unit's doing."""
    world.server.state.holds_back = True
    world.publish()
    world.census()
    assert {push.portal_state for push in world.pushes} == {"pending"}
    verdict = world.verdict(local("2026-11-20 08:00"))
    assert (verdict.status, verdict.delivered, verdict.visible) == (Status.UNDETERMINED, POSTS, 0)
    for post in world.server.posts():
        world.server.approve(post.id)
    world.clock.advance(DAY)
    world.census()
    assert world.verdict().visible == POSTS


@fault("P27 lookup stale 30 s")
def _(world: PortalWorld) -> None:
    """Lists and searches show a post half a minute late: the settle time is longer."""
    world.server.state.lists_lag = timedelta(seconds=30)
    world.lose_the_answer()
    world.publish()
    report = world.census()  # at once: it lists nothing yet
    assert (report.complete, report.periods[-1].gone) == (True, 0)
    world.clock.advance(timedelta(seconds=29))
    world.publish()
    assert world.push.state is UNKNOWN
    world.nobody_is_blamed()
    world.rounds()
    world.census()
    world.no_sighting_is_late()


@fault("P28 portal restored from old backup")
def _(world: PortalWorld) -> None:
    """Posts that stood there are gone at once: nothing more is sent until a person has said what it was; then the lost ones are, once."""
    old = world.server.backup()
    world.publish()
    world.census()
    world.server.restore(old)
    world.clock.advance(DAY)
    world.census()
    assert world.publish().portal_error
    assert world.server.posts() == ()
    world.told("portal_set_back")
    world.nobody_is_blamed()
    restored(world.services, reason="Cổng đã khôi phục từ bản sao lưu", by="Nguyễn Văn A")
    world.lose_the_answer()
    world.publish()


@fault("P29 human deletes post")
def _(world: PortalWorld) -> None:
    """What a person there threw away stays away, an edit at the source or not; the census says so, and nobody's quota is touched in silence."""
    world.publish()
    world.census()
    kept = world.stands()
    world.server.delete(kept.id)
    world.clock.advance(DAY)
    report = world.census()
    assert sum(line.gone for line in report.periods) == 1
    world.edit(story("đính chính"))
    notes = [note.note for note in world.publish().notes]
    assert notes == ["removed on the portal (gone); the edit was not carried"]
    world.clock.advance(DAY)
    world.publish()
    assert world.server.copies(world.struck.key) == ()
    assert (world.push.portal_state, world.push.error_kind) == ("gone", "left")
    world.server.state.posts[kept.id] = kept  # she takes it back, so that the end is like the others'


@fault("P30 human copies post")
def _(world: PortalWorld) -> None:
    """Both bear our key: the census names them, an edit goes to the first, and nothing is deleted."""
    world.publish()
    first = world.stands().id
    second = world.server.copy(first)
    world.clock.advance(DAY)
    (duplicate,) = world.census().duplicates
    assert (duplicate.key, len(duplicate.urls)) == (world.struck.key, 2)
    world.edit(story("đính chính"))
    world.publish()
    texts = {post.id: "đính chính" in post.content for post in world.server.copies(world.struck.key)}
    assert texts == {first: True, second: False}
    assert world.push.portal_id == str(first)
    world.server.delete(second)


@fault("P31 portal clock off by 1 day")
def _(world: PortalWorld) -> None:
    """A day behind, it holds back what is dated later than its now; an answer is lost on top, and nothing is late."""
    world.write(published=read_date("2026-10-31 20:00"))
    world.server.state.clock_off = -DAY
    world.lose_the_answer()
    world.publish()
    world.rounds()
    world.census()
    (late_one,) = [post for post in world.server.posts() if post.status == "future"] or [world.stands()]
    world.nobody_is_blamed()
    world.clock.advance(DAY)
    world.server.approve(late_one.id)
    world.server.state.clock_off = DAY
    world.publish()
    world.census()
    world.no_sighting_is_late()


@fault("P32 second pusher")
def _(world: PortalWorld) -> None:
    """Two runs at once on one database, then one of another database: each post is made by one of them, and adopted by the stranger."""
    runs = [threading.Thread(target=world.publish_beside) for _ in range(2)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    with (
        TemporaryDirectory() as folder,
        fault_office(Path(folder), [world.unit]) as elsewhere,
        portal_world(elsewhere, world.unit, server=world.server) as other,
    ):
        assert other.publish().total.adopted == POSTS
        other.each_stands_once()


@fault("P33 lookup down POST up")
def _(world: PortalWorld) -> None:
    """Without a look-up nothing is sent."""
    world.server.inject(Fault(method="GET", page=page(502), times=EVER))
    report = world.publish()
    assert "502" in (report.portal_error or "")
    assert world.server.posts() == ()
    assert {push.attempts for push in world.pushes} == {0}
    world.told("portal_down", "502")
    world.nobody_is_blamed()
    world.server.forgive()


@fault("P34 301/302 turns POST to GET")
def _(world: PortalWorld) -> None:
    """A redirect of a write is never followed: it would come out as a read. The run ends and says which address to give."""
    moved = page(301, Location="https://www.vidu.example/")
    world.server.inject(Fault(page=moved, times=EVER))
    report = world.publish()
    assert "portal.url" in (report.hint or "")
    assert world.server.posts() == ()
    world.told("portal_down", "301")
    world.nobody_is_blamed()
    world.server.forgive()


@fault("P35 same key other body")
def _(world: PortalWorld) -> None:
    """The answer is lost, and the unit edits the post before anybody asks: one post, in the newer words."""
    world.lose_the_answer()
    world.publish()
    world.edit(story("đính chính"))
    assert world.push.state is UNKNOWN
    world.rounds()
    assert "đính chính" in world.stands().content


@fault("P36 connection limit")
def _(world: PortalWorld) -> None:
    """The portal hears one connection at a time and resets the others."""
    world.services = replace(world.services, publish_rules=replace(world.services.publish_rules, at_once=4))
    world.server.site.most_connections = 1
    world.publish()
    world.nobody_is_blamed()
    world.rounds()
    world.server.site.most_connections = None
