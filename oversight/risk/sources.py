"""What stands in the risk register: where each kind of risk is found, and how it reads.

Four kinds: open escalations, exceptions in force, access outside the agreements that nobody has
answered yet, and controls that are overdue. Each is read through `visible_to` of its own model, so
the register shows nobody more than the pages it leads to.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import (
    Case,
    CharField,
    Count,
    DateTimeField,
    Exists,
    F,
    IntegerField,
    Min,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, NullIf

from access.models import AccessEvent
from access.services.alarms import GRAVE
from access.states import Verdict
from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import say
from fellowship.web import cells
from fellowship.web.items import Tone
from findings.models import Finding
from findings.states import FindingState
from governance.models import Escalation, ExceptionRecord
from governance.states import EscalationKind, EscalationState, ExceptionKind

LEVELS: Final = {4: say("Critical"), 3: say("High"), 2: say("Medium"), 1: say("Low")}
TONES: Final[dict[int, Tone]] = {4: "bad", 3: "bad", 2: "warn", 1: "plain"}
UNPLACED: Final = dt.timedelta(days=30)
"""How long access by somebody unknown, to something unknown, stays in the register."""


@dataclass(frozen=True, slots=True)
class Risk:
    """One line of the register: what it is, why it stands there, who holds it, since when."""

    source: str
    kind: str
    title: str
    url: str
    level: int
    why: str
    holder: str
    program: str
    since: dt.datetime
    due: dt.datetime | None

    @property
    def level_label(self) -> str:
        """How grave it is, in a word."""
        return LEVELS[self.level]


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of risk.

    `rows` gives those open at an instant as far as the person may see them; `marked` adds their
    `level`, `since` and `due`; `shown` adds what a line reads; `line` makes the line. `ordered`
    where an index gives their order: then the first are found without looking at each, and how
    many there are is counted apart. None is graver than `gravest`.
    """

    key: str
    label: str
    about: str
    model: type[Model]
    rows: Callable[[Any, dt.datetime], QuerySet[Any]]
    marked: Callable[[QuerySet[Any], dt.datetime], QuerySet[Any]]
    shown: Callable[[QuerySet[Any]], QuerySet[Any]]
    line: Callable[[Any, dt.datetime], Risk]
    words: tuple[str, ...]
    holder: str
    ordered: bool = False
    gravest: int = 4


def _by(field: str, ranks: dict[str, int]) -> Case:
    whens = [When(**{field: key}, then=Value(rank)) for key, rank in ranks.items()]
    return Case(*whens, default=Value(1), output_field=IntegerField())


_RANKS: Final = {"critical": 4, "high": 3, "medium": 2, "low": 1}


# --- escalations ------------------------------------------------------------------------------


def _escalations(user: Any, at: dt.datetime) -> QuerySet[Any]:
    found: QuerySet[Any] = Escalation.objects.visible_to(user).open()
    return found


def _mark_escalations(rows: Any, at: dt.datetime) -> QuerySet[Any]:
    found: QuerySet[Any] = rows.annotate_urgency().annotate(
        level=_by("severity", _RANKS), since=F("raised_at"), due=F("waits_until")
    )
    return found


def _escalation(one: Any, at: dt.datetime) -> Risk:
    late = one.state == EscalationState.RAISED and one.acknowledge_by <= at
    return Risk(
        source="escalations",
        kind=one.get_kind_display(),
        title=f"{one.ref} {one.title}",
        url=one.get_absolute_url(),
        level=one.level,
        why=say("Not acknowledged in time") if late else one.get_state_display(),
        holder=str(one.acknowledged_by or say("Security on-call")),
        program=one.program.name,
        since=one.since,
        due=one.due,
    )


# --- exceptions ---------------------------------------------------------------------------------


def _exceptions(user: Any, at: dt.datetime) -> QuerySet[Any]:
    found: QuerySet[Any] = ExceptionRecord.objects.visible_to(user).live(at)
    return found


def _mark_exceptions(rows: QuerySet[Any], at: dt.datetime) -> QuerySet[Any]:
    level = Case(
        When(measure_held=False, then=Value(3)),
        When(measure_due_at__lte=at, then=Value(2)),
        default=Value(1),
        output_field=IntegerField(),
    )
    found: QuerySet[Any] = rows.annotate(level=level, since=F("starts_at"), due=F("expires_at"))
    return found


def _named(rows: QuerySet[Any], holder: str, *fields: str) -> QuerySet[Any, Any]:
    """What a line reads of a record: making three records of each took longer than reading them."""
    told = rows.order_by().annotate(
        holder=Coalesce(
            NullIf(F(f"{holder}__name"), Value("")), F(f"{holder}__email"), output_field=CharField()
        ),
        programme=F("program__name"),
    )
    named = ("pk", "ref", "title", "level", "since", "due", "holder", "programme")
    found: QuerySet[Any, Any] = told.values_list(*named, *fields, named=True)
    return found


_WHY: Final = {
    1: say("What makes up for it holds, or is not due to be tested"),
    2: say("What makes up for it should have been tested"),
    3: say("What makes up for it did not hold"),
}
"""Why an exception is as grave as it is."""
_kind = cells.display(ExceptionRecord, "kind")


def _exception(one: Any, at: dt.datetime) -> Risk:
    return Risk(
        source="exceptions",
        kind=_kind(one),
        title=f"{one.ref} {one.title}",
        url=route_to("governance:exception", one.ref),
        level=one.level,
        why=_WHY[one.level],
        holder=one.holder,
        program=one.programme,
        since=one.since,
        due=one.due,
    )


# --- access outside the agreements --------------------------------------------------------------


