"""Build a dossier: figures, rules, posts, captures, ledger leaves with their proofs, in a BagIt zip that anyone can check offline.

Of posts that bear a secrecy mark it holds numbers, instants and hashes alone: neither title nor address, nor a capture that may show them.
The ledger's checkpoint is not signed or time-stamped yet: the root has to be compared with one that stands in somebody else's mailbox.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any

from syncd.application.evidence.bag import BagWriter
from syncd.application.evidence.dossier_check import Check, Checkpoint, Verification, verify
from syncd.application.figures.quota_table import QuotaTable, UnitRow, tabulate, unit_of
from syncd.application.figures.sheet import sheet_of
from syncd.application.figures.statements import verdict_as_json
from syncd.application.letters import domain_of
from syncd.application.services import Services
from syncd.application.wording import withheld_title
from syncd.domain.ledger import LeafKind, canonical, inclusion_proofs, keys_of
from syncd.domain.model import LOCAL, PeriodId, PostId, SourceId, UnitId
from syncd.errors import EvidenceError, UsageError
from syncd.ports.records import LeafRecord, PostRecord
from syncd.ports.store import UnitOfWork

__all__ = ["Check", "DossierReport", "Verification", "build", "verify"]

_LISTED_FOR = timedelta(days=100)  # how long a post may stand in its source's list before or after the periods
_TEXTS = frozenset(("html", "id", "summary", "title", "url"))
_TELLING = frozenset(("guid", "author", "categories", "images", "attachments"))
# Leaves of no single unit that say something about every unit.
_COMMON = {LeafKind.RECONCILE, LeafKind.MONTH_CLOSE, LeafKind.ADJUSTMENT, LeafKind.SLOT_DUE}


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierReport:
    """What was packed. `missing` are captures that are named by a post and are not kept (any more).

    `withheld` are those left out because they hold, or may hold, a post that bears a secrecy mark.
    """

    path: Path
    unit: UnitId
    periods: tuple[PeriodId, ...]
    posts: int
    captures: int
    leaves: int
    ledger_size: int
    ledger_root: str  # hex
    sha256: str  # of the zip
    missing: tuple[str, ...]
    withheld: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "path": str(self.path)}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leaves:
    size: int
    root: bytes
    chosen: list[LeafRecord]
    proofs: Mapping[int, tuple[bytes, ...]]


def build(services: Services, unit: UnitId, periods: Sequence[PeriodId], out: Path) -> DossierReport:
    """Pack the evidence of a unit over some periods into `out`, a zip; what stands there is replaced.

    Built again on the same day from the same ledger it is the same bytes. Everything is read in one transaction.

    Raises:
        UsageError: an unknown unit or period, or one in which the unit has no quota.
        EvidenceError: `out` cannot be written.
    """
    with services.db.read() as uow:
        table = tabulate(uow, services, periods, units=[unit_of(services, unit).id])
        if not table.rows:
            raise UsageError(f"unit {unit} has no quota in {', '.join(periods)}", subject=unit)
        [row] = table.rows
        leaves = _leaves(uow, row)
        posts = _posts(uow, services, row, leaves.chosen)
        named = sorted({post[kind] for post in posts for kind in ("list_capture", "page_capture") if post.get(kind)})
        secret = _secret_captures(uow, row, named)
        wanted = [sha256 for sha256 in named if sha256 not in secret]
        missing = tuple(sha256 for sha256 in wanted if not services.files.has(sha256))
        info = {
            "Source-Organization": services.office.name,
            "External-Identifier": f"{unit}/{','.join(periods)}@{leaves.size}",
            "External-Description": f"Hồ sơ minh chứng cập nhật tin, bài: {row.unit.name}",
            "Bagging-Date": services.clock.now().astimezone(LOCAL).date().isoformat(),
            "Bag-Software-Agent": "syncd",
        }
        with BagWriter(out, info) as bag:
            for name, content in _documents(services, table, row, posts, leaves, missing, secret):
                bag.add(name, content)
            for sha256 in wanted:
                if sha256 not in missing:
                    bag.add(f"captures/{sha256}", services.files.get(sha256))
            for leaf in leaves.chosen:
                bag.add(f"leaves/{leaf.seq}.json", leaf.body)
                path = [step.hex() for step in leaves.proofs[leaf.seq]]
                proof = {"seq": leaf.seq, "size": leaves.size, "leaf_hash": leaf.hash.hex(), "path": path}
                bag.add(f"proofs/{leaf.seq}.json", _json(proof))
    return DossierReport(
        path=out,
        unit=row.unit.id,
        periods=tuple(period.id for period in table.periods),
        posts=len(posts),
        captures=len(wanted) - len(missing),
        leaves=len(leaves.chosen),
        ledger_size=leaves.size,
        ledger_root=leaves.root.hex(),
        sha256=_sha256(out),
        missing=missing,
        withheld=secret,
    )


def _documents(
    services: Services,
    table: QuotaTable,
    row: UnitRow,
    posts: list[dict[str, Any]],
    leaves: _Leaves,
    missing: tuple[str, ...],
    secret: tuple[str, ...],
) -> Iterable[tuple[str, bytes]]:
    """The written part, story first."""
    checkpoint = Checkpoint(origin=f"{domain_of(services)}/syncd", size=leaves.size, root=leaves.root)
    sheets = [sheet_of(services, row.unit, cell) for cell in row.cells]
    values = {
        "office": services.office.name,
        "portal": services.office.portal_name,
        "unit": row.unit,
        "periods": [period.id for period in table.periods],
        "made_on": services.clock.now().astimezone(LOCAL).date(),
        "sheets": sheets,
        "missing": row.missing,
        "posts": posts,
        "captures_missing": missing,
        "captures_withheld": secret,
        "leaves": len(leaves.chosen),
        "origin": checkpoint.origin,
        "ledger_size": leaves.size,
        "ledger_root": leaves.root.hex(),
    }
    for name in ("HUONG-DAN.txt", "claim.txt", "report.html", "verify.py"):
        yield name, services.renderer.render(f"dossier/{name}", values).encode()
    yield "checkpoint.txt", checkpoint.text().encode()
    yield "figures.json", _json(_figures(row))
    for cell in row.cells:
        if cell.statement is not None:  # the bytes whose hash stands in the leaf of the closing
            yield f"statements/{cell.period.id}.json", canonical(cell.statement.body)
    yield "posts.json", _json({"captures_missing": (*missing, *secret), "captures_withheld": secret, "posts": posts})
    for rules in sorted({cell.verdict.ruleset for cell in row.cells}):
        yield f"rules/{_name_of(rules)}.json", _json(asdict(services.rulesets.get(rules)))


def _figures(row: UnitRow) -> dict[str, Any]:
    document = row.as_json()
    for period, cell in zip(document["periods"], row.cells, strict=True):
        period["posts"] = verdict_as_json(cell.verdict)["posts"]
        period["closed_posts"] = verdict_as_json(cell.as_closed)["posts"] if cell.as_closed else None
    return document


def _leaves(uow: UnitOfWork, row: UnitRow) -> _Leaves:
    """The unit's leaves from the first period on, and the common ones; proofs need every leaf's hash."""
    start = min(cell.period.start for cell in row.cells)
    head = uow.ledger.head()
    hashes: list[bytes] = []
    chosen: list[LeafRecord] = []
    for leaf in uow.ledger.leaves(0, head.size):
        hashes.append(leaf.hash)
        concerned = leaf.unit == row.unit.id or (leaf.unit is None and leaf.kind in _COMMON)
        if concerned and leaf.at >= start:
            chosen.append(leaf)
    proofs = inclusion_proofs(hashes, [leaf.seq for leaf in chosen])
    return _Leaves(size=head.size, root=head.root, chosen=chosen, proofs=proofs)


def _posts(uow: UnitOfWork, services: Services, row: UnitRow, leaves: list[LeafRecord]) -> list[dict[str, Any]]:
    """Each judged post once: what was read, sent and seen, with the numbers of its leaves."""
    refs = list(dict.fromkeys(j.post.ref for cell in row.cells for j in cell.verdict.judgements))
    numbers = [PostId(int(ref.removeprefix("post:"))) for ref in refs if ref.startswith("post:")]
    records = uow.posts.many(numbers)
    pushes = uow.pushes.for_posts(numbers)
    sightings = uow.sightings.for_posts(services.portal.name, numbers)
    by_key: dict[str, list[int]] = {}
    for leaf in leaves:
        for key in keys_of(json.loads(leaf.body)["data"]):
            by_key.setdefault(key, []).append(leaf.seq)
    judged = {j.post.ref: (cell.period.id, j) for cell in row.cells for j in cell.verdict.judgements}
    posts = []
    for ref in refs:
        period, judgement = judged[ref]
        document: dict[str, Any] = {
            "ref": ref,
            "period": period,
            "title": withheld_title(ref) if judgement.post.withheld else judgement.post.title,
            "url": "" if judgement.post.withheld else judgement.post.url,
            "counts": judgement.counts,
            "reason": judgement.reason,
            "leaves": [],
        }
        record = records.get(PostId(int(ref.removeprefix("post:")))) if ref.startswith("post:") else None
        if record is not None and record.id is not None:
            document |= _record(record)
            document["leaves"] = by_key.get(record.key, [])
            document["push"] = _row(pushes.get(record.id))
            document["sighting"] = _row(sightings.get(record.id))
        posts.append(document)
    return posts


def _record(post: PostRecord) -> dict[str, Any]:
    row = _row(post) or {}
    left_out = _TEXTS if post.quarantine is None else _TEXTS | _TELLING
    return {name: value for name, value in row.items() if name not in left_out}


def _secret_captures(uow: UnitOfWork, row: UnitRow, named: Sequence[str]) -> tuple[str, ...]:
    """Of the captures named, those of posts with a secrecy mark, and the lists of their sources that were read from then on."""
    start = min(cell.period.start for cell in row.cells) - _LISTED_FOR
    end = max(cell.period.end for cell in row.cells) + _LISTED_FOR
    posts = uow.posts.in_window(start, end, unit=row.unit.id)
    since: dict[SourceId, datetime] = {}
    secret: set[str | None] = set()
    for post in posts:
        if post.quarantine is not None:
            secret |= {post.list_capture, post.page_capture}
            since[post.source] = min(post.first_seen, since.get(post.source, post.first_seen))
    for post in posts:
        if post.source in since and (post.changed_at or post.first_seen) >= since[post.source]:
            secret.add(post.list_capture)
    return tuple(sha256 for sha256 in named if sha256 in secret)


def _row(record: Any) -> dict[str, Any] | None:
    return None if record is None else asdict(record)


def _name_of(rules: str) -> str:
    """A file name for a rule set's id, which may hold anything."""
    plain = re.sub(r"[^a-z0-9-]", "", rules.lower())
    return f"{plain or 'rules'}-{hashlib.sha256(rules.encode()).hexdigest()[:8]}"


def _json(value: Any) -> bytes:
    text = json.dumps(_plain(value), ensure_ascii=False, indent=2, sort_keys=True)
    return (text + "\n").encode("utf-8", "backslashreplace")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(_plain(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    return value


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as err:
        raise EvidenceError(f"{path} cannot be read back: {err.strerror}", subject=str(path)) from err
