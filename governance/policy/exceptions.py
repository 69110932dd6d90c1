"""Who may ask for an exception, for how long, and who may end it."""

from __future__ import annotations

import datetime as dt

from django.db.models import Model

from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import roles_of
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from governance import rules
from governance.models import ExceptionRecord
from governance.policy.common import needs_role, text_given
from governance.states import EXCEPTION_MOVES, ExceptionKind, RuleKind

DUTIES = say("separation of duties")
OWNERS = tuple(key for key in roles.STAFF if key != roles.AUDITOR)
"""Roles whose holders may answer for an exception: they act for the company."""
TESTERS = (roles.MANAGER, roles.STEWARD, roles.ONCALL, roles.PRODUCT_OWNER, roles.BOARD_MEMBER)
"""Roles whose holders, beside the owner, record tests of what makes up for an exception."""


def may_request(program: Program, owner: User, by: Actor) -> Refusal | None:
    """Why `by` may not ask for an exception with this owner."""
    if not isinstance(by, User):
        return Refusal("wrong_role", say("An exception is asked for by a person."))
    return first(
        None
        if roles_of(by, program.pk)
        else Refusal("wrong_role", say("Only participants of the programme ask for exceptions.")),
        None
        if roles_of(owner, program.pk) & set(OWNERS)
        else Refusal(
            "wrong_role_owner",
            say(
                "{owner} does not work for {program}; an exception is answered for by "
                "someone who does.",
                owner=owner,
                program=program,
            ),
            field="owner",
        ),
    )


def says_enough(
    *, title: str, rationale: str, risk: str, measure: str, measure_test: str
) -> Refusal | None:
    """Why a request without its reasons is refused."""
    return first(
        text_given(title, "title", say("Say in a few words what is excepted.")),
        text_given(rationale, "rationale", say("Say why the rule cannot be kept.")),
        text_given(risk, "risk", say("Say what could go wrong meanwhile.")),
        text_given(measure, "compensating_measure", say("Say what makes up for it meanwhile.")),
        text_given(measure_test, "measure_test", say("Say how it is tested that this holds.")),
    )


def fits_its_term(
    program: Program, kind: str, starts_at: dt.datetime, expires_at: dt.datetime
) -> Refusal | None:
    """Why the term is refused: backwards, over, or longer than the rule allows."""
    if kind not in ExceptionKind.values:
        return Refusal("unknown_kind", say("Choose one of the listed kinds."), field="kind")
    rule = rules.in_force(program, RuleKind.EXCEPTIONS)
    longest = rule.params.terms[kind].longest_days
    latest = program.calendar().add_calendar_days(starts_at, longest)
    return first(
        None
        if expires_at > max(starts_at, now())
        else Refusal("ends_before_start", say("The end must come later."), field="expires_at"),
        None
        if expires_at <= latest
        else Refusal(
            "too_long",
            say(
                "{label} is excepted for at most {longest} calendar days.",
                label=ExceptionKind(kind).label,
                longest=longest,
            ),
            rule=str(rule),
            field="expires_at",
        ),
    )


def may_extend(previous: ExceptionRecord | None, kind: str, subject: Model) -> Refusal | None:
    """Why the exception may not be asked for as an extension of `previous`."""
    if previous is None:
        return None
    same = (previous.kind, previous.subject_type, previous.subject_id) == (
        kind,
        subject._meta.label_lower,
        subject.pk,
    )
    if same and previous.approved_at is not None:
        return None
    return Refusal(
        "not_an_extension", say("An extension continues a granted exception of the same thing.")
    )


def may_grant(exception: ExceptionRecord, by: User) -> Refusal | None:
    """Why the board's decision cannot grant it."""
    return first(
        EXCEPTION_MOVES.refusal(exception.state, "grant"),
        Refusal("separation", say("Who asks for an exception does not approve it."), rule=DUTIES)
        if by.pk == exception.requested_by_id
        else None,
        Refusal("already_over", say("The time asked for is over; ask for a new one."))
        if exception.expires_at <= now()
        else None,
    )


def may_test(exception: ExceptionRecord, by: Actor) -> Refusal | None:
    """Why `by` may not record a test of its measure: its owner and the company's people may."""
    owner = isinstance(by, User) and by.pk == exception.owner_id
    return first(
        None
        if owner
        else needs_role(by, exception.program_id, *TESTERS, to=say("record a test of its measure")),
        None
        if exception.is_live()
        else Refusal("not_live", say("It does not apply now: there is nothing to make up for.")),
    )


def sound_test(
    exception: ExceptionRecord, *, found: str, at: dt.datetime, last: dt.datetime | None
) -> Refusal | None:
    """Why this is no record of a test: it says what was found, and when, while it applied."""
    early = at < exception.starts_at or (last is not None and at < last)
    return first(
        text_given(found, "found", say("Say what was looked at and what was found.")),
        Refusal("in_the_future", say("A test is recorded once it was made."), field="tested_at")
        if at > now()
        else None,
        Refusal(
            "too_early",
            say("It lies before the exception began, or before the test recorded last."),
            field="tested_at",
        )
        if early
        else None,
    )


def may_amend(exception: ExceptionRecord, by: User) -> Refusal | None:
    """Why what is asked for may not be changed: only its requester may, while the board has it."""
    return first(
        None
        if by.pk == exception.requested_by_id
        else Refusal("not_yours", say("Only who asked for it changes the request.")),
        EXCEPTION_MOVES.refusal(exception.state, "withdraw"),
    )


def may_withdraw(exception: ExceptionRecord, by: Actor) -> Refusal | None:
    """Why the request may not be withdrawn."""
    requester = isinstance(by, User) and by.pk == exception.requested_by_id
    return first(
        None
        if requester
        else needs_role(
            by, exception.program_id, roles.MANAGER, to=say("withdraw another's request")
        ),
        EXCEPTION_MOVES.refusal(exception.state, "withdraw"),
    )


def may_end(exception: ExceptionRecord, by: Actor) -> Refusal | None:
    """Why the exception may not be ended early; its owner always may."""
    owner = isinstance(by, User) and by.pk == exception.owner_id
    return first(
        None
        if owner
        else needs_role(
            by,
            exception.program_id,
            roles.MANAGER,
            roles.CHAIR,
            roles.ONCALL,
            to=say("end another's exception"),
        ),
        EXCEPTION_MOVES.refusal(exception.state, "end"),
        None
        if exception.expires_at > now()
        else Refusal("already_over", say("This exception has ended by itself.")),
    )
