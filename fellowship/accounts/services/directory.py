"""The verbs of the company's directory: it names its people, and says who left. It gives no roles.

`by` is the person whose token the directory uses; each event says that the directory spoke.
"""

from __future__ import annotations

import re

from fellowship.accounts import policy
from fellowship.accounts.models import Departure, User
from fellowship.accounts.queries_directory import covered
from fellowship.accounts.services.leaving import come_back, leave
from fellowship.kernel import journal
from fellowship.kernel.canonical import digest
from fellowship.kernel.refusals import Refusal, refuse
from fellowship.kernel.saying import say

SAID = say("The company’s directory says that they left.")


@journal.verb("accounts.provision")
def provision(*, email: str, name: str, key: str, by: User) -> User:
    """Make an account for somebody of the company, without a password and without a role.

    Somebody whom the directory had removed comes back. Any other known address is refused.
    """
    refuse(policy.may_speak_for_directory(by, email))
    known = User.objects.select_for_update().filter(email__iexact=email).first()
    if known and Departure.objects.filter(person=known, returned_at=None, removed=True).exists():
        come_back(user=known, by=by, by_directory=True)
        return change(user=known, by=by, name=name, key=key)
    if known or (key and User.objects.filter(directory_key=key).exists()):
        refuse(Refusal("uniqueness", say("There is an account of this address or key.")))
    user = User.objects.create_user(
        email, None, name=name or email, username=free_name(email), directory_key=key
    )
    journal.record(subject=user, change={"email_hash": digest(email.lower()), "by_directory": True})
    return user


@journal.verb("accounts.change_by_directory")
def change(
    *,
    user: User,
    by: User,
    name: str | None = None,
    email: str | None = None,
    key: str | None = None,
    active: bool | None = None,
) -> User:
    """Take over what the directory says of a person; what it says nothing of stays."""
    user = User.objects.select_for_update().get(pk=user.pk)
    refuse(policy.may_speak_for_directory(by, email or user.email))
    taken = User.objects.exclude(pk=user.pk)
    if email and taken.filter(email__iexact=email).exists():
        refuse(Refusal("uniqueness", say("Another account has this address.")))
    if key and taken.filter(directory_key=key).exists():
        refuse(Refusal("uniqueness", say("Another account has this key.")))
    said = {"name": name or None, "email": email, "directory_key": key}
    changed = [field for field, value in said.items() if value not in (None, getattr(user, field))]
    for field in changed:
        setattr(user, field, said[field])
    if changed:
        user.save()
        journal.record(subject=user, change={"fields": sorted(changed), "by_directory": True})
    if active is False:
        leave(user=user, by=by, reason=SAID, by_directory=True)
    elif active and not user.is_active:
        come_back(user=user, by=by, by_directory=True)
    return User.objects.get(pk=user.pk)


@journal.verb("accounts.remove_by_directory")
def remove(*, user: User, by: User) -> None:
    """The directory knows the person no more: they leave, and it is not shown them again."""
    departure = leave(user=user, by=by, reason=SAID, by_directory=True)
    departure = Departure.objects.locked().get(pk=departure.pk)
    if not departure.removed:
        departure.removed = True
        departure.save()
        journal.record(subject=departure, change={"removed": True})


def free_name(email: str) -> str:
    """A short name that nobody has, from the address."""
    base = re.sub(r"[^a-z0-9.-]", "-", email.partition("@")[0].lower())[:50] or "person"
    taken = set(User.objects.filter(username__startswith=base).values_list("username", flat=True))
    return next(
        name
        for name in (base, *(f"{base}-{number}" for number in range(2, len(taken) + 3)))
        if name not in taken
    )


__all__ = ["change", "covered", "free_name", "provision", "remove"]
