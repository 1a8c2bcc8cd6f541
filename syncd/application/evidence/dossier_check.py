"""Whether a dossier holds: every check on its own, each with the reason where it does not. Needs the file alone, no database."""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from syncd.application.evidence.bag import DECLARATION, MANIFEST, TAG_FILES, TAG_MANIFEST, BagReader, read_manifest
from syncd.application.figures.closed_figures import closed_figures
from syncd.domain.ledger import leaf_hash, verify_inclusion
from syncd.errors import DossierInvalid, UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    name: str
    ok: bool
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """All checks that could be made. Without a signature in the checkpoint the root must be compared with one known from elsewhere."""

    checks: tuple[Check, ...]
    size: int | None = None
    root: str | None = None  # hex

    @property
    def valid(self) -> bool:
        return all(check.ok for check in self.checks)

    def as_json(self) -> dict[str, Any]:
        return {
            "valid": self.valid,
            "size": self.size,
            "root": self.root,
            "signed": False,
            "checks": [{"name": check.name, "ok": check.ok, "detail": check.detail} for check in self.checks],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """Origin, size and root of a ledger, as C2SP's tlog-checkpoint writes them."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def verify(path: Path) -> Verification:
    """Check a dossier from end to end.

    Raises:
        UsageError: there is no such file.
    """
    if not path.is_file():
        raise UsageError(f"there is no dossier at {path}", subject=str(path))
    try:
        bag = BagReader(path)
    except DossierInvalid as err:
        return Verification(checks=(_failed("zip", err),))
    with bag:
        checks = [Check(name="zip", ok=True, detail=f"{len(bag.names)} files, all plain, each once")]
        rounds: dict[str, Callable[[BagReader], str]] = {
            "bag": _declaration,
            "manifest": _manifest,
            "tagmanifest": _tag_manifest,
            "captures": _captures,
            "leaves": _leaves,
            "proofs": _proofs,
            "checkpoint": _claim,
            "figures": _figures,
        }
        for name, check in rounds.items():
            try:
                checks.append(Check(name=name, ok=True, detail=check(bag)))
            except DossierInvalid as err:
                checks.append(_failed(name, err))
        try:
            checkpoint = read_checkpoint(bag)
        except DossierInvalid:
            return Verification(checks=tuple(checks))
    return Verification(checks=tuple(checks), size=checkpoint.size, root=checkpoint.root.hex())


def read_checkpoint(bag: BagReader) -> Checkpoint:
    """The checkpoint that the proofs lead to.

    Raises:
        DossierInvalid: it is not written as one.
    """
    text = bag.read("data/checkpoint.txt").decode("utf-8", "replace")
    lines = text.split("\n")
    try:
        origin, size, root = lines[0], int(lines[1]), base64.b64decode(lines[2], validate=True)
        checkpoint = Checkpoint(origin=origin, size=size, root=root)
        if checkpoint.text() == text and len(root) == 32 and size >= 0:
            return checkpoint
    except (ValueError, IndexError, binascii.Error):
        pass
    raise DossierInvalid(
        "checkpoint.txt is no checkpoint", part="data/checkpoint.txt", expected="origin, size, root", found=text[:120]
    )


def _declaration(bag: BagReader) -> str:
    found = bag.read("bagit.txt")
    if found != DECLARATION:
        raise DossierInvalid("bagit.txt is not ours", part="bagit.txt", expected="BagIt 1.0", found=repr(found[:60]))
    return "BagIt 1.0"


def _manifest(bag: BagReader) -> str:
    return _compare(bag, MANIFEST, set(bag.below("data")))


def _tag_manifest(bag: BagReader) -> str:
    present = {name for name in bag.names if not name.startswith("data/") and name != TAG_MANIFEST}
    if extra := present - set(TAG_FILES):
        name = min(extra)
        raise DossierInvalid(f"{name} does not belong here", part=name, expected="no such file", found="a file")
    return _compare(bag, TAG_MANIFEST, present)


def _compare(bag: BagReader, manifest: str, present: set[str]) -> str:
    listed = {}
    for digest, name in read_manifest(bag, manifest):
        if name in listed:
            raise DossierInvalid(f"{manifest} names {name} twice", part=manifest, expected="once", found="twice")
        listed[name] = digest
    if extra := present - listed.keys():
        name = min(extra)
        raise DossierInvalid(f"{name} is not in {manifest}", part=name, expected="a line in the manifest", found="none")
    for name, digest in sorted(listed.items()):
        if name not in present:
            raise DossierInvalid(f"{name} is missing", part=name, expected=digest, found="nothing")
        found = hashlib.sha256(bag.read(name)).hexdigest()
        if found != digest:
            raise DossierInvalid(f"{name} was changed", part=name, expected=digest, found=found)
    return f"{len(listed)} files match"


def _captures(bag: BagReader) -> str:
    names = bag.below("data/captures")
    for name in names:
        found = hashlib.sha256(bag.read(name)).hexdigest()
        if found != name.rpartition("/")[2]:
            raise DossierInvalid(f"{name} is not what its name says", part=name, expected=name[-64:], found=found)
    document = _json(bag, "data/posts.json")
    absent = set(document.get("captures_missing", []))
    have = {name.rpartition("/")[2] for name in names}
    for post in document.get("posts", []):
        for kind in ("list_capture", "page_capture"):
            wanted = post.get(kind)
            if wanted and wanted not in have | absent:
                raise DossierInvalid(
                    f"the capture of {post.get('ref')} is missing",
                    part=f"data/captures/{wanted}",
                    expected=wanted,
                    found="nothing",
                )
    return f"{len(names)} captures, each the bytes of its name" + (f"; {len(absent)} not kept" if absent else "")


def _leaves(bag: BagReader) -> str:
    names = bag.below("data/leaves")
    for name in names:
        leaf = _json(bag, name)
        if leaf.get("seq") != _number(name):
            raise DossierInvalid(
                f"{name} holds another leaf", part=name, expected=f"seq {_number(name)}", found=f"seq {leaf.get('seq')}"
            )
    return f"{len(names)} leaves"


def _proofs(bag: BagReader) -> str:
    checkpoint = read_checkpoint(bag)
    leaves = {_number(name): name for name in bag.below("data/leaves")}
    proofs = {_number(name): name for name in bag.below("data/proofs")}
    for number in sorted(leaves.keys() ^ proofs.keys()):
        raise DossierInvalid(
            f"leaf {number} and its proof do not stand together",
            part=f"data/leaves/{number}.json",
            expected="a leaf and a proof",
            found="one of them",
        )
    for number, name in sorted(proofs.items()):
        proof = _json(bag, name)
        if (proof.get("seq"), proof.get("size")) != (number, checkpoint.size):
            raise DossierInvalid(
                f"{name} is for another leaf or ledger size",
                part=name,
                expected=f"seq {number}, size {checkpoint.size}",
                found=f"seq {proof.get('seq')}, size {proof.get('size')}",
            )
        try:
            path = [bytes.fromhex(step) for step in proof["path"]]
        except (KeyError, TypeError, ValueError) as err:
            raise DossierInvalid(f"{name} is no proof", part=name, expected="a list of hashes", found=str(err)) from err
        if not verify_inclusion(leaf_hash(bag.read(leaves[number])), number, checkpoint.size, path, checkpoint.root):
            raise DossierInvalid(
                f"leaf {number} is not in the ledger of this checkpoint",
                part=leaves[number],
                expected=f"root {checkpoint.root.hex()}",
                found="another root",
            )
    return f"{len(proofs)} leaves lead to the root"


def _claim(bag: BagReader) -> str:
    checkpoint = read_checkpoint(bag)
    claim = bag.read("data/claim.txt").decode("utf-8", "replace")
    if checkpoint.root.hex() not in claim or f"{checkpoint.size}" not in re.findall(r"\d+", claim):
        raise DossierInvalid(
            "claim.txt names another ledger",
            part="data/claim.txt",
            expected=f"size {checkpoint.size}, root {checkpoint.root.hex()}",
            found="other figures",
        )
    return f"size {checkpoint.size}, root {checkpoint.root.hex()}; not signed: compare the root with one you hold"


def _figures(bag: BagReader) -> str:
    """The figures against the leaves of the closings and adjustments, which the proofs bind to the root."""
    leaves = [_json(bag, name) for name in sorted(bag.below("data/leaves"), key=_number)]
    statements = {
        name.rpartition("/")[2].removesuffix(".json"): bag.read(name) for name in bag.below("data/statements")
    }
    claim = bag.read("data/claim.txt").decode("utf-8", "replace")
    try:
        return closed_figures(_json(bag, "data/figures.json"), leaves, statements, claim)
    except (KeyError, TypeError, AttributeError, ValueError) as err:
        raise DossierInvalid(
            "figures.json is not written as one", part="data/figures.json", expected="periods", found=repr(err)
        ) from err


def _json(bag: BagReader, name: str) -> dict[str, Any]:
    try:
        value = json.loads(bag.read(name))
    except ValueError as err:
        raise DossierInvalid(f"{name} is no JSON", part=name, expected="JSON", found=str(err)) from err
    if not isinstance(value, dict):
        raise DossierInvalid(f"{name} is no JSON object", part=name, expected="an object", found=type(value).__name__)
    return value


def _number(name: str) -> int:
    stem = name.rpartition("/")[2].removesuffix(".json")
    if not re.fullmatch(r"0|[1-9][0-9]{0,15}", stem):
        raise DossierInvalid(f"{name} is not named after a leaf", part=name, expected="<number>.json", found=stem)
    return int(stem)


def _failed(name: str, err: DossierInvalid) -> Check:
    return Check(name=name, ok=False, detail=f"{err.message} (expected {err.expected}, found {err.found})")
