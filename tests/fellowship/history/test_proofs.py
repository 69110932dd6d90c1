"""Proofs for single events, from the tables, under any checkpoint."""

from __future__ import annotations

import pytest

from fellowship.history import bulk, merkle, proofs
from fellowship.history.models import Checkpoint, Event
from fellowship.history.proofs import Prover
from fellowship.history.seal import leaf_hashes, seal
from tests.fellowship.history.conftest import BY, found_realm
from tests.fellowship.history.test_bulk import realms

pytestmark = pytest.mark.django_db


def test_every_event_is_proved_under_every_checkpoint_that_covers_it(
    log: list[Checkpoint],
) -> None:
    found_realm("unsealed")
    for checkpoint in log:
        prover = Prover(checkpoint)
        for event in Event.objects.select_related("seal"):
            proof = prover.inclusion(event)
            if not hasattr(event, "seal") or event.seal.seq >= checkpoint.size:
                assert proof is None
                continue
            assert proof is not None
            assert proof.leaf_hash == merkle.leaf(event.body.encode()).hex()
            proof.verify()
    merkle.verify_consistency(
        old=3,
        size=8,
        proof=[bytes.fromhex(step) for step in Prover(log[2]).consistency(log[0])],
        old_root=bytes.fromhex(log[0].root_hash),
        new_root=bytes.fromhex(log[2].root_hash),
    )


def test_blocks_give_the_same_proofs(monkeypatch: pytest.MonkeyPatch) -> None:
    bulk.create_many(realms(71), verb="test.found", by=BY)
    checkpoint = seal()
    assert checkpoint is not None
    leaves = list(leaf_hashes(0, 71))
    monkeypatch.setattr(proofs, "BLOCK", 8)
    prover = Prover(checkpoint)
    for event in Event.objects.select_related("seal"):
        proof = prover.inclusion(event)
        assert proof is not None
        path = merkle.inclusion_proof(proof.index, 71, merkle.subtrees_of(leaves))
        assert proof.path == [step.hex() for step in path]
        proof.verify()
    assert len(prover._blocks) == 8
