"""What the board room shows of one matter: dossier, vote, chair’s verbs, decision, precedents."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.fields.json import KT
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from fellowship.accounts import roles
from fellowship.accounts.alike import read_for
from fellowship.accounts.models import Conflict
from fellowship.accounts.queries import conflict_of, has_role
from fellowship.accounts.roles import Seat
from fellowship.kernel.prepared import read
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from fellowship.web import cells, charts
from fellowship.web.actions import form_page
from fellowship.web.columns import Column, Table
from fellowship.web.items import Tone
from governance import ballot_box, docket, dossiers, hints, kinds, recused, services
from governance.cells import lines, named
from governance.forms.matters import DeclareForm, RecordForm, VoteForm
from governance.links import to
from governance.models import (
    Ballot,
    BallotSeat,
    Condition,
    Decision,
    Dossier,
    Matter,
    MatterParty,
    RulePin,
    RuleVersion,
    Vote,
)
from governance.policy import board as policy
from governance.states import LIVE_MATTER, Position, Standing
from governance.views.common import events_of, person, room_links
from governance.views.docket import CONDITION_COLUMNS
from governance.views.replies import ways

PRECEDENTS = 5
RULE_NAME = ("kind", "version", "status")
TONES = {
    "approve": "good",
    "approve_with_conditions": "warn",
    "deny": "bad",
    "defer": "warn",
}


def is_inside(matter: Any) -> bool:
    """Whether the person who asked for the matter may read its dossier."""
    return bool(matter.inside)


def _asked(seat: BallotSeat | None, decision: Decision | None) -> str:
    """What stands above the question: the chair and those who look on decide nothing by vote."""
    if decision:
        return say("What was decided")
    return say("What you are deciding") if seat else say("What the board decides")


def ballot_of(matter: Matter) -> Ballot | None:
    """The vote on the matter, if one was opened."""
    return getattr(matter, "ballot", None)


def must_declare(matter: Matter, user: Any, seat: BallotSeat | None) -> bool:
    """Members and chair say first whether they have a conflict; those who only look need not."""
    return policy.must_declare(matter, user, seat, _said(matter, user))


def _said(matter: Any, user: Any) -> Conflict | None:
    """What the person declared about the matter's subject, read once for a page."""
    if not hasattr(matter, "said_read"):
        matter.said_read = conflict_of(user, _subject(matter))
    said: Conflict | None = matter.said_read
    return said


def _subject(matter: Any) -> Any:
    """What the matter is about, read once for a page."""
    if not hasattr(matter, "subject_read"):
        matter.subject_read = kinds.subject_of(matter)
    return matter.subject_read


# --- before content --------------------------------------------------------------------------


def declare_page(request: HttpRequest, matter: Matter, form: DeclareForm) -> HttpResponse:
    parties = [row.user for row in matter.parties.select_related("user").order_by("id")]
    said = conflict_of(request.user, _subject(matter))
    context = {
        "matter": matter,
        "label": docket.kind_label(matter.kind),
        "parties": parties,
        "said": said,
        "noticed": [h.sentence() for h in hints.of_one(_subject(matter), person(request))],
    }
    return form_page(request, "governance/declare.html", form, context)


# --- the room --------------------------------------------------------------------------------


def room_of(
    request: HttpRequest,
    matter: Matter,
    *,
    vote_form: VoteForm | None = None,
    record_form: RecordForm | None = None,
) -> HttpResponse:
    user, ballot, live = person(request), ballot_of(matter), matter.state in LIVE_MATTER
    seat = ballot_box.seat_for(ballot, user) if ballot and live else None
    if live and must_declare(matter, user, seat):  # what is decided asks nothing
        return declare_page(request, matter, DeclareForm())
    row = docket.row(matter, user)
    if seat is not None and not row.opened:
        services.open_dossier(matter=matter, by=user)
    pins = name_rules(matter)
    decision: Decision | None = getattr(matter, "decision", None)
    voting = _voting(matter, user, ballot, seat, vote_form)
    context = {
        "matter": matter,
        "row": row,
        "label": row.label,
        "live": live,
        "asked": _asked(seat, decision),
        **_sealed(matter, user, voting["own_vote"]),
        "pins": pins,
        "subject_url": url_of(matter, user),
        "changed": _changed(matter),
        "place": _place(user, matter) if live else None,
        "precedents": _precedents(user, matter),
        "events": events_of(matter),
        "ballot": ballot,
        "rule_words": _rule_words(ballot) if ballot else [],
        "record_form": None,
        **voting,
        **_chairing(matter, user, ballot, record_form),
        **(_decided(matter, user, decision) if decision else {}),
        "recusals": _recusals(user, matter),
        "links": room_links(),
    }
    wrong = any(form is not None and form.errors for form in (vote_form, record_form))
    return render(request, "governance/matter.html", context, status=422 if wrong else 200)


