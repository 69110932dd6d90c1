"""Who a person is to a case: the small checks the other policies are composed of."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q

from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import conflicted_ids, has_role, may_be_recused, recused
from fellowship.kernel.refusals import Refusal
from fellowship.kernel.saying import joined, say
from proposals.models import Proposal
from scoping.models import Fellowship

SEPARATION = say("separation of duties")


def is_person(by: Actor) -> bool:
    """Whether a person acts, not a service or a rule."""
    return isinstance(by, User)


def recused_from(fellowship: Fellowship, user: User) -> bool:
    """Whether the person declared a conflict about case or proposal; asked once a record."""
    known: dict[int, bool] = fellowship.__dict__.setdefault("_recused", {})
    if user.pk not in known:
        known[user.pk] = recused(user, fellowship) or recused(user, fellowship.proposal)
    return known[user.pk]


def know_recusals(fellowships: Iterable[Fellowship], user: User) -> None:
    """Ask once for many cases what `recused_from` asks of each: one query, or none."""
    cases = list(fellowships)
    hidden: set[int] = set()
    if may_be_recused(user):
        declared = Q(pk__in=conflicted_ids(user, Fellowship)) | Q(
            proposal_id__in=conflicted_ids(user, Proposal)
        )
        found = Fellowship.objects.filter(declared, pk__in=[case.pk for case in cases])
        hidden = set(found.values_list("pk", flat=True))
    for case in cases:
        case.__dict__.setdefault("_recused", {})[user.pk] = case.pk in hidden


def seen_by(fellowship: Fellowship, user: User) -> None:
    """Note that the case is visible to the person, so not one they are recused from."""
    fellowship.__dict__["_recused"] = {user.pk: False}


def holds(fellowship: Fellowship, by: Actor, *role_keys: str) -> bool:
    """Whether the person holds one of the roles in the case's programme."""
    return has_role(by, fellowship.program_id, *role_keys)


def staff(fellowship: Fellowship, by: Actor, *role_keys: str, what: str) -> Refusal | None:
    """Why `by`, who must hold one of the roles and have no conflict, may not do `what`."""
    if not isinstance(by, User):
        return None
    if not holds(fellowship, by, *role_keys):
        names = joined(say(" or "), (roles.ROLES[key].label.lower() for key in role_keys))
        return Refusal(
            "wrong_role", say("Only a {names} of this programme {what}.", names=names, what=what)
        )
    if by.pk == fellowship.fellow_id:
        return Refusal(
            "separation",
            say("The fellow of the case is not who {what}.", what=what),
            rule=SEPARATION,
        )
    if recused_from(fellowship, by):
        return Refusal(
            "separation", say("You declared a conflict about this case."), rule=SEPARATION
        )
    return None


def open_case(fellowship: Fellowship) -> Refusal | None:
    """Refuse what needs a fellowship that has not ended."""
    if fellowship.ended_at is None:
        return None
    return Refusal(
        "ended",
        say(
            "This fellowship ended on {ended_at:%-d %B %Y}.",
            ended_at=fellowship.program.day(fellowship.ended_at),
        ),
    )


def is_fellow(fellowship: Fellowship, by: Actor, what: str) -> Refusal | None:
    """Refuse what only the fellow of the case does."""
    if getattr(by, "pk", None) == fellowship.fellow_id:
        return None
    return Refusal("not_yours", say("Only the fellow {what}.", what=what))
