"""What the retention rule asks for: proposed each day, asked for or held back by people."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import Q

from fellowship.accounts import roles
from fellowship.accounts.models import Actor, ApiToken, User
from fellowship.accounts.queries import holders
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse, unchanged
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.notices.models import Mail, Notice
from fellowship.notices.services import notify
from fellowship.notices.states import MailState
from fellowship.programs.models import Program
from oversight import retention_policy as policy
from oversight.models import DueErasure, Hold, RetentionRun
from oversight.persons import parts
from oversight.services.persons import ask_erasure

KEEPER: Final = journal.System("oversight.retention")
MOST: Final = 500
"""New proposals of one run of the sweep; the next goes on, and the day is done with the last."""
STEADY: Final = dt.timedelta(days=31)
"""Without a run within these days nothing is removed yet: a clock may have jumped."""


@journal.verb("oversight.propose_erasure")
def propose_erasure(*, due: parts.Due, by: Actor) -> DueErasure:
    """Propose what the rule asks for. Somebody proposed already stays as they are."""
    User.objects.select_for_update().get(pk=due.person)
    known: DueErasure | None = DueErasure.objects.open().filter(person=due.person).first()
    if known:
        return known
    found: DueErasure = DueErasure.objects.create(
        person_id=due.person,
        program_id=due.program,
        ground=due.ground,
        since=due.since,
        due_at=due.due_at,
        rule_version=due.rule,
    )
    change = {"person": due.person, "ground": due.ground.value, "due_at": due.due_at}
    journal.record(subject=found, change={**change, "rule": due.rule.pk if due.rule else None})
    return found


@journal.verb("oversight.end_due_erasure")
def end_due_erasure(*, due: DueErasure, by: Actor) -> DueErasure:
    """Note that somebody is no longer due: they take part again, or are given longer."""
    found: DueErasure = DueErasure.objects.locked().get(pk=due.pk)
    if found.ended_at is None:
        found.ended_at = now()
        found.save()
        journal.record(subject=found, change={"person": found.person_id, "due": False})
    return found


@journal.verb("oversight.ask_due_erasure")
def ask_due_erasure(*, due: DueErasure, by: User) -> DueErasure:
    """Ask, as the first of two people, for the erasure that the rule proposes. Twice is once."""
    found: DueErasure = DueErasure.objects.locked().select_related("person").get(pk=due.pk)
    if found.erasure is not None and found.erasure.refused_at is None:
        return unchanged(found, policy.may_ask_due(found, by))
    refuse(policy.may_ask_due(found, by))
    why = f"{found.rule}: {found.get_ground_display().lower()}."
    found.erasure = ask_erasure(person=found.person, reason=why, by=by)
    found.save()
    journal.record(subject=found, change={"erasure": found.erasure.pk})
    return found


@journal.verb("oversight.hold_data")
def hold_data(
    *, person: User, program: Program, ground: str, reason: str, until: dt.date, by: User
) -> Hold:
    """Keep somebody's data back until the end of a day. The same hold again is the one there is."""
    program = Program.objects.select_related("realm").get(pk=program.pk)
    person = User.objects.select_for_update().get(pk=person.pk)
    calendar = program.calendar()
    ends = calendar.end_of_day(until)
    said: dict[str, Any] = {"ground": ground, "until": ends, "reason": reason.strip()}
    known: Hold | None = Hold.objects.live().filter(person=person, program=program, **said).first()
    longest = parts.Rules(now()).terms(program.pk).longest_hold.due(now(), calendar)
    longest = calendar.end_of_day(calendar.day(longest))
    refused = policy.may_hold(person=person, program=program, longest=longest, by=by, **said)
    if known:
        return unchanged(known, refused)
    refuse(refused)
    hold: Hold = Hold.objects.create(person=person, program=program, placed_by=by, **said)
    journal.record(subject=hold, change={"person": person.pk, "ground": ground, "until": ends})
    notify(
        kind="oversight.data_held",
        to=[person],
        title=say("Your data is kept back"),
        body=say(
            "{ground}, until {until:%-d %B %Y}. Then it ends by itself.",
            ground=hold.get_ground_display(),
            until=until,
        ),
        url="/your-data/",
        subject_obj=hold,
    )
    return hold


