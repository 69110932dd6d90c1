"""What the record says of a meeting: the draft of its minutes, and what is sealed in the end.

What concerns one matter stands apart from the rest, so that nobody recused from it reads of it.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

from fellowship.accounts import roles
from fellowship.accounts.models import User
from fellowship.history.models import Event
from fellowship.history.queries import timeline
from fellowship.kernel.canonical import digest
from fellowship.kernel.time import now
from fellowship.kernel.worktime import WorkCalendar
from fellowship.web import verbs
from governance import recused, room
from governance.letters import instant
from governance.models import ConsentItem, Decision, Matter, Meeting, Vote
from governance.states import Position, Standing

_SEATS = dict(roles.Seat.choices)
_POSITIONS = {p.value: p.label.lower() for p in Position}
TOLD = (
    "governance.refer",
    "governance.reseal_dossier",
    "governance.list_consent",
    "governance.pull_consent",
    "governance.record_decision",
)
"""The events of a matter that minutes list; votes and recusals stand in the count."""


def general(meeting: Meeting) -> str:
    """The part that concerns no single matter: who was there for which seat, and the times."""
    seats = room.seats(meeting)
    present = [s for s in seats if s.present]
    lines = ["### Present", ""]
    lines += [f"- {s.label}: {s.present}{s.stands_in}" for s in present] or ["- No seat."]
    others = [str(user) for user in room.others_present(meeting)]
    lines += [f"- Without a seat: {', '.join(others)}"] if others else []
    absent = [f"{s.label} ({s.holder or 'vacant'})" for s in seats if not s.present]
    lines += ["", f"Absent: {', '.join(absent)}."] if absent else []
    lines += ["", f"{len(present)} of {len(seats)} seats were present.", "", "### Course", ""]
    events = timeline(meeting).select_related("actor").order_by("at", "id")[:200]
    calendar = meeting.program.calendar()
    lines += [f"- {instant(e.at, calendar)}: {_who(e)} {_what(e)}" for e in events]
    return "\n".join(lines)


def by_matter(meeting: Meeting) -> Iterator[tuple[Matter, str]]:
    """Each matter decided since the meeting before, or listed for consent, with its text."""
    start = since(meeting)
    decided = Decision.objects.filter(
        matter__program_id=meeting.program_id, decided_at__gt=start, decided_at__lte=now()
    ).select_related("matter", "decided_by", "rule_version")
    told = set()
    for decision in decided.order_by("decided_at", "id"):
        told.add(decision.matter_id)
        yield decision.matter, _decision(meeting, decision, start)
    listed = ConsentItem.objects.filter(meeting=meeting).exclude(matter_id__in=told)
    for item in listed.select_related("matter"):
        course = _course(item.matter, start, meeting.program.calendar())
        text = f"Before the board, not decided.\n\n{course}"
        yield item.matter, text


def since(meeting: Meeting) -> dt.datetime:
    """When the meeting before began: from then on decisions are news to this one."""
    before = Meeting.objects.filter(
        program_id=meeting.program_id, starts_at__lt=meeting.starts_at, cancelled_at=None
    )
    latest = before.order_by("-starts_at").values_list("starts_at", flat=True).first()
    return latest or meeting.program.created_at


def _decision(meeting: Meeting, decision: Decision, start: dt.datetime) -> str:
    matter, tally, calendar = decision.matter, decision.tally, meeting.program.calendar()
    when = "at this meeting" if decision.decided_at >= meeting.starts_at else "by ballot before it"
    said = tally["positions"]
    counts = ", ".join(f"{said[p]} {word}" for p, word in _POSITIONS.items() if said.get(p))
    parts = [
        f"**{decision.get_outcome_display()}**, recorded {when} by {decision.decided_by}, "
        f"{instant(decision.decided_at, calendar)}.",
        f"Votes: {counts or 'none'}; {tally['taking_part']} seats took part, "
        f"{tally['quorum_needed']} needed. Under {decision.rule_version}, on the dossier of "
        f"SHA-256 {decision.dossier_hash}.",
    ]
    parts += _seats_left_out(tally)
    parts += _set_aside(matter, calendar)
    parts += _stood_in(matter)
    conditions = [f"{c.number}. {c.text}" for c in decision.conditions.order_by("number")]
    parts += ["Conditions:\n\n" + "\n".join(conditions)] if conditions else []
    parts += [
        f"Dissent, {_SEATS[row['seat']].lower()} seat ({_POSITIONS[row['position']]}): "
        f"{row['rationale'] or 'no reason given'}"
        for row in decision.dissent
    ]
    return "\n\n".join([*parts, _course(matter, start, calendar)])


def _seats_left_out(tally: dict[str, Any]) -> list[str]:
    """Which seats did not count, and why."""
    why = {
        Standing.RECUSED: "Recused",
        Standing.PARTY: "Party to the matter",
        Standing.REFERRER: "Referred it",
        Standing.VACANT: "Vacant",
    }
    found = []
    for standing, word in why.items():
        held = tally["seats"]
        names = [label for seat, label in _SEATS.items() if held.get(seat) == standing]
        found += [f"{word}: {', '.join(names)}."] if names else []
    for key, word in (("absent", "Did not vote"), ("stale", "Voted on an earlier text")):
        names = [_SEATS[seat] for seat in tally.get(key, ())]
        found += [f"{word}: {', '.join(names)}."] if names else []
    return found


def _set_aside(matter: Matter, calendar: WorkCalendar) -> list[str]:
    """Whose recusal from the matter was set aside, why, and by which two people."""
    return [
        f"The recusal of {row.person} was set aside: {row.reason} Asked by {row.requested_by}, "
        f"approved by {row.decided_by}{_on(row.decided_at, calendar)}."
        + (
            f" Revoked by {row.revoked_by}{_on(row.revoked_at, calendar)}."
            if row.revoked_by
            else ""
        )
        for row in recused.overridden(matter)
    ]


def _on(at: dt.datetime | None, calendar: WorkCalendar) -> str:
    return f", {instant(at, calendar)}" if at else ""


def _stood_in(matter: Matter) -> list[str]:
    """Whose vote a deputy cast."""
    votes = Vote.objects.filter(ballot_seat__ballot__matter=matter)
    rows = votes.select_related("ballot_seat__user", "cast_by").order_by("ballot_seat_id")
    return [
        f"{vote.cast_by} voted as deputy of {vote.ballot_seat.user}."
        for vote in rows
        if vote.cast_by_id != vote.ballot_seat.user_id
    ]


def _course(matter: Matter, start: dt.datetime, calendar: WorkCalendar) -> str:
    """What happened to the matter since, by time."""
    events = timeline(matter).filter(verb__in=TOLD, at__gt=start).select_related("actor")
    lines = [
        f"- {instant(e.at, calendar)}: {_who(e)} {verbs.label(e.verb)}"
        for e in events.order_by("at", "id")
    ]
    return "\n".join(lines)


def _who(event: Event) -> str:
    """The person, or the service by its name for people."""
    return str(event.actor) if event.actor else verbs.actor(event.actor_label)


def _what(event: Event) -> str:
    if event.verb != "governance.mark_present":
        return verbs.label(event.verb)
    change = json.loads(event.body).get("change") or {}
    who = User.objects.filter(pk=change.get("user") or 0).first()
    return f"noted that {who} {'was there' if change.get('present') else 'had left'}"


# --- the seal --------------------------------------------------------------------------------


def sealed(meeting: Meeting) -> dict[str, Any]:
    """What the seal covers: the time, who was there, every word of the minutes."""
    items = meeting.items.select_related("matter").order_by("id")
    return {
        "program": meeting.program_id,
        "starts_at": meeting.starts_at,
        "attendance": meeting.attendance,
        "minutes": meeting.minutes,
        "items": [{"matter": item.matter.ref, "text": item.text} for item in items],
    }


def fingerprint(meeting: Meeting) -> str:
    """The SHA-256 over the minutes as they stand."""
    return digest(sealed(meeting))