def _recusals(user: Any, matter: Matter) -> list[Conflict]:
    """Who is recused, for those who may set it aside or audit it."""
    reads = has_role(user, matter.program_id, *recused.READING)
    return recused.of_matter(user, now(), matter.pk) if reads else []


def _voting(
    matter: Matter,
    user: Any,
    ballot: Ballot | None,
    seat: BallotSeat | None,
    form: VoteForm | None,
) -> dict[str, Any]:
    """The vote panel: one's own vote, the form, or why there is none."""
    if ballot is None or matter.state not in LIVE_MATTER:
        return {"own_vote": None, "vote_form": None, "may_vote": None}
    own = Vote.objects.filter(ballot_seat=seat).first() if seat else None
    initial = {"rationale": own.rationale} if own else {}
    return {
        "seat": seat,
        "may_vote": policy.may_vote(matter, user),
        "own_vote": own,
        "vote_form": form or vote_form(matter, ballot, initial=initial),
        "conflict": _said(matter, user),
    }


def _sealed(matter: Matter, user: Any, own: Vote | None) -> dict[str, Any]:
    """The dossier as sealed last, its earlier versions, and what changed since one voted."""
    versions = _versions(matter.pk)
    latest = versions[-1]
    read = own.dossier_number if own else latest.number - 1
    reads = dossiers.read_by(user, matter)
    before = next((v for v in versions if v.number == min(read, latest.number - 1)), None)
    return {
        "dossier": latest,
        "sections": dossiers.sections(reads(latest.body)),
        "earlier": versions[:-1],
        "before": before,
        "changes": dossiers.changes(reads(before.body), reads(latest.body)) if before else None,
        "stale": own is not None and own.dossier_number < latest.number,
    }


@read
def _versions(matter: int) -> QuerySet[Dossier]:
    rows = Dossier.objects.filter(matter_id=matter).select_related("sealed_by")
    return rows.order_by("number")


def vote_form(matter: Matter, ballot: Ballot | None, *args: Any, **options: Any) -> VoteForm:
    takes = kinds.get(matter.kind).takes_conditions
    return VoteForm(*args, abstaining=_abstaining(ballot), conditions=takes, **options)


def _abstaining(ballot: Ballot | None) -> str:
    if ballot is not None and ballot.params.abstentions == "quorum_and_threshold":
        return say("Counts for the quorum, and against the threshold.")
    return say("Counts for the quorum alone.")


def _chairing(
    matter: Matter, user: Any, ballot: Ballot | None, form: RecordForm | None
) -> dict[str, Any]:
    """What the chair, the referrer and the manager may do, and why not."""
    if ballot is None or matter.state not in LIVE_MATTER:
        return {}
    chairs = has_role(user, matter.program_id, roles.CHAIR)
    changed = policy.unchanged(matter, _revision(matter))
    refusal = policy.may_record(matter, user) or changed if chairs else None
    reasons = [r.text for r in ballot_box.count(ballot).reasons] if refusal else []
    if reasons and changed:
        reasons.append(changed.reason)
    withdraw = policy.may_withdraw(matter, user)
    return {
        "chairs": chairs,
        "may_record": refusal,
        "record_reasons": reasons,
        "record_form": form or RecordForm(),
        "may_return": policy.may_return(matter, user, _revision(matter)) if chairs else None,
        "offer_withdraw": withdraw is None,
        "offer_reseal": changed is not None and policy.may_reseal(matter, user) is None,
    }


