"""Record training, which opens access until it expires; a clock asks for its renewal."""

from __future__ import annotations

import datetime as dt
from typing import Final

from fellowship.accounts.models import Actor, User
from fellowship.clocks.services import start, stop_open
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, refuse
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.kernel.worktime import Window
from fellowship.notices.services import notify
from fellowship.programs.models import Program
from governance.founding import fellowship_policy
from governance.rules import terms
from governance.states import RuleKind
from scoping import policy
from scoping.models import Training
from scoping.states import TrainingKind

RENEWAL: Final = "scoping.renewal"


@journal.verb("scoping.record_training")
def record_training(
    *,
    person: User,
    program: Program,
    by: Actor,
    completed_at: dt.datetime | None = None,
    expires_at: dt.datetime | None = None,
    kind: str = TrainingKind.SECURITY,
    evidence: str,
    reason: str = "",
) -> Training:
    """Record that a person completed a training.

    It holds as long as the fellowship policy says, unless `expires_at` is given.
    The same of the same day, until the same day, is returned as it is. A clock tells them to renew.
    """
    completed_at = completed_at or now()
    refuse(policy.may_record_training(program, person, by))
    refuse(_times(kind, completed_at, expires_at))
    refuse(_shown(evidence))
    calendar = program.calendar()
    if expires_at is None:
        said, _ = terms(program, RuleKind.FELLOWSHIP_POLICY, fellowship_policy)
        expires_at = said.training_holds.due(completed_at, calendar)
    days = (calendar.day(completed_at), calendar.day(expires_at))
    for known in Training.objects.filter(person=person, realm_id=program.pk, kind=kind):
        if (calendar.day(known.completed_at), calendar.day(known.expires_at)) == days:
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
    _wait_for_renewal(training, by)
    notify(
        kind="scoping.training",
        to=[person],
        title=say("Your training is recorded: {training}", training=training),
        body=say(
            "It holds until {expires_at:%-d %B %Y}.", expires_at=calendar.last_day(expires_at)
        ),
        subject_obj=training,
        realm=program.pk,
    )
    change = {"person": person.pk, "kind": kind, "until": expires_at}
    journal.record(subject=training, realm_id=program.pk, change=change)
    return training


def _wait_for_renewal(training: Training, by: Actor) -> None:
    """The clock of the renewal; a later one ends the waiting for those before."""
    earlier = Training.objects.filter(
        person=training.person, realm_id=training.realm_id, kind=training.kind
    ).exclude(pk=training.pk)
    if earlier.filter(expires_at__gte=training.expires_at).exists():
        return
    for one in earlier:
        stop_open(subject=one, kinds=[RENEWAL], by=by, reason=say("a later training is recorded"))
    if training.expires_at <= now():
        return
    start(
        kind=RENEWAL,
        subject=training,
        realm=training.realm_id,
        window=Window((training.expires_at - now()).days + 2, "calendar_days"),
        due_at=training.expires_at,
        by=by,
        holder="you",
        holder_user=training.person,
        silence=say("The training expires, and access closes until it is done again."),
        rule=say("training before access"),
    )


def _shown(evidence: str) -> Refusal | None:
    if evidence.strip():
        return None
    return Refusal(
        "no_evidence",
        say("Say what shows it: a certificate, the session, a link."),
        rule=say("training before access"),
        field="evidence",
    )


def _times(kind: str, completed_at: dt.datetime, expires_at: dt.datetime | None) -> Refusal | None:
    if kind not in TrainingKind.values:
        return Refusal("unknown_kind", say("Choose one of the listed trainings."), field="kind")
    if completed_at > now():
        return Refusal(
            "future", say("A training is recorded once it is done."), field="completed_at"
        )
    if expires_at is not None and expires_at <= completed_at:
        return Refusal(
            "expires_first", say("It expires after it was completed."), field="expires_at"
        )
    return None
