"""The decision log: every decision, condition, override, delegated and automated act.

It is read from the ledger, so nothing can be decided without standing in it. Which verbs decide
something, and which kind of rule they follow, each app says in its own `decision_log.py`.

Why it is so: docs/adr/0032-rules-heard-decided-acknowledged.md.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.apps import apps
from django.db import models
from django.db.models import Q, QuerySet

from fellowship.accounts import recusals
from fellowship.accounts.models import RecusalOverride
from fellowship.accounts.queries import realm_ids_where
from fellowship.history.models import Event
from fellowship.kernel.saying import begun, joined, say
from fellowship.web import verbs
from governance import links, recused
from governance.models import BallotSeat, Condition, Decision, ExceptionRecord, Matter, RuleVersion
from governance.models.visibility import ROOM, matters_opened_to
from governance.states import RuleKind


class Act(models.TextChoices):
    """What sort of act it was."""

    DECISION = "decision", say("Decision of the board")
    CONDITION = "condition", say("Condition")
    OVERRIDE = "override", say("Override")
    DELEGATED = "delegated", say("Delegated decision")
    AUTOMATED = "automated", say("Automated act")


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb that decides: what sort it is where a person acts, and the kind of rule followed."""

    act: str
    rule: str = ""


_verbs: dict[str, Verb] = {}


def register(act: str, *names: str, rule: str = "") -> None:
    """Let the log hold these verbs. Done by a rule or a service they are automated acts.

    Raises ValueError for a verb that was named already: it would follow two rules.
    """
    for name in names:
        if name in _verbs:
            raise ValueError(f"{name} is in the decision log already")
        _verbs[name] = Verb(act, str(rule))


def known() -> Mapping[str, Verb]:
    """Every verb of the log."""
    return _verbs


BOARD: Final = str(RuleKind.BALLOT_RULES)
register(Act.DECISION, "governance.record_decision", rule=BOARD)
register(
    Act.CONDITION,
    "governance.meet_condition",
    "governance.verify_condition",
    "governance.fail_condition",
    "governance.waive_condition",
    "governance.drop_conditions",
    rule=BOARD,
)
register(
    Act.OVERRIDE,
    "governance.request_override",
    "governance.approve_override",
    "governance.decline_override",
    "governance.revoke_override",
)
register(Act.DELEGATED, "governance.name_deputy", "governance.stand_in", rule=BOARD)
register(Act.DELEGATED, "governance.give_finding", rule=RuleKind.FELLOWSHIP_POLICY)
register(
    Act.DELEGATED,
    "governance.amend_pin",
    "governance.offer_amendment",
    "governance.agree_amendment",
    "governance.decline_amendment",
    rule=RuleKind.RULE_MAKING,
)
register(Act.DELEGATED, "governance.end_exception", rule=RuleKind.EXCEPTIONS)
register(Act.AUTOMATED, "governance.exception_expired", rule=RuleKind.EXCEPTIONS)
register(Act.AUTOMATED, "governance.raise_escalation", rule=RuleKind.SEVERITY_CLOCKS)
register(Act.AUTOMATED, "governance.page_next", rule=RuleKind.ONCALL)
register(
    Act.DELEGATED,
    "governance.contain_escalation",
    "governance.use_means",
    "governance.close_escalation",
    "governance.lift_duty",
    rule=RuleKind.ONCALL,
)


def rows(user: Any) -> QuerySet[Event]:
    """What the person may read of the log: of boards whose room they enter, no recusal among it.

    A matter about the person is left out: of that, they know the public face alone.
    """
    realms = realm_ids_where(user, *ROOM)
    by_person = [name for name, verb in _verbs.items() if verb.act != Act.AUTOMATED]
    acts = Q(verb__in=by_person) | (~Q(actor_kind="person") & Q(verb__in=list(_verbs)))
    found = Event.objects.filter(acts, realm_id__in=realms).exclude(recusals.about(user))
    closed = Matter.objects.filter(program_id__in=realms).exclude(matters_opened_to(user))
    return found.exclude(
        subject_type="governance.matter", subject_id__in=closed.order_by().values("pk")
    ).exclude(
        subject_type="governance.condition",
        subject_id__in=Condition.objects.filter(decision__matter__in=closed.order_by().values("pk"))
        .order_by()
        .values("pk"),
    )