def _decided(matter: Matter, user: Any, decision: Decision) -> dict[str, Any]:
    """What was decided, how each voted, what it depends on."""
    against = {row["seat"] for row in decision.dissent}
    uncounted = set(decision.tally.get("stale", ()))
    return {
        "decision": decision,
        "tone": TONES[decision.outcome],
        "votes": _votes_table(_votes_of(user, now(), matter.pk), against, uncounted),
        "silent": _silent(decision),
        "tally": _tally(decision),
        "conditions": conditions_of(decision),
        "ways": ways(matter, decision, user, party=False),
        "overridden": recused.votes_under_override(matter.ballot)
        if decision.tally.get("under_override")
        else [],
    }


@read_for
def _votes_of(user: Any, at: dt.datetime, matter: int) -> QuerySet[Vote]:
    votes = Vote.objects.visible_to(user).filter(ballot_seat__ballot__matter_id=matter)
    votes = votes.select_related("ballot_seat", "cast_by").only(
        *("position", "rationale", "ballot_seat__seat", "cast_by__name", "cast_by__email")
    )
    return votes.order_by("ballot_seat_id")


def _votes_table(votes: list[Vote], against: set[str], uncounted: set[str]) -> Table[Vote]:
    """How each seat voted, which of them dissent, and which were cast on an earlier text."""

    def position(vote: Vote) -> object:
        said = cells.state(vote.position, vote.get_position_display())
        seat = vote.ballot_seat.seat
        if seat in uncounted:
            return cells.beside(said, cells.tag(say("Earlier text, not counted")))
        return cells.beside(said, cells.tag(say("Dissent"), "warn") if seat in against else "")

    columns: tuple[Column[Vote], ...] = (
        Column(say("Seat"), lambda v: named(v.ballot_seat.get_seat_display(), v.cast_by)),
        Column(say("Position"), position),
        Column(say("Rationale"), lambda v: lines(v.rationale) if v.rationale else cells.NONE),
    )
    return Table(say("How each seat voted"), columns, votes, empty=say("No vote was cast."))


def _silent(decision: Decision) -> list[str]:
    """The seats that cast no vote, each with why: recused, vacant, or silent until the end."""
    absent = decision.tally.get("absent", ())
    return [
        say(
            "{seat}: {why}",
            seat=Seat(seat).label,
            why=say("did not vote") if seat in absent else Standing(standing).label.lower(),
        )
        for seat, standing in decision.tally.get("seats", {}).items()
        if seat in absent or standing != Standing.ELIGIBLE
    ]


CONDITIONS: tuple[Column[Condition], ...] = (
    Column(say("Condition"), lambda c: cells.link(to("condition", c.pk), c.text, c.ref)),
    *CONDITION_COLUMNS,
)


def conditions_of(decision: Decision) -> Table[Condition] | None:
    """The conditions of a decision, in their order; None where it rests on none."""
    found = _conditions(decision.pk)
    for condition in found:
        condition.decision = decision
    return Table(say("Conditions"), CONDITIONS, found) if found else None


@read
def _conditions(decision: int) -> QuerySet[Condition]:
    rows = Condition.objects.filter(decision_id=decision).select_related("owner", "verifier")
    shown = rows.only(
        *("decision_id", "program_id", "number", "text", "due_at", "settled_at", "state"),
        *("owner__name", "owner__email", "verifier__name", "verifier__email"),
    )
    return shown.order_by("number")


def _tally(decision: Decision) -> charts.Chart | None:
    positions = decision.tally.get("positions", {})
    tones: dict[str, Tone] = {
        Position.APPROVE: "good",
        Position.CONDITIONS: "warn",
        Position.DENY: "bad",
    }
    bars = [
        charts.Bar(p.label, positions[p], tone=tones.get(p, "plain"))
        for p in Position
        if positions.get(p)
    ]
    return charts.bars(bars, title=say("Votes"), unit=say("votes")) if bars else None


