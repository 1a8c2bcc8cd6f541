"""A dossier: checked by ours, by bagit, by sha256sum and by its own program; each kind of damage refused with its reason."""

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import bagit
import pytest

from syncd.application.evidence.dossier import build, verify
from syncd.application.figures.close import adjust, close_period
from syncd.domain.model import AdjustmentKind, PeriodId, UnitId
from syncd.errors import EvidenceError, UsageError
from tests.application.figures_world import World, closing, local
from tests.application.letters_world import FEED, PAGE, make_full_world, october

OCTOBER = [PeriodId("2026-10")]
A, C = UnitId("ban-a"), UnitId("ban-c")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = make_full_world(tmp_path)
    october(made)
    yield made
    closing(made)


@pytest.fixture
def dossier(world: World, tmp_path: Path) -> Path:
    build(world.services, C, OCTOBER, tmp_path / "ban-c.zip")
    return tmp_path / "ban-c.zip"


def unpacked(dossier: Path, folder: Path) -> Path:
    with zipfile.ZipFile(dossier) as packed:
        packed.extractall(folder)
    return folder / "bag"


def own_program(bag: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-I", "-B", str(bag / "data" / "verify.py")]
    return subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", env={**os.environ, "PYTHONUTF8": "1"}
    )


def test_dossier_holds_for_every_checker(world: World, dossier: Path, tmp_path: Path) -> None:
    result = verify(dossier)
    assert result.valid, result.as_json()
    assert [check.name for check in result.checks] == [
        "zip", "bag", "manifest", "tagmanifest", "captures", "leaves", "proofs", "checkpoint", "figures",
    ]  # fmt: skip
    bag = unpacked(dossier, tmp_path / "out")
    bagit.Bag(str(bag)).validate()
    for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        subprocess.run(["sha256sum", "--strict", "-c", manifest], cwd=bag, check=True, capture_output=True)
    program = own_program(bag)
    assert program.returncode == 0, program.stdout + program.stderr
    assert "SAI" not in program.stdout
    assert "Hồ sơ nguyên vẹn." in program.stdout


def test_dossier_holds_the_exact_bytes_figures_and_leaves(world: World, dossier: Path) -> None:
    with zipfile.ZipFile(dossier) as packed:
        files = {name.removeprefix("bag/"): packed.read(name) for name in packed.namelist()}
    for content in (FEED, PAGE):
        assert files[f"data/captures/{hashlib.sha256(content).hexdigest()}"] == content
    figures = json.loads(files["data/figures.json"])
    assert (figures["unit"], figures["periods"][0]["status"], figures["periods"][0]["counted"]) == ("ban-c", "met", 1)
    posts = json.loads(files["data/posts.json"])["posts"]
    carried = next(post for post in posts if post["counts"])
    assert carried["push"]["state"] == "delivered"
    assert carried["sighting"]["state"] == "public"
    assert len(carried["leaves"]) == 3
    other = next(post for post in posts if not post["counts"])
    assert other["leaves"] == carried["leaves"][:1]  # both were seen first by one look
    with world.services.db.read() as uow:
        head = uow.ledger.head()
        bodies = {leaf.seq: leaf.body for leaf in uow.ledger.leaves() if leaf.unit in (None, C)}
    assert {int(Path(name).stem): files[name] for name in files if name.startswith("data/leaves/")} == bodies
    lines = files["data/checkpoint.txt"].decode().split("\n")
    assert lines == ["vidu.example/syncd", str(head.size), base64.b64encode(head.root).decode(), ""]
    assert "chưa có chữ ký số" in files["data/claim.txt"].decode()
    assert any(name.startswith("data/rules/vi-du") for name in files)


def test_report_tells_the_story_without_script(dossier: Path) -> None:
    with zipfile.ZipFile(dossier) as packed:
        report = packed.read("bag/data/report.html").decode()
    assert "<script" not in report
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {{ 7*7 }} ⟦U+202E⟧gnp.exe" in report
    assert report.index("✓ Đạt") < report.index("Hồ sơ này chứng minh được gì")


