"""What oversight asks before a case closes, of the rooms that do not ask it themselves."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final, NamedTuple

from django.db.models import Count, F, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, NullIf
from django.urls import reverse

from fellowship.kernel.prepared import read
from fellowship.kernel.saying import joined, say
from findings.models import Artifact, Finding
from findings.states import SETTLED, UNSETTLED, Closure, FindingState
from governance.models import Condition, Escalation
from oversight import casebook
from oversight.models import ClosingText, Handback, Waiver
from oversight.states import ClosingKind, HeldKind
from publications.models import Publication
from publications.states import PublicationState
from scoping import closeout
from scoping.closeout import Excuse, Obligation
from scoping.models import Fellowship

NOTHING: Final[tuple[list[Any], list[str]]] = ([], [])
NAMED: Final = 10
"""Records named in an obligation; of the others it says how many."""


@closeout.register
def what_was_found_is_settled(fellowship: Fellowship, at: dt.datetime) -> Iterator[Obligation]:
    """Findings have their disposition, what became of them holds, artifacts and works are settled.

    One query counts all of it; only of what is still owed the names are read.
    """
    counted = _counted(fellowship, at)
    states: Counter[str] = Counter()
    for row in counted:
        states[row["state"]] += row["n"]
    rows = Finding.objects.filter(fellowship=fellowship)
    due = sum(n for state, n in states.items() if state in UNSETTLED)
    waiting, others = _of(_undecided(fellowship.pk), due) if due else NOTHING
    yield Obligation(
        "findings.disposition",
        say("Every finding has its disposition"),
        not waiting,
        joined(", ", [*(f"{f.ref} {f.get_state_display().lower()}" for f in waiting), *others]),
        reverse("findings:detail", args=[waiting[0].ref]) if waiting else "",
    )
    settled = any(state in SETTLED for state in states)
    lapsed, more = _first(rows.lapsed(at).only("ref").order_by("id")) if settled else NOTHING
    broken = joined(", ", [*(say("{ref} holds no longer", ref=f.ref) for f in lapsed), *more])
    yield Obligation(
        "findings.translation",
        say("Translation status of every finding"),
        not lapsed,
        broken or _turned_into(counted),
        reverse("findings:detail", args=[lapsed[0].ref]) if lapsed else "",
    )
    artifacts = counted[0]["registered"]
    yield Obligation(
        "findings.artifacts",
        say("Artifacts registered by hash"),
        artifacts > 0,
        say("{artifacts} registered.", artifacts=artifacts)
        if artifacts
        else say("Nothing is registered yet."),
        reverse("oversight:lineage", args=[fellowship.ref]),
        waivable=True,
    )
    yield _published(fellowship, at, counted[0]["released"])


def _counted(fellowship: Fellowship, at: dt.datetime) -> list[dict[str, Any]]:
    """How many findings stand where, beside artifacts and works released; at least one row."""

    names = ("registered", "released", "found", "closed", "n")
    rows = [dict(zip(names, row, strict=True)) for row in _stand(fellowship.pk, at)]
    return [{**row, "state": row["found"] or "", "closure": row["closed"] or ""} for row in rows]


@read
def _stand(fellowship: int, at: dt.datetime) -> QuerySet[Any, Any]:
    def count(rows: Any) -> Coalesce:
        found = rows.filter(fellowship_id=fellowship).order_by().values("fellowship")
        return Coalesce(Subquery(found.annotate(n=Count("pk")).values("n")), 0)

    rows = Fellowship.objects.filter(pk=fellowship).annotate(
        registered=count(Artifact.objects.all()),
        released=count(Publication.objects.released(at)),
        found=F("findings__state"),
        closed=F("findings__closure"),
    )
    counted = rows.values_list("registered", "released", "found", "closed")
    return counted.annotate(n=Count("findings")).order_by("found", "closed")


TURNED_INTO: Final[Mapping[str, str]] = {
    Closure.CONTROL: say("answered by a verified control"),
    Closure.EXCEPTION: say("carried by an exception with its owner"),
    Closure.DUPLICATE: say("the same as another"),
    Closure.REJECTION: say("rejected with rationale"),
    Closure.EXPLORATORY: say("exploratory, nothing to operate"),
}


def _turned_into(counted: list[dict[str, Any]]) -> str:
    """How many findings became what, in words."""
    words: Counter[str] = Counter()
    for row in counted:
        if row["state"]:
            known = row["closure"] if row["state"] == FindingState.CLOSED else ""
            said = TURNED_INTO.get(known) or FindingState(row["state"]).label.lower()
            words[said] += row["n"]
    return joined("; ", (f"{n} {said}" for said, n in sorted(words.items()))) or say(
        "No finding was made."
    )


def _published(fellowship: Fellowship, at: dt.datetime, released: int) -> Obligation:
    """Nothing is still with a reviewer, the board or on the desk."""
    held = _held(fellowship.pk, at)
    waiting, others = _of(held, len(held))
    said = joined(", ", [*(f"{p.ref} {p.get_state_display().lower()}" for p in waiting), *others])
    return Obligation(
        "publications.outcome",
        say("Every publication released or withdrawn"),
        not waiting,
        said
        or (
            say("{released} released.", released=released)
            if released
            else say("None was submitted.")
        ),
        reverse("publications:detail", args=[waiting[0].ref]) if waiting else "",
    )


@closeout.register
def the_board_is_answered(fellowship: Fellowship, at: dt.datetime) -> Iterator[Obligation]:
    """Conditions about any record of the case are settled, alarms about any are closed."""
    case = casebook.subjects_among(fellowship, Condition, Escalation)
    conditions, more_conditions = _first(
        Condition.objects.filter(pk__in=case["governance.condition"]).unsettled(at).order_by("id")
    )
    yield Obligation(
        "governance.conditions",
        say("Conditions of the board verified or waived"),
        not conditions,
        joined("; ", [*(condition.text for condition in conditions), *more_conditions]),
        conditions[0].get_absolute_url() if conditions else "",
        opens=partial(_sees, Condition, conditions[0].pk) if conditions else None,
    )
    alarms, more_alarms = _first(
        Escalation.objects.filter(pk__in=case["governance.escalation"]).open().order_by("id")
    )
    yield Obligation(
        "governance.escalations",
        say("Escalations closed"),
        not alarms,
        joined(", ", [*(alarm.ref for alarm in alarms), *more_alarms]),
        alarms[0].get_absolute_url() if alarms else "",
        opens=partial(_sees, Escalation, alarms[0].pk) if alarms else None,
    )


def _sees(model: type[Condition | Escalation], key: int, user: Any) -> bool:
    return model.objects.visible_to(user).filter(pk=key).exists()


HINTS: Final = {
    ClosingKind.SUMMARY: say("What was found and what it means, in words for later readers."),
    ClosingKind.FELLOW: say("The fellow says what went well and what the programme should change."),
    ClosingKind.MENTOR: say("The mentor says how the work went and what to do otherwise."),
}


@closeout.register
def texts_and_things(fellowship: Fellowship, at: dt.datetime) -> Iterator[Obligation]:
    """Summary and reviews are written; what was handed out is back, or there was none."""
    texts, things = _written_and_held(fellowship)
    for kind in ClosingKind:
        text = texts.get(kind)
        yield Obligation(
            f"closing.{kind}",
            say("{label} written", label=kind.label),
            text is not None,
            say(
                "By {person}, {at:%-d %B %Y}.",
                person=text.person,
                at=fellowship.program.day(text.at),
            )
            if text and text.at
            else HINTS[kind],
            reverse("oversight:closing_text", args=[fellowship.ref, kind]),
            waivable=True,
        )
    handed = [thing for thing in things if thing.kind != HeldKind.NOTHING]
    out = [thing.what for thing in handed if thing.at is None]
    if out:
        said = say("Still out: ") + joined(", ", out[:NAMED])
        said += say(" and {n:,} others", n=len(out) - NAMED) if len(out) > NAMED else ""
    elif handed:
        said = say("{n} back or closed.", n=len(handed))
    else:
        said = (
            say("Nothing was handed out.")
            if things
            else say("Nobody has listed what was handed out.")
        )
    yield Obligation(
        "closing.held",
        say("Property returned and accounts closed"),
        bool(things) and not out,
        said,
        reverse("oversight:handbacks", args=[fellowship.ref]),
        waivable=True,
    )


class _Line(NamedTuple):
    """A text written or a thing handed out; `at` is when it was written or came back."""

    kind: str
    what: str
    person: str
    at: dt.datetime | None
    key: int


def _written_and_held(fellowship: Fellowship) -> tuple[dict[str, _Line], list[_Line]]:
    """Texts by their kind, and things in the order they were listed; one query."""
    lines = sorted((_Line(*row) for row in _lines(fellowship.pk)), key=lambda line: line.key)
    written = {line.kind: line for line in lines if line.kind in ClosingKind.values}
    return written, [line for line in lines if line.kind not in ClosingKind.values]


@read
def _lines(fellowship: int) -> QuerySet[Any, Any]:
    texts = (
        ClosingText.objects.filter(fellowship_id=fellowship)
        .order_by()
        .annotate(what=Value(""))
        .values_list("kind", "what", _name_of("author"), "written_at", "pk")
    )
    things = (
        Handback.objects.filter(fellowship_id=fellowship)
        .order_by()
        .values_list("kind", "what", _name_of("settled_by"), "settled_at", "pk")
    )
    found: QuerySet[Any, Any] = texts.union(things, all=True)
    return found


def _name_of(person: str) -> Coalesce:
    """A person's name, or what they sign in with."""
    named = NullIf(F(f"{person}__name"), Value(""))
    return Coalesce(named, F(f"{person}__username"), Value(""))