ALIKE: Final = ("program", "identity", "dataset_name", "operation", "verdict")
"""Acts that make one line: the same by the same on the same."""


def _unanswered(user: Any, at: dt.datetime) -> QuerySet[Any]:
    """Until the alarm about its case or dataset was closed: that is the answer to it."""
    closed = Escalation.objects.filter(
        kind=EscalationKind.OUT_OF_SCOPE, closed_at__gte=OuterRef("received_at")
    )
    case = closed.filter(subject_type="scoping.fellowship", subject_id=OuterRef("fellowship_id"))
    data = closed.filter(subject_type="access.dataset", subject_id=OuterRef("dataset_id"))
    found: QuerySet[Any] = (
        AccessEvent.objects.reported_to(user)
        .outside()
        .alias(until=F("at") + UNPLACED)
        .filter(
            (Q(fellowship__isnull=False) & ~Exists(case))
            | (Q(fellowship=None, dataset__isnull=False) & ~Exists(data))
            | Q(fellowship=None, dataset=None, until__gt=at)
        )
    )
    return found


def _outside(user: Any, at: dt.datetime) -> QuerySet[Any]:
    """The first of each that are alike."""
    alike = _unanswered(user, at).order_by().values(*ALIKE).annotate(first=Min("pk"))
    return AccessEvent.objects.filter(pk__in=alike.values("first"))


def _mark_events(rows: QuerySet[Any], at: dt.datetime) -> QuerySet[Any]:
    grave = Case(
        When(operation__in=GRAVE, then=Value(3)), default=Value(2), output_field=IntegerField()
    )
    never = Value(None, output_field=DateTimeField())
    found: QuerySet[Any] = rows.annotate(level=grave, since=F("at"), due=never)
    return found


_LARGE: Final = ("batch__digests", "batch__refusals", "batch__verdicts")
"""What of its batch no line about an event tells."""


def _with_times(rows: QuerySet[Any]) -> QuerySet[Any]:
    """With `times`: how many acts outside are alike, for the few that are shown."""
    same = AccessEvent.objects.outside().filter(**{name: OuterRef(name) for name in ALIKE})
    counted = same.order_by().values("program").annotate(n=Count("pk")).values("n")
    shown = rows.select_related("person", "program", "batch")
    found: QuerySet[Any] = shown.defer(*_LARGE).annotate(times=Subquery(counted))
    return found


def _event(one: Any, at: dt.datetime) -> Risk:
    data = one.dataset_name or say("something unnamed")
    why = one.why or one.under or say("Outside the agreements")
    return Risk(
        source="access",
        kind=Verdict(one.verdict).label,
        title=say(
            "{operation}: {data}, by {person}",
            operation=one.get_operation_display(),
            data=data,
            person=one.person or one.identity,
        ),
        url=one.get_absolute_url(),
        level=one.level,
        why=say("{times} such acts. The first: {why}", times=one.times, why=why)
        if one.times > 1
        else why,
        holder=say("Security on-call"),
        program=one.program.name,
        since=one.since,
        due=None,
    )


# --- controls -------------------------------------------------------------------------------------


def _controls(user: Any, at: dt.datetime) -> QuerySet[Any]:
    """Accepted findings whose control is overdue, and that no exception carries meanwhile."""
    carried = ExceptionRecord.objects.live(at).filter(
        subject_type="findings.finding",
        subject_id=OuterRef("pk"),
        kind=ExceptionKind.CONTROL_NOT_IMPLEMENTED,
    )
    found: QuerySet[Any] = Finding.objects.visible_to(user).filter(
        ~Exists(carried), state=FindingState.ACCEPTED, due_at__lte=at
    )
    return found


def _mark_controls(rows: QuerySet[Any], at: dt.datetime) -> QuerySet[Any]:
    found: QuerySet[Any] = rows.annotate(
        level=F("severity_rank"), since=F("reported_at"), due=F("due_at")
    )
    return found


def _control(one: Any, at: dt.datetime) -> Risk:
    return Risk(
        source="controls",
        kind=say("Control overdue"),
        title=f"{one.ref} {one.title}",
        url=route_to("findings:detail", one.ref),
        level=max(one.level, 1),
        why=say("Accepted, and no control answers it in the time the rule gives"),
        holder=one.holder or str(say("Nobody")),
        program=one.programme,
        since=one.since,
        due=one.due,
    )


SOURCES: Final = (
    Source(
        "escalations",
        say("Open escalations"),
        say("Alarms that are not closed"),
        Escalation,
        _escalations,
        _mark_escalations,
        lambda rows: rows.select_related("acknowledged_by", "program"),
        _escalation,
        ("ref", "subject_label", "summary"),
        "acknowledged_by",
    ),
    Source(
        "access",
        say("Access outside the agreements"),
        say("Alike acts as one, until their alarm is closed"),
        AccessEvent,
        _outside,
        _mark_events,
        _with_times,
        _event,
        ("dataset_name", "identity", "reason"),
        "person",
        gravest=3,
    ),
    Source(
        "controls",
        say("Overdue controls"),
        say("Accepted findings past their time"),
        Finding,
        _controls,
        _mark_controls,
        lambda rows: _named(rows, "product_owner"),
        _control,
        ("ref", "title"),
        "product_owner",
        ordered=True,
    ),
    Source(
        "exceptions",
        say("Exceptions in force"),
        say("A rule not applied for a time"),
        ExceptionRecord,
        _exceptions,
        _mark_exceptions,
        lambda rows: _named(rows, "owner", "kind"),
        _exception,
        ("ref", "title", "subject_label"),
        "owner",
        ordered=True,
        gravest=3,
    ),
)