def test_dossier_built_again_is_the_same_bytes(world: World, dossier: Path, tmp_path: Path) -> None:
    world.clock.advance(timedelta(hours=1))
    build(world.services, C, OCTOBER, tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == dossier.read_bytes()


def test_capture_no_longer_kept_is_told_and_not_hidden(world: World, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "files")
    (tmp_path / "files").mkdir()
    report = build(world.services, C, OCTOBER, tmp_path / "thin.zip")
    assert len(report.missing) == 2
    result = verify(tmp_path / "thin.zip")
    assert result.valid
    assert "2 not kept" in next(check.detail for check in result.checks if check.name == "captures")


def test_dossier_of_a_large_ledger_proves_each_leaf(world: World, tmp_path: Path) -> None:
    report = build(world.services, A, OCTOBER, tmp_path / "a.zip")
    assert (report.leaves, report.ledger_size) == (6, 9)
    assert verify(tmp_path / "a.zip").valid


def test_wrong_calls_and_unwritable_places_are_refused(world: World, tmp_path: Path) -> None:
    for unit, period in (("ban-x", "2026-10"), ("ban-c", "2026-77")):
        with pytest.raises(UsageError):
            build(world.services, UnitId(unit), [PeriodId(period)], tmp_path / "x.zip")
    (tmp_path / "file").write_text("x")
    with pytest.raises(EvidenceError):
        build(world.services, C, OCTOBER, tmp_path / "file" / "x.zip")
    with pytest.raises(UsageError):
        verify(tmp_path / "nothing.zip")
    broken = replace(world.services, files=Disappearing(world.services.files))
    with pytest.raises(EvidenceError):
        build(broken, C, OCTOBER, tmp_path / "half.zip")
    assert not list(tmp_path.glob("half.zip*"))


class Disappearing:
    """Files that are there until they are read."""

    def __init__(self, files: object) -> None:
        self._files = files

    def has(self, sha256: str) -> bool:
        return True

    def get(self, sha256: str) -> bytes:
        raise EvidenceError("gone")

    def put(self, data: bytes) -> str:
        raise EvidenceError("nothing can be kept here")


# --- damage -----------------------------------------------------------------------------------------

Files = dict[str, bytes]


def sealed(files: Files) -> Files:
    """The bag with manifests made anew: what a forger would do."""
    payload = {name: content for name, content in files.items() if name.startswith("data/")}
    lines = "".join(f"{hashlib.sha256(payload[name]).hexdigest()}  {name}\n" for name in sorted(payload))
    files = {**files, "manifest-sha256.txt": lines.encode()}
    tags = ("bag-info.txt", "bagit.txt", "manifest-sha256.txt")
    sums = "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in tags)
    return {**files, "tagmanifest-sha256.txt": sums.encode()}


def first(files: Files, folder: str) -> str:
    return min(name for name in files if name.startswith(f"data/{folder}/"))


def capture_bit(files: Files) -> Files:
    name = first(files, "captures")
    return {**files, name: bytes([files[name][0] ^ 1]) + files[name][1:]}


def leaf_changed(files: Files) -> Files:
    name = first(files, "leaves")
    return {**files, name: files[name].replace(b"ban-c", b"ban-a")}


def leaf_respaced(files: Files) -> Files:
    name = first(files, "leaves")
    return {**files, name: files[name].replace(b'","', b'", "')}


def leaf_removed(files: Files) -> Files:
    name = first(files, "leaves")
    return {other: content for other, content in files.items() if other != name}


def leaves_swapped(files: Files) -> Files:
    one, other = sorted(name for name in files if name.startswith("data/leaves/"))[:2]
    return {**files, one: files[other], other: files[one]}


def proof_index(files: Files) -> Files:
    name = first(files, "proofs")
    proof = json.loads(files[name])
    number = int(Path(name).stem) + 1
    changed = {k: v for k, v in files.items() if k not in (name, name.replace("proofs", "leaves"))}
    changed[f"data/proofs/{number + 100}.json"] = json.dumps({**proof, "seq": number + 100}).encode()
    leaf = files[name.replace("proofs", "leaves")]
    changed[f"data/leaves/{number + 100}.json"] = leaf.replace(
        f'"seq":{number - 1}'.encode(), f'"seq":{number + 100}'.encode()
    )
    return changed


def proof_step(files: Files) -> Files:
    name = first(files, "proofs")
    proof = json.loads(files[name])
    return {**files, name: json.dumps({**proof, "path": ["00" * 32, *proof["path"][1:]]}).encode()}


def proof_garbage(files: Files) -> Files:
    return {**files, first(files, "proofs"): b"\xff[]"}


def root_replaced(files: Files) -> Files:
    origin, size, _ = files["data/checkpoint.txt"].decode().split("\n")[:3]
    text = f"{origin}\n{size}\n{base64.b64encode(bytes(32)).decode()}\n"
    return {**files, "data/checkpoint.txt": text.encode()}


def node_as_leaf(files: Files) -> Files:
    name = first(files, "leaves")
    return {**files, name: b"\x01" + files[name]}


def size_changed(files: Files) -> Files:
    origin, size, root = files["data/checkpoint.txt"].decode().split("\n")[:3]
    return {**files, "data/checkpoint.txt": f"{origin}\n{int(size) - 1}\n{root}\n".encode()}


def extra_file(files: Files) -> Files:
    return {**files, "data/extra.txt": b"x"}


def extra_tag_file(files: Files) -> Files:
    return {**files, "note.txt": b"x"}


def manifest_line_removed(files: Files) -> Files:
    lines = files["manifest-sha256.txt"].splitlines(keepends=True)
    return {**files, "manifest-sha256.txt": b"".join(lines[1:])}


def manifest_resealed(files: Files) -> Files:
    """A changed capture with the manifest put right, but not the tag manifest."""
    changed = sealed(capture_bit(files))
    return {**changed, "tagmanifest-sha256.txt": files["tagmanifest-sha256.txt"]}


def nothing(files: Files) -> Files:
    return files


DAMAGE: dict[str, tuple[Callable[[Files], Files], bool, str, str]] = {
    # name: damage, manifests made anew, the check that fails, a word of its reason
    "bit in a capture": (capture_bit, False, "manifest", "was changed"),
    "bit in a capture, resealed": (capture_bit, True, "captures", "not what its name says"),
    "leaf changed": (leaf_changed, False, "manifest", "was changed"),
    "leaf changed, resealed": (leaf_changed, True, "proofs", "not in the ledger"),
    "leaf written with spaces, resealed": (leaf_respaced, True, "proofs", "not in the ledger"),
    "leaf removed, resealed": (leaf_removed, True, "proofs", "do not stand together"),
    "leaves swapped, resealed": (leaves_swapped, True, "leaves", "another leaf"),
    "proof of another index, resealed": (proof_index, True, "proofs", "not in the ledger"),
    "proof step changed, resealed": (proof_step, True, "proofs", "not in the ledger"),
    "proof is garbage, resealed": (proof_garbage, True, "proofs", "no JSON"),
    "node hash used as leaf, resealed": (node_as_leaf, True, "leaves", "no JSON"),
    "root replaced, resealed": (root_replaced, True, "proofs", "not in the ledger"),
    "size changed, resealed": (size_changed, True, "proofs", "another leaf or ledger size"),
    "extra file": (extra_file, False, "manifest", "is not in manifest"),
    "extra tag file": (extra_tag_file, False, "tagmanifest", "does not belong"),
    "manifest line removed": (manifest_line_removed, False, "manifest", "is not in manifest"),
    "manifest resealed, tag manifest not": (manifest_resealed, False, "tagmanifest", "was changed"),
}


def repack(dossier: Path, files: Files, path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as packed:
        for name, content in files.items():
            packed.writestr("bag/" + name, content)
    return path


def contents(dossier: Path) -> Files:
    with zipfile.ZipFile(dossier) as packed:
        return {name.removeprefix("bag/"): packed.read(name) for name in packed.namelist()}


@pytest.mark.parametrize(("damage", "reseal", "check", "reason"), DAMAGE.values(), ids=DAMAGE.keys())
def test_damage_is_refused_with_its_reason(
    dossier: Path, tmp_path: Path, damage: Callable[[Files], Files], reseal: bool, check: str, reason: str
) -> None:
    files = damage(contents(dossier))
    forged = repack(dossier, sealed(files) if reseal else files, tmp_path / "forged.zip")
    result = verify(forged)
    failed = {each.name: each.detail for each in result.checks if not each.ok}
    assert not result.valid
    assert reason in failed[check]
    assert own_program(unpacked(forged, tmp_path / "out")).returncode == 1


# --- figures against the ledger -------------------------------------------------------------------------


@pytest.fixture
def closed(world: World, tmp_path: Path) -> Path:
    world.go_to(local(11, 20))
    close_period(world.services, OCTOBER[0], force="thử")
    adjust(
        world.services,
        C,
        OCTOBER[0],
        kind=AdjustmentKind.POSTS,
        posts=1,
        reason="giải trình",
        document="03-CV/VD",
        approved_by=("Nguyễn Văn A", "Trần Thị B"),
    )
    build(world.services, C, OCTOBER, tmp_path / "closed.zip")
    return tmp_path / "closed.zip"


def test_closed_figures_hold_for_every_checker(closed: Path, tmp_path: Path) -> None:
    result = verify(closed)
    assert result.valid, result.as_json()
    assert result.checks[-1].detail == "1 of 1 periods are as the ledger closed them"
    program = own_program(unpacked(closed, tmp_path / "out"))
    assert program.returncode == 0, program.stdout + program.stderr


def told(**changes: object) -> Callable[[Files], Files]:
    def forge(files: Files) -> Files:
        figures = json.loads(files["data/figures.json"])
        figures["periods"][0] |= changes
        return {**files, "data/figures.json": json.dumps(figures).encode()}

    return forge


def closed_as(**changes: object) -> Callable[[Files], Files]:
    def forge(files: Files) -> Files:
        figures = json.loads(files["data/figures.json"])
        figures["periods"][0]["as_closed"] |= changes
        return {**files, "data/figures.json": json.dumps(figures).encode()}

    return forge


def claim_changed(files: Files) -> Files:
    claim = re.sub(r"^2026-10: [^;]+;", "2026-10: Được miễn;", files["data/claim.txt"].decode(), flags=re.M)
    return {**files, "data/claim.txt": claim.encode()}


def statement_changed(files: Files) -> Files:
    name = "data/statements/2026-10.json"
    return {**files, name: files[name].replace(b'"counted":', b'"counted":1')}


def counted_everywhere(files: Files) -> Files:
    claim = re.sub(r"được tính \d+,", "được tính 99,", files["data/claim.txt"].decode())
    return {**told(counted=99)(files), "data/claim.txt": claim.encode()}


@pytest.mark.parametrize(
    "forge",
    [
        told(as_closed=None), told(adjustments=[]), told(closed_posts=[]), counted_everywhere, claim_changed,
        closed_as(counted=99), closed_as(status="exempt"), closed_as(causes={}), statement_changed,
    ],
    ids=[
        "closing hidden", "adjustment hidden", "post hidden", "count in force", "claim",
        "closed count", "closed status", "closed causes", "statement",
    ],
)  # fmt: skip
def test_figures_that_the_ledger_does_not_hold_are_refused_by_both_checkers(
    closed: Path, tmp_path: Path, forge: Callable[[Files], Files]
) -> None:
    forged = repack(closed, sealed(forge(contents(closed))), tmp_path / "forged.zip")

    assert [check.name for check in verify(forged).checks if not check.ok] == ["figures"]
    program = own_program(unpacked(forged, tmp_path / "out"))
    assert program.returncode == 1
    assert [line.split(":")[0] for line in program.stdout.splitlines() if line.startswith("SAI")] == ["SAI   Số liệu"]


def test_undamaged_files_packed_again_still_hold(dossier: Path, tmp_path: Path) -> None:
    assert verify(repack(dossier, sealed(contents(dossier)), tmp_path / "again.zip")).valid


@pytest.mark.parametrize(
    "name",
    [
        "../evil", "bag/../../evil", "/etc/passwd", "C:/x", "bag\\..\\x", "bag/data/x\0.txt", "bag/data/%2e%2e/x",
        "bag/data/a/../b", "bag/~root", "bag/data/\u202egnp", "bag/data/" + "x/" * 3, "other/data/x", "bag/data/claim.TXT",
    ],
)  # fmt: skip
def test_a_zip_with_other_paths_is_refused_before_anything_is_read(dossier: Path, tmp_path: Path, name: str) -> None:
    forged = tmp_path / "forged.zip"
    shutil.copy(dossier, forged)
    with zipfile.ZipFile(forged, "a") as packed:
        entry = zipfile.ZipInfo("placeholder")
        entry.filename = entry.orig_filename = name
        packed.writestr(entry, b"x")
    result = verify(forged)
    assert [check.name for check in result.checks] == ["zip"]
    assert not result.valid


def test_the_same_name_twice_is_refused(dossier: Path, tmp_path: Path) -> None:
    forged = tmp_path / "forged.zip"
    shutil.copy(dossier, forged)
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(forged, "a") as packed:
        packed.writestr("bag/data/checkpoint.txt", b"x")
    [check] = verify(forged).checks
    assert not check.ok
    assert "twice" in check.detail


def test_links_in_the_zip_are_refused(dossier: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(dossier, "a") as packed:
        link = zipfile.ZipInfo("bag/data/link")
        link.create_system = 3
        link.external_attr = 0o120777 << 16
        packed.writestr(link, "/etc/passwd")
    assert not verify(dossier).valid


def test_a_flipped_byte_of_the_zip_is_noticed(dossier: Path, tmp_path: Path) -> None:
    original = dossier.read_bytes()
    with zipfile.ZipFile(dossier) as packed:
        capture = next(entry for entry in packed.infolist() if "/captures/" in entry.filename)
    at = original.index(capture.filename.encode()) + len(capture.filename) + 3
    (tmp_path / "flipped.zip").write_bytes(original[:at] + bytes([original[at] ^ 4]) + original[at + 1 :])
    assert not verify(tmp_path / "flipped.zip").valid


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip at all", b"PK\x05\x06" + bytes(18)], ids=repr)
def test_what_is_no_zip_of_ours_is_invalid_and_never_a_crash(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.zip").write_bytes(content)
    assert not verify(tmp_path / "x.zip").valid
