"""A small record to seal, verify and tamper with."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from fellowship.accounts.models import Realm
from fellowship.history.models import Checkpoint
from fellowship.history.seal import seal
from fellowship.kernel import journal
from fellowship.kernel.journal import System, acting

BY = System("test")


def found_realm(slug: str, reason: str = "") -> Realm:
    """One verb: one realm, one history row, one event."""
    with acting("test.found", by=BY, reason=reason):
        realm = Realm.objects.create(slug=slug, name=slug.title())
        journal.record(subject=realm)
    return realm


def rename(realm: Realm, name: str) -> None:
    with acting("test.rename", by=BY):
        realm.name = name
        realm.save()
        journal.record(subject=realm, change={"name": name})


@pytest.fixture(autouse=True)
def var(settings: Settings, tmp_path: Path) -> Path:
    """Keys and copies of checkpoints of this test alone."""
    settings.VAR_DIR = tmp_path
    settings.LEDGER_KEY_FILE = tmp_path / "ledger.pem"
    settings.LEDGER_ORIGIN = "log.example/fellowship"
    return tmp_path


@pytest.fixture
def log(
    db: None, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> list[Checkpoint]:
    """Eight events under three checkpoints (of 3, 5 and 8), copies kept by the witness."""
    made = []
    for block in (("a", "b", "c"), ("d", "e"), ("f", "g", "h")):
        for slug in block:
            found_realm(slug, reason=f"“{slug}” is needed – ok")
        with django_capture_on_commit_callbacks(execute=True):
            checkpoint = seal()
        assert checkpoint is not None
        made.append(checkpoint)
    connection.check_constraints()
    return made
