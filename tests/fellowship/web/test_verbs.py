"""How the ledger's keys read in a sentence."""

from __future__ import annotations

import datetime as dt
import json
from types import SimpleNamespace

from fellowship.web.components import timeline


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