def of_act(found: QuerySet[Event], act: str) -> QuerySet[Event]:
    """The rows of one sort."""
    if act == Act.AUTOMATED:
        return found.exclude(actor_kind="person")
    names = [name for name, verb in _verbs.items() if verb.act == act]
    return found.filter(actor_kind="person", verb__in=names)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log."""

    number: int
    uid: str
    at: dt.datetime
    act: str
    what: str
    subject: str
    title: str
    url: str
    outcome: str
    rule: str
    rule_url: str
    dossier_hash: str
    actor: str
    people: tuple[str, ...]
    reason: str
    leaf_hash: str

    @property
    def act_label(self) -> str:
        """The sort of act in words."""
        return str(Act(self.act).label)


def entries(events: Sequence[Event], reader: Any = None) -> list[Entry]:
    """The lines of these events, in their order, in a fixed number of queries.

    With a `reader`, a line leads only to a recusal that they may open.
    """
    known = _Known(events, reader)
    return [_entry(event, known) for event in events]


class _Known:
    """What the lines are filled from, read for all of them at once."""

    def __init__(self, events: Sequence[Event], reader: Any = None) -> None:
        keys: dict[str, set[int]] = defaultdict(set)
        for event in events:
            keys[event.subject_type].add(event.subject_id)
        people = ("owner", "verifier", "decision__matter", "decision__rule_version")
        self.conditions = _by_key(
            Condition.objects.select_related(*people), keys["governance.condition"]
        )
        self.exceptions = _by_key(
            ExceptionRecord.objects.select_related(
                "owner", "requested_by", "decision__rule_version"
            ),
            keys["governance.exceptionrecord"],
        )
        self.overrides = _by_key(
            RecusalOverride.objects.select_related("person", "requested_by", "decided_by"),
            keys["accounts.recusaloverride"],
        )
        self.closed = _closed(self.overrides, reader) if self.overrides and reader else set()
        self.matters = _by_key(
            Matter.objects.select_related(
                "ballot__rule_version", "decision__rule_version"
            ).prefetch_related("decision__conditions"),
            keys["governance.matter"],
        )
        self.seats = _seats(self.matters)
        self.rules = _rules(events)

    def in_force(self, event: Event, kind: str) -> RuleVersion | None:
        """The version of the kind in force in the programme when it happened."""
        return next(
            (
                rule
                for rule in self.rules.get((event.realm_id or 0, kind), ())
                if rule.effective_at and rule.effective_at <= event.at
            ),
            None,
        )


def _closed(overrides: Mapping[int, RecusalOverride], reader: Any) -> set[int]:
    """The conflicts behind these overrides that the reader may not open."""
    conflicts = {override.conflict_id for override in overrides.values()}
    open_to = recused.rows(reader).filter(pk__in=conflicts)
    return conflicts - set(open_to.values_list("pk", flat=True))


def _by_key(found: Any, keys: set[int]) -> dict[int, Any]:
    return dict(found.in_bulk(keys)) if keys else {}


def _seats(matters: Mapping[int, Matter]) -> dict[int, list[BallotSeat]]:
    """Who sat in the ballots of decided matters, and how they stood."""
    found: dict[int, list[BallotSeat]] = defaultdict(list)
    decided = [pk for pk, matter in matters.items() if hasattr(matter, "decision")]
    if not decided:
        return found
    rows = BallotSeat.objects.filter(ballot__matter__in=decided, user__isnull=False)
    for seat in rows.select_related("user", "ballot", "vote__cast_by").order_by("id"):
        found[seat.ballot.matter_id].append(seat)
    return found


def _rules(events: Sequence[Event]) -> dict[tuple[int, str], list[RuleVersion]]:
    """Every adopted version of the programmes' kinds, the latest first; without their texts."""
    kinds = {_verbs[event.verb].rule for event in events if event.verb in _verbs} - {""}
    realms = {event.realm_id for event in events}
    found: dict[tuple[int, str], list[RuleVersion]] = defaultdict(list)
    if not kinds:
        return found
    adopted = RuleVersion.objects.adopted().filter(program_id__in=realms, kind__in=kinds)
    short = adopted.only("kind", "version", "status", "program_id", "effective_at")
    for rule in short.order_by("-version"):
        found[rule.program_id, rule.kind].append(rule)
    return found


