"""What left in the story, what did not, and how one fellowship ended with all it owed."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from django.core.files.base import ContentFile

from access import criteria
from access import services as access
from access.models import Grant, ReleaseRequest
from access.release_states import Criterion
from fellowship.kernel.time import now
from governance import services as governance
from oversight.demo import scenes
from oversight.services import close_fellowship
from scoping import services as scoping

if TYPE_CHECKING:
    from oversight.demo.story import Story

A: Final = "assistants-2026-a"
DRIFT, EMPTY, FILTERS, CLOSED = 0, 1, 5, 8

TURNS: Final = """turn,wording,refused,asked
5,plain,118,240
5,reworded,104,240
20,plain,86,240
20,reworded,61,240
35,plain,44,240
35,reworded,27,240
"""
LATER: Final = """turn,wording,refused,asked
50,plain,31,240
50,reworded,14,240
"""
TOOLS: Final = """tool,empty_results,sessions
search,212,1840
calendar,97,1120
files,64,905
mail,38,610
"""
LANGUAGES: Final = """language,place,refused,asked
Hausa,Kano,14,96
Hausa,Sokoto,3,41
Yoruba,Ibadan,22,118
Yoruba,Ilorin,2,17
Igbo,Enugu,19,84
"""
METHOD: Final = """# How the votes were compared

Each pair of answers was shown in both orders. A vote counts where both orders agree; where they do
not, the pair is counted as a tie. Ties stay in the denominator.

