"""Who may convert a finding, report how that goes, and record what an acceptance test showed."""

from __future__ import annotations

import datetime as dt
from typing import Final

from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import has_role
from fellowship.kernel.journal import System
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from findings.change_states import (
    ACCEPTANCE_MOVES,
    CHANGE_MOVES,
    REPORTED_STATES,
    AcceptanceState,
    ChangeState,
    Must,
)
from findings.models import AcceptanceTest, ChangeReport, ChangeRequest, Control, Finding
from findings.policy.findings import RULE, _not_recused, may_triage
from findings.states import FindingState
from governance.states import ExceptionKind

AHEAD: Final = dt.timedelta(minutes=5)
"""How far a tracker's clock may be ahead of ours."""
EXCEPTED: Final = ExceptionKind.CONTROL_NOT_IMPLEMENTED
"""The kind of exception by which a finding's risk may stand for a time."""
UNANSWERED = (FindingState.INVESTIGATING, FindingState.ACCEPTED, FindingState.DEFERRED)


def may_convert(finding: Finding, by: Actor) -> Refusal | None:
    """Why nothing may be asked of the receiving team: it follows from an accepted finding."""
    return first(
        may_triage(finding, by),
        None
        if finding.state == FindingState.ACCEPTED and finding.actionable
        else Refusal(
            "not_accepted", say("Accept the finding as actionable first; then it can be converted.")
        ),
    )


def tests_the_work_of(finding: Finding, owner: User | None) -> Refusal | None:
    """Why it is not this person's work that is tested: they are of the company's side here."""
    if owner is None or has_role(owner, finding.program_id, *roles.STAFF):
        return None
    return Refusal("no_owner", say("{owner} ships no controls here.", owner=owner), field="owner")


def about_the_finding(finding: Finding, control: Control | None) -> Refusal | None:
    """Why the control is refused: it answers this finding."""
    if control is None or control.finding_id == finding.pk:
        return None
    return Refusal("other_finding", say("Name a control of this finding."), field="control")


def may_report_change(change: ChangeRequest, by: Actor) -> Refusal | None:
    """Why `by` may not say how the change request goes: the receiving team does."""
    if isinstance(by, System) or has_role(
        by, change.program_id, roles.PRODUCT_OWNER, roles.MANAGER
    ):
        return _not_recused(change.finding, by)
    return Refusal("wrong_role", say("The receiving team says how its change request goes."))


def reports(state: str, at: dt.datetime) -> Refusal | None:
    """Why a report is refused: a state that trackers report, at a time that is not to come."""
    if state not in REPORTED_STATES:
        known = joined(", ", REPORTED_STATES)
        return Refusal("unknown_state", say("Report one of {known}.", known=known), field="state")
    if at > now() + AHEAD:
        return Refusal("future", say("This time is still to come."), field="at")
    return None


def repeats(there: ChangeReport, state: str, at: dt.datetime, note: str) -> Refusal | None:
    """Why a report under a known id is refused: it says something else than before."""
    if (there.state, there.at, there.note) == (state, at, note):
        return None
    return Refusal(
        "conflict",
        say(
            "The report {report_id} is known and says something else; give a new one a new id.",
            report_id=there.report_id,
        ),
        field="report_id",
    )


def may_withdraw_change(change: ChangeRequest, by: Actor) -> Refusal | None:
    """Why the change request may not be withdrawn."""
    return first(may_triage(change.finding, by), CHANGE_MOVES.refusal(change.state, "withdraw"))


def may_link(change: ChangeRequest, by: Actor) -> Refusal | None:
    """Why the tracker's link may not be set."""
    return first(
        may_report_change(change, by),
        Refusal("withdrawn", say("This change request was withdrawn."))
        if change.state == ChangeState.WITHDRAWN
        else None,
    )


def may_record(test: AcceptanceTest, by: Actor) -> Refusal | None:
    """Why `by` may not record a result: another person than the owner does."""
    return first(
        None
        if isinstance(by, User)
        and has_role(by, test.program_id, roles.PRODUCT_OWNER, roles.MANAGER, roles.ONCALL)
        else Refusal("wrong_role", say("Product, security or the manager records a result.")),
        _not_recused(test.finding, by),
        Refusal("separation", say("The owner of a test does not record its result."), rule=RULE)
        if by == test.owner
        else None,
        Refusal("withdrawn", say("This test was withdrawn."))
        if test.state == AcceptanceState.WITHDRAWN
        else None,
    )


def may_withdraw_test(test: AcceptanceTest, by: Actor) -> Refusal | None:
    """Why the test may not be withdrawn: one that must pass is not, by its own owner."""
    return first(
        may_triage(test.finding, by),
        ACCEPTANCE_MOVES.refusal(test.state, "withdraw"),
        Refusal(
            "separation",
            say("This test must pass before the finding closes; its owner does not withdraw it."),
            rule=RULE,
        )
        if test.required and by == test.owner
        else None,
    )


def shows_enough(
    test: AcceptanceTest, hits: int | None, trials: int | None, passed: bool | None, evidence: str
) -> Refusal | None:
    """Why a result is refused: counts for a share, a verdict for a named test, and evidence."""
    if not evidence.strip():
        return Refusal("no_evidence", say("Say where the run can be seen."), field="evidence")
    if test.must == Must.NAMED:
        return (
            None
            if passed is not None
            else Refusal("no_result", say("Say whether it passed."), field="passed")
        )
    if hits is None or trials is None or not 0 <= hits <= trials or trials == 0:
        return Refusal(
            "no_share", say("Enter how many of how many, such as 2 of 60."), field="hits"
        )
    if trials < (test.minimum_trials or 0):
        return Refusal(
            "too_few",
            say(
                "The plan asks for {minimum_trials} trials or more.",
                minimum_trials=test.minimum_trials,
            ),
            rule=say("acceptance test"),
            field="trials",
        )
    return None


def may_except(finding: Finding, by: Actor) -> Refusal | None:
    """Why no exception may be asked for: it excepts an open finding from its control."""
    return first(
        may_triage(finding, by),
        None
        if finding.state in UNANSWERED
        else Refusal("not_open", say("An exception is asked for while the finding is open.")),
    )


def tests_passed(finding: Finding) -> Refusal | None:
    """Why the finding may not be closed on a control yet: a test that must pass has not."""
    waiting = (
        finding.acceptance_tests.filter(required=True)
        .exclude(state__in=(AcceptanceState.PASSED, AcceptanceState.WITHDRAWN))
        .first()
    )
    if waiting is None:
        return None
    return Refusal(
        "test_not_passed",
        say("{ref} must pass first: {title}.", ref=waiting.ref, title=waiting.title),
        rule=RULE,
        field="closure",
    )