def _entry(event: Event, known: _Known) -> Entry:
    verb = _verbs.get(event.verb, Verb(Act.AUTOMATED))
    act = verb.act if event.actor_kind == "person" else Act.AUTOMATED
    decision, title, url, people, outcome = _about(event, known)
    rule = decision.rule_version if decision else known.in_force(event, verb.rule)
    named = event.actor_label if event.actor_kind == "rule" else str(rule or "")
    return Entry(
        number=event.pk,
        uid=str(event.uid),
        at=event.at,
        act=str(act),
        what=verbs.label(event.verb),
        subject=event.subject_ref or _named(event),
        title=title,
        url=url,
        outcome=outcome,
        rule=named,
        rule_url=rule.get_absolute_url() if rule and str(rule) == named else "",
        dossier_hash=decision.dossier_hash if decision else "",
        actor=verbs.actor(event.actor_name) if event.actor_kind != "person" else event.actor_name,
        people=people,
        reason=event.reason,
        leaf_hash=event.leaf_hash,
    )


_About = tuple[Decision | None, str, str, tuple[str, ...], str]


def _about(event: Event, known: _Known) -> _About:
    """The decision behind it, what it is about, where that is read, who took part, what came out.

    Of a matter not decided yet nothing but its title: votes are sealed.
    """
    pk = event.subject_id
    if matter := known.matters.get(pk) if event.subject_type == "governance.matter" else None:
        decision = getattr(matter, "decision", None)
        if decision is None:
            return None, matter.title, matter.get_absolute_url(), (), ""
        url = links.to("reconstruction", matter.ref)
        seats = tuple(_took_part(known.seats.get(pk, ())))
        return decision, matter.title, url, seats, _outcome(matter, decision)
    if condition := known.conditions.get(pk) if _is(event, "governance.condition") else None:
        named = (
            say("{owner} (owner)", owner=condition.owner),
            say("{verifier} (verifier)", verifier=condition.verifier),
        )
        url = condition.get_absolute_url()
        return condition.decision, condition.text, url, named, ""
    if exception := known.exceptions.get(pk) if _is(event, "governance.exceptionrecord") else None:
        named = (
            say("{owner} (owner)", owner=exception.owner),
            say("{requested_by} (asked)", requested_by=exception.requested_by),
        )
        return exception.decision, exception.title, exception.get_absolute_url(), named, ""
    if override := known.overrides.get(pk) if _is(event, "accounts.recusaloverride") else None:
        named = (
            say("{person} (recused)", person=override.person),
            say("{requested_by} (asked)", requested_by=override.requested_by),
        )
        closed = override.conflict_id in known.closed
        url = "" if closed else links.to("recusal", override.conflict_id)
        return None, override.reason, url, named, str(override.get_state_display())
    return None, "", "", (), ""


def _outcome(matter: Matter, decision: Decision) -> str:
    """What was decided, with the references of the conditions that were set."""
    said = str(decision.get_outcome_display())
    numbers = sorted(condition.number for condition in decision.conditions.all())
    refs = joined(", ", (f"{matter.ref}/{number}" for number in numbers))
    return f"{said}: {refs}" if refs else said


def _named(event: Event) -> str:
    """What it is about where it has no reference: “Milestone 12”."""
    try:
        model = apps.get_model(event.subject_type)
    except LookupError:  # a record of a model that is gone
        return f"{event.subject_type} {event.subject_id}"
    return joined(" ", (begun(say(str(model._meta.verbose_name))), str(event.subject_id)))


def _is(event: Event, label: str) -> bool:
    return event.subject_type == label


def _took_part(seats: Iterable[BallotSeat]) -> Iterator[str]:
    """Each seat's person with what they said, or why they did not."""
    for seat in seats:
        vote = getattr(seat, "vote", None)
        if vote is None or seat.standing != "eligible":
            yield f"{seat.user} ({seat.get_seat_display()}: {seat.get_standing_display().lower()})"
            continue
        by = "" if vote.cast_by_id == seat.user_id else say(" by {cast_by}", cast_by=vote.cast_by)
        said = vote.get_position_display().lower()
        yield f"{seat.user} ({seat.get_seat_display()}: {said}{by})"