The bootstrap draws annotators, not votes, 2,000 times. The seed of each table stands in its first
line. Nothing here repeats a vote, an answer or the name of an annotator.
"""


def plan(story: Story) -> None:
    """Put it on the stage."""
    at = story.stage.at
    at(-66, partial(_agreed, story))
    at(-33, partial(_contested, story))
    at(-17, partial(_too_small, story))
    at(-1.6, partial(_waiting, story))
    at(-198, partial(_grants, story))
    at(-74, partial(_deposit, story))
    at(-72, partial(_ended, story))
    at(-71, partial(_kept, story))
    at(-64, partial(_closed, story))


def _ask(story: Story, index: int, slug: str, **said: str) -> ReleaseRequest:
    case = story.case(A, index)
    datasets = [story.data[slug]]
    return access.ask_release(fellowship=case, datasets=datasets, by=case.fellow, **said)


def _file(request: ReleaseRequest, name: str, text: str, about: str, *counts: str) -> None:
    access.add_output(
        request=request,
        file=ContentFile(text.encode(), name=name),
        kind="table",
        description=about,
        count_columns=counts,
        by=request.requester,
    )


def _send(request: ReleaseRequest) -> ReleaseRequest:
    return access.send_release(request=request, by=request.requester)


def _review(
    story: Story, request: ReleaseRequest, who: str, verdict: str = "release", **no: str
) -> None:
    """One review: “yes” but for the criteria named, whose note is given; the comment repeats it."""
    asked = criteria.of_request(request).asked()
    given = {c.value: {"answer": "no" if c in no else "yes", "note": no.get(c, "")} for c in asked}
    access.send_release_review(
        request=request,
        verdict=verdict,
        answers={str(output.pk): given for output in request.outputs.filter(removed_at=None)},
        comment=" ".join(no.values()),
        by=story.cast[who],
    )


def _agreed(story: Story) -> None:
    """Two who agreed: counts by turn may leave."""
    request = _ask(
        story,
        DRIFT,
        "refusal-logs-2026-q3",
        title="Refusals by turn and wording",
        purpose="Table 2 of the paper on drift under long pressure.",
        destination="The preprint and its repository",
    )
    about = "Each row is a turn and a wording; refused of asked counts scripted requests."
    _file(request, "refusals-by-turn.csv", TURNS, about, "refused", "asked")
    request = _send(request)
    _review(story, request, "steward")
    _review(story, request, "oncall")


def _contested(story: Story) -> None:
    """Two who did not agree, and the manager who settled it."""
    request = _ask(
        story,
        EMPTY,
        "tool-call-traces",
        title="Empty results by tool",
        purpose="The figure that shows which tools return nothing.",
        destination="The publication's appendix",
    )
    about = "Each row is a tool; sessions in which it was called, and in which it came back empty."
    _file(request, "empty-by-tool.csv", TOOLS, about, "empty_results", "sessions")
    request = _send(request)
    _review(story, request, "oncall")
    _review(
        story,
        request,
        "steward",
        "return",
        **{Criterion.PURPOSE: "The scope speaks of sessions, not of which tools we run."},
    )
    access.settle_release(
        request=ReleaseRequest.objects.get(pk=request.pk),
        verdict="release",
        by=story.cast["manager"],
        reason="The four tools are named in our public documentation, and clause 1.3 names them as "
        "the system studied.",
    )


def _too_small(story: Story) -> None:
    """Refused by both: two places are too small to be named."""
    request = _ask(
        story,
        FILTERS,
        "multilingual-refusals",
        title="Refusals by language and place",
        purpose="Shows where the filter misses spoken forms.",
        destination="A talk for the fellows' seminar",
    )
    _file(
        request,
        "by-place.csv",
        LANGUAGES,
        "Each row is a place; refused of asked counts speakers.",
        "refused",
        "asked",
    )
    access.explain_output(
        output=request.outputs.get(),
        explanation="Sokoto and Ilorin are small; without them the pattern is hard to see.",
        by=request.requester,
    )
    request = _send(request)
    why = "Three and two speakers of a named place can be told by their neighbours."
    for who in ("steward", "manager"):
        _review(story, request, who, "refuse", **{Criterion.SMALLEST_GROUP: why})


def _waiting(story: Story) -> None:
    """One review is in and sealed; the second is waited for."""
    request = _ask(
        story,
        DRIFT,
        "refusal-logs-2026-q3",
        title="Refusals at turn 50",
        purpose="The reviewers of the paper ask what happens after turn 35.",
        destination="The revised preprint",
    )
    about = "As the table already released, for turn 50."
    _file(request, "refusals-turn-50.csv", LATER, about, "refused", "asked")
    _review(story, _send(request), "oncall")


# --- one fellowship that closed with all it owed ------------------------------------------------


def _grants(story: Story) -> None:
    for slug in ("preference-votes", "multilingual-refusals"):
        scenes.grant(story.cast, story.case(A, CLOSED), story.data[slug], 110)


def _deposit(story: Story) -> None:
    case = story.case(A, CLOSED)
    access.deposit(
        fellowship=case,
        title="How the votes were compared",
        kind="methods",
        description="The order of pairs, how ties count, and what the bootstrap draws.",
        file=ContentFile(METHOD.encode(), name="method.md"),
        opens_for="Whoever replicates the comparison; an auditor who doubts it.",
        review_on=now().date() + dt.timedelta(days=730),
        holds_no_raw_data=True,
        by=case.fellow,
    )


def _ended(story: Story) -> None:
    story.deliver(A, CLOSED, 20)
    case = story.case(A, CLOSED)
    scoping.end(fellowship=case, by=story.cast["manager"], reason="Everything was delivered.")
    certificate = access.confirm_deletion(
        fellowship=case,
        dataset=story.data["preference-votes"],
        method="environment_destroyed",
        tool="The environment's own procedure, run 4417",
        scope="The project volume, its two snapshots and the nightly backup.",
        evidence=ContentFile(b"volume fel-votes: destroyed\nsnapshots: 0 left\n", name="run.txt"),
        by=case.fellow,
    )
    access.verify_deletion(
        certificate=certificate,
        by=story.cast["steward"],
        reason="The volume and its snapshots are gone from the inventory.",
    )


def _kept(story: Story) -> None:
    """Some data is kept for a replication: with an owner and an end, by decision of the board."""
    case = story.case(A, CLOSED)
    grant = Grant.objects.get(fellowship=case, dataset=story.data["multilingual-refusals"])
    exception: Any = governance.request_exception(
        program=case.program,
        kind="retention",
        subject=grant,
        title="Keep the multilingual refusals until the comparison is replicated",
        owner=story.cast["steward"],
        rationale="A second team repeats the comparison in the autumn, with the same items.",
        risk="Items stay readable in the environment longer than was agreed.",
        compensating_measure="The copy is sealed; opening it takes the steward and on-call.",
        measure_test="A monthly look at who opened it.",
        expires_at=now() + dt.timedelta(days=120),
        by=story.cast["manager"],
    )
    scenes.decide(story.cast, exception)


def _closed(story: Story) -> None:
    close_fellowship(
        fellowship=story.case(A, CLOSED),
        by=story.cast["manager"],
        reason="All obligations are met; what is kept has an owner and an end.",
    )
