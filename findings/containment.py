"""What an alarm asks of findings: its product owner is called in, and it may end in findings."""

from __future__ import annotations

from typing import Final

from fellowship.accounts import roles
from fellowship.accounts.models import User
from fellowship.accounts.queries import holders
from fellowship.kernel.saying import joined, say
from findings.models import Finding
from governance.containment import counts_as_finding, register
from governance.models import Escalation
from governance.services import call_in
from scoping.models import Fellowship

KEY: Final = "findings.call_product_owner"


def owners(escalation: Escalation) -> list[User]:
    """The product owners of the findings concerned; everybody who is one where none is named."""
    rows = Finding.objects.filter(program_id=escalation.program_id)
    if escalation.subject_type == Finding._meta.label_lower:
        rows = rows.filter(pk__in=[escalation.subject_id])
    elif escalation.subject_type == Fellowship._meta.label_lower:
        rows = rows.filter(fellowship_id__in=[escalation.subject_id])
    else:
        rows = rows.none()
    everybody = holders(escalation.program_id, roles.PRODUCT_OWNER).order_by("pk")
    named = set(rows.exclude(product_owner=None).values_list("product_owner_id", flat=True))
    return [user for user in everybody if user.pk in named] or list(everybody)


def act(*, escalation: Escalation, by: User, reason: str) -> str:
    """Call them in; says who came."""
    called = call_in(escalation=escalation, people=owners(escalation), by=by)
    names = joined(", ", (str(user) for user in called))
    return (
        say("Called in: {names}.", names=names)
        if names
        else say("The product owner is called in already.")
    )


register(
    KEY,
    say("Call in the product owner"),
    act,
    applies=lambda escalation: holders(escalation.program_id, roles.PRODUCT_OWNER).exists(),
    hint=say("They are told at once and read the whole alarm."),
)
counts_as_finding(Finding._meta.label_lower)
