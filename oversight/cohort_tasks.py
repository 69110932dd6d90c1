"""What time does after a cohort: a survey closes and is sealed, a recommendation is overdue."""

from __future__ import annotations

import datetime as dt

from fellowship.accounts import roles
from fellowship.accounts.queries import holders
from fellowship.clocks.models import Clock
from fellowship.clocks.registry import describe, on_breach, on_reminder
from fellowship.kernel.journal import System
from fellowship.kernel.saying import say, say_n
from fellowship.notices.services import notify
from oversight.models import CohortSurvey, Recommendation
from oversight.services.cohorts import SURVEY_CLOCK, TASK_CLOCK, review_url, seal_survey

SWEEP = System("oversight.cohorts")

describe(SURVEY_CLOCK, label=say("Survey after a cohort"), reminders=(7, 1), appointment=True)
describe(
    TASK_CLOCK, label=say("Recommendation to the next call"), reminders=(14, 3), appointment=True
)


@on_breach(SURVEY_CLOCK, ends=True)
def survey_closes(clock: Clock, at: dt.datetime) -> None:
    """The answers are sealed, and the managers are told that the results can be read."""
    survey = CohortSurvey.objects.select_related("cohort", "program__realm").get(
        pk=clock.subject_id
    )
    survey = seal_survey(survey=survey, by=SWEEP)
    answered = survey.invitations.filter(answered=True).count()
    notify(
        kind="oversight.survey_closed",
        to=holders(survey.program_id, roles.MANAGER),
        subject_obj=survey,
        title=say("{cohort}: the survey is closed", cohort=survey.cohort),
        body=say(
            "{answered} answers of {count} asked for.",
            answered=answered,
            count=survey.invitations.count(),
        ),
        url=review_url(survey.program, survey.cohort),
    )


@on_reminder(SURVEY_CLOCK)
def survey_closes_soon(clock: Clock, days: int, at: dt.datetime) -> None:
    """Those who have not answered are reminded."""
    survey = CohortSurvey.objects.select_related("cohort").get(pk=clock.subject_id)
    missing = survey.invitations.filter(answered=False).select_related("person")
    people = {row.person for row in missing}
    if people:
        notify(
            kind="oversight.survey_reminder",
            to=people,
            subject_obj=survey,
            title=say_n(
                days,
                "{cohort}: the survey closes in {n} day",
                "{cohort}: the survey closes in {n} days",
                cohort=survey.cohort,
            ),
            body=say("Nobody reads who answered what."),
            url=survey.get_absolute_url(),
        )


@on_breach(TASK_CLOCK)
def recommendation_late(clock: Clock, at: dt.datetime) -> None:
    """Its owner and the managers are told; it stays on the launch checklist."""
    row = Recommendation.objects.select_related("owner", "cohort").get(pk=clock.subject_id)
    notify(
        kind="oversight.recommendation_late",
        to={row.owner, *holders(row.program_id, roles.MANAGER)},
        subject_obj=row,
        title=say("Overdue for the next call: {text}", text=row.text),
        body=say(
            "{owner} has it, from the review of {cohort}.", owner=row.owner, cohort=row.cohort
        ),
        url=row.get_absolute_url(),
    )
