"""The ledger's bytes and tree, against an independent recursion and the vectors of the standards."""

import hashlib
import itertools
import json
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.domain.ledger import (
    EMPTY_ROOT,
    Frontier,
    LeafKind,
    canonical,
    inclusion_proof,
    inclusion_proofs,
    keys_of,
    leaf_bytes,
    leaf_hash,
    root_of,
    verify_inclusion,
)
from syncd.domain.model import UnitId
from syncd.errors import LedgerError

# The leaves and roots of the certificate-transparency reference tests (RFC 6962 trees of one to eight leaves).
CT_LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
CT_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def naive_root(hashes: list[bytes]) -> bytes:
    """RFC 6962, 2.1, word for word."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return hashlib.sha256(b"\x01" + naive_root(hashes[:split]) + naive_root(hashes[split:])).digest()


def naive_path(index: int, hashes: list[bytes]) -> list[bytes]:
    """RFC 6962, 2.1.1, word for word."""
    if len(hashes) <= 1:
        return []
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    if index < split:
        return [*naive_path(index, hashes[:split]), naive_root(hashes[split:])]
    return [*naive_path(index - split, hashes[split:]), naive_root(hashes[:split])]


def some_hashes(size: int) -> list[bytes]:
    return [leaf_hash(f"leaf {number}".encode()) for number in range(size)]


# --- the tree --------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_the_reference_vectors(size: int) -> None:
    assert root_of([leaf_hash(leaf) for leaf in CT_LEAVES[:size]]).hex() == CT_ROOTS[size - 1]


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert root_of([]) == Frontier().root() == EMPTY_ROOT == hashlib.sha256(b"").digest()


def test_a_tree_grown_leaf_by_leaf_agrees_with_the_recursion_at_every_size() -> None:
    hashes = some_hashes(130)
    frontier = Frontier()
    for size in range(131):
        assert frontier.size == size
        assert frontier.root() == naive_root(hashes[:size])
        if size < 130:
            frontier = frontier.append(hashes[size])


def test_every_leaf_of_every_tree_is_proved_and_no_proof_serves_another_place() -> None:
    hashes = some_hashes(130)
    for size in range(1, 131):
        root = naive_root(hashes[:size])
        paths = inclusion_proofs(hashes[:size], range(size))
        for index, path in paths.items():
            assert list(path) == naive_path(index, hashes[:size])
            assert verify_inclusion(hashes[index], index, size, path, root)
            assert not verify_inclusion(hashes[index], (index + 1) % size, size, path, root) or size == 1
            assert not verify_inclusion(hashes[index], index, size, path, hashes[index]) or size == 1


def test_forged_proofs_are_refused() -> None:
    hashes = some_hashes(13)
    root = root_of(hashes)
    path = inclusion_proof(hashes, 6)
    assert not verify_inclusion(hashes[7], 6, 13, path, root)
    assert not verify_inclusion(hashes[6], 6, 13, path[:-1], root)
    assert not verify_inclusion(hashes[6], 6, 13, (*path, hashes[0]), root)
    assert not verify_inclusion(hashes[6], 6, 13, (b"short", *path[1:]), root)
    assert not verify_inclusion(hashes[6], 6, 13, tuple(reversed(path)), root)
    assert not verify_inclusion(hashes[6], -1, 13, path, root)
    assert not verify_inclusion(hashes[6], 13, 13, path, root)
    for position, bit in itertools.product(range(len(path)), (0, 255)):
        damaged = list(path)
        damaged[position] = (int.from_bytes(path[position]) ^ (1 << bit)).to_bytes(32)
        assert not verify_inclusion(hashes[6], 6, 13, damaged, root)


def test_a_proof_for_a_leaf_outside_the_tree_is_refused() -> None:
    with pytest.raises(LedgerError, match="leaf 3 is not in a tree of 3"):
        inclusion_proof(some_hashes(3), 3)


@pytest.mark.parametrize(("size", "peaks"), [(1, 0), (3, 1), (-1, 0), (0, 1)])
def test_a_frontier_that_cannot_be_is_refused(size: int, peaks: int) -> None:
    with pytest.raises(ValueError, match="full subtrees"):
        Frontier(size=size, peaks=tuple(some_hashes(peaks)))


PLAIN = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(codec="utf-8"))


# --- canonical JSON --------------------------------------------------------------------------------


def test_strings_are_escaped_as_rfc_8785_shows() -> None:
    text = "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/"
    assert canonical({"string": text}) == b'{"string":"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'


def test_keys_are_sorted_by_utf16_code_units_as_rfc_8785_shows() -> None:
    value = {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\U0001f600": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis",
    }
    assert [*json.loads(canonical(value)).values()] == [
        "Carriage Return",
        "One",
        "Control",
        "Latin Small Letter O With Diaeresis",
        "Euro Sign",
        "Emoji: Grinning Face",
        "Hebrew Letter Dalet With Dagesh",
    ]


def test_nested_values_have_one_form() -> None:
    value = {"b": [1, True, None, {"z": -5, "a": "Đảng bộ"}], "a": (), "c": {}}
    assert canonical(value).decode() == '{"a":[],"b":[1,true,null,{"a":"Đảng bộ","z":-5}],"c":{}}'


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"x": [1.5]}, r"\$\.x\[0\]: float"),
        (datetime(2026, 1, 1, tzinfo=UTC), "datetime"),
        ({1: "x"}, "a key is int"),
        (2**53, "beyond"),
        (-(2**53), "beyond"),
        ({"x": "\ud800"}, "surrogate"),
        ({"x": b"bytes"}, "bytes"),
    ],
    ids=["float", "instant", "key", "too-large", "too-small", "surrogate", "bytes"],
)
def test_values_without_a_canonical_form_are_refused(value: object, says: str) -> None:
    with pytest.raises(LedgerError, match=says):
        canonical(value)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(json_values)
def test_canonical_bytes_read_back_as_the_same_value_and_write_the_same_again(value: object) -> None:
    written = canonical(value)
    assert json.loads(written) == value
    assert canonical(json.loads(written)) == written


@given(
    st.recursive(
        PLAIN,
        lambda inner: st.dictionaries(st.text(max_size=4), inner, max_size=5) | st.lists(inner, max_size=5),
        max_leaves=20,
    )
)
def test_dictionaries_and_lists_have_the_bytes_of_any_other_mapping_or_sequence(value: object) -> None:
    assert canonical({"data": value, "seq": 1}) == canonical(MappingProxyType({"data": value, "seq": 1}))
    assert canonical([value]) == canonical((value,))


@pytest.mark.parametrize(
    "odd", [0.5, float("nan"), 2**53, b"", {1: "x"}, {None: 1}, (0.5,)],
    ids=["float", "nan", "large", "bytes", "number-key", "no-key", "in-a-tuple"],
)  # fmt: skip
def test_what_has_no_canonical_form_is_refused_however_deep_it_stands(odd: object) -> None:
    for value in ({"posts": [{"key": "a"}, {"key": odd}]}, {"posts": [[odd]]}, [{"a": {"b": odd}}]):
        with pytest.raises(LedgerError):
            canonical(value)


@pytest.mark.parametrize(
    ("data", "keys"),
    [
        ({"key": "a", "url": "/1"}, ["a"]),
        ({"source": "s", "posts": [{"key": "a"}, {"key": "b"}]}, ["a", "b"]),
        ({"source": "s", "posts": 12}, []),
        ({"posts": ["a", {"key": 1}, {}]}, []),
        ({}, []),
    ],
    ids=["one-post", "posts-of-a-look", "a-number-of-posts", "no-entries", "nothing"],
)
def test_a_leaf_names_the_posts_it_speaks_of(data: dict[str, object], keys: list[str]) -> None:
    assert keys_of(data) == keys


def test_a_leaf_has_these_exact_bytes() -> None:
    body = leaf_bytes(
        seq=7,
        kind=LeafKind.PUSH_SENT,
        unit=UnitId("ban-a"),
        at=datetime(2026, 10, 31, 17, 0, tzinfo=UTC),
        data={"title": "Hội nghị", "n": 1},
    )
    assert body.decode() == (
        '{"at":"2026-10-31T17:00:00.000000Z","data":{"n":1,"title":"Hội nghị"},"seq":7,"type":"push_sent","unit":"ban-a"}'
    )
    assert leaf_hash(body) == hashlib.sha256(b"\x00" + body).digest()


def test_a_leaf_at_a_naive_or_local_instant_is_refused() -> None:
    for at in (datetime(2026, 10, 31), datetime(2026, 10, 31, tzinfo=timezone(timedelta(hours=7)))):
        with pytest.raises(ValueError, match="aware datetime in UTC"):
            leaf_bytes(seq=0, kind=LeafKind.DAEMON_MARK, unit=None, at=at, data={})