@closeout.register_excuses
def excepted(fellowship: Fellowship) -> Mapping[str, Excuse]:
    """What chair or sponsor excepted in this case, by the obligations' keys."""
    return {
        row.key: Excuse(row.reason, str(row.waived_by), row.waived_at, row.waived_by_id)
        for row in _waived(fellowship.pk)
    }


@read
def _waived(fellowship: int) -> QuerySet[Waiver]:
    return Waiver.objects.filter(fellowship_id=fellowship).select_related("waived_by")


@read
def _undecided(fellowship: int) -> QuerySet[Finding]:
    """The first whose disposition is owed."""
    rows = Finding.objects.filter(fellowship_id=fellowship).unsettled()
    return rows.only("ref", "state").order_by("id")[:NAMED]


@read
def _held(fellowship: int, at: dt.datetime) -> QuerySet[Publication]:
    """Works that are neither out nor withdrawn."""
    ended = (PublicationState.RELEASED, PublicationState.WITHDRAWN)
    rows = Publication.objects.filter(fellowship_id=fellowship).exclude(state__in=ended)
    out = Publication.objects.filter(fellowship_id=fellowship).released(at)
    return rows.exclude(pk__in=out.values("pk")).order_by("id")


def _of(found: list[Any], count: int) -> tuple[list[Any], list[str]]:
    """The first of `count` that wait, and how many others do, in words."""
    others = [say("and {count:,} others", count=count - NAMED)] if count > NAMED else []
    return found[:NAMED], others


def _first(rows: Any) -> tuple[list[Any], list[str]]:
    """The first of what waits, and how many others do, in words."""
    found = list(rows[: NAMED + 1])
    if len(found) <= NAMED:
        return found, []
    return found[:NAMED], [say("and {count:,} others", count=rows.order_by().count() - NAMED)]
