"""How the ledger's keys read in a sentence."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path
from types import SimpleNamespace

from django.conf import settings

from fellowship.web import verbs
from fellowship.web.components import timeline

APPS = (
    *("fellowship", "governance", "proposals", "scoping", "access"),
    *("findings", "publications", "oversight"),
)

ACTS = re.compile(r'System\("([^"]+)"\)')


def test_parts_of_the_system_and_recorded_values_have_words() -> None:
    event = SimpleNamespace(
        at=dt.datetime(2026, 11, 2, tzinfo=dt.UTC),
        actor_name="clocks.sweep",
        verb="access.register_dataset",
        reason="",
        body=json.dumps({"change": {"variant": "deidentified", "class": "methods"}}),
        subject_ref="",
    )
    entry = timeline.entry(event)
    assert entry.actor == "The clock"
    words = {change.field: change.new for change in entry.changes}
    assert words == {"variant": "De-identified sample", "class": "Methods, nothing sensitive"}


def test_every_part_of_the_system_that_acts_has_a_name() -> None:
    """Whatever acts as the system is read in the record as a name, never as its key."""
    code = (p for app in APPS for p in (Path(settings.BASE_DIR) / app).rglob("*.py"))
    acting = {
        name for path in code for name in re.findall(r'System\("([^"]+)"\)', path.read_text())
    }
    assert len(acting) > 20
    assert {name for name in acting if verbs.actor(name) == name} <= {"seed_scale"}
