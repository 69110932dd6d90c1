"""Who attests a role or a grant, and why somebody else may not."""

from __future__ import annotations

from fellowship.accounts import roles
from fellowship.accounts.models import User
from fellowship.accounts.queries import has_role
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import say
from governance.models.access_reviews import AccessReviewItem

RULE = "identity"
STANDS_IN = (roles.CHAIR,)
"""Who answers for an owner who does not, or who is not there any more."""


def may_open(by: object, program_id: int) -> Refusal | None:
    """Why `by` does not open a review ahead of its time."""
    if not isinstance(by, User) or has_role(
        by, program_id, roles.CHAIR, roles.MANAGER, roles.ADMINISTRATOR
    ):
        return None
    return Refusal(
        "wrong_role", say("Chair, manager or administrator open an access review."), RULE
    )


def may_attest(item: AccessReviewItem, by: User) -> Refusal | None:
    """Why `by` does not answer the item. Nobody attests what they hold themselves."""
    return first(
        Refusal("separation", say("Nobody attests a role or a grant of their own."), RULE)
        if by.pk == item.person_id
        else None,
        None
        if by.pk == item.owner_id or has_role(by, item.program_id, *STANDS_IN)
        else Refusal("wrong_role", say("Its owner answers this, or the chair."), RULE),
    )


def is_whole(decision: str, reason: str) -> Refusal | None:
    """Why an answer is not one: it keeps or removes, and says why it removes."""
    return first(
        None
        if decision in AccessReviewItem.Decision.values
        else Refusal("no_decision", say("Keep it or remove it."), field="decision"),
        Refusal("no_reason", say("Say why it is taken away."), field="reason")
        if decision == AccessReviewItem.Decision.REMOVE and not reason.strip()
        else None,
    )
