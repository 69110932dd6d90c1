"""Who may report, dispose of and close findings, and why not."""

from __future__ import annotations

import datetime as dt

from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import has_role
from fellowship.kernel.journal import System
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.kernel.worktime import Window
from findings import terms
from findings.models import Finding
from findings.states import (
    FINDING_MOVES,
    Closure,
    ControlState,
    FindingState,
    Severity,
)
from governance import exceptions
from scoping.policy.standing import recused_from

RULE = say("findings become controls")

SEVERE = (Severity.CRITICAL, Severity.HIGH)


def may_triage(finding: Finding, by: Actor) -> Refusal | None:
    """Why `by` may not dispose of the finding: product owners do, never the one who reported it."""
    if isinstance(by, System):
        return None
    return first(
        None
        if has_role(by, finding.program_id, roles.PRODUCT_OWNER, roles.MANAGER)
        else Refusal("wrong_role", say("A product owner disposes of findings."), rule=RULE),
        None
        if by != finding.reported_by
        else Refusal(
            "separation", say("Who reported a finding does not dispose of it."), rule=RULE
        ),
        _not_recused(finding, by),
    )


def may_take(finding: Finding, by: Actor) -> Refusal | None:
    """Why `by` may not take the finding up."""
    return first(may_triage(finding, by), FINDING_MOVES.refusal(finding.state, "take"))


def may_accept(finding: Finding, by: Actor) -> Refusal | None:
    """Why `by` may not accept the finding."""
    return first(may_triage(finding, by), FINDING_MOVES.refusal(finding.state, "accept"))


def may_defer(finding: Finding, by: Actor) -> Refusal | None:
    """Why `by` may not defer the finding."""
    return first(may_triage(finding, by), FINDING_MOVES.refusal(finding.state, "defer"))


def may_reject(finding: Finding, by: Actor) -> Refusal | None:
    """Why `by` may not reject it alone: a severe finding is rejected by the board."""
    return first(
        may_triage(finding, by),
        FINDING_MOVES.refusal(finding.state, "reject"),
        Refusal(
            "board_decides",
            say(
                "The board rejects {severity} findings: refer it.",
                severity=finding.get_severity_display().lower(),
            ),
            rule=RULE,
        )
        if finding.severity in SEVERE and not isinstance(by, System)
        else None,
    )


def may_refer(finding: Finding, by: Actor) -> Refusal | None:
    """Why `by` may not ask the board to reject the finding."""
    return first(
        may_triage(finding, by),
        FINDING_MOVES.refusal(finding.state, "reject"),
        None
        if finding.severity in SEVERE
        else Refusal(
            "no_need", say("The product owner may reject this finding without the board.")
        ),
    )


def may_reply(finding: Finding, by: User) -> Refusal | None:
    """The fellow and those who dispose of findings talk to each other on the record."""
    if by in (finding.reported_by, finding.fellowship.fellow):
        return None
    return may_triage(finding, by)


def may_reconsider(finding: Finding, by: Actor) -> Refusal | None:
    """Why `by` may not take a deferred or rejected finding up again."""
    return first(may_triage(finding, by), FINDING_MOVES.refusal(finding.state, "reconsider"))


def may_reopen(finding: Finding, by: Actor) -> Refusal | None:
    """Why `by` may not open a closed finding again."""
    return first(may_triage(finding, by), FINDING_MOVES.refusal(finding.state, "reopen"))


def may_close_as_duplicate(finding: Finding, of: Finding, by: Actor) -> Refusal | None:
    """Why the finding may not be closed as a repetition of `of`: chains are one link long."""
    repeated = min(finding.duplicates.all(), key=lambda one: one.pk, default=None)
    return first(
        may_triage(finding, by),
        FINDING_MOVES.refusal(finding.state, "close_as_duplicate"),
        Refusal("no_original", say("Name another finding than this one."), field="of")
        if of.pk == finding.pk
        else None,
        Refusal("no_original", say("Name a finding of the same programme."), field="of")
        if of.program_id != finding.program_id
        else None,
        Refusal(
            "no_original",
            say("{ref} is a repetition itself: name its original.", ref=of.ref),
            field="of",
        )
        if of.duplicate_of_id
        else None,
        Refusal(
            "is_original",
            say(
                "{ref} is closed as a repetition of this one, so this one cannot be one. "
                "Open {ref} again first, or close {ref2} as the repetition.",
                ref=repeated.ref,
                ref2=of.ref,
            ),
            rule=RULE,
            field="of",
        )
        if repeated
        else None,
    )


