"""Check that the ledger is what it was: nothing changed, taken out, put in or moved."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from syncd.domain.ledger import Frontier, leaf_bytes, leaf_hash
from syncd.errors import ChainBroken, LedgerError
from syncd.ports.records import LeafRecord
from syncd.ports.store import Database

_HINT = "keep this database as it is and compare it with a backup, or with a dossier that was given away"


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerReport:
    """A ledger that holds: `size` leaves with this RFC 6962 root, made from `first_at` to `last_at` (None: there is no leaf)."""

    size: int
    root: bytes
    first_at: datetime | None
    last_at: datetime | None


def verify_ledger(db: Database) -> LedgerReport:
    """Recompute every leaf and the whole tree, in one state of the database; memory does not grow with the ledger.

    What it cannot see is a ledger rewritten from some leaf on to its end, head and all: against that stand roots kept elsewhere.

    Raises:
        ChainBroken: `seq` is the first leaf that does not fit, and the message says in what.
    """
    frontier = Frontier()
    first_at = last_at = None
    with db.read() as uow:
        head = uow.ledger.head()
        for leaf in uow.ledger.leaves():
            _check(leaf, frontier.size)
            frontier = frontier.append(leaf.hash)
            first_at = first_at or leaf.at
            last_at = leaf.at
    if frontier.size != head.size:
        raise ChainBroken(
            f"there are {frontier.size} leaves, but the head says {head.size}",
            seq=min(frontier.size, head.size),
            hint=_HINT,
        )
    if frontier.root() != head.root:
        raise ChainBroken(
            f"the root over all leaves is {frontier.root().hex()}, but the head says {head.root.hex()}",
            seq=max(head.size - 1, 0),
            hint=_HINT,
        )
    return LedgerReport(size=head.size, root=head.root, first_at=first_at, last_at=last_at)


def _check(leaf: LeafRecord, expected: int) -> None:
    if leaf.seq != expected:
        raise ChainBroken(f"leaf {expected} is missing, leaf {leaf.seq} comes next", seq=expected, hint=_HINT)
    if leaf_hash(leaf.body) != leaf.hash:
        raise ChainBroken(f"leaf {leaf.seq} has another hash than its bytes", seq=leaf.seq, hint=_HINT)
    try:
        data = json.loads(leaf.body)["data"]
        written = leaf_bytes(seq=leaf.seq, kind=leaf.kind, unit=leaf.unit, at=leaf.at, data=data)
    except (ValueError, KeyError, TypeError, LedgerError) as err:
        raise ChainBroken(f"leaf {leaf.seq} has bytes that no leaf has", seq=leaf.seq, hint=_HINT) from err
    if written != leaf.body:
        told = hashlib.sha256(leaf.body).hexdigest()[:12]
        raise ChainBroken(
            f"leaf {leaf.seq} stands beside a number, kind, unit or instant that its bytes ({told}...) do not say",
            seq=leaf.seq,
            hint=_HINT,
        )