def name_rules(matter: Matter) -> list[Any]:
    """Read what the page calls the rules it was voted on and decided under: not their text.

    Returns those the subject is held to.
    """
    under = [one for one in (ballot_of(matter), getattr(matter, "decision", None)) if one]
    keys = [one.rule_version_id for one in under] or [0]
    named = {rule.pk: rule for rule in _named(matter.subject_type, matter.subject_id, keys)}
    for one in under:
        one.rule_version = named[one.rule_version_id]
    return sorted((rule for rule in named.values() if rule.held), key=str)


@read
def _named(label: str, subject: int, keys: list[int]) -> QuerySet[RuleVersion]:
    """These rules and those the subject is held to, by name."""
    pins = RulePin.objects.filter(
        rule_version=OuterRef("pk"), subject_type=label, subject_id=subject
    )
    rows = RuleVersion.objects.only(*RULE_NAME).order_by()
    named = rows.annotate(held=Exists(pins), power=KT("parameters__chair_power"))
    return named.filter(Q(pk__in=keys) | Q(held=True))


def _rule_words(ballot: Ballot) -> list[Any]:
    """The rule line by line, with what it lets the chair do."""
    power = getattr(ballot.rule_version, "power", "")
    said = docket.rule_words(ballot.params)
    return [*said, (say("The chair"), power)] if power else said


def _revision(matter: Matter) -> str:
    return kinds.get(matter.kind).revision(_subject(matter))


def _changed(matter: Matter) -> bool:
    return matter.state in LIVE_MATTER and _revision(matter) != matter.subject_revision


def url_of(matter: Matter, user: Any) -> str:
    """The subject's own page, for those it opens to."""
    handler = kinds.get(matter.kind)
    found = _opens(handler.subject_model)(user, now(), matter.subject_id)
    return handler.url(found[0]) if found else ""


@functools.cache
def _opens(label: str) -> Callable[..., list[Any]]:
    """The record of this model, where it opens to the person."""

    @read_for
    def subject(user: Any, at: dt.datetime, record: int) -> QuerySet[Any]:
        known: Any = apps.get_model(label)._default_manager.all()
        known = known.visible_to(user) if hasattr(known, "visible_to") else known
        rows: QuerySet[Any] = known.filter(pk=record).order_by()
        return rows

    return subject


def _place(user: Any, matter: Matter) -> dict[str, Any]:
    """Where the matter stands in the docket, and its neighbours."""
    live = Matter.objects.opened_to(user).live().order_by("due_at", "id")
    refs = list(live.values_list("ref", flat=True)[:200])
    if matter.ref not in refs:
        return {}
    at = refs.index(matter.ref)
    return {
        "number": at + 1,
        "total": len(refs),
        "previous": to("matter", refs[at - 1]) if at else "",
        "next": to("matter", refs[at + 1]) if at + 1 < len(refs) else "",
    }


def _precedents(user: Any, matter: Matter) -> list[tuple[Decision, str, str]]:
    """The latest decisions of the same kind that the person may read, each with whom it was about.

    Titles repeat: “Data use agreement for …” says nothing without the person.
    """
    found = _alike(user, now(), matter.kind, matter.program_id, matter.pk)
    whose: dict[int, list[str]] = {}
    for party in _whose([d.matter_id for d in found]):
        whose.setdefault(party.matter_id, []).append(str(party.user))
    return [(d, TONES[d.outcome], joined(", ", whose.get(d.matter_id, ()))) for d in found]


@read_for
def _alike(user: Any, at: dt.datetime, kind: str, program: int, matter: int) -> QuerySet[Decision]:
    rows = Decision.objects.opened_to(user).filter(matter__kind=kind, matter__program_id=program)
    shown = rows.exclude(matter_id=matter).select_related("matter")
    shown = shown.only("outcome", "decided_at", "matter__ref", "matter__title", "matter__words")
    return shown.order_by("-decided_at")[:PRECEDENTS]


@read
def _whose(matters: list[int]) -> QuerySet[MatterParty]:
    rows = MatterParty.objects.filter(matter_id__in=matters).select_related("user")
    return rows.only("matter_id", "user__name", "user__email").order_by("user__name")
