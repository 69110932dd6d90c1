"""The survey after a cohort, and what its review recommends to the next call."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final
from zoneinfo import ZoneInfo

from django.urls import reverse

from fellowship.accounts.models import Actor, User
from fellowship.clocks import services as clocks
from fellowship.kernel import journal
from fellowship.kernel.canonical import digest
from fellowship.kernel.refusals import refuse, unchanged
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.kernel.worktime import Window
from fellowship.notices.services import notify
from fellowship.programs.models import Cohort, Program
from oversight import cohort_policy as policy
from oversight.cohort_review.questions import stated
from oversight.models import CohortSurvey, Recommendation, SurveyAnswer, SurveyInvitation
from oversight.states import SurveySide
from scoping.models import Fellowship

SURVEY_CLOCK: Final = "oversight.survey"
TASK_CLOCK: Final = "oversight.recommendation"
_LONGEST: Final = Window(1_000, "calendar_days")


@journal.verb("oversight.open_survey")
def open_survey(*, cohort: Cohort, closes_on: dt.date, by: User) -> CohortSurvey:
    """Ask every fellow and mentor of the cohort, until the end of a day. Opened once for each."""
    cohort = Cohort.objects.locked().select_related("program").get(pk=cohort.pk)
    there = CohortSurvey.objects.filter(cohort=cohort).first()
    if there is not None:
        return unchanged(there, policy.may_open_survey(cohort, by))
    refuse(policy.may_open_survey(cohort, by))
    at, asked = now(), _people(cohort)
    closes_at = _end_of(closes_on, cohort.program)
    refuse(policy.survey_fits(at, closes_at, len(asked)))
    survey = CohortSurvey.objects.create(
        program_id=cohort.program_id,
        cohort=cohort,
        opened_at=at,
        opened_by=by,
        closes_at=closes_at,
    )
    for person, side in asked:
        SurveyInvitation.objects.create(survey=survey, person=person, side=side)
    clocks.start(
        kind=SURVEY_CLOCK,
        subject=survey,
        realm=cohort.program_id,
        window=_LONGEST,
        due_at=closes_at,
        by=by,
        holder="you",
        silence=say("The survey closes without the answers that are missing."),
    )
    notify(
        kind="oversight.survey",
        to={person for person, _ in asked},
        subject_obj=survey,
        title=say("{cohort}: how was it?", cohort=cohort),
        body=say(
            "A few questions about your fellowship. Nobody reads who answered what; below five "
            "answers of a side nothing is shown."
        ),
        url=survey.get_absolute_url(),
    )
    journal.record(subject=survey, change={"asked": len(asked), "closes_at": closes_at})
    return survey


def _people(cohort: Cohort) -> list[tuple[User, str]]:
    """Every fellow and mentor of the cohort once, people who can still sign in."""
    cases = Fellowship.objects.filter(cohort=cohort).select_related("fellow", "mentor")
    found: dict[tuple[int, str], User] = {}
    for case in cases.order_by("id"):
        found[case.fellow_id, SurveySide.FELLOW] = case.fellow
        if case.mentor is not None:
            found[case.mentor.pk, SurveySide.MENTOR] = case.mentor
    return [(person, side) for (_, side), person in found.items() if person.is_active]


@journal.verb("oversight.answer_survey")
def answer_survey(
    *, survey: CohortSurvey, side: str, answers: Mapping[str, int], by: User, remark: str = ""
) -> SurveyInvitation:
    """Answer once for a side. The event says that one answered, never what; a second is not kept.

    `answers` are points 1 to 5 by question.
    """
    rows = SurveyInvitation.objects.locked().select_related("survey__program", "survey__cohort")
    row = rows.filter(survey=survey, person=by, side=side).first()
    if row is not None and row.answered:
        return row
    refuse(policy.may_answer(survey, row, now()))
    refuse(policy.answer_fits(side, answers, remark))
    assert row is not None  # noqa: S101 - refused above
    SurveyAnswer.objects.create(
        survey=row.survey, side=side, answers=dict(answers), remark=remark.strip()
    )
    row.answered = True
    row.save()
    journal.record(subject=row, change={"answered": True})
    return row


@journal.verb("oversight.seal_survey")
def seal_survey(*, survey: CohortSurvey, by: Actor) -> CohortSurvey:
    """Record the hash of all answers of a closed survey, so that none changes later unseen."""
    row = CohortSurvey.objects.locked().get(pk=survey.pk)
    if row.sealed_at is not None or row.is_open():
        return row
    answers = list(SurveyAnswer.objects.filter(survey=row))
    row.sealed_at, row.answers_sha256 = now(), digest(stated(answers))
    row.save()
    journal.record(subject=row, change={"answers": len(answers), "sha256": row.answers_sha256})
    return row


@journal.verb("oversight.recommend")
def recommend(
    *, cohort: Cohort, text: str, why: str, owner: User, due_on: dt.date, by: User
) -> Recommendation:
    """Make a dated task for the next call out of a review. One that waits already is returned."""
    cohort = Cohort.objects.locked().select_related("program").get(pk=cohort.pk)
    text, why = text.strip(), why.strip()
    there = Recommendation.objects.waiting().filter(cohort=cohort, text=text).first()
    if there is not None:
        return unchanged(there, policy.may_recommend(cohort, by))
    refuse(policy.may_recommend(cohort, by))
    today = cohort.program.today()
    refuse(
        policy.recommendation_fits(
            cohort, text=text, why=why, owner=owner, due_on=due_on, today=today
        )
    )
    row = Recommendation.objects.create(
        program_id=cohort.program_id,
        cohort=cohort,
        text=text,
        why=why,
        owner=owner,
        due_on=due_on,
        made_at=now(),
        made_by=by,
    )
    clocks.start(
        kind=TASK_CLOCK,
        subject=row,
        realm=cohort.program_id,
        window=_LONGEST,
        due_at=_end_of(due_on, cohort.program),
        by=by,
        holder="us",
        holder_user=owner,
        silence=say("It stays on the launch checklist as overdue, and the managers are told."),
    )
    if owner.pk != by.pk:
        notify(
            kind="oversight.recommended",
            to=[owner],
            subject_obj=row,
            title=say("For the next call: {text}", text=text),
            body=why,
            url=row.get_absolute_url(),
        )
    journal.record(subject=row, change={"text": text, "owner": owner.pk, "due_on": due_on})
    return row


@journal.verb("oversight.settle_recommendation")
def settle_recommendation(
    *, recommendation: Recommendation, outcome: str, how: str, by: User
) -> Recommendation:
    """It is done, or dropped; `how` says what was done or why not. Settled already: unchanged."""
    row = Recommendation.objects.locked().select_related("program").get(pk=recommendation.pk)
    if row.settled_at is not None:
        return unchanged(row, policy.may_settle(row, by, outcome, how))
    refuse(policy.may_settle(row, by, outcome, how))
    row.settled_at, row.settled_by = now(), by
    row.outcome, row.how = outcome, how.strip()
    row.save()
    clocks.stop_open(subject=row, kinds=[TASK_CLOCK], by=by, reason=str(row.get_outcome_display()))
    journal.record(subject=row, change={"outcome": outcome})
    return row


def _end_of(day: dt.date, program: Program) -> dt.datetime:
    """The instant a day ends where the programme is at home."""
    zone = ZoneInfo(program.zone)
    return dt.datetime.combine(day + dt.timedelta(days=1), dt.time.min, tzinfo=zone).astimezone(
        dt.UTC
    )


def review_url(program: Program, cohort: Cohort) -> str:
    """The page of the cohort's review."""
    return reverse("oversight:cohort", args=[program.slug, cohort.pk])
