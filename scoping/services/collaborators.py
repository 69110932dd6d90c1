"""Name a collaborator, confirm who it is, remove them."""

from __future__ import annotations

from django.urls import reverse

from fellowship.accounts import roles
from fellowship.accounts.models import RoleAssignment, User
from fellowship.accounts.services import end_role, grant_role
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, first, refuse, unchanged
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.notices.services import notify
from governance.policy.common import text_given
from scoping import collaborating, policy
from scoping.models import Collaborator, Fellowship
from scoping.services.common import locked, managers, tell

PAGE = "collaborators"
TAKING_PART = journal.System("scoping.collaborators")


@journal.verb("scoping.name_collaborator")
def name_collaborator(
    *, fellowship: Fellowship, name: str, email: str, part: str, by: User, reason: str = ""
) -> Collaborator:
    """The fellow names a person to work with. Nothing opens: the programme confirms who it is.

    The answer is the same whether or not there is an account. One named already is returned.
    """
    case = locked(fellowship)
    refuse(policy.may_name_collaborator(case, by))
    email = email.strip().lower()
    present = Collaborator.objects.present().filter(fellowship=case)
    if there := present.filter(email__iexact=email).first():
        return there
    refuse(
        first(
            text_given(name, "name", say("Say who it is.")),
            text_given(part, "part", say("Say what they do in the fellowship.")),
            Refusal("is_the_fellow", say("That is your own address."), field="email")
            if email == case.fellow.email.lower()
            else None,
        )
    )
    made = Collaborator.objects.create(
        fellowship=case,
        name=name.strip()[:200],
        email=email,
        part=part.strip(),
        named_at=now(),
        named_by=by,
    )
    tell(
        case,
        "collaborator_named",
        managers(case),
        say("a collaborator to confirm"),
        page=PAGE,
    )
    journal.record(subject=made, change={"named": True})
    return made


@journal.verb("scoping.confirm_collaborator")
def confirm_collaborator(*, collaborator: Collaborator, by: User, reason: str = "") -> Collaborator:
    """The programme confirms who the person is; they may be granted data by name from now on.

    Confirmed already: returned unchanged. Refused while there is no account with the address.
    """
    found = _locked(collaborator)
    if found.confirmed_at is not None and found.removed_at is None:
        return unchanged(found, policy.may_confirm_collaborator(found, by))
    refuse(policy.may_confirm_collaborator(found, by))
    person = User.objects.filter(email__iexact=found.email, is_active=True).first()
    refuse(policy.may_take_part(found, person))
    case = found.fellowship
    found.person, found.confirmed_at, found.confirmed_by = person, now(), by
    found.save()
    assert person is not None  # noqa: S101 - refused above
    grant_role(
        user=person,
        realm=case.program.realm,
        role=roles.COLLABORATOR,
        by=TAKING_PART,
        reason=say("confirmed as a collaborator in {ref}", ref=case.ref),
    )
    tell(
        case,
        "collaborator_confirmed",
        [case.fellow],
        say("{found} is confirmed", found=found),
        page=PAGE,
    )
    notify(
        kind="scoping.collaborator_welcome",
        to=[person],
        title=say(
            "{ref}: you work on this fellowship with {fellow}", ref=case.ref, fellow=case.fellow
        ),
        body=say("Data is granted to you by name, once your security training is recorded."),
        url=reverse("scoping:collaborations"),
        subject_obj=found,
        realm=case.program_id,
    )
    journal.record(subject=found, change={"confirmed": person.pk})
    return found


@journal.verb("scoping.remove_collaborator")
def remove_collaborator(*, collaborator: Collaborator, by: User, reason: str) -> Collaborator:
    """End the collaboration now, and with it every grant of the person in this fellowship.

    Removed already: returned unchanged.
    """
    found = _locked(collaborator)
    if found.removed_at is not None:
        return unchanged(found, policy.may_remove_collaborator(found, by))
    refuse(policy.may_remove_collaborator(found, by))
    refuse(text_given(reason, "reason", say("Say why the collaboration ends.")))
    found.removed_at, found.removed_by, found.removed_because = now(), by, reason.strip()
    found.save()
    collaborating.removed(found, by, reason.strip())
    _end_role(found)
    case = found.fellowship
    told = {case.fellow, *managers(case)}
    tell(case, "collaborator_removed", told, say("{found} was removed", found=found), page=PAGE)
    if found.person:
        notify(
            kind="scoping.collaborator_left",
            to=[found.person],
            title=say("{ref}: you work on this fellowship no more", ref=case.ref),
            body=say("Everything you were granted for it is closed. {reason}", reason=reason),
            subject_obj=found,
            realm=case.program_id,
        )
    journal.record(subject=found, change={"removed": True})
    return found


def _end_role(found: Collaborator) -> None:
    """Of the role of a collaborator, where the person takes part in no other case of it."""
    others = Collaborator.objects.active().filter(
        person_id=found.person_id, fellowship__program_id=found.program_id
    )
    if found.person_id is None or others.exists():
        return
    held = RoleAssignment.objects.live().filter(
        user_id=found.person_id, realm_id=found.program_id, role=roles.COLLABORATOR
    )
    for assignment in held:
        end_role(
            assignment=assignment,
            by=TAKING_PART,
            reason=say("removed from {ref}", ref=found.fellowship.ref),
        )


def _locked(collaborator: Collaborator) -> Collaborator:
    """The collaborator and the case, the case locked first so that verbs never wait in a ring."""
    case = locked(Fellowship(pk=collaborator.fellowship_id))
    found = Collaborator.objects.locked().select_related("person").get(pk=collaborator.pk)
    found.fellowship = case
    return found
