"""Who opens a cohort's survey and answers it, who recommends and who settles; and why not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import has_role
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import say
from fellowship.programs.models import Cohort
from oversight.cohort_review.questions import POINTS, QUESTIONS
from oversight.models import CohortSurvey, Recommendation, SurveyInvitation
from oversight.roles import OFFICE
from oversight.states import Outcome

LONGEST: Final = dt.timedelta(days=90)
REMARK_MAX: Final = 2_000
LINE_MAX: Final = 250
WHY_MAX: Final = 2_000
FARTHEST: Final = dt.timedelta(days=730)


def may_open_survey(cohort: Cohort, by: Actor) -> Refusal | None:
    """Why `by` does not open the survey of the cohort: managers do, once for each."""
    if not has_role(by, cohort.program_id, roles.MANAGER):
        return Refusal("wrong_role", say("Only a manager of this programme opens a survey."))
    return None


def survey_fits(at: dt.datetime, closes_at: dt.datetime, asked: int) -> Refusal | None:
    """Why it is not opened as asked: the day is wrong, or there is nobody to ask."""
    if not at < closes_at <= at + LONGEST:
        said = say("Choose a day to come, within {days} days.", days=LONGEST.days)
        return Refusal("closes_at", said, field="closes_on")
    if not asked:
        return Refusal(
            "nobody", say("No fellowship of this cohort has begun: there is nobody to ask.")
        )
    return None


def may_answer(
    survey: CohortSurvey, invitation: SurveyInvitation | None, at: dt.datetime
) -> Refusal | None:
    """Why the person does not answer: they are not asked, or the survey is closed."""
    if invitation is None:
        return Refusal("not_yours", say("You are not asked in this survey."))
    if not survey.is_open(at):
        return Refusal(
            "survey_closed",
            say(
                "It closed on {closes_at:%-d %B %Y}.",
                closes_at=survey.program.last_day(survey.closes_at),
            ),
        )
    return None


def answer_fits(side: str, answers: Mapping[str, int], remark: str) -> Refusal | None:
    """Why an answer is not taken: a question left out, a point off the scale, too long a remark."""
    for key in QUESTIONS[side]:
        if answers.get(key) not in POINTS:
            return Refusal("no_answer", say("Choose one of the five points."), field=key)
    if set(answers) - set(QUESTIONS[side]):
        return Refusal("unknown_question", say("There is no such question."), field="answers")
    if len(remark) > REMARK_MAX:
        said = say("Write at most {REMARK_MAX:,} characters.", REMARK_MAX=REMARK_MAX)
        return Refusal("too_long", said, field="remark")
    return None


def may_recommend(cohort: Cohort, by: Actor) -> Refusal | None:
    """Why `by` recommends nothing to the next call."""
    if has_role(by, cohort.program_id, *OFFICE):
        return None
    return Refusal("wrong_role", say("The programme’s manager, chair and sponsor recommend."))


def recommendation_fits(
    cohort: Cohort, *, text: str, why: str, owner: User, due_on: dt.date, today: dt.date
) -> Refusal | None:
    """Why a recommendation is not taken as it is written."""
    checks = (
        (bool(text) and "\n" not in text, "no_text", say("Say in one line what to do."), "text"),
        (
            len(text) <= LINE_MAX,
            "too_long",
            say("At most {LINE_MAX} characters.", LINE_MAX=LINE_MAX),
            "text",
        ),
        (bool(why), "no_reason", say("Say which figure or answer it comes from."), "why"),
        (
            len(why) <= WHY_MAX,
            "too_long",
            say("Write at most {WHY_MAX:,} characters.", WHY_MAX=WHY_MAX),
            "why",
        ),
        (
            today < due_on <= today + FARTHEST,
            "due_on",
            say("Choose a day to come, within two years."),
            "due_on",
        ),
        (
            owner.is_active and has_role(owner, cohort.program_id, *OWNERS),
            "not_of_the_programme",
            say("Its owner holds a role of the company in this programme."),
            "owner",
        ),
    )
    return next((Refusal(code, said, field=f) for ok, code, said, f in checks if not ok), None)


OWNERS: Final = (
    *OFFICE,
    roles.STEWARD,
    roles.PRODUCT_OWNER,
    roles.ONCALL,
    roles.POLICY_REVIEWER,
    roles.LEGAL_REVIEWER,
    roles.MENTOR,
)
"""Who may be given a recommendation to carry out: people of the company, not fellows."""


def may_settle(
    recommendation: Recommendation, by: Actor, outcome: str = "", how: str | None = None
) -> Refusal | None:
    """Why `by` does not settle it: its owner says it is done; manager, chair or sponsor too, and
    they alone drop it. Without `how`, whether they may at all."""
    office = has_role(by, recommendation.program_id, *OFFICE)
    owns = getattr(by, "pk", None) == recommendation.owner_id
    return first(
        None
        if office or owns
        else Refusal("not_yours", say("Its owner or the programme’s office settles it.")),
        None
        if office or outcome != Outcome.DROPPED
        else Refusal("wrong_role", say("Only the programme’s office drops it."), field="outcome"),
        _says_how(outcome, how) if how is not None else None,
    )


def _says_how(outcome: str, how: str) -> Refusal | None:
    if outcome not in Outcome.values:
        return Refusal("unknown_outcome", say("Choose done or dropped."), field="outcome")
    if not how.strip():
        return Refusal("no_reason", say("Say what was done, or why not."), field="how")
    if len(how) > WHY_MAX:
        return Refusal(
            "too_long", say("Write at most {WHY_MAX:,} characters.", WHY_MAX=WHY_MAX), field="how"
        )
    return None
