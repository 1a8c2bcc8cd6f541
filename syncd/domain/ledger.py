"""The ledger's leaves and their tree: RFC 6962 hashes over canonical JSON.

A leaf is one act. Its bytes are the canonical JSON (RFC 8785; our bodies hold strings, integers, booleans, nulls, lists and objects, no
floats) of `{"at", "data", "seq", "type", "unit"}`; its hash is SHA-256(0x00 || bytes). Signed checkpoints and time stamps will stand over (size, root).
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from syncd.domain.model import UnitId, require_utc
from syncd.errors import LedgerError

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()  # RFC 6962, 2.1: the root over nothing
# The standard library escapes exactly what RFC 8785, 3.2.2.2 names, in the same way.
_quoted = json.encoder.encode_basestring
_PLAIN_FORM = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False)
_MAX_INTEGER = 2**53 - 1  # what every JSON reader holds exactly (RFC 7493, 2.2)


class LeafKind(StrEnum):
    """What an act can be. `looks_day`: the looks of one unit and day that changed nothing, each listed."""

    SLOT_DUE = "slot_due"  # a slot that was not run in time: caught up or a gap
    FETCH_OK = "fetch_ok"
    FETCH_FAILED = "fetch_failed"
    LOOKS_DAY = "looks_day"
    ITEM_SEEN = "item_seen"
    ITEM_CHANGED = "item_changed"
    POST_GONE = "post_gone"  # it left its site for good, or came back
    READING_HELD = "reading_held"  # a reading that a person has to look at before it changes anything known
    BACKFILL = "backfill"  # one page of what lies behind a list
    PUSH_SENT = "push_sent"
    PUSH_RESULT = "push_result"
    READBACK = "readback"
    RECONCILE = "reconcile"
    MONTH_CLOSE = "month_close"
    ADJUSTMENT = "adjustment"
    MAIL_SENT = "mail_sent"
    ADMIN_ACTION = "admin_action"
    DAEMON_MARK = "daemon_mark"


# --- bytes -----------------------------------------------------------------------------------------


def canonical(value: Any) -> bytes:
    """Write a value as canonical JSON (RFC 8785), so that equal values have equal bytes in any language.

    Takes strings, integers up to 2^53 - 1, booleans, None, lists, tuples and mappings with string keys.

    Raises:
        LedgerError: a float, an instant, or another value that has no one canonical form; the message says where it stands.
    """
    if _is_plain(value):
        written = _PLAIN_FORM.encode(value)
    else:
        parts: list[str] = []
        _write(value, parts, "$")
        written = "".join(parts)
    try:
        return written.encode("utf-8")
    except UnicodeEncodeError as err:
        raise LedgerError("a string holds half a surrogate pair and has no UTF-8 form") from err


def _is_plain(value: Any) -> bool:
    """Whether the standard library's own encoder writes the same bytes: dictionaries and lists as nearly all leaves are made of."""
    if type(value) is dict:
        for key in value:
            if type(key) is not str or not key.isascii():  # keys of ASCII alone stand in the same order either way
                return False
        items: Iterable[Any] = value.values()
    elif type(value) is list:
        items = value
    else:
        return False
    for item in items:
        kind = type(item)
        if kind is int:
            if abs(item) > _MAX_INTEGER:
                return False
        elif kind is not str and item is not None and kind is not bool and not _is_plain(item):
            return False
    return True


def _write(value: Any, parts: list[str], where: str) -> None:
    if isinstance(value, str):
        parts.append(_quoted(value))
    elif value is None:
        parts.append("null")
    elif isinstance(value, bool):
        parts.append("true" if value else "false")
    elif isinstance(value, int):
        if abs(value) > _MAX_INTEGER:
            raise LedgerError(f"{where}: the integer {value} is beyond 2^53 - 1")
        parts.append(str(int(value)))
    elif isinstance(value, Mapping):
        _write_object(value, parts, where)
    elif isinstance(value, list | tuple):
        parts.append("[")
        for index, item in enumerate(value):
            if index:
                parts.append(",")
            _write(item, parts, f"{where}[{index}]")
        parts.append("]")
    else:
        raise LedgerError(f"{where}: {type(value).__name__} has no canonical form")


def _write_object(value: Mapping[Any, Any], parts: list[str], where: str) -> None:
    for key in value:
        if not isinstance(key, str):
            raise LedgerError(f"{where}: a key is {type(key).__name__}, not a string")
    parts.append("{")
    for index, key in enumerate(sorted(value, key=_utf16_order)):
        if index:
            parts.append(",")
        parts.append(f"{_quoted(key)}:")
        _write(value[key], parts, f"{where}.{key}")
    parts.append("}")


