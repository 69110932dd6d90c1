"""Who may do what when a fellowship ends, and why not. Each function returns None or a Refusal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, Final

from access.models import EscrowDeposit, EscrowOpening, EscrowWaiver
from access.outputs.checks import FAILED, Check
from access.policy import SEPARATION
from access.release_states import Keeper
from fellowship.accounts import roles
from fellowship.accounts.models import Actor
from fellowship.accounts.queries import has_role, recused
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from scoping.models import Fellowship

RULE: Final = say("research escrow")
OPEN_FOR: Final = dt.timedelta(days=14)
"""How long a deposit can be taken once its opening is agreed to."""
KEEPERS: Final = (roles.STEWARD, roles.MANAGER)
OPENERS: Final = (*KEEPERS, roles.ONCALL, roles.AUDITOR)


def may_deposit(fellowship: Fellowship, by: Actor) -> Refusal | None:
    """Why `by` may not lay anything down: the fellow does, or the mentor of the case."""
    if by in (fellowship.fellow, fellowship.mentor):
        return None
    return Refusal(
        "not_yours", say("The fellow or the mentor of the case lays methods and notes down.")
    )


def holds_no_data(declared: bool, found: Iterable[Check]) -> Refusal | None:
    """Why a file is not taken: it is not declared free of raw data, or a machine found some."""
    if not declared:
        reason = say("Escrow takes methods and notes alone. Say that the file holds no raw data.")
        return Refusal("raw_data", reason, rule=RULE, field="holds_no_raw_data")
    failed = [check.detail for check in found if check.result == FAILED]
    if not failed:
        return None
    reason = say("Raw data stays with the company: {join}", join=" ".join(failed))
    return Refusal("raw_data", reason, rule=RULE, field="file")


def may_ask_to_open(deposit: EscrowDeposit, by: Any) -> Refusal | None:
    """Why `by` may not ask to open the deposit."""
    case = deposit.fellowship
    return first(
        None
        if by.pk in (case.fellow_id, case.mentor_id) or has_role(by, case.program_id, *OPENERS)
        else Refusal(
            "wrong_role", say("Those of the case and the programme's staff may ask for it.")
        ),
        _no_conflict(case, by),
    )


def may_decide_opening(opening: EscrowOpening, by: Any) -> Refusal | None:
    """Why `by` may not agree: a second person, of those who keep the escrow."""
    case = opening.fellowship
    return first(
        Refusal("separation", say("A second person decides whether it is opened."), rule=SEPARATION)
        if by.pk == opening.requested_by_id
        else None,
        None
        if has_role(by, case.program_id, *KEEPERS)
        else Refusal("wrong_role", say("A data steward or the programme manager decides.")),
        _no_conflict(case, by),
        Refusal("decided", say("This has been decided."), rule=RULE)
        if opening.decided_at
        else None,
    )


def may_take(deposit: EscrowDeposit, by: Any, at: dt.datetime | None = None) -> Refusal | None:
    """Why `by` may not take the file now: only who asked, for two weeks once it was agreed to."""
    since = (at or now()) - OPEN_FOR
    agreed = deposit.openings.filter(requested_by_id=by.pk, agreed=True, decided_at__gt=since)
    if agreed.exists():
        return None
    reason = say(
        "Ask to open it first: a second person agrees, and then it can be taken for 14 days."
    )
    return Refusal("not_open", reason, rule=RULE)


def may_waive(fellowship: Fellowship, by: Any) -> Refusal | None:
    """Why `by` may not close the case without a deposit."""
    return first(
        _keeper(fellowship, by),
        Refusal("waived", say("It is waived already."), rule=RULE)
        if EscrowWaiver.objects.filter(fellowship=fellowship).exists()
        else None,
    )


def may_adjust(fellowship: Fellowship, by: Any) -> Refusal | None:
    """Why `by` may not decide that something ends otherwise than agreed."""
    return _keeper(fellowship, by)


def fits(
    fellowship: Fellowship,
    thing: str,
    changeable: Iterable[str],
    keeper: str,
    until: dt.date | None,
) -> Refusal | None:
    """Why a term is not taken: data is kept longer by an exception alone."""
    if thing not in set(changeable):
        reason = say("This cannot be decided here. Data is kept longer only by an exception.")
        return Refusal("not_changeable", reason, rule="retention", field="thing")
    if keeper not in Keeper.values:
        return Refusal("unknown_keeper", say("Choose from the list."), field="keeper")
    if until and until < fellowship.program.today():
        return Refusal("in_the_past", say("This lies in the past."), field="until")
    return None


def _keeper(fellowship: Fellowship, by: Any) -> Refusal | None:
    return first(
        None
        if has_role(by, fellowship.program_id, *KEEPERS)
        else Refusal("wrong_role", say("A data steward or the programme manager decides this.")),
        Refusal("separation", say("Nobody decides this for a case of their own."), rule=SEPARATION)
        if by.pk in (fellowship.fellow_id, fellowship.mentor_id)
        else None,
        _no_conflict(fellowship, by),
    )


def _no_conflict(fellowship: Fellowship, by: Any) -> Refusal | None:
    if recused(by, fellowship) or recused(by, fellowship.proposal):
        return Refusal("separation_conflict", say("You declared a conflict of interest here."))
    return None
