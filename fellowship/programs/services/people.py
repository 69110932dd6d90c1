"""Bring people into a programme from a list: accounts, roles, invitations. Or only try to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.db import IntegrityError, transaction
from django.db.models.functions import Lower
from django.urls import reverse

from fellowship.accounts import roles
from fellowship.accounts.models import Actor, RoleAssignment, User
from fellowship.accounts.services import grant_role, register
from fellowship.accounts.services.directory import free_name
from fellowship.kernel import journal
from fellowship.kernel.canonical import digest
from fellowship.kernel.refusals import Refusal, Refused, refuse
from fellowship.kernel.saying import say
from fellowship.notices.links import absolute
from fellowship.notices.services import Message, notify_each
from fellowship.programs import policy
from fellowship.programs.models import Program
from fellowship.programs.people_csv import BadRow, PersonRow

Row = PersonRow | BadRow


class Fate(StrEnum):
    """What becomes of a row."""

    INVITED = "invited"
    GRANTED = "granted"
    HELD = "held"
    REFUSED = "refused"


WORDS = {
    Fate.INVITED: say("Gets an account, an invitation and the role"),
    Fate.GRANTED: say("Has an account; gets the role"),
    Fate.HELD: say("Has this role already"),
    Fate.REFUSED: say("Left out"),
}


@dataclass(frozen=True, slots=True)
class Brought:
    """One row and what became of it."""

    row: Row
    fate: Fate
    problem: str = ""


@journal.verb("programs.import_people")
def import_people(
    *, program: Program, rows: Sequence[Row], by: Actor, expected: str = "", reason: str = ""
) -> list[Brought]:
    """Give each person of the list an account where they have none, and their role.

    What is refused is left out and says why. The same list again changes nothing. With `expected`,
    the fingerprint of a trial, nothing is done where something else would come of it by now.
    """
    program = Program.objects.locked().select_related("realm").get(pk=program.pk)
    refuse(policy.may_administer(program, by))
    brought = _bring(program, rows, by, reason)
    if expected and fingerprint(brought) != expected:
        refuse(
            Refusal(
                "changed_meanwhile",
                say("Something changed since you looked. Look again, then bring."),
            )
        )
    counts = {fate.value: sum(1 for b in brought if b.fate == fate) for fate in Fate}
    if counts[Fate.INVITED] or counts[Fate.GRANTED]:
        journal.record(subject=program, realm_id=program.pk, change=counts)
    return brought


def try_people(*, program: Program, rows: Sequence[Row], by: Actor) -> list[Brought]:
    """What `import_people` would do: it is done, and undone before anybody sees it."""
    try:
        with transaction.atomic():
            raise _Tried(import_people(program=program, rows=rows, by=by))
    except _Tried as tried:
        return tried.brought


def fingerprint(brought: Sequence[Brought]) -> str:
    """What a trial said, in short: the same as long as the same would come of it."""
    return digest([[b.row.line, b.row.email, b.fate.value] for b in brought])


class _Tried(Exception):
    def __init__(self, brought: list[Brought]) -> None:
        self.brought = brought


def _bring(program: Program, rows: Sequence[Row], by: Actor, reason: str) -> list[Brought]:
    addresses = {row.email for row in rows if isinstance(row, PersonRow)}
    known = _known(addresses)
    held = _held(program)
    brought: list[Brought] = []
    told: list[Message] = []
    for row in rows:
        if isinstance(row, BadRow):
            brought.append(Brought(row, Fate.REFUSED, row.problem))
            continue
        user = known.get(row.email)
        if user and (user.pk, row.role, row.seat) in held:
            brought.append(Brought(row, Fate.HELD))
            continue
        try:
            try:
                person = _give(program, row, user, by, reason)
            except IntegrityError:  # somebody made this account, or took its name, meanwhile
                known |= _known(addresses)
                user = known.get(row.email)
                person = _give(program, row, user, by, reason)
        except Refused as refused:
            brought.append(Brought(row, Fate.REFUSED, refused.refusal.reason))
            continue
        brought.append(Brought(row, Fate.GRANTED if user else Fate.INVITED))
        told.append(_invitation(program, row, person, new=user is None))
        known[row.email] = person
        held.add((person.pk, row.role, row.seat))
    notify_each(told)
    return brought


@transaction.atomic
def _give(program: Program, row: PersonRow, user: User | None, by: Actor, reason: str) -> User:
    """The person with the role; both, or neither."""
    person = user or register(
        email=row.email,
        name=row.name or row.email.partition("@")[0],
        username=free_name(row.email),
        affiliation=row.affiliation,
        by=by,
    )
    grant_role(
        user=person,
        realm=program.realm,
        role=row.role,
        seat=row.seat,
        ends_at=program.calendar().end_of_day(row.last_day) if row.last_day else None,
        by=by,
        reason=reason,
    )
    return person


def _known(addresses: set[str]) -> dict[str, User]:
    return {user.email.lower(): user for user in _with_address(addresses)}


def _with_address(addresses: set[str]) -> list[User]:
    wanted = sorted(addresses)
    parts = [wanted[start : start + 500] for start in range(0, len(wanted), 500)]
    low = User.objects.annotate(low=Lower("email"))
    return [user for part in parts for user in low.filter(low__in=part)]


def _held(program: Program) -> set[tuple[int, str, str]]:
    live = RoleAssignment.objects.live().filter(realm_id=program.pk)
    return set(live.values_list("user_id", "role", "seat"))


def _invitation(program: Program, row: PersonRow, person: User, *, new: bool) -> Message:
    role = roles.ROLES[row.role]
    said = f"{role.label}: {role.prose}"
    if not new:
        title = say("You are {label} in {program} now", label=role.label.lower(), program=program)
        return Message(
            "programs.role_given", [person], title, said, "/", realm=program.pk, urgent=True
        )
    page = reverse("account_reset_password")
    body = say(
        "{said}\n\nAn account with this address was made for you. Choose a password at "
        "{absolute}, or sign in with your company where that is offered.",
        said=said,
        absolute=absolute(page),
    )
    title = say(
        "You are invited to {program} as {label}", program=program, label=role.label.lower()
    )
    return Message("programs.invited", [person], title, body, page, realm=program.pk, urgent=True)
