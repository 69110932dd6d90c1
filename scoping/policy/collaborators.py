"""Who may name, confirm and remove collaborators."""

from __future__ import annotations

from fellowship.accounts import roles
from fellowship.accounts.duties import WHY
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import roles_of
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import joined, say
from scoping.models import Collaborator, Fellowship
from scoping.policy.standing import SEPARATION, open_case, staff


def may_name_collaborator(fellowship: Fellowship, by: Actor) -> Refusal | None:
    """Why `by` may not name a collaborator: the fellow does."""
    return first(
        None
        if getattr(by, "pk", None) == fellowship.fellow_id
        else Refusal("not_yours", say("Collaborators are named by the fellow of the case.")),
        open_case(fellowship),
    )


def may_confirm_collaborator(collaborator: Collaborator, by: Actor) -> Refusal | None:
    """Why `by` may not confirm: a manager does, without a conflict, and not the person named."""
    return first(
        staff(collaborator.fellowship, by, roles.MANAGER, what=say("confirms collaborators")),
        open_case(collaborator.fellowship),
        Refusal("removed", say("{collaborator} was removed.", collaborator=collaborator))
        if collaborator.removed_at is not None
        else None,
        Refusal("separation", say("Nobody confirms themselves."), rule=SEPARATION)
        if isinstance(by, User) and by.email.lower() == collaborator.email.lower()
        else None,
    )


def may_take_part(collaborator: Collaborator, person: User | None) -> Refusal | None:
    """Why the account named cannot take part: there is none, or it judges cases here."""
    if person is None:
        return Refusal(
            "no_account",
            say(
                "There is no account with the address {email} yet. Ask them to register "
                "with it, then confirm.",
                email=collaborator.email,
            ),
        )
    fellowship = collaborator.fellowship
    if person.pk == fellowship.fellow_id:
        return Refusal("is_the_fellow", say("That is the fellow of the case."))
    held = roles_of(person, fellowship.program_id) & set(WHY)
    if held:
        names = joined(", ", sorted(roles.ROLES[key].label.lower() for key in held))
        return Refusal(
            "separation",
            say(
                "{person} works for the programme ({names}), and so is no collaborator in it.",
                person=person,
                names=names,
            ),
            rule=SEPARATION,
        )
    return None


def may_remove_collaborator(collaborator: Collaborator, by: Actor) -> Refusal | None:
    """Why `by` may not remove: the fellow, a manager, a steward and on-call may, and the person."""
    own = getattr(by, "pk", None)
    if own is not None and own in (collaborator.person_id, collaborator.fellowship.fellow_id):
        return None
    allowed = (roles.MANAGER, roles.STEWARD, roles.ONCALL)
    return staff(collaborator.fellowship, by, *allowed, what=say("removes collaborators"))
