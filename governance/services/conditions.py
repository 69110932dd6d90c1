"""The verbs of conditions: propose, meet, verify, fail, waive; and the gate they hold shut."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.apps import apps
from django.db.models import Model

from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import holders
from fellowship.clocks import queries as clocks
from fellowship.clocks import services as clock_services
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, Refused, refuse, unchanged
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from fellowship.kernel.worktime import Window
from fellowship.notices.services import notify
from governance import kinds, typed
from governance.kinds import MatterKind
from governance.models import Condition, Decision, Matter, Vote
from governance.policy import board as policy
from governance.policy.common import text_given
from governance.recourse import CONDITIONS_KIND
from governance.states import CONDITION_MOVES, SETTLED_CONDITION, ConditionState

CONDITION_CLOCK = "governance.condition"
CONSEQUENCE = say("Until this is verified, what was approved does not start.")


@dataclass(frozen=True, slots=True)
class ProposedCondition:
    """A condition as a member proposes it. `days` are calendar days from the decision.

    `owner` and `verifier` are user ids; where they are None the kind of matter, or failing that the
    first party and a programme manager, stand in.
    """

    text: str
    days: int = 30
    owner: int | None = None
    verifier: int | None = None
    consequence: str = CONSEQUENCE

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise typed.BadParameter("text", say("must say what has to be fulfilled"))
        if not 1 <= self.days <= 730:
            raise typed.BadParameter("days", say("must be between 1 and 730"))
        if self.owner is not None and self.owner == self.verifier:
            raise typed.BadParameter("verifier", say("must be another person than the owner"))


def proposals(matter: Matter, given: Sequence[Mapping[str, Any]]) -> list[ProposedCondition]:
    """The conditions of a vote, read strictly. Raises Refused, naming what does not fit."""
    try:
        read = [
            typed.read(ProposedCondition, _whole(values), f"conditions[{i}]")
            for i, values in enumerate(given)
        ]
    except typed.BadParameter as error:
        raise Refused(
            Refusal("bad_condition", f"{error.path} {error.text}.", field="conditions")
        ) from error
    people = {pk for c in read for pk in (c.owner, c.verifier) if pk is not None}
    known = set(User.objects.filter(pk__in=people, is_active=True).values_list("pk", flat=True))
    if people - known:
        refuse(Refusal("unknown_person", say("Choose an active person."), field="conditions"))
    return read


def _whole(given: Any) -> Any:
    """What was given, with the defaults of what may be left out."""
    if not isinstance(given, Mapping):
        return given
    return {**asdict(ProposedCondition("-")), "text": "", **given}


def impose(decision: Decision, votes: Sequence[Vote]) -> list[Condition]:
    """The conditions of a decision: all that were proposed, each once."""
    proposed: dict[str, ProposedCondition] = {}
    for vote in votes:
        for values in vote.conditions:
            condition = typed.read(ProposedCondition, values)
            proposed.setdefault(" ".join(condition.text.split()).casefold(), condition)
    return [_impose(decision, i, c) for i, c in enumerate(proposed.values(), 1)]


def _impose(decision: Decision, number: int, proposed: ProposedCondition) -> Condition:
    matter = decision.matter
    handler, subject = kinds.get(matter.kind), kinds.subject_of(matter)
    held = handler.holds_gate_of(subject)
    owner = _person(proposed.owner) or handler.condition_owner(subject) or _first_party(matter)
    verifier = _person(proposed.verifier) or handler.condition_verifier(subject)
    if verifier is None or verifier == owner:
        verifier = _other(matter, owner)
    if owner is None or verifier is None:
        text = say(
            "Condition {number} has nobody to meet or to verify it: {text}",
            number=number,
            text=proposed.text,
        )
        raise Refused(Refusal("condition_without_people", text))
    window = Window(proposed.days, "calendar_days")
    return Condition.objects.create(
        decision=decision,
        program_id=matter.program_id,
        subject_type=held._meta.label_lower,
        subject_id=held.pk,
        number=number,
        text=proposed.text,
        owner=owner,
        verifier=verifier,
        window=str(window),
        due_at=window.due(now(), matter.program.calendar()),
        consequence=proposed.consequence,
        created_at=now(),
    )


def _person(pk: int | None) -> User | None:
    return User.objects.filter(pk=pk).first() if pk else None


def _first_party(matter: Matter) -> User | None:
    party = matter.parties.select_related("user").order_by("id").first()
    return party.user if party else matter.referred_by


def _other(matter: Matter, owner: User | None) -> User | None:
    """A programme manager who is not the owner, or else a chair."""
    for role in (roles.MANAGER, roles.CHAIR):
        for user in holders(matter.program_id, role).order_by("pk"):
            if user != owner:
                return user
    return None


def start_clocks(made: Sequence[Condition], *, by: Actor) -> None:
    """Start each condition's clock and tell its owner and verifier."""
    for condition in made:
        clock_services.start(
            kind=CONDITION_CLOCK,
            subject=condition,
            realm=condition.program_id,
            window=Window.parse(condition.window),
            by=by,
            holder="you",
            holder_user=condition.owner,
            silence=condition.consequence,
            rule=condition.ref,
        )
        _tell(
            condition,
            [condition.owner, condition.verifier],
            say(
                "A condition to meet by {due_at:%-d %B %Y}",
                due_at=condition.program.last_day(condition.due_at),
            ),
        )


