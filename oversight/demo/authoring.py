"""Authorship and publishing in the story: an agreement with a change that waits, works released."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from fellowship.kernel.time import now
from oversight.demo import scenes
from publications import services as publications
from publications.models import AuthorshipAgreement, Publication
from scoping.models import Fellowship

if TYPE_CHECKING:
    from oversight.demo.story import Story

SPRING, EVALUATIONS = "assistants-2026-a", "evaluations-2026"
FELLOW = ["conceptualization", "investigation", "formal-analysis", "writing-original-draft"]
MENTOR = ["methodology", "writing-review-editing"]
NAME = "the rater we call R7 answered from Lisbon"
FINE = (
    "Every score we counted moves by less than the spread between two seeds once the interval is "
    "drawn. We publish the intervals, the seeds and the sheet they were read from. "
)
WORKS: dict[str, dict[str, Any]] = {
    "seeds": {
        "index": 3,
        "title": "Three seeds are not enough: spread in public evaluations",
        "kind": "preprint",
        "text": FINE * 12,
    },
    "raters": {
        "index": 6,
        "title": "What raters agree on, and what they only say they agree on",
        "kind": "manuscript",
        "text": f"{FINE * 12}In the second round {NAME}, which we noted by hand. {FINE * 12}",
    },
    "sheets": {
        "index": 1,
        "title": "Reading a leaderboard with a pencil",
        "kind": "blog",
        "text": FINE * 6,
    },
    "ties": {
        "index": 3,
        "title": "Ties at the top, in twelve figures",
        "kind": "preprint",
        "text": FINE * 5,
    },
}


def plan(story: Story) -> None:
    """Put it on the stage."""
    at = story.stage.at
    at(-231.6, partial(_agree, story))
    at(-231.1, partial(_mentor_consents, story))
    at(-140, partial(_write, story, "seeds"))
    at(-131, partial(_write, story, "raters"))
    at(-130, partial(_staff, story, "raters"))
    at(-122, partial(_object, story))
    at(-118, partial(_accept, story))
    at(-112, partial(_write, story, "sheets"))
    at(-75, partial(_write, story, "ties"))
    at(-96, partial(_became, story, "seeds", stage="preprint", venue="Open Archive", doi="1"))
    at(-70, partial(_became, story, "seeds", stage="declined", venue="Symposium on Measurement"))
    at(-30, partial(_became, story, "seeds", stage="accepted", venue="Journal of Evaluations"))
    at(-60, partial(_became, story, "raters", stage="published", venue="Annals of Rating", doi="2"))
    at(-1.6, partial(_change, story))


def _terms(case: Fellowship, mediator: Any) -> dict[str, Any]:
    return {
        "fellowship": case,
        "company_criteria": "Staff are authors who did part of the work itself and answer for it. "
        "Funding, access and review make nobody an author.",
        "acknowledgement": f"Done in a fellowship of the {case.program}. The conclusions are the "
        "authors’ own.",
        "dispute": "Whoever refuses says why. The mediator hears both sides; then the board "
        "decides whether the version holds.",
        "mediator": mediator,
        "by": case.fellow,
    }


def _agree(story: Story) -> None:
    """Before the work begins: the fellow first, the mentor for the method."""
    case = story.case(SPRING, 0)
    publications.propose_agreement(
        people=[
            {"person": case.fellow, "credit": FELLOW, "alone": True},
            {"person": case.mentor, "credit": MENTOR},
        ],
        because="Agreed before the work begins: the mentor helps with the method.",
        **_terms(case, story.cast["reviewer"]),
    )


def _mentor_consents(story: Story) -> None:
    case = story.case(SPRING, 0)
    agreement = AuthorshipAgreement.objects.get(fellowship=case, number=1)
    assert case.mentor is not None  # noqa: S101 - named when the case was founded
    publications.consent_to_agreement(agreement=agreement, by=case.mentor)


def _change(story: Story) -> None:
    """The second coder joins; the mentor and she are asked."""
    case = story.case(SPRING, 0)
    publications.propose_agreement(
        people=[
            {"person": case.fellow, "credit": FELLOW, "alone": True},
            {"person": story.cast["coder"], "credit": ["data-curation", "validation"]},
            {"person": case.mentor, "credit": MENTOR},
        ],
        because="Mila Okonjo coded every refusal as the second of two coders: that is the work "
        "itself, so she is named second.",
        **_terms(case, story.cast["reviewer"]),
    )


def _write(story: Story, name: str) -> None:
    """A fellow of the evaluations programme writes and submits; nobody is needed for silence."""
    about = WORKS[name]
    case = story.case(EVALUATIONS, about["index"])
    fellow = case.fellow
    work = publications.draft_publication(
        fellowship=case,
        title=about["title"],
        kind=about["kind"],
        work_class="methods",
        acknowledgement=f"Supported by the {case.program}.",
        by=fellow,
    )
    text = f"# {about['title']}\n\n{about['text']}"
    publications.add_version(publication=work, text=text, by=fellow)
    publications.set_authors(
        publication=work,
        authors=[
            {
                "name": fellow.name,
                "user": fellow,
                "orcid": fellow.orcid,
                "credit": ["conceptualization", "writing-original-draft"],
            }
        ],
        by=fellow,
    )
    story.works[name] = publications.submit_publication(publication=work, by=fellow)


def _work(story: Story, name: str) -> Publication:
    return Publication.objects.get(pk=story.works[name].pk)


def _staff(story: Story, name: str) -> None:
    scenes.staff(story.cast, _work(story, name))


def _object(story: Story) -> None:
    scenes.object_to(
        story.cast,
        _work(story, "raters"),
        NAME,
        ground="personal_data",
        harm="One of nine raters lives in Lisbon; who knows them knows who is meant.",
        ask="redact",
        public_summary="Where one rater lives is left out.",
    )


def _accept(story: Story) -> None:
    work = _work(story, "raters")
    publications.accept_objection(objection=work.objections.get(), by=work.fellowship.fellow)


def _became(story: Story, name: str, *, stage: str, venue: str, doi: str = "") -> None:
    """What became of it, on the day it is recorded."""
    work = _work(story, name)
    publications.record_outcome(
        publication=work,
        by=work.fellowship.fellow,
        stage=stage,
        venue=venue,
        doi=f"10.5555/fellowship.demo.open.{doi}" if doi else "",
        on=now().date(),
    )
