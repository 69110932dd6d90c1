"""Sealing a dossier: at referral, and anew where what the matter is about has changed."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Model

from fellowship.accounts.models import Actor, User
from fellowship.clocks import queries as clocks
from fellowship.clocks import services as clock_services
from fellowship.clocks.models import Clock
from fellowship.kernel import journal, saying
from fellowship.kernel.canonical import digest, plain
from fellowship.kernel.refusals import refuse
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.kernel.worded import worded
from fellowship.kernel.worktime import Window
from governance import kinds, recourse
from governance.ballots import BallotRule
from governance.models import Ballot, Dossier, Matter, MatterParty, MatterSubject
from governance.policy import board as policy
from governance.policy.common import text_given
from governance.services import telling
from governance.states import Standing

BALLOT_CLOCK = "governance.ballot"
TITLE: Final = 250
"""Signs of a title at most."""


@journal.verb("governance.reseal_dossier")
def reseal_dossier(*, matter: Matter, by: Actor, reason: str) -> Dossier:
    """Seal the dossier anew because its subject has changed; a subject that has not gives the last.

    Votes cast before are stale: they count once reaffirmed or cast anew, for which the ballot's
    window begins again. `reason` says what changed; members read it beside the difference.
    """
    matter = Matter.objects.locked().select_related("program").get(pk=matter.pk)
    refuse(policy.may_reseal(matter, by))
    handler, subject = kinds.get(matter.kind), kinds.subject_of(matter)
    if handler.revision(subject) == matter.subject_revision:
        return matter.dossier
    refuse(text_given(reason, "reason", say("Say what changed: members read it beside the text.")))
    ballot = Ballot.objects.locked().get(matter=matter)
    voters = telling.voters(ballot)
    matter.subject_revision = handler.revision(subject)
    for name, text in asked(handler, subject).items():
        setattr(matter, name, text)
    body = sealed(matter.kind, subject)
    dossier = seal(matter, subject, body, by=by, why=reason.strip())
    matter.dossier_hash = dossier.sha256
    _close_to_new_parties(matter, ballot)
    clock = start_window(matter, ballot.params, str(ballot.rule_version), by=by, anew=True)
    ballot.dossier_number, ballot.closes_at = dossier.number, clock.due_at
    ballot.save()
    matter.due_at = clock.due_at
    matter.save()
    change = {"dossier": dossier.sha256, "revision": matter.subject_revision}
    journal.record(subject=matter, change=change | {"closes_at": ballot.closes_at})
    telling.stale(matter, ballot, voters, dossier.why)
    return dossier


def asked(handler: kinds.MatterKind, subject: Model) -> dict[str, Any]:
    """Title and question of a matter; a title that is shortened stays English."""
    title = saying.clipped(handler.title(subject), TITLE)
    return worded(title=title, question=handler.question(subject))


@saying.in_source()
def sealed(kind: str, subject: Model) -> Any:
    """What members see of the subject now, as plain JSON."""
    return plain(recourse.with_review(kind, subject, kinds.get(kind).dossier(subject)))


def seal(matter: Matter, subject: Model, body: Any, *, by: Actor, why: str = "") -> Dossier:
    """Write down what members see as the next version, and who and what it now concerns."""
    handler = kinds.get(matter.kind)
    dossier = Dossier.objects.create(
        matter=matter,
        number=matter.dossiers.count() + 1,
        body=body,
        sha256=digest(body),
        subject_revision=matter.subject_revision,
        why=why,
        sealed_at=now(),
        sealed_by=by if isinstance(by, User) else None,
    )
    for user_id in sorted(handler.parties(subject)):
        MatterParty.objects.get_or_create(matter=matter, user_id=user_id)
    for record in dict.fromkeys((matter, subject, *handler.related(subject))):
        MatterSubject.objects.get_or_create(
            matter=matter, subject_type=record._meta.label_lower, subject_id=record.pk
        )
    return dossier


def revision_held(matter: Matter) -> str:
    """The subject's revision now, its row held until the transaction ends."""
    model = type(kinds.subject_of(matter))
    subject = model._default_manager.select_for_update(of=("self",)).get(pk=matter.subject_id)
    return kinds.get(matter.kind).revision(subject)


def start_window(
    matter: Matter, rule: BallotRule, named: str, *, by: Actor, anew: bool = False
) -> Clock:
    """Start the time to vote, the rule's whole window; `anew` ends the one that runs."""
    running = clocks.latest(matter, BALLOT_CLOCK) if anew else None
    if running:
        clock_services.stop(clock=running, by=by, reason=say("The dossier was sealed anew."))
    return clock_services.start(
        kind=BALLOT_CLOCK,
        subject=matter,
        realm=matter.program_id,
        window=Window(rule.window_working_days, "working_days"),
        by=by,
        holder="us",
        silence=telling.SILENCE,
        rule=named,
    )


def _close_to_new_parties(matter: Matter, ballot: Ballot) -> None:
    """A seat whose holder the matter is about by now votes no more."""
    parties = matter.parties.values("user_id")
    for seat in ballot.seats.filter(standing=Standing.ELIGIBLE, user_id__in=parties):
        seat.standing = Standing.PARTY
        seat.save()