def _utf16_order(key: str) -> bytes:
    # RFC 8785, 3.2.3: code units, so U+1F600 (D83D DE00) stands before U+FB33.
    return key.encode("utf-16-be", "surrogatepass")


def instant_text(at: datetime) -> str:
    """An instant as leaves write it: `2026-10-31T17:00:00.000000Z`."""
    require_utc("at", at)
    return at.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def keys_of(data: Mapping[str, Any]) -> list[str]:
    """The keys of the posts that a leaf's data speaks of, in its order.

    Most acts concern one post, named by `key`. An `item_seen` holds all new posts of one look in `posts`; those that were written
    before this was so hold one, as other acts do, and are as valid as ever.
    """
    told = data.get("posts")
    entries = [data, *told] if isinstance(told, list) else [data]
    keys = [entry.get("key") for entry in entries if isinstance(entry, Mapping)]
    return [key for key in keys if isinstance(key, str)]


def leaf_bytes(*, seq: int, kind: LeafKind, unit: UnitId | None, at: datetime, data: Mapping[str, Any]) -> bytes:
    """The exact bytes of a leaf."""
    return canonical({"at": instant_text(at), "data": data, "seq": seq, "type": kind.value, "unit": unit})


# --- the tree --------------------------------------------------------------------------------------


def leaf_hash(body: bytes) -> bytes:
    """RFC 6962, 2.1."""
    return hashlib.sha256(b"\x00" + body).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 6962, 2.1."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Frontier:
    """What must be kept of a tree to go on growing it: the roots of its full subtrees, the largest first.

    A tree of 13 leaves is kept as the roots over 8, 4 and 1 leaves: one for each bit set in `size`.
    """

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.peaks) != self.size.bit_count():
            raise ValueError(f"a tree of {self.size} leaves cannot have {len(self.peaks)} full subtrees")
        if any(len(peak) != HASH_BYTES for peak in self.peaks):
            raise ValueError(f"a hash has {HASH_BYTES} bytes")

    def append(self, leaf: bytes) -> "Frontier":
        """The tree with one more leaf, given by its hash."""
        peaks = list(self.peaks)
        merged = leaf
        below = self.size
        while below & 1:  # each full subtree of the same height is joined with the new one
            merged = node_hash(peaks.pop(), merged)
            below >>= 1
        return Frontier(size=self.size + 1, peaks=(*peaks, merged))

    def root(self) -> bytes:
        """The root over all leaves."""
        if not self.peaks:
            return EMPTY_ROOT
        *rest, root = self.peaks
        for peak in reversed(rest):
            root = node_hash(peak, root)
        return root


def root_of(hashes: Iterable[bytes]) -> bytes:
    """The root over leaf hashes in order; memory grows with the logarithm of their number."""
    frontier = Frontier()
    for leaf in hashes:
        frontier = frontier.append(leaf)
    return frontier.root()


def inclusion_proof(hashes: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The audit path of one leaf (RFC 6962, 2.1.1), lowest first."""
    return inclusion_proofs(hashes, [index])[index]


def inclusion_proofs(hashes: Sequence[bytes], indexes: Iterable[int]) -> dict[int, tuple[bytes, ...]]:
    """The audit paths of several leaves, for the price of one pass over the tree."""
    paths: dict[int, list[bytes]] = {index: [] for index in indexes}
    for index in paths:
        if not 0 <= index < len(hashes):
            raise LedgerError(f"leaf {index} is not in a tree of {len(hashes)}", subject=f"leaf {index}")
    places = {index: index for index in paths}
    level = list(hashes)
    while len(level) > 1:
        for index, path in paths.items():
            sibling = places[index] ^ 1
            if sibling < len(level):  # the last of an odd row has none: it rises as it is
                path.append(level[sibling])
            places[index] >>= 1
        odd = level[-1:] if len(level) % 2 else []
        level = [node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)] + odd
    return {index: tuple(path) for index, path in paths.items()}


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether `proof` leads from the hash `leaf` at `index` to `root` over `size` leaves (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last = index, size - 1
    value = leaf
    for step in proof:
        if last == 0 or len(step) != HASH_BYTES:
            return False
        if place & 1 or place == last:
            value = node_hash(step, value)
            while not place & 1 and place:
                place >>= 1
                last >>= 1
        else:
            value = node_hash(value, step)
        place >>= 1
        last >>= 1
    return last == 0 and value == root
