"""Who may offer a case a later version of a rule, agree, decline, and take the offer back."""

from __future__ import annotations

from django.db.models import Model

from fellowship.accounts import roles
from fellowship.accounts.models import User
from fellowship.accounts.queries import recused
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from governance.models import RuleAmendment, RulePin, RuleVersion
from governance.policy.common import needs_role
from governance.states import AMENDMENT_MOVES, RuleStatus

OFFERING = (roles.MANAGER, roles.CHAIR)
RULE = say("no moving goalposts")


def may_offer(
    rule: RuleVersion, pin: RulePin, subject: Model, party: User | None, by: User
) -> Refusal | None:
    """Why the later version may not be offered for the case."""
    held = pin.rule_version
    return first(
        needs_role(by, rule.program_id, *OFFERING, to=say("offer a later version")),
        Refusal("separation_recused", say("You are recused from this case."))
        if recused(by, subject)
        else None,
        None
        if rule.status == RuleStatus.ADOPTED and (rule.effective_at or now()) <= now()
        else Refusal("rule_not_in_force", say("Only a version in force is offered.")),
        None
        if (held.kind, held.program_id) == (rule.kind, rule.program_id)
        and (held.version or 0) < (rule.version or 0)
        else Refusal(
            "not_later",
            say("The case is held to {held}: {rule} is not a later version.", held=held, rule=rule),
        ),
        None
        if party is not None
        else Refusal(
            "no_party", say("Nobody alone can agree for this: all who rely on it would have to.")
        ),
        None
        if party != by
        else Refusal(
            "separation", say("A later rule applies only where both sides agree."), rule=RULE
        ),
    )


def may_answer(amendment: RuleAmendment, pin: RulePin | None, by: User) -> Refusal | None:
    """Why the person may not agree: it is not their case, or the case has moved on."""
    return first(
        may_decline(amendment, by),
        None
        if pin is not None and pin.rule_version_id == amendment.from_rule_id
        else Refusal(
            "moved_on",
            say("The case is no longer held to {from_rule}.", from_rule=amendment.from_rule),
        ),
    )


def may_decline(amendment: RuleAmendment, by: User) -> Refusal | None:
    """Why the person may not decline it."""
    return first(
        None
        if by.pk == amendment.party_id
        else Refusal(
            "not_yours", say("Only {party} answers for this case.", party=amendment.party)
        ),
        AMENDMENT_MOVES.refusal(amendment.state, "decline"),
    )


def may_withdraw(amendment: RuleAmendment, by: User) -> Refusal | None:
    """Why the offer may not be taken back."""
    return first(
        needs_role(by, amendment.program_id, *OFFERING, to=say("take an offer back")),
        AMENDMENT_MOVES.refusal(amendment.state, "withdraw"),
    )