@journal.verb("oversight.lift_hold")
def lift_hold(*, hold: Hold, reason: str, by: User) -> Hold:
    """End a hold before its day. One lifted stays as it is."""
    found: Hold = Hold.objects.locked().get(pk=hold.pk)
    if found.lifted_at:
        return unchanged(found, policy.may_lift(found, by, reason))
    refuse(policy.may_lift(found, by, reason))
    found.lifted_at, found.lifted_by, found.lifted_because = now(), by, reason.strip()
    found.save()
    journal.record(subject=found, change={"person": found.person_id, "lifted": True})
    return found


def keep_to_retention(at: dt.datetime) -> int:
    """Once a day and programme: propose what is due, take back what is not, forget what machines
    keep. Returns how many were proposed or taken back. Nothing is erased here.
    """
    programs = list(Program.objects.select_related("realm").order_by("pk"))
    days = {p.pk: p.day(at) for p in programs}
    done = set(
        RetentionRun.objects.filter(on__in=set(days.values())).values_list("program_id", "on")
    )
    left = [p for p in programs if (p.pk, days[p.pk]) not in done]
    if not left:
        return 0
    due = {one.person: one for one in parts.due(at)}
    known = {one.person_id: one for one in DueErasure.objects.open()}
    over = [one for person, one in known.items() if person not in due]
    new = [one for person, one in due.items() if person not in known]
    for one in over:
        end_due_erasure(due=one, by=KEEPER)
    for found in new[:MOST]:
        propose_erasure(due=found, by=KEEPER)
    if len(new) <= MOST:
        steady = RetentionRun.objects.filter(at__gt=at - STEADY, at__lte=at).exists()
        for program in left:
            _run(program, days[program.pk], at, forget=steady)
        if steady:
            forget_by_machine(at)
    return len(over) + len(new[:MOST])


def _run(program: Program, day: dt.date, at: dt.datetime, *, forget: bool) -> None:
    """Keep that the programme was looked at, and tell its administrators of what waits."""
    terms = parts.Rules(at).terms(program.pk)
    runs = RetentionRun.objects.filter(program=program)
    before = runs.order_by("-at").first()
    told = runs.filter(told=True).order_by("-at").first()
    waiting = DueErasure.objects.filter(program=program).waiting(at).count()
    more = waiting > (before.waiting if before else 0)
    again = told is None or terms.remind_every.due(told.at, program.calendar()) <= at
    tell = bool(waiting) and (more or again)
    removed = 0
    if forget:
        period = dt.timedelta(days=terms.notices.amount)
        old = Notice.objects.filter(realm_id=program.pk, created_at__lt=at - period)
        removed, _ = old.delete()
    RetentionRun.objects.create(
        program=program, on=day, at=at, waiting=waiting, told=tell, notices=removed
    )
    if tell:
        notify(
            kind="oversight.retention",
            to=holders(program.pk, roles.ADMINISTRATOR),
            subject_obj=program,
            realm=program.pk,
            title=say(
                "{program}: {waiting} kept longer than the retention rule says",
                program=program,
                waiting=waiting,
            ),
            body=say(
                "Ask for each erasure, or hold it back with a reason. Another administrator "
                "approves; nothing is erased by itself."
            ),
            url="/erasures/due/",
        )


def forget_by_machine(at: dt.datetime) -> dict[str, int]:
    """Remove what is no part of the record, by the longest of all rules where it is of no one's."""
    known = parts.Rules(at)
    if not known.programs:
        return {}

    def before(name: str) -> dt.datetime:
        return at - dt.timedelta(days=known.longest(name)[1])

    ended = Q(revoked_at__lt=before("tokens")) | Q(expires_at__lt=before("tokens"))
    told: Any = Notice.objects.filter(realm=None, created_at__lt=before("notices"))
    mails = Mail.objects.exclude(state=MailState.WAITING).filter(
        created_at__lt=before("notices"), notices=None
    )
    signs = UserSession.objects.filter(last_seen_at__lt=before("sessions"))
    return {
        "notices": told.delete()[0],
        "mails": mails.delete()[0],
        "sessions": signs.delete()[0] + Session.objects.filter(expire_date__lt=at).delete()[0],
        "tokens": ApiToken.objects.filter(ended)
        .exclude(name="", last_used_at=None)
        .update(name="", last_used_at=None),
    }
