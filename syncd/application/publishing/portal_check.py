"""Whether a portal does what its adapter promises, tried with one draft that an editor may remove afterwards."""

import hashlib
import secrets
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from syncd.domain.identity import text_sha256
from syncd.domain.model import Approval, SourceKey
from syncd.errors import ForeignError
from syncd.ports.clock import Clock
from syncd.ports.portal import DeliveryClass, FileToPush, Portal, PortalPost, PortalState, PostToPush

STEPS = ("verify", "absent", "create", "find", "again", "upload", "update", "list", "read")
# quotes, an entity and braces: what portals spoil, they spoil here
_TITLE = 'Bài kiểm tra liên thông "syncd" & {{ x }} – xin xóa (test post, please remove)'
_HTML = "<p>Bài do phần mềm syncd gửi để kiểm tra kết nối, 1 &lt; 2. Không đăng; có thể xóa.</p>"
_WINDOW = timedelta(days=1)


_Seen = tuple[str, str]  # a word for it, and what was seen


class _NotAsPromised(Exception):
    """The portal answered, and not as it should."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckStep:
    """One step. `ok` is None where it was not tried; `seen` is a word for what was seen, `detail` says it, `hint` what to do."""

    name: str
    ok: bool | None
    seen: str
    detail: str
    hint: str | None = None
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        return {
            "step": self.name,
            "ok": self.ok,
            "seen": self.seen,
            "detail": self.detail,
            "hint": self.hint,
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalCheck:
    """What became of a check. `unreachable`: the portal failed or refused, rather than did otherwise than promised."""

    portal: str
    steps: tuple[CheckStep, ...]
    left: PortalPost | None
    unreachable: bool

    @property
    def ok(self) -> bool:
        return all(step.ok is not False for step in self.steps)

    def as_json(self) -> dict[str, Any]:
        left = self.left
        return {
            "portal": self.portal,
            "ok": self.ok,
            "steps": [step.as_json() for step in self.steps],
            "left": {"id": left.id, "url": left.url, "title": left.title} if left else None,
        }


class _Trial:
    """The steps by their names; each says what it saw."""

    def __init__(self, portal: Portal, clock: Clock) -> None:
        self.portal = portal
        self.key = SourceKey("syncd-" + secrets.token_hex(16))
        self.made: PortalPost | None = None
        self.post = PostToPush(
            title=_TITLE,
            html=_HTML,
            summary="Bài kiểm tra, có thể xóa.",
            published_at=clock.now().replace(second=0, microsecond=0),  # some portals keep no seconds
            approval=Approval.DRAFT,
            unit_name="syncd",
            source_url="https://example.invalid/syncd",
            image_inside=_picture() if portal.capabilities.image_inside else None,
        )

    @property
    def standing(self) -> PortalPost:
        if self.made is None:
            raise _NotAsPromised("no post was made")
        return self.made

    def verify(self) -> _Seen:
        return "known", self.portal.verify()

    def absent(self) -> _Seen:
        found = self.portal.find(self.key)
        if found is not None:
            raise _NotAsPromised(f"a key that was never sent is found: post {found.id}")
        return "absent", "a key that was never sent is not there"

    def create(self) -> _Seen:
        made = self.made = self.portal.create(self.post, self.key)
        if made.key != self.key:
            raise _NotAsPromised(f"post {made.id} does not carry our key")
        if made.state in (PortalState.PUBLIC, PortalState.SCHEDULED):
            raise _NotAsPromised(f"post {made.id} was to be a draft and is {made.state}: take it off at once")
        return "made", f"post {made.id}, {made.state}"

    def find(self) -> _Seen:
        found = self.portal.find(self.key)
        if found is None or found.id != self.standing.id:
            raise _NotAsPromised(f"post {self.standing.id} is not found by its key")
        return "found", f"found by its key: post {found.id}"

    def again(self) -> _Seen:
        promised = self.portal.capabilities.delivery_class
        if promised is DeliveryClass.C:
            return (
                "at_least_once",
                "the portal can neither refuse nor surely find a second copy: after a lost answer there may be one",
            )
        if promised is DeliveryClass.B:
            return "looked_first", "the portal enforces no key: a second copy is kept off by looking first"
        second = self.portal.create(self.post, self.key)
        if second.id != self.standing.id:
            raise _NotAsPromised(f"a second post was made: {second.id} beside {self.standing.id}")
        return "once", f"sent again, still post {second.id}"

    def upload(self) -> _Seen:
        if not self.portal.capabilities.files:
            return "no_files", "takes no files apart from posts"
        first, second = self.portal.put_file(_picture()), self.portal.put_file(_picture())
        if first.id != second.id:
            raise _NotAsPromised(f"the same picture was stored twice: {first.id} and {second.id}")
        return "stored_once", f"stored once: file {first.id}"

    def update(self) -> _Seen:
        edited = replace(self.post, title=f"{_TITLE} (2)", html=_HTML + "<p>Đã sửa.</p>")
        changed = self.portal.update(self.standing.id, edited, self.key)
        self.post = edited
        if changed.state is not self.standing.state:
            raise _NotAsPromised(f"its state went from {self.standing.state} to {changed.state}")
        return "changed", "title and text changed, state as it was"

    def list(self) -> _Seen:
        at = self.post.published_at
        listed = list(self.portal.list(at - _WINDOW, at + _WINDOW))
        if self.standing.id not in {post.id for post in listed}:
            if not self.portal.capabilities.sees_unpublished:
                return (
                    "drafts_unlisted",
                    f"{len(listed)} posts of these days; drafts are not among them, as its adapter says",
                )
            raise _NotAsPromised(f"post {self.standing.id} is not among the {len(listed)} posts of these days")
        return "listed", f"{len(listed)} posts of these days, ours among them"

    def read(self) -> _Seen:
        seen = self.portal.read(self.standing.id)
        if seen is None:
            raise _NotAsPromised(f"post {self.standing.id} reads as gone")
        if seen.title != self.post.title:
            raise _NotAsPromised(f"its title came back as {seen.title!r}")
        if seen.content_sha256 and seen.content_sha256 != text_sha256(self.post.html):
            raise _NotAsPromised("its text came back changed: every later edit would look like a person's")
        if seen.published_at != self.post.published_at:
            raise _NotAsPromised(f"its date came back as {seen.published_at}, sent was {self.post.published_at}")
        return "as_sent", "as it was sent"


def check_portal(portal: Portal, clock: Clock) -> PortalCheck:
    """Try every promise in turn, and stop at the first that does not hold. Leaves one draft and one small picture there.

    Only one writer may do this for a portal at a time. What the portal does is a result, never an exception.
    """
    trial, unreachable = _Trial(portal, clock), False
    done: list[CheckStep] = []
    for name in STEPS:
        if any(step.ok is False for step in done):
            done.append(CheckStep(name=name, ok=None, seen="not_tried", detail="not tried"))
            continue
        call: Callable[[], _Seen] = getattr(trial, name)
        start = clock.monotonic()
        hint: str | None = None
        try:
            ok, (seen, detail) = True, call()
        except _NotAsPromised as err:
            ok, seen, detail = False, "not_as_promised", str(err)
        except ForeignError as err:
            ok, seen, detail, unreachable = False, err.kind, f"{err.kind}: {err.message}", True
            hint = err.hint
        seconds = clock.monotonic() - start
        done.append(CheckStep(name=name, ok=ok, seen=seen, detail=detail, hint=hint, seconds=seconds))
    return PortalCheck(portal=portal.name, steps=tuple(done), left=trial.made, unreachable=unreachable)


def _picture() -> FileToPush:
    """A white square of 8 by 8: always the same bytes, so that however many checks leave one file."""
    row = b"\0" + b"\xff" * 24
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(row * 8, 9)),
        (b"IEND", b""),
    )
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )
    data = b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
    return FileToPush(
        sha256=hashlib.sha256(data).hexdigest(), content_type="image/png", data=data, alt="Ảnh kiểm tra của syncd"
    )
