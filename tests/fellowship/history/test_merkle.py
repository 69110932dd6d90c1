"""The Merkle code against the known vectors, pymerkle, and proofs bent out of shape."""

from __future__ import annotations

from itertools import pairwise

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
INCLUSION = {
    (0, 1): [],
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CONSISTENCY = {
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
LEAVES = [merkle.leaf(entry) for entry in INPUTS]
SUBTREE = merkle.subtrees_of(LEAVES)
entries = st.lists(st.binary(max_size=20), min_size=1, max_size=70)


def oracle(data: list[bytes]) -> pymerkle.InmemoryTree:
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for entry in data:
        tree.append_entry(entry)
    return tree


@pytest.mark.parametrize("size", range(9))
def test_roots_of_the_known_vectors(size: int) -> None:
    assert merkle.root(LEAVES[:size]).hex() == ROOTS[size]


@pytest.mark.parametrize(("place", "path"), INCLUSION.items())
def test_inclusion_proofs_of_the_known_vectors(place: tuple[int, int], path: list[str]) -> None:
    index, size = place
    proof = merkle.inclusion_proof(index, size, SUBTREE)
    assert [h.hex() for h in proof] == path
    merkle.verify_inclusion(
        leaf_hash=LEAVES[index],
        index=index,
        size=size,
        proof=proof,
        root_hash=bytes.fromhex(ROOTS[size]),
    )


@pytest.mark.parametrize(("sizes", "path"), CONSISTENCY.items())
def test_consistency_proofs_of_the_known_vectors(sizes: tuple[int, int], path: list[str]) -> None:
    old, size = sizes
    proof = merkle.consistency_proof(old, size, SUBTREE)
    assert [h.hex() for h in proof] == path
    merkle.verify_consistency(
        old=old,
        size=size,
        proof=proof,
        old_root=bytes.fromhex(ROOTS[old]),
        new_root=bytes.fromhex(ROOTS[size]),
    )


@given(entries)
def test_root_agrees_with_an_implementation_not_ours(data: list[bytes]) -> None:
    assert merkle.root(map(merkle.leaf, data)) == oracle(data).get_root()


@given(entries, st.data())
def test_inclusion_agrees_with_an_implementation_not_ours(
    data: list[bytes], draw: st.DataObject
) -> None:
    size = draw.draw(st.integers(1, len(data)))
    index = draw.draw(st.integers(0, size - 1))
    tree, leaves = oracle(data), [merkle.leaf(entry) for entry in data]
    ours = merkle.inclusion_proof(index, size, merkle.subtrees_of(leaves))
    theirs = tree.prove_inclusion(index + 1, size)
    assert sorted([leaves[index], *ours]) == sorted(theirs.path)
    merkle.verify_inclusion(
        leaf_hash=leaves[index],
        index=index,
        size=size,
        proof=ours,
        root_hash=tree.get_root(size),
    )


@given(entries, st.data())
def test_consistency_agrees_with_an_implementation_not_ours(
    data: list[bytes], draw: st.DataObject
) -> None:
    size = draw.draw(st.integers(1, len(data)))
    old = draw.draw(st.integers(1, size))
    tree, leaves = oracle(data), [merkle.leaf(entry) for entry in data]
    proof = merkle.consistency_proof(old, size, merkle.subtrees_of(leaves))
    merkle.verify_consistency(
        old=old,
        size=size,
        proof=proof,
        old_root=tree.get_root(old),
        new_root=tree.get_root(size),
    )
    theirs = tree.prove_consistency(old, size)
    pymerkle.verify_consistency(tree.get_root(old), tree.get_root(size), theirs)


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


@pytest.mark.parametrize("size", range(1, 9))
def test_a_proof_bent_anywhere_proves_nothing(size: int) -> None:
    top = bytes.fromhex(ROOTS[size])
    for index in range(size):
        proof = merkle.inclusion_proof(index, size, SUBTREE)
        bent = [proof[:-1], [*proof, top]] if proof else [[top]]
        bent += [[*proof[:i], merkle.EMPTY, *proof[i + 1 :]] for i in range(len(proof))]
        for wrong in bent:
            with pytest.raises(merkle.ProofError):
                merkle.verify_inclusion(
                    leaf_hash=LEAVES[index], index=index, size=size, proof=wrong, root_hash=top
                )


def test_consistency_with_another_history_is_refused() -> None:
    forked = merkle.subtrees_of([*LEAVES[:3], LEAVES[0], *LEAVES[4:]])
    for old, new in pairwise(range(4, 9)):
        with pytest.raises(merkle.ProofError):
            merkle.verify_consistency(
                old=old,
                size=new,
                proof=merkle.consistency_proof(old, new, forked),
                old_root=bytes.fromhex(ROOTS[old]),
                new_root=forked(0, new),
            )


def test_questions_without_an_answer() -> None:
    with pytest.raises(ValueError, match="outside"):
        merkle.inclusion_proof(3, 3, SUBTREE)
    with pytest.raises(ValueError, match="precedes"):
        merkle.consistency_proof(0, 3, SUBTREE)
    with pytest.raises(ValueError, match="no compact range"):
        merkle.CompactRange(3, [merkle.EMPTY])
    with pytest.raises(ValueError, match="cut short"):
        merkle.CompactRange.load(1, "00")
    with pytest.raises(merkle.ProofError, match="outside"):
        merkle.verify_inclusion(leaf_hash=LEAVES[0], index=1, size=1, proof=[], root_hash=LEAVES[0])
