"""Three real policies with every version there was: brought along, compared, in force on a day."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import time
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from fellowship.history.queries import timeline
from fellowship.kernel.journal import System
from fellowship.kernel.time import frozen, now
from fellowship.programs.models import Program
from fellowship.programs.services import found_program, name_sponsor
from fellowship.web.components.texts import diff
from governance import rules
from governance.management.commands.import_rule_history import read_folder
from governance.services import adopt_founding_rules
from tests.scenarios.world import SETUP, World

pytestmark = pytest.mark.django_db
POLICIES = (
    "github-acceptable-use-policies",
    "github-active-malware-or-exploits",
    "github-research-program-terms",
)
KIND = "publication_policy"


def moved_here(world: World, slug: str) -> Program:
    """A programme that moves here: no rules yet."""
    program = found_program(slug=slug, name=slug, purpose="It moves here.", by=SETUP)
    return name_sponsor(program=program, sponsor=world.sponsor, by=SETUP)


def bring(program: Program, folder: Path) -> None:
    call_command("import_rule_history", folder, program=program.slug, kind=KIND, verbosity=0)


def test_a_hundred_and_five_real_versions_are_in_force_on_their_days(
    world: World, shared_data: Path
) -> None:
    brought = 0
    for name in POLICIES:
        folder = shared_data / "policy-versions" / name
        program = moved_here(world, name)
        for _ in range(2):  # the same history again is the history there is
            bring(program, folder)
        assert timeline(program).filter(verb="governance.import_rule_history").count() == 1
        index = json.loads((folder / "versions.json").read_text())
        files = sorted((dt.datetime.fromisoformat(row["date"]), row["file"]) for row in index)
        versions = list(rules.history(program, KIND))[::-1]
        assert [v.version for v in versions] == list(range(1, len(files) + 1))
        for at, file in files:
            in_force = rules.in_force(program, KIND, at)
            assert in_force.prose == (folder / file).read_text(encoding="utf-8")
            assert in_force.text_hash == in_force.content_hash()
        last_of_day = {at.astimezone(dt.UTC).date(): file for at, file in files}
        for day, file in last_of_day.items():
            shown = rules.in_force(program, KIND, program.calendar().end_of_day(day))
            assert shown.rationale.startswith(f"Brought along from {name}/{file}")
        with pytest.raises(rules.NoRule):
            rules.in_force(program, KIND, versions[0].effective_at - dt.timedelta(seconds=1))
        brought += len(files)
    assert brought == 105


def test_each_change_reads_word_by_word_and_in_time(world: World, shared_data: Path) -> None:
    folder = shared_data / "policy-versions" / POLICIES[0]
    program = moved_here(world, "compared")
    bring(program, folder)
    versions = list(rules.history(program, KIND))[::-1]
    slowest = 0.0
    for before, after in itertools.pairwise(versions):
        begun = time.thread_time()
        runs = rules.words(before.prose, after.prose)
        slowest = max(slowest, time.thread_time() - begun)
        assert "".join(w.text for w in runs if w.kind != "added") == before.prose
        assert "".join(w.text for w in runs if w.kind != "removed") == after.prose
    assert slowest < 2, f"{slowest:.1f} s for one comparison"
    first, last = versions[0], versions[-1]
    page = Client().get(reverse("governance:rule_compare", args=[last.pk, last.pk - 1]))
    assert page.status_code == 200
    assert "<ins>" in page.content.decode() or "No word differs" in page.content.decode()
    far = Client().get(reverse("governance:rule_compare", args=[last.pk, first.pk]))
    assert far.status_code == 200
    folded = diff(versions[-2].prose, last.prose, fold=True)
    assert len(folded) >= len(diff(versions[-2].prose, last.prose))
    assert "lines unchanged" in folded
    day = versions[3].effective_at.date().isoformat()
    policy = Client().get(reverse("publications:policy", args=[program.slug]), {"on": day})
    assert "The version in force on the day you asked for" in policy.content.decode()
    assert "0 fellowships" in policy.content.decode()


def test_founding_keeps_the_history_and_adds_the_other_rules(
    world: World, shared_data: Path
) -> None:
    program = moved_here(world, "kept")
    bring(program, shared_data / "policy-versions" / POLICIES[2])
    before = rules.in_force(program, KIND)
    adopt_founding_rules(program=program, by=System("test"))
    assert rules.in_force(program, KIND) == before
    assert set(rules.all_in_force(program)) > {KIND}


@pytest.mark.parametrize(
    ("files", "text"),
    [
        pytest.param({}, "no version to bring along", id="none"),
        pytest.param({"notes.md": "x"}, "is named YYYY-MM-DD", id="undated"),
        pytest.param({"2020-02-30_x.md": "x"}, "day is out of range", id="no such day"),
        pytest.param({"2020-01-01_a.md": "  "}, "holds no words", id="empty"),
        pytest.param({"2999-01-01_a.md": "x"}, "lies in the past", id="future"),
        pytest.param({"2020-01-01_a.md": b"\xff\xfe"}, "no text in UTF-8", id="no text"),
        pytest.param({"versions.json": "{}x"}, "no list of files", id="broken list"),
        pytest.param(
            {"versions.json": '[{"date": "2020-01-01T00:00:00Z", "file": "../x.md"}]'},
            "which is not there",
            id="file elsewhere",
        ),
    ],
)
def test_what_is_no_history_is_refused_whole(
    world: World, tmp_path: Path, files: dict[str, str | bytes], text: str
) -> None:
    for name, content in files.items():
        raw = content if isinstance(content, bytes) else content.encode()
        (tmp_path / name).write_bytes(raw)
    with pytest.raises(CommandError, match=text):
        bring(moved_here(world, "refused"), tmp_path)


def test_nothing_goes_before_what_was_decided_here(world: World, tmp_path: Path) -> None:
    (tmp_path / "2020-01-01_a.md").write_text("Old words.")
    with pytest.raises(CommandError, match="none goes before them"):
        bring(world.program, tmp_path)
    with frozen(now()):
        assert read_folder(tmp_path, world.program.calendar())[0].prose == "Old words."
