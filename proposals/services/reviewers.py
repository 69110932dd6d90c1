"""What a reviewer says about their own reviewing: fields, seat, places, days away."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Final

from django.core.exceptions import ValidationError

from fellowship.accounts.models import User
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, refuse
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from proposals import policy
from proposals.models import Absence, ReviewerProfile
from proposals.sections import normal

FIELDS_MAX: Final = 20
FIELD_MAX: Final = 60
AHEAD_DAYS: Final = 730


@journal.verb("proposals.describe_reviewing")
def describe_reviewing(
    *,
    by: User,
    works_on: Iterable[str],
    knows: Iterable[str] = (),
    seat: str = "",
    places: int,
) -> ReviewerProfile:
    """Keep what the person says of their own reviewing. The same said twice changes nothing.

    Raises ValidationError by field.
    """
    refuse(policy.may_describe(by))
    profile: ReviewerProfile | None = ReviewerProfile.objects.locked().filter(user=by).first()
    works, known = _fields("works_on", works_on), _fields("knows", knows)
    said = {
        "works_on": works,
        "knows": [f for f in known if f.casefold() not in {w.casefold() for w in works}],
        "seat": seat,
        "places": places,
    }
    if profile and all(getattr(profile, name) == value for name, value in said.items()):
        return profile
    profile = profile or ReviewerProfile(user=by)
    for name, value in said.items():
        setattr(profile, name, value)
    profile.full_clean(validate_unique=False, validate_constraints=False)
    profile.save()
    journal.record(subject=profile, change={"user": by.pk, "seat": seat, "places": places})
    return profile


@journal.verb("proposals.enter_absence")
def enter_absence(*, by: User, starts_on: dt.date, ends_on: dt.date) -> Absence:
    """Days on which the person does not review. The same entered twice is one."""
    refuse(policy.may_describe(by))
    today = by.today()
    if ends_on < starts_on:
        raise ValidationError({"ends_on": say("The last day must not lie before the first.")})
    if ends_on < today:
        raise ValidationError({"ends_on": say("These days are over.")})
    if (ends_on - today).days > AHEAD_DAYS:
        raise ValidationError({"ends_on": say("Choose a day within the next two years.")})
    standing = Absence.objects.standing().filter(user=by)
    same: Absence | None = standing.filter(starts_on=starts_on, ends_on=ends_on).first()
    if same:
        return same
    absence = Absence.objects.create(user=by, starts_on=starts_on, ends_on=ends_on)
    journal.record(subject=absence, change={"user": by.pk, "from": starts_on, "to": ends_on})
    return absence


@journal.verb("proposals.cancel_absence")
def cancel_absence(*, absence: Absence, by: User) -> Absence:
    """Take an absence back; one taken back stays so."""
    absence = Absence.objects.locked().get(pk=absence.pk)
    if absence.user_id != by.pk:
        refuse(Refusal("not_yours", say("Only the person who is away takes this back.")))
    if absence.cancelled_at is None:
        absence.cancelled_at = now()
        absence.save()
        journal.record(subject=absence, change={"user": by.pk})
    return absence


def _fields(name: str, given: Iterable[str]) -> list[str]:
    """Fields as kept: single spaces, none twice. Raises ValidationError."""
    found: dict[str, str] = {}
    for text in given:
        field = " ".join(normal(text).split())
        if len(field) > FIELD_MAX:
            raise ValidationError(
                {
                    name: say(
                        "Shorten “{field}…” to {FIELD_MAX} characters.",
                        field=field[:30],
                        FIELD_MAX=FIELD_MAX,
                    )
                }
            )
        if field:
            found.setdefault(field.casefold(), field)
    if len(found) > FIELDS_MAX:
        raise ValidationError({name: say("Name at most {FIELDS_MAX}.", FIELDS_MAX=FIELDS_MAX)})
    return list(found.values())
