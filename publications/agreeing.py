"""Where agreements on authorship act by themselves and appear outside their pages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from fellowship.accounts import roles
from fellowship.clocks.models import Clock
from fellowship.clocks.registry import describe, on_breach
from fellowship.kernel.journal import RuleActor
from fellowship.kernel.prepared import prepared
from fellowship.kernel.saying import say
from fellowship.web import verbs, work
from publications import terms
from publications.authorship_states import AgreementState
from publications.models import AuthorshipAgreement, AuthorshipParty
from publications.policy.authorship import may_propose
from publications.services import (
    AGREEMENT_CLOCK,
    AGREEMENT_MEDIATION_CLOCK,
    lapse_agreement,
    refer_agreement,
)
from publications.states import OutcomeStage
from scoping import panels
from scoping.models import Fellowship
from scoping.states import FellowshipState

describe(AGREEMENT_CLOCK, label=say("Answers to an agreement on authorship"))
describe(AGREEMENT_MEDIATION_CLOCK, label=say("Mediation of an agreement on authorship"))

verbs.register(
    {
        "publications.propose_agreement": say("proposed an agreement on authorship"),
        "publications.consent": say("consented to the agreement on authorship"),
        "publications.refuse_agreement": say("refused the agreement on authorship"),
        "publications.withdraw_agreement": say("withdrew the agreement on authorship"),
        "publications.lapse_agreement": say("noted that the agreement lapsed unanswered"),
        "publications.ask_mediator": say("asked the mediator about authorship"),
        "publications.mediate": say("advised on authorship"),
        "publications.refer_agreement": say("took authorship to the board"),
        "publications.decide_agreement": say("decided about authorship"),
    }
)
verbs.register_values(
    {
        "publications.record_outcome.outcome": OutcomeStage.choices,
        "publications.consent.state": AgreementState.choices,
    }
)

BEFORE_WORK = (FellowshipState.SCOPE, FellowshipState.ACCESS)


@on_breach(AGREEMENT_CLOCK, ends=True)
def answers_over(clock: Clock, at: dt.datetime) -> None:
    """Silence leaves the agreement as it was."""
    agreement = AuthorshipAgreement.objects.select_related("fellowship").get(pk=clock.subject_id)
    by = RuleActor(str(terms.policy_of(agreement.fellowship)))
    lapse_agreement(agreement=agreement, by=by)


@on_breach(AGREEMENT_MEDIATION_CLOCK, ends=True)
def mediation_over(clock: Clock, at: dt.datetime) -> None:
    """What the mediator leaves goes to the board."""
    agreement = AuthorshipAgreement.objects.select_related("fellowship").get(pk=clock.subject_id)
    by = RuleActor(str(terms.policy_of(agreement.fellowship)))
    refer_agreement(agreement=agreement, by=by)


@prepared
def _asked(key: int, at: dt.datetime) -> QuerySet[AuthorshipParty]:
    return AuthorshipParty.objects.filter(
        person_id=key, answer="", agreement__state=AgreementState.PROPOSED
    )


@prepared
def _mediated(key: int, at: dt.datetime) -> QuerySet[AuthorshipAgreement]:
    return AuthorshipAgreement.objects.filter(mediator_id=key, state=AgreementState.WITH_MEDIATOR)


@prepared
def _not_begun(key: int, at: dt.datetime) -> QuerySet[Fellowship]:
    return Fellowship.objects.filter(fellow_id=key, state__in=BEFORE_WORK)


@work.register_for(when=_asked)
def to_consent(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """Versions that wait for the person's consent or refusal."""
    rows = AuthorshipAgreement.objects.awaiting(at).filter(parties__person=user, parties__answer="")
    for agreement in rows.select_related("fellowship").order_by("answer_by", "id")[: work.GIVEN]:
        yield work.WorkItem(
            title=say(
                "Consent to authorship, or refuse: {title}", title=agreement.fellowship.title
            ),
            url=agreement.get_absolute_url(),
            due=agreement.answer_by,
            silence=say("The agreement stays as it is."),
            kind="authorship",
            case_ref=agreement.fellowship.ref,
            program_id=agreement.program_id,
        )


@work.register_for(when=_mediated)
def to_mediate(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """Versions the person mediates."""
    rows = AuthorshipAgreement.objects.filter(mediator=user, state=AgreementState.WITH_MEDIATOR)
    rows = rows.select_related("fellowship").order_by("id")[: work.GIVEN]
    clocks = Clock.objects.filter(
        kind=AGREEMENT_MEDIATION_CLOCK,
        subject_type=AuthorshipAgreement._meta.label_lower,
        subject_id__in=[a.pk for a in rows],
        ended_at=None,
    )
    due = dict(clocks.values_list("subject_id", "due_at"))
    for agreement in rows:
        yield work.WorkItem(
            title=say("Mediate authorship: {title}", title=agreement.fellowship.title),
            url=agreement.get_absolute_url(),
            due=due.get(agreement.pk),
            silence=say("It goes to the board."),
            kind="authorship",
            case_ref=agreement.fellowship.ref,
            program_id=agreement.program_id,
        )


@work.register_for(roles.FELLOW, when=_not_begun)
def to_agree_first(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """Cases before the work begins in which no agreement was proposed."""
    rows = Fellowship.objects.filter(
        fellow=user, state__in=BEFORE_WORK, ended_at=None, authorship_agreements=None
    )
    for case in rows.order_by("starts_on", "id")[: work.GIVEN]:
        yield work.WorkItem(
            title=say("Agree on authorship before the work begins: {title}", title=case.title),
            url=reverse("publications:agreements", args=[case.ref]),
            silence=say("You may publish under your own name alone."),
            kind="authorship",
            case_ref=case.ref,
            program_id=case.program_id,
        )


@panels.register
def case_authorship(fellowship: Fellowship, user: Any, at: dt.datetime) -> Iterator[panels.Panel]:
    """Who is agreed to be named, and what waits for consent."""
    rows = list(
        fellowship.authorship_agreements.order_by("-number").prefetch_related("parties")[:5]
    )
    held = next((a for a in rows if a.state == AgreementState.IN_FORCE), None)
    waiting = next((a for a in rows if a.effective_state(at) in ("proposed", *_LATER)), None)
    offered = may_propose(fellowship, user) is None
    if held or waiting or offered:
        yield panels.Panel(
            "publications.authorship",
            say("Authorship"),
            "publications/_case_authorship.html",
            {"held": held, "waiting": waiting, "offered": offered},
            order=69,
        )


_LATER = (AgreementState.WITH_MEDIATOR, AgreementState.WITH_BOARD)
