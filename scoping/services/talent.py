"""Record training, which opens access, and decide steps on the talent path."""

from __future__ import annotations

import datetime as dt
from typing import Final

from fellowship.accounts.models import Actor, User
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, refuse
from fellowship.kernel.time import now
from fellowship.notices.services import notify
from fellowship.programs.models import Program
from scoping import policy
from scoping.models import Fellowship, TalentStep, Training
from scoping.services.common import locked, managers, signers, tell
from scoping.states import TALENT_MOVES, TalentPath, TalentState, TrainingKind

TRAINING_DAYS: Final = 365
"""Calendar days a training holds unless its record says otherwise."""


@journal.verb("scoping.record_training")
def record_training(
    *,
    person: User,
    program: Program,
    by: Actor,
    completed_at: dt.datetime | None = None,
    expires_at: dt.datetime | None = None,
    kind: str = TrainingKind.SECURITY,
    evidence: str = "",
    reason: str = "",
) -> Training:
    """Record that a person completed a training; it holds a year unless `expires_at` is given.

    The same training at the same instant is returned as it is.
    """
    completed_at = completed_at or now()
    expires_at = expires_at or completed_at + dt.timedelta(days=TRAINING_DAYS)
    refuse(policy.may_record_training(program, person, by))
    refuse(_times(kind, completed_at, expires_at))
    known = Training.objects.filter(
        person=person, realm_id=program.pk, kind=kind, completed_at=completed_at
    ).first()
    if known:
        return known
    training = Training.objects.create(
        person=person,
        realm_id=program.pk,
        kind=kind,
        completed_at=completed_at,
        expires_at=expires_at,
        recorded_by=by if isinstance(by, User) else None,
        evidence=evidence.strip(),
    )
    notify(
        kind="scoping.training",
        to=[person],
        title=f"Your training is recorded: {training}",
        body=f"It holds until {expires_at:%-d %B %Y}.",
        subject_obj=training,
        realm=program.pk,
    )
    change = {"person": person.pk, "kind": kind, "until": expires_at}
    journal.record(subject=training, realm_id=program.pk, change=change)
    return training


@journal.verb("scoping.propose_talent_step")
def propose_talent_step(
    *, fellowship: Fellowship, step: str, expectations: str, by: User, reason: str = ""
) -> TalentStep:
    """Propose a step with what each side expects. The same proposal again is returned as it is."""
    case = locked(fellowship)
    same = case.talent_steps.filter(
        state=TalentState.PROPOSED, step=step, expectations=expectations.strip()
    ).first()
    if same:
        return same
    refuse(policy.may_propose_talent(case, by))
    refuse(_step(step, expectations))
    row = TalentStep.objects.create(
        fellowship=case, step=step, expectations=expectations.strip(), proposed_by=by
    )
    tell(case, "talent_proposed", signers(case), f"a step to decide: {row}", page="talent")
    journal.record(subject=row, change={"step": step})
    return row


@journal.verb("scoping.decide_talent_step")
def decide_talent_step(*, step: TalentStep, agree: bool, by: User, reason: str) -> TalentStep:
    """Agree to a step or decline it. Decided so already: returned unchanged."""
    case = locked(Fellowship(pk=step.fellowship_id))
    row = TalentStep.objects.locked().get(pk=step.pk)
    row.fellowship = case
    verb = "agree" if agree else "decline"
    if row.state == next(m.target for m in TALENT_MOVES.moves if m.verb == verb):
        return row
    refuse(policy.may_decide_talent(row, by, verb))
    row.state = TALENT_MOVES.target(row.state, verb)
    row.decided_at, row.decided_by, row.decided_because = now(), by, reason
    row.save()
    words = "is agreed" if agree else "is not taken"
    people = [case.fellow, *managers(case)]
    tell(case, "talent_decided", people, f"the step “{row}” {words}", body=reason, page="talent")
    journal.record(subject=row, change={"state": row.state})
    return row


def _times(kind: str, completed_at: dt.datetime, expires_at: dt.datetime) -> Refusal | None:
    if kind not in TrainingKind.values:
        return Refusal("unknown_kind", "Choose one of the listed trainings.", field="kind")
    if completed_at > now():
        return Refusal("future", "A training is recorded once it is done.", field="completed_at")
    if expires_at <= completed_at:
        return Refusal("expires_first", "It expires after it was completed.", field="expires_at")
    return None


def _step(step: str, expectations: str) -> Refusal | None:
    if step not in TalentPath.values:
        return Refusal("unknown_step", "Choose one of the listed steps.", field="step")
    if not expectations.strip():
        return Refusal("no_expectations", "Write what each side expects.", field="expectations")
    return None
