"""The one button: close all that a person, or anyone in a dataset, can reach; and open it again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db.models import QuerySet
from django.urls import reverse

from access import suspending
from access.models import AccessSuspension, Dataset, Grant
from access.policy import reason_given
from access.reach import in_values, reachable_by
from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import holders
from fellowship.history.references import next_reference
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse, unchanged
from fellowship.kernel.saying import begun, joined, say
from fellowship.kernel.time import now
from fellowship.notices.services import notify
from fellowship.programs.models import Program
from scoping.reach import said


@journal.verb("access.suspend_person")
def suspend_person(
    *,
    program: Program,
    person: User,
    by: Actor,
    reason: str,
    until: dt.datetime | None = None,
) -> AccessSuspension:
    """Suspend all the person may reach in the programme, until lifted or `until`.

    One in force that lasts as long is returned unchanged. What was reachable is frozen on it.
    """
    User.objects.select_for_update().get(pk=person.pk)
    if live := _lasting(AccessSuspension.objects.filter(program=program, person=person), until):
        return unchanged(live, suspending.may_suspend(program, by, person=person, until=until))
    refuse(suspending.may_suspend(program, by, person=person, until=until))
    refuse(reason_given(reason, say("Say why it must close now.")))
    grants = Grant.objects.filter(person=person, fellowship__program=program)
    made = _made(program, by, reason, until, grants, person=person)
    _tell(
        made,
        "suspended",
        [person],
        say("all access of {person} is suspended", person=person),
        reason,
    )
    change = {"person": person.pk, "until": until, **said(made.reached)}
    journal.record(subject=made, change=change)
    return made


@journal.verb("access.suspend_dataset")
def suspend_dataset(
    *, dataset: Dataset, by: Actor, reason: str, until: dt.datetime | None = None
) -> AccessSuspension:
    """Suspend a dataset for everyone, until lifted or `until`; as `suspend_person`."""
    dataset = Dataset.objects.locked().get(pk=dataset.pk)
    refused = suspending.may_suspend(dataset.program_id, by, dataset=dataset, until=until)
    if live := _lasting(AccessSuspension.objects.filter(dataset=dataset), until):
        return unchanged(live, refused)
    refuse(refused)
    refuse(reason_given(reason, say("Say why it must close now.")))
    grants = Grant.objects.filter(dataset=dataset)
    made = _made(dataset.program, by, reason, until, grants, dataset=dataset)
    people = _reaching(made)
    _tell(
        made,
        "suspended",
        people,
        say("{dataset} is suspended for everyone", dataset=dataset),
        reason,
    )
    change = {"dataset": dataset.ref, "until": until, **said(made.reached)}
    journal.record(subject=made, change=change)
    return made


@journal.verb("access.lift")
def lift_suspension(*, suspension: AccessSuspension, by: User, reason: str) -> AccessSuspension:
    """Lift a suspension; one lifted already is returned unchanged. Grants open as they stand."""
    suspension = AccessSuspension.objects.locked().get(pk=suspension.pk)
    if suspension.lifted_at is not None:
        return unchanged(suspension, suspending.may_lift(suspension, by))
    refuse(suspending.may_lift(suspension, by))
    refuse(reason_given(reason, say("Say why it may open again.")))
    suspension.lifted_at, suspension.lifted_by = now(), by
    suspension.lifted_because = reason
    suspension.save()
    people = [suspension.person] if suspension.person else _reaching(suspension)
    title = say("the suspension of {subject} is lifted", subject=suspension.subject)
    _tell(suspension, "lifted", people, title, reason)
    journal.record(subject=suspension, change={"lifted_at": suspension.lifted_at})
    return suspension


def _lasting(
    rows: QuerySet[AccessSuspension], until: dt.datetime | None
) -> AccessSuspension | None:
    live = AccessSuspension.objects.live().filter(pk__in=rows.values("pk"))
    return next((row for row in live if row.lasts(until)), None)


def _made(
    program: Program,
    by: Actor,
    reason: str,
    until: dt.datetime | None,
    grants: QuerySet[Grant],
    *,
    person: User | None = None,
    dataset: Dataset | None = None,
) -> AccessSuspension:
    at = now()
    return AccessSuspension.objects.create(
        ref=next_reference("SUS"),
        program=program,
        person=person,
        dataset=dataset,
        starts_at=at,
        until=until,
        by=by if isinstance(by, User) else None,
        reason=reason,
        reached=in_values(reachable_by(grants, at)),
    )


def _reaching(suspension: AccessSuspension) -> list[User]:
    keys = {row["person"] for row in suspension.reached}
    return list(User.objects.filter(pk__in=keys).order_by("pk"))


def _tell(
    suspension: AccessSuspension, what: str, people: Iterable[User], title: str, body: str
) -> None:
    """Tell the people concerned, each of their own data, and those who watch over it."""
    people = list(people)
    notify(
        kind=f"access.{what}",
        to=people,
        subject_obj=suspension.dataset or suspension,
        title=begun(title),
        body=body,
        url=reverse("access:grants"),
        urgent=True,
    )
    watching = set(holders(suspension.program_id, roles.ONCALL, roles.STEWARD, roles.MANAGER))
    notify(
        kind=f"access.{what}",
        to=watching - set(people),
        subject_obj=suspension,
        title=joined(": ", (suspension.ref, title)),
        body=body,
        url=suspension.get_absolute_url(),
        urgent=True,
    )
