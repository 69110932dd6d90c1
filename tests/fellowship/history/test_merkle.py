"""The Merkle code against the known vectors, and against pymerkle."""

from __future__ import annotations

import pymerkle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fellowship.history import merkle

# The inputs and roots every implementation of RFC 6962 and RFC 9162 is tested with.
INPUTS = [
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
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [merkle.leaf(entry) for entry in INPUTS]
entries = st.lists(st.binary(max_size=20), min_size=1, max_size=70)


def oracle(data: list[bytes]) -> pymerkle.InmemoryTree:
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for entry in data:
        tree.append_entry(entry)
    return tree


@pytest.mark.parametrize("size", range(9))
def test_roots_of_the_known_vectors(size: int) -> None:
    assert merkle.root(LEAVES[:size]).hex() == ROOTS[size]


@given(entries)
def test_root_agrees_with_an_implementation_not_ours(data: list[bytes]) -> None:
    assert merkle.root(map(merkle.leaf, data)) == oracle(data).get_root()


@given(entries, st.lists(st.integers(1, 40), max_size=8))
def test_a_tree_grown_in_any_steps_is_the_same_tree(data: list[bytes], steps: list[int]) -> None:
    leaves = [merkle.leaf(entry) for entry in data]
    tree, start = merkle.CompactRange(), 0
    for step in steps:
        tree.extend(leaves[start : start + step])
        tree = merkle.CompactRange.load(tree.size, tree.dump())
        start = min(start + step, len(leaves))
    for leaf in leaves[start:]:
        tree.append(leaf)
    assert (tree.size, tree.root()) == (len(leaves), merkle.root(leaves))


def test_more_leaves_than_one_block() -> None:
    leaves = [merkle.leaf(i.to_bytes(4, "big")) for i in range(10_001)]
    tree = merkle.CompactRange()
    for leaf in leaves:
        tree.append(leaf)
    assert merkle.root(leaves) == tree.root()


def test_what_is_no_compact_range() -> None:
    with pytest.raises(ValueError, match="no compact range"):
        merkle.CompactRange(3, [merkle.EMPTY])
    with pytest.raises(ValueError, match="cut short"):
        merkle.CompactRange.load(1, "00")