@journal.verb("governance.meet_condition")
def meet_condition(*, condition: Condition, by: User, evidence: str, reason: str = "") -> Condition:
    """Report a condition as met, with its evidence; the gate stays shut until it is verified."""
    condition = _locked(condition)
    if condition.state == ConditionState.MET and condition.evidence == evidence:
        return unchanged(condition, policy.may_meet(condition, by))
    refuse(policy.may_meet(condition, by))
    refuse(text_given(evidence, "evidence", say("Say where it can be seen that this is met.")))
    condition.evidence, condition.met_at = evidence, now()
    _move(condition, "meet")
    _tell(condition, [condition.verifier], say("A condition waits for your verification"))
    return condition


@journal.verb("governance.verify_condition")
def verify_condition(*, condition: Condition, by: User, reason: str = "") -> Condition:
    """Verify that a condition is met: the gate opens when all are. One verified stays so."""
    condition = _locked(condition)
    if condition.state == ConditionState.VERIFIED:
        return unchanged(condition, policy.may_verify(condition, by))
    refuse(policy.may_verify(condition, by))
    return _settle(condition, "verify", by)


@journal.verb("governance.fail_condition")
def fail_condition(*, condition: Condition, by: User, reason: str) -> Condition:
    """Find that a condition is not met; its owner may report again. One failed stays so."""
    condition = _locked(condition)
    if condition.state == ConditionState.FAILED:
        return unchanged(condition, policy.may_verify(condition, by, "fail"))
    refuse(policy.may_verify(condition, by, "fail"))
    refuse(text_given(reason, "reason", say("Say what is missing.")))
    _move(condition, "fail")
    _tell(condition, [condition.owner], say("A condition was found not met"), reason)
    return condition


@journal.verb("governance.waive_condition")
def waive_condition(*, condition: Condition, by: User, reason: str) -> Condition:
    """Give up a condition, with a reason on record. One waived stays so."""
    condition = _locked(condition)
    if condition.state == ConditionState.WAIVED:
        return unchanged(condition, policy.may_waive(condition, by))
    refuse(policy.may_waive(condition, by))
    refuse(text_given(reason, "reason", say("Say why the condition is given up.")))
    return _settle(condition, "waive", by)


@journal.verb("governance.drop_conditions")
def drop_conditions(*, decision: Decision, by: User, reason: str = "") -> list[Condition]:
    """Give up the open conditions of a decision that the board decided anew.

    Part of that decision. One reported as met goes on to its verification.
    """
    rows = Condition.objects.locked().select_related("decision__matter", "owner", "program")
    open_ = [c for c in rows.filter(decision=decision) if "waive" in CONDITION_MOVES.verbs(c.state)]
    for condition in open_:
        _settle(condition, "waive", by)
    return open_


def conditions_met(subject: Model, at: dt.datetime | None = None) -> Refusal | None:
    """The gate: the first condition on this record neither verified nor waived at `at`, or None."""
    unsettled = Condition.objects.about(subject).unsettled(at)
    return policy.conditions_met(
        unsettled.select_related("decision__matter").order_by("due_at", "id").first(), at
    )


def _locked(condition: Condition) -> Condition:
    related = Condition.objects.locked().select_related(
        "decision__matter", "owner", "verifier", "program"
    )
    return related.get(pk=condition.pk)


def _move(condition: Condition, verb: str) -> None:
    condition.state = CONDITION_MOVES.target(condition.state, verb)
    condition.save()
    journal.record(subject=condition, change={"state": condition.state})


def _held(condition: Condition) -> Model:
    """The record whose gate the condition holds."""
    model = apps.get_model(condition.subject_type)
    found: Model = model._default_manager.get(pk=condition.subject_id)
    return found


def _kind_of(condition: Condition) -> MatterKind:
    """The kind that decides about the record whose gate it holds."""
    matter = condition.decision.matter
    while matter.kind == CONDITIONS_KIND:
        matter = kinds.subject_of(matter).decision.matter
    return kinds.get(matter.kind)


def _settle(condition: Condition, verb: str, by: User) -> Condition:
    condition.settled_at, condition.settled_by = now(), by
    _move(condition, verb)
    clock = clocks.latest(condition, CONDITION_CLOCK)
    if clock:
        clock_services.stop(clock=clock, by=by)
    subject = _held(condition)
    if conditions_met(subject) is None:
        _kind_of(condition).conditions_settled(subject=subject, by=by)
    verified = condition.state in SETTLED_CONDITION[:1]
    title = say("A condition is verified") if verified else say("A condition is waived")
    _tell(condition, [condition.owner], title)
    return condition


def _tell(condition: Condition, to: Sequence[User], title: str, body: str = "") -> None:
    notify(
        kind="governance.condition",
        to=to,
        subject_obj=condition,
        realm=condition.program_id,
        title=joined(": ", (title, condition.text)),
        body=body or condition.consequence,
        url=condition.get_absolute_url(),
    )
