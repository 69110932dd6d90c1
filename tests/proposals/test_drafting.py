"""Drafts: saved section by section, never lost between two tabs, judged in one place."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from fellowship.history.models import Event
from fellowship.kernel.refusals import Refused
from governance import kinds
from proposals import checks, policy, sections, services
from proposals.answers import clean, clean_all
from proposals.models import Draft, Proposal
from proposals.services import StaleDraft
from proposals.services.case import KIND
from tests.scenarios.proposals import ANSWERS, drafted_proposal
from tests.scenarios.world import World

OFFERS = {
    "output_types": {"eval-harness": "Evaluation harness"},
    "models": {"open_methods": "Open methods"},
    "tracks": {"open_methods": "Open methods"},
}


@pytest.fixture
def draft(world: World) -> Proposal:
    """An empty draft."""
    return services.start_proposal(call=world.call, by=world.applicant)


def save(proposal: Proposal, version: int, **raw: Any) -> Draft:
    """Save the first section as its page does."""
    return services.save_section(
        proposal=proposal, section="question", raw=raw, version=version, by=proposal.applicant
    )


def test_saving_counts_versions_and_writes_no_event(draft: Proposal) -> None:
    events = Event.objects.count()
    assert save(draft, 0, title="A").version == 1
    assert save(draft, 1, title="B").version == 2
    assert Event.objects.count() == events


def test_a_second_tab_is_told_and_nothing_is_lost(draft: Proposal) -> None:
    save(draft, 0, title="First tab")
    with pytest.raises(StaleDraft) as caught:
        save(draft, 0, title="Second tab")
    assert caught.value.draft.answers == {"title": "First tab"}
    assert services.draft_answers(draft) == {"title": "First tab"}


def test_the_same_text_from_a_second_tab_is_no_conflict(draft: Proposal) -> None:
    save(draft, 0, title="Same")
    assert save(draft, 0, title="Same ").version == 1


def test_other_sections_do_not_collide(draft: Proposal) -> None:
    save(draft, 0, title="A")
    other = services.save_section(
        proposal=draft, section="plan", raw={"budget": "1"}, version=0, by=draft.applicant
    )
    assert other.version == 1


@pytest.mark.parametrize(
    ("raw", "fields"),
    [
        ({"title": "a\x00b"}, {"title"}),
        ({"title": "two\nlines"}, {"title"}),
        ({"title": "x" * 301}, {"title"}),
        ({"title": 7}, {"title"}),
        ({"problem": "x" * 200_001}, {"problem"}),
        ({"problem": "\x07"}, {"problem"}),
        ({"problem": None}, {"problem"}),
        ({"track": "nowhere"}, {"track"}),
        ({"needs_data": "maybe"}, {"needs_data"}),
        ({"team": "Ada"}, {"team"}),
        ({"team": [{"who": "Ada"}]}, {"team"}),
        ({"team": [{"name": "Ada"}] * 61}, {"team"}),
        ({"team": [{"affiliation": "Elsewhere"}]}, {"team-0-name"}),
        (
            {"team": [{"name": "A"}, {"name": "B", "orcid": "0000-0002-1825-0098"}]},
            {"team-1-orcid"},
        ),
        ({"data_needs": [{"dataset": "Logs"}]}, {"data_needs-0-why"}),
        ({"nonsense": "x", "title": "\x00"}, {"nonsense"}),
    ],
)
def test_what_cannot_be_kept_is_named_at_its_field(raw: dict[str, Any], fields: set[str]) -> None:
    with pytest.raises(ValidationError) as caught:
        clean_all(raw, OFFERS)
    assert set(caught.value.message_dict) == fields


def test_autosave_keeps_a_half_typed_row_and_submitting_names_it(world: World) -> None:
    proposal = drafted_proposal(world)
    half = {"team": [{"name": "Ada"}, {"orcid": "0000-0002-18"}, {"affiliation": "Elsewhere"}]}
    draft = services.save_section(
        proposal=proposal, section="team", raw=half, version=1, by=world.applicant, judged=False
    )
    assert draft.answers["team"] == half["team"]
    with pytest.raises(ValidationError) as caught:
        services.save_section(
            proposal=proposal, section="team", raw=half, version=2, by=world.applicant
        )
    assert set(caught.value.message_dict) == {"team-1-orcid", "team-2-name"}
    with pytest.raises(Refused) as refused:
        services.submit_proposal(proposal=proposal, by=world.applicant)
    assert refused.value.refusal.code == "incomplete"
    assert "Fill in “Name” of this row." in refused.value.refusal.reason


def test_an_orcid_kept_as_typed_is_submitted_as_it_is_read(world: World) -> None:
    proposal = drafted_proposal(world)
    typed = {"team": [{"name": "Ada", "orcid": "https://orcid.org/0000-0002-1825-0097"}]}
    services.save_section(
        proposal=proposal, section="team", raw=typed, version=1, by=world.applicant, judged=False
    )
    services.submit_proposal(proposal=proposal, by=world.applicant)
    team = Proposal.objects.get(pk=proposal.pk).answers()["team"]
    assert team == [{"name": "Ada", "orcid": "0000-0002-1825-0097"}]


@pytest.mark.parametrize("cell", ["x" * 301, "a\x00b"])
def test_autosave_refuses_what_cannot_be_stored_at_its_cell(draft: Proposal, cell: str) -> None:
    with pytest.raises(ValidationError) as caught:
        services.save_section(
            proposal=draft,
            section="team",
            raw={"team": [{"name": cell}]},
            version=0,
            by=draft.applicant,
            judged=False,
        )
    assert set(caught.value.message_dict) == {"team-0-name"}


def test_answers_are_normalised() -> None:
    team = sections.BY_KEY["team"]
    raw = {
        "team": [
            {"name": " Zoe\u0308 "},
            {"name": ""},
            {"name": "B", "orcid": "https://orcid.org/0000-0002-1825-0097"},
        ],
        "prior_work": "a\r\nb",
    }
    assert clean(team, raw, OFFERS) == {
        "team": [{"name": "Zo\u00eb"}, {"name": "B", "orcid": "0000-0002-1825-0097"}],
        "prior_work": "a\nb",
    }


def test_a_bad_answer_saves_none_of_them(draft: Proposal) -> None:
    with pytest.raises(ValidationError):
        services.save_answers(
            proposal=draft, raw={"title": "Good", "track": "bad"}, by=draft.applicant
        )
    assert services.draft_answers(draft) == {}


def test_every_required_question_is_answered_by_the_scenario() -> None:
    assert sections.missing(ANSWERS) == []
    assert set(ANSWERS) <= set(sections.FIELDS)


def test_keys_are_unique_across_sections() -> None:
    keys = [f.key for section in sections.SECTIONS for f in section.fields]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"problem": "We will improve model safety."}, [("vague_theme", "problem")]),
        (
            {"problem": "Measure refusal consistency under adversarial multi-turn prompting."},
            [],
        ),
        ({"question": "How can we make models better?"}, [("no_bounded_question", "question")]),
        ({"question": "Whether tool-use policies prevent exfiltration across sessions."}, []),
        ({"system_version": "the model"}, [("no_target_version", "system_version")]),
        ({"system_version": "September 2026"}, []),
        ({"success": "It works well."}, [("no_success_criterion", "success")]),
        ({"success": "Attack success falls below 5 %."}, []),
        ({"success": "A book."}, [("no_success_criterion", "success")]),
        ({"success": "A tested table, free to use."}, []),
        ({"question": "How long does a rollback take in a drill, end to end?"}, []),
        ({"data_needs": [{"dataset": "All conversations"}]}, [("broad_data", "data_needs")]),
        (
            {"data_needs": [{"dataset": "Refusal logs", "extent": "raw, two months"}]},
            [("broad_data", "data_needs")],
        ),
        ({"data_needs": [{"dataset": "Tool traces"}]}, [("unbounded_data", "data_needs")]),
        ({"data_needs": [{"dataset": "Tool traces", "extent": "2,000 sessions"}]}, []),
        ({"data_needs": [{"dataset": "Tool traces", "why": "Counts by version; no text."}]}, []),
        (
            {
                "question": "Whether refusals fall after turn 20.",
                "data_needs": [
                    {"dataset": "Refusal logs", "extent": "one month"},
                    {"dataset": "Payroll", "extent": "one month"},
                ],
            },
            [("unmentioned_data", "data_needs")],
        ),
        (
            {
                "question": "Whether refusals fall after turn 20.",
                "data_needs": [{"dataset": "Refusal logs with user names", "extent": "one month"}],
            },
            [("unneeded_identifiers", "data_needs")],
        ),
        (
            {
                "question": "Whether refusals fall after turn 20.",
                "data_needs": [{"dataset": "Refusal logs without user names, one month"}],
            },
            [],
        ),
        (
            {
                "question": "Whether the same people ask again after turn 20.",
                "data_needs": [{"dataset": "Refusal logs with user ids, one month"}],
            },
            [],
        ),
        ({}, []),
    ],
)
def test_advice_names_the_sentence(
    answers: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert [(a.code, a.field) for a in checks.advise(answers)] == expected


def test_the_published_examples_of_good_briefs_meet_no_advice() -> None:
    assert checks.advise(ANSWERS) == []


BROAD: dict[str, Any] = {
    "question": "What do lonely people say?",
    "data_needs": [{"dataset": "All conversations", "why": "To be sure."}],
}
WORDS = " ".join(["because"] * policy.JUSTIFICATION_WORDS)


def test_broad_access_with_an_open_goal_needs_a_written_justification(world: World) -> None:
    proposal = drafted_proposal(world, **BROAD)
    for text in (None, "Because.", WORDS.removesuffix(" because")):
        services.save_answers(
            proposal=proposal, raw={"justification": text or ""}, by=world.applicant
        )
        with pytest.raises(Refused) as refused:
            services.submit_proposal(proposal=proposal, by=world.applicant)
        assert refused.value.refusal.code == "unjustified"
        assert refused.value.refusal.field == "justification"
    services.save_answers(proposal=proposal, raw={"justification": WORDS}, by=world.applicant)
    proposal = services.submit_proposal(proposal=proposal, by=world.applicant)
    version = proposal.current()
    assert version.answers["justification"] == WORDS
    assert [r["sentence"] for r in version.remarks] == [
        "What do lonely people say?",
        "All conversations",
    ]
    heading = "Written justification for broad access"
    sections_of = kinds.get(KIND).dossier(proposal)["sections"]
    (shown,) = [s for s in sections_of if s["heading"] == heading]
    assert shown["rows"][0] == ["Justification", WORDS]
    assert "“All conversations”" in shown["rows"][1][1]


@pytest.mark.parametrize("narrowed", ["question", "data_needs"])
def test_either_of_both_narrowed_needs_none_and_keeps_none(world: World, narrowed: str) -> None:
    proposal = drafted_proposal(
        world, **{**BROAD, narrowed: ANSWERS[narrowed], "justification": WORDS}
    )
    version = services.submit_proposal(proposal=proposal, by=world.applicant).current()
    assert "justification" not in version.answers
    assert version.remarks == []


def test_an_export_that_may_be_concerned_is_explained(world: World) -> None:
    proposal = drafted_proposal(world, export_control="unsure")
    with pytest.raises(Refused, match="what may be concerned"):
        services.submit_proposal(proposal=proposal, by=world.applicant)
