"""Calls that make a post and are answered badly, each by the fault's name: what stands at the portal, what we know, what people are told."""

from collections.abc import Mapping
from dataclasses import dataclass

from syncd.ports.records import PushState
from syncd.testing.local_portal import Effect
from syncd.testing.local_site import Page
from tests.faults.portal_world import POSTS, SETTLE, PortalWorld

EVER = 1000
QUEUED, UNKNOWN, DEAD = PushState.QUEUED, PushState.UNKNOWN, PushState.DEAD
_JSON = "application/json"


def page(status: int, body: bytes = b"", content_type: str = "text/html; charset=utf-8", **headers: str) -> Page:
    return Page(status=status, body=body, content_type=content_type, headers=headers)


def refusal(status: int, code: str) -> Page:
    return page(status, b'{"code": "%s", "message": "no", "data": {}}' % code.encode(), _JSON)


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
    tries: int = 1
    person: bool = False  # nothing goes on without one

    def __call__(self, world: PortalWorld) -> None:
        world.strike(**self.comes)
        world.publish()
        push = world.push
        assert (push.state, push.error_kind, push.attempts) == (self.state, self.kind, self.tries)
        assert len(world.server.copies(push.key)) == self.copies
        assert len(world.server.posts()) == POSTS - 1 + self.copies
        world.told(*self.told)
        world.nobody_is_blamed()
        if self.state is UNKNOWN:  # nothing is asked and nothing sent before the settle time has passed
            asked = world.asked_about_posts()
            world.clock.advance(SETTLE / 2)
            world.publish()
            assert (world.push, world.asked_about_posts()) == (push, asked)
        if self.person:
            world.rounds()
            assert world.push.state is DEAD
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


BAD_ANSWERS = {
    "P02 timeout before commit": undone("timeout", hang=True),
    "P03 timeout after commit": lost("timeout", hang=True),
    "P04 reset after commit": lost("reset", reset=True),
    "P05 502 after commit": lost("http_status", page=page(502, b"<h1>Bad Gateway</h1>")),
    "P06 504 after commit": lost("http_status", page=page(504)),
    "P07 500 before commit": undone("http_status", page=page(500)),
    "P08 500 after commit": lost("http_status", page=page(500)),
    "P09 201 bad JSON": lost("protocol", page=page(201, b'{"id": 12, "sta', _JSON)),
    "P10 201 empty": lost("protocol", page=page(201)),
    "P11 201 with PHP notice before JSON": lost("protocol", before=b"<br />\n<b>Notice</b>: Undefined index\n"),
    "P12 200 WAF or login page": undone("protocol", "login page", page=page(200, b"<title>Log in</title>")),
    "P13 201 without id": lost("protocol", page=page(201, b'{"status": "publish"}', _JSON)),
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
