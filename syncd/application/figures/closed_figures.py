"""Whether a dossier's figures are those that the ledger's leaves hold. Needs the dossier's files alone."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from syncd.application.wording import STATUS
from syncd.errors import DossierInvalid

_FIGURES = ("status", "required", "written", "delivered", "visible", "counted")
_ADJUSTED = ("kind", "posts", "status", "reason", "document", "approved_by")


def closed_figures(
    figures: Mapping[str, Any], leaves: Sequence[Mapping[str, Any]], statements: Mapping[str, bytes], claim: str
) -> str:
    """Compare each closed period with the leaf of its closing, its statement and the leaves of its adjustments.

    `leaves` are in the order of the ledger. A period that no leaf closes is bound to nothing, and said to be so.

    Raises:
        DossierInvalid: they differ, or a closing in the ledger is not told.
    """
    unit = figures["unit"]
    closings = {leaf["data"]["period"]: leaf["data"] for leaf in leaves if _is(leaf, unit, "month_close")}
    bound = 0
    for period in figures["periods"]:
        id_, closed = period["period"], period["as_closed"]
        leaf = closings.get(id_)
        if (leaf is None) != (closed is None):
            raise _differs(id_, "closed" if leaf else "not closed", "not closed" if leaf else "closed")
        line = f"{id_}: {{}}; chỉ tiêu {period['required']}, được tính {period['counted']},"
        lines = tuple(line.format(word) for word in STATUS[period["status"]])
        if not any(told.startswith(lines) for told in claim.splitlines()):
            raise _differs(id_, lines[0], "another line", part="data/claim.txt")
        if leaf is None or closed is None:
            continue
        bound += 1
        _compare(id_, leaf, closed, {cause["name"]: cause["number"] for cause in leaf["causes"]})
        statement = statements.get(id_, b"")
        if hashlib.sha256(statement).hexdigest() != leaf["body_sha256"]:
            raise _differs(id_, leaf["body_sha256"], "another statement", part=f"data/statements/{id_}.json")
        if json.loads(statement)["posts"] != period["closed_posts"]:
            raise _differs(id_, "the posts of the statement", "other posts")
        _compare_adjustments(period, [x["data"] for x in leaves if _is(x, unit, "adjustment", id_)], leaf)
    return f"{bound} of {len(figures['periods'])} periods are as the ledger closed them"


def _compare(id_: str, leaf: Mapping[str, Any], closed: Mapping[str, Any], causes: Mapping[str, int]) -> None:
    for name in _FIGURES:
        if closed[name] != leaf[name]:
            raise _differs(id_, f"{name} {leaf[name]}", f"{name} {closed[name]}")
    if closed["causes"] != causes:
        raise _differs(id_, f"causes {causes}", f"causes {closed['causes']}")


def _compare_adjustments(
    period: Mapping[str, Any], decided: Sequence[Mapping[str, Any]], leaf: Mapping[str, Any]
) -> None:
    id_ = period["period"]
    told = [{name: adjustment[name] for name in _ADJUSTED} for adjustment in period["adjustments"]]
    if told != [{name: adjustment[name] for name in _ADJUSTED} for adjustment in decided]:
        raise _differs(id_, f"{len(decided)} adjustments of the ledger", "other adjustments")
    standing = decided[-1]["after"] if decided else leaf
    for name in ("status", "counted"):
        if period[name] != standing[name]:
            raise _differs(id_, f"{name} {standing[name]} in force", f"{name} {period[name]}")


def _is(leaf: Mapping[str, Any], unit: str, kind: str, period: str | None = None) -> bool:
    return leaf["type"] == kind and leaf["unit"] == unit and period in (None, leaf["data"]["period"])


def _differs(period: str, expected: str, found: str, *, part: str = "data/figures.json") -> DossierInvalid:
    return DossierInvalid(
        f"{part} tells of {period} what the ledger does not hold", part=part, expected=expected, found=found
    )
