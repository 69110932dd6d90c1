"""Who may set a recusal aside, and why not: two people, neither of them the one it concerns."""

from __future__ import annotations

from fellowship.accounts.models import Actor, Conflict, RecusalOverride, User
from fellowship.accounts.states import OVERRIDE_MOVES
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import say
from governance import recused
from governance.policy.common import needs_role, text_given

DUTIES = say("separation of duties")


def may_request(conflict: Conflict, by: Actor) -> Refusal | None:
    """Why `by` may not ask for an override: role, own recusal, or nothing to set aside."""
    return first(
        _apart(conflict, by),
        needs_role(by, conflict.realm_id, *recused.ASKING, to=say("ask to set a recusal aside")),
        None
        if Conflict.objects.recusing().filter(pk=conflict.pk).exists()
        else Refusal("not_recusing", say("This declaration recuses nobody now.")),
    )


def says_why(reason: str) -> Refusal | None:
    """Why an override without its reason is refused."""
    return text_given(reason, "reason", say("Say why the recusal should be set aside."))


def says_why_it_counts(reason: str) -> Refusal | None:
    """Why leaving a recusal as it is, or ending its override, is refused without a reason."""
    return text_given(reason, "reason", say("Say why the recusal counts."))


def may_decide(override: RecusalOverride, by: Actor, verb: str) -> Refusal | None:
    """Why `by` may not approve or decline it: also nobody who asked for it."""
    return first(
        _apart(override.conflict, by),
        needs_role(by, override.realm_id, *recused.DECIDING, to=say("decide on an override")),
        Refusal(
            "separation_second", say("A second person decides what you asked for."), rule=DUTIES
        )
        if by == override.requested_by
        else None,
        OVERRIDE_MOVES.refusal(override.state, verb),
        None
        if override.declared_at == override.conflict.declared_at
        else Refusal("declared_again", say("The conflict was declared anew since. Ask again.")),
    )


def may_revoke(override: RecusalOverride, by: Actor) -> Refusal | None:
    """Why `by` may not end the override."""
    return first(
        _apart(override.conflict, by),
        needs_role(by, override.realm_id, *recused.DECIDING, to=say("end an override")),
        OVERRIDE_MOVES.refusal(override.state, "revoke"),
    )


def _apart(conflict: Conflict, by: Actor) -> Refusal | None:
    """Neither the person themselves, nor anybody recused or a party."""
    if not isinstance(by, User):
        return Refusal("wrong_role", say("An override is a matter of people."))
    return first(
        Refusal("separation_own", say("Nobody sets their own recusal aside."), rule=DUTIES)
        if by.pk == conflict.user_id
        else None,
        Refusal("separation_recused", say("You declared a conflict here yourself."), rule=DUTIES)
        if recused.closed_to(conflict, by)
        else None,
        Refusal("separation_party", say("You are a party to this."), rule=DUTIES)
        if by.pk in recused.party_ids(conflict)
        else None,
    )
