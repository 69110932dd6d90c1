"""Evaluations made elsewhere: what is read as a verdict, who may bring them, who may read them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rest_framework.test import APIClient

from fellowship.accounts.models import Conflict, User
from fellowship.accounts.services import declare_conflict
from fellowship.history.models import Event
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refused
from proposals.importers import evaluation
from proposals.importers.services import IMPORTER, Unmatched, find, import_evaluation
from proposals.models import ImportedEvaluation, Proposal
from proposals.states import Verdict
from tests.proposals.test_pages import client_of, queries
from tests.scenarios.proposals import drafted_proposal, submitted_proposal
from tests.scenarios.world import World

REPORT = """# Evaluation

* **Status:** {status}
* **Application Document:** https://example.org/applications/drift.md
* **Milestone:** 2

| Number | Deliverable | Accepted | Link | Evaluation Notes |
| --- | --- | --- | --- | --- |
| 1. | Harness | <ul><li>[x] </li></ul> | https://example.org/h | Runs \\| twice |
 2. | Report | <ul><li>[ ] </li></ul> | | Two tables are missing | see below |

## General notes

Sent back once.
"""


def read(
    status: str, name: str = "drift_2_vera", text: str = REPORT
) -> evaluation.ParsedEvaluation:
    return evaluation.parse(text.replace("{status}", status), name=name)


@pytest.mark.parametrize(
    ("status", "verdict", "unclear"),
    [
        ("Accepted", Verdict.ACCEPTED, ""),
        ("  rejected ", Verdict.DECLINED, ""),
        ("Yes", Verdict.NONE, "It says “Yes”, which is no verdict on the work."),
        ("All good", Verdict.NONE, "It says “All good”, which is no verdict on the work."),
        ("Accepted\n* **Status:** Rejected", Verdict.NONE, "It states more than one status."),
        ("", Verdict.NONE, "It says “”, which is no verdict on the work."),
    ],
)  # fmt: skip
def test_a_verdict_is_only_what_is_stated(status: str, verdict: Verdict, unclear: str) -> None:
    parsed = read(status)
    assert (parsed.verdict, parsed.unclear) == (verdict, unclear)


def test_a_report_is_read_whole() -> None:
    parsed = read("Accepted")
    assert (parsed.application, parsed.project, parsed.milestone, parsed.evaluator) == (
        "drift",
        "drift",
        "2",
        "vera",
    )
    assert parsed.deliverables == (
        evaluation.Deliverable("1.", "Harness", True, "https://example.org/h", "Runs \\| twice"),
        evaluation.Deliverable("2.", "Report", False, "", "Two tables are missing | see below"),
    )
    assert parsed.warnings == ("Accepted, though not every deliverable is ticked: 2.",)
    assert parsed.comment.endswith("## General notes\n\nSent back once.")
    assert read("Accepted", name="whatever").evaluator == ""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "states no status"),
        ("# A diary\n\n| Day | Weather |\n| --- | --- |\n| 1 | Rain |", "states no status"),
        (REPORT.replace("{status}", "In Progress/Accepted/Rejected"), "It is a template"),
    ],
)
def test_what_is_no_report_is_refused(text: str, why: str) -> None:
    with pytest.raises(evaluation.NotAnEvaluation, match=why):
        evaluation.parse(text, name="x")


def test_a_name_finds_one_proposal_or_none() -> None:
    one, two = Proposal(ref="PROP-1"), Proposal(ref="PROP-2")
    among = {"refusaldrift": [one], "twin": [one, two]}
    assert find("Refusal_Drift.md", among) is one
    for name, why in (("twin", "More than one"), ("other", "No proposal"), ("", "names no")):
        with pytest.raises(Unmatched, match=why):
            find(name, among)


def bring(proposal: Proposal, status: str = "Accepted", by: Any = IMPORTER) -> ImportedEvaluation:
    """Record a report of this status with the proposal."""
    return import_evaluation(
        proposal=proposal,
        parsed=read(status),
        source="drift_2_vera.md",
        source_hash=status.ljust(64, "0"),
        by=by,
    )


def test_brought_once_by_a_manager_or_the_importer_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Refused, match="was submitted"):
        bring(drafted_proposal(world, world.other_applicant))
    proposal = submitted_proposal(world)
    for person in (world.applicant, world.reviewer, world.auditor):
        with pytest.raises(Refused):
            bring(proposal, by=person)

    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("the ledger cannot be written")

    with monkeypatch.context() as patch:
        patch.setattr(journal, "_recorder", [fail])
        with pytest.raises(RuntimeError):
            bring(proposal)
    assert ImportedEvaluation.objects.count() == 0
    made = bring(proposal, by=world.manager)
    assert bring(proposal) == made
    event = Event.objects.get(verb="proposals.import_evaluation")
    assert json.loads(event.body)["change"] == {
        "verdict": "accepted",
        "source_hash": made.source_hash,
    }


def test_office_reads_them_as_no_score_and_nobody_else_does(world: World) -> None:
    proposal = submitted_proposal(world)
    url = f"/proposals/{proposal.ref}/panel/"
    manager = client_of(world.manager)
    before = queries(manager, url)
    for status in ("Accepted", "Terminated"):
        bring(proposal, status)
    assert queries(manager, url) == before
    page = manager.get(url).content.decode()
    assert "Imported evaluations" in page
    assert "It says “Terminated”, which is no verdict on the work." in page
    assert "(safety relevance, feasibility, originality, operational fit)" in page
    assert "0 of 3 reviews are in." in page
    assert seen(world.manager) == ["none", "accepted"]
    assert seen(world.auditor) == ["none", "accepted"]
    for name in ("applicant", "reviewer", "board_legal", "stranger"):
        assert seen(getattr(world, name)) == []
    declare_conflict(
        user=world.manager,
        subject=proposal,
        realm=proposal.program_id,
        kind=Conflict.Kind.EMPLOYER,
        statement="We share an office.",
        by=world.manager,
    )
    assert seen(world.manager) == []


def seen(user: User) -> list[str]:
    """The verdicts a person gets from the API."""
    client = APIClient()
    client.force_authenticate(User.objects.get(pk=user.pk))
    return [row["verdict"] for row in client.get("/api/v1/evaluations/").json()["results"]]
