"""Every fault of a portal, by its name: how it comes, what the first run makes of it, what people are told and do.

Each is played in a `PortalWorld`; that in the end each post stands there once, the test around it asks.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from syncd.domain.model import Status
from syncd.ports.portal import FileToPush
from syncd.ports.records import PushState
from syncd.ports.source import ImageData
from syncd.testing.local_portal import Effect, Fault
from syncd.testing.local_site import Page
from syncd.testing.portal_contract import sample_image
from tests.application.collecting import item, local, story
from tests.faults.portal_world import POSTS, SETTLE, STRUCK, PortalWorld, portal_world

Play = Callable[[PortalWorld], None]
FAULTS: dict[str, Play] = {}
DAY = timedelta(days=1)
EVER = 1000
QUEUED, UNKNOWN, DEAD, DELIVERED = PushState.QUEUED, PushState.UNKNOWN, PushState.DEAD, PushState.DELIVERED
JSON = "application/json"


def fault(name: str) -> Callable[[Play], Play]:
    def named(play: Play) -> Play:
        FAULTS[name] = play
        return play

    return named


def page(status: int, body: bytes = b"", content_type: str = "text/html; charset=utf-8", **headers: str) -> Page:
    return Page(status=status, body=body, content_type=content_type, headers=headers)


def refusal(status: int, code: str) -> Page:
    return page(status, b'{"code": "%s", "message": "no", "data": {}}' % code.encode(), JSON)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredBadly:
    """One call that makes the struck post is answered so. `copies` stand there, and the push is in `state`, when the run has ended.

    `told`: what `syncd status` says of it meanwhile: kind, and words of the way out.
    """

    comes: Mapping[str, object]
    state: PushState
    kind: str
    copies: int = 0
    told: tuple[str, str] = ("push_unknown", "")
    goes_on: bool = True  # the other posts are delivered in the same run
    tries: int = 1
    person: bool = field(default=False)  # nothing goes on without one

    def __call__(self, world: PortalWorld) -> None:
        world.strike(**self.comes)
        world.publish()
        push = world.push()
        assert (push.state, push.error_kind, push.attempts) == (self.state, self.kind, self.tries)
        assert len(world.server.copies(push.key)) == self.copies
        assert len(world.server.posts()) == (POSTS - 1 if self.goes_on else 1) + self.copies
        world.told(*self.told)
        world.nobody_is_blamed()
        if self.state is UNKNOWN:  # nothing is asked and nothing sent before the settle time has passed
            asked = world.asked_about_posts()
            world.clock.advance(SETTLE / 2)
            world.publish()
            assert (world.push(), world.asked_about_posts()) == (push, asked)
        if self.person:
            world.rounds()
            assert world.push().state is DEAD
            world.told("push_dead", self.told[1])
            world.try_again()


def lost(kind: str, **comes: object) -> AnsweredBadly:
    """Made, and nobody told us."""
    return AnsweredBadly(comes={"effect": Effect.DONE, **comes}, state=UNKNOWN, kind=kind, copies=1)


def undone(kind: str, told: str = "", **comes: object) -> AnsweredBadly:
    """Not made, which nobody can know."""
    return AnsweredBadly(comes=comes, state=UNKNOWN, kind=kind, told=("push_unknown", told))


def refused(status: int, kind: str, words: str, answer: Page | None = None) -> AnsweredBadly:
    """Not made, and it will not be until a person has done something."""
    comes = {"page": answer or page(status), "times": EVER}
    return AnsweredBadly(comes=comes, state=DEAD, kind=kind, told=("push_dead", words), person=True)


FAULTS |= {
    "P02 timeout before commit": undone("timeout", hang=True),
    "P03 timeout after commit": lost("timeout", hang=True),
    "P04 reset after commit": lost("reset", reset=True),
    "P05 502 after commit": lost("http_status", page=page(502, b"<h1>Bad Gateway</h1>")),
    "P06 504 after commit": lost("http_status", page=page(504)),
    "P07 500 before commit": undone("http_status", page=page(500)),
    "P08 500 after commit": lost("http_status", page=page(500)),
    "P09 201 bad JSON": lost("protocol", page=page(201, b'{"id": 12, "sta', JSON)),
    "P10 201 empty": lost("protocol", page=page(201)),
    "P11 201 with PHP notice before JSON": lost("protocol", before=b"<br />\n<b>Notice</b>: Undefined index\n"),
    "P12 200 WAF or login page": undone("protocol", "login page", page=page(200, b"<title>Log in</title>")),
    "P13 201 without id": lost("protocol", page=page(201, b'{"status": "publish"}', JSON)),
    "P15 403 WAF on content": AnsweredBadly(
        comes={"page": page(403, b"<h1>Forbidden</h1>"), "times": EVER},
        state=QUEUED,
        kind="forbidden",
        told=("push_queued", "firewall"),
        person=True,
    ),
    "P17 409 duplicate slug": AnsweredBadly(
        comes={"page": refusal(409, "exists")}, state=QUEUED, kind="conflict", told=("push_queued", "409")
    ),
    "P18 413": refused(413, "too_large", "limit"),
    "P19 422": refused(422, "http_status", "rest_invalid_param", refusal(422, "rest_invalid_param")),
}


@fault("P01 refused")
def _(world: PortalWorld) -> None:
    world.server.site.pause()
    report = world.publish()
    assert "refused" in (report.portal_error or "")
    assert {world.push(post).attempts for post in world.office.posts()} == {0}
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
    assert {world.push(post).state for post in world.office.posts()} <= {QUEUED, DELIVERED}
    assert {world.push(post).attempts for post in world.office.posts() if world.push(post).state is QUEUED} == {0}
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
    push = world.push()
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
    assert {world.push(post).attempts for post in world.office.posts()} == {0}
    world.told("portal_down", "503")
    world.nobody_is_blamed()
    world.server.forgive()


@fault("P22 commit after 60 s")
def _(world: PortalWorld) -> None:
    """A look-up after a minute would have found nothing, and the second copy would have been ours."""
    world.strike(effect=Effect.LATE, reset=True)
    world.publish()
    assert world.push().state is UNKNOWN
    world.clock.advance(timedelta(seconds=59))
    world.publish()
    assert world.server.copies(world.struck.key) == ()
    world.server.catch_up()
    world.nobody_is_blamed()


@fault("P23 media ok post fails")
def _(world: PortalWorld) -> None:
    """The picture that was put is used at the next try, not put again."""
    site = world.office.site("ban-a/1")
    shown = (ImageData(url="https://ban-a.example/anh/1.jpg"),)
    site.posts = [replace(post, images=shown) if post.title == STRUCK else post for post in site.posts]
    world.services = replace(world.services, fetch_file=lambda unit, url: picture)
    picture: FileToPush | None = sample_image()
    world.look()
    world.strike(page=page(500))
    world.publish()
    assert (world.push().state, len(world.server.state.media)) == (UNKNOWN, 1)
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
    assert {world.push(post).portal_state for post in world.office.posts()} == {"pending"}
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
    assert world.push().state is UNKNOWN
    world.nobody_is_blamed()
    world.rounds()
    world.census()
    assert not [leaf for leaf in world.office.leaves("readback") if leaf["data"]["late"]]


@fault("P28 portal restored from old backup")
def _(world: PortalWorld) -> None:
    """Posts that stood there are gone at once: nothing is sent on our own account, and the census says which."""
    world.services = replace(world.services, publish_rules=replace(world.services.publish_rules, at_once=1))
    old = world.server.backup()
    world.publish()
    world.census()
    newest = world.server.backup()
    world.server.restore(old)
    world.clock.advance(DAY)
    assert sum(line.gone for line in world.census().periods) == POSTS
    world.publish()
    assert world.server.posts() == ()
    world.nobody_is_blamed()
    world.server.restore(newest)


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
    assert (world.push().portal_state, world.push().error_kind) == ("gone", "left")
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
    assert world.push().portal_id == str(first)
    world.server.delete(second)


@fault("P31 portal clock off by 1 day")
def _(world: PortalWorld) -> None:
    """A day behind, it holds back what is dated later than its now; an answer is lost on top, and nothing is late."""
    site = world.office.site("ban-a/1")
    last = item(2, "2026-10-31 20:00")
    site.posts = [last if post.title == STRUCK else post for post in site.posts]
    world.look()
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
    assert not [leaf for leaf in world.office.leaves("readback") if leaf["data"]["late"]]


@fault("P32 second pusher")
def _(world: PortalWorld) -> None:
    """Two runs at once on one database, then one of another database: each post is made by one of them, and adopted by the stranger."""
    runs = [threading.Thread(target=world.publish_beside) for _ in range(2)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    with TemporaryDirectory() as folder, portal_world(Path(folder), server=world.server) as other:
        assert other.publish().total.adopted == POSTS
        other.each_stands_once()


@fault("P33 lookup down POST up")
def _(world: PortalWorld) -> None:
    """Without a look-up nothing is sent."""
    world.server.inject(Fault(method="GET", page=page(502), times=EVER))
    report = world.publish()
    assert "502" in (report.portal_error or "")
    assert world.server.posts() == ()
    assert {world.push(post).attempts for post in world.office.posts()} == {0}
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
    assert world.push().state is UNKNOWN
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