NO_VERIFIED_CONTROL = Refusal(
    "no_ground", say("No control of this finding is verified yet."), rule=RULE, field="closure"
)


def may_begin_to_close(finding: Finding, by: Actor) -> Refusal | None:
    """Why `by` may not close the finding on any ground."""
    return first(may_triage(finding, by), FINDING_MOVES.refusal(finding.state, "close"))


def may_close(finding: Finding, closure: str, by: Actor) -> Refusal | None:
    """Why the finding may not be closed on this ground."""
    return first(
        may_begin_to_close(finding, by),
        ground(finding, closure),
    )


def ground(finding: Finding, closure: str) -> Refusal | None:
    """Why the finding may not be closed on this ground: it does not hold."""
    if closure == Closure.CONTROL:
        verified = finding.controls.filter(state=ControlState.VERIFIED)
        held = bool(finding.actionable) and verified.exists()
        reason = NO_VERIFIED_CONTROL.reason
    elif closure == Closure.EXCEPTION:
        held = finding.state != FindingState.REJECTED and exceptions.covered(
            finding, "control_not_implemented"
        )
        reason = say("No live exception covers this finding.")
    elif closure == Closure.REJECTION:
        held, reason = finding.state == FindingState.REJECTED, say("This finding was not rejected.")
    elif closure == Closure.EXPLORATORY:
        held = finding.actionable is False
        reason = say("This finding is actionable, so something must answer it.")
    else:
        held, reason = False, say("Choose what the closed finding points at.")
    return None if held else Refusal("no_ground", reason, rule=RULE, field="closure")


def _not_recused(finding: Finding, by: Actor) -> Refusal | None:
    if isinstance(by, User) and recused_from(finding.fellowship, by):
        return Refusal("separation", say("You declared a conflict of interest about this case."))
    return None


def due_within_rule(finding: Finding, window: Window, due_at: dt.datetime | None) -> Refusal | None:
    """An agreed date is one the severity’s clock allows."""
    latest = window.due(now(), finding.program.calendar())
    if due_at is None or now() < due_at <= latest:
        return None
    return Refusal(
        "not_within_rule",
        say(
            "Choose a time up to {latest:%-d %B %Y}, as the severity's clock allows; for "
            "later, ask for an exception.",
            latest=finding.program.last_day(latest),
        ),
        rule=terms.rule_label(finding),
        field="due_at",
    )


def says_why(reason: str) -> Refusal | None:
    """A judgement carries its reason."""
    if reason.strip():
        return None
    return Refusal("no_rationale", say("Say why: the fellow will read it."), field="reason")


def says_something(text: str) -> Refusal | None:
    """A reply has words in it."""
    return None if text else Refusal("empty", say("Write your reply."), field="text")


def owns_rightly(finding: Finding, owner: User | None) -> Refusal | None:
    """Who owns a finding disposes of findings in its programme, and did not report this one."""
    if owner is None:
        return None
    fits = has_role(owner, finding.program_id, roles.PRODUCT_OWNER, roles.MANAGER)
    if fits and owner != finding.reported_by and not recused_from(finding.fellowship, owner):
        return None
    return Refusal(
        "no_owner",
        say("{owner} cannot own this finding: name a product owner.", owner=owner),
        field="product_owner",
    )


def owned_and_mapped(owner: User | None, mapping: str) -> Refusal | None:
    """What is acted on has an owner and turns into something."""
    if owner is None:
        return Refusal("no_owner", say("Name the product owner."), field="product_owner")
    if not mapping:
        return Refusal(
            "no_mapping",
            say("Say what it turns into, or mark it exploratory."),
            field="mapping",
        )
    return None
