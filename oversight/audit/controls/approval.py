"""Approval before access: no grant opens, and no data is used, before it was approved."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from access.models import AccessEvent, Grant
from access.states import Verdict
from fellowship.kernel.saying import say
from governance.models import Condition
from governance.states import APPROVING
from oversight.audit.controls.shape import Ask, Failure, Outcome, Test, at, outcome


def _grants(ask: Ask) -> QuerySet[Any]:
    rows = Grant.objects.filter(fellowship__program_id=ask.program_id)
    found: QuerySet[Any] = (
        ask.within(rows, "created_at")
        .select_related("person", "dataset", "decision__matter", "request", "agreement")
        .annotate(approved_at=Coalesce("decision__decided_at", "request__decided_at"))
    )
    return found


def _name(grant: Grant) -> str:
    return f"{grant.ref}: {grant.person}, {grant.dataset}"


def approved_first(ask: Ask) -> Outcome:
    """Each grant rests on an approval older than its acceptance, which opens it."""
    grants = _grants(ask)
    late = Q(approved_at=None) | Q(agreement__accepted_at__lt=F("approved_at"))
    against = Q(decision__isnull=False) & ~Q(decision__outcome__in=APPROVING)
    return outcome(
        say("Was each grant approved before it opened, by a decision that approves?"),
        grants,
        grants.filter(late | against),
        lambda g: Failure(
            _name(g),
            say(
                "Opened {at}; approved {at2}", at=at(g.agreement.accepted_at), at2=at(g.approved_at)
            )
            + (
                say(", outcome {outcome}.", outcome=g.decision.get_outcome_display().lower())
                if g.decision
                else "."
            ),
            g.get_absolute_url(),
        ),
    )


def _events(ask: Ask) -> QuerySet[Any]:
    rows = AccessEvent.objects.filter(program_id=ask.program_id)
    return ask.within(rows, "at", "scoping.fellowship", "fellowship_id")


def _act(event: Any, why: str) -> Failure:
    what = say(
        "{kind} by {identity}, {at}",
        kind=event.get_kind_display(),
        identity=event.identity,
        at=at(event.at),
    )
    return Failure(what, why, event.get_absolute_url())


def used_after_approval(ask: Ask) -> Outcome:
    """No act under a grant is older than its approval and acceptance: compared anew."""
    events = _events(ask).filter(grant__isnull=False)
    early = (
        Q(at__lt=F("grant__agreement__accepted_at"))
        | Q(at__lt=F("grant__decision__decided_at"))
        | Q(grant__decision=None, at__lt=F("grant__request__decided_at"))
        | Q(grant__agreement__accepted_at=None)
    )
    return outcome(
        say("Did every act under a grant follow its approval and the acceptance of its agreement?"),
        events,
        events.filter(early).select_related("grant__agreement"),
        lambda e: _act(
            e,
            say("{ref} was accepted {at}.", ref=e.grant.ref, at=at(e.grant.agreement.accepted_at)),
        ),
    )


def covered(ask: Ask) -> Outcome:
    """Every act that systems reported was covered by an approval when it happened."""
    events = _events(ask)
    return outcome(
        say("Was every act that systems reported covered by an approval when it happened?"),
        events,
        events.exclude(verdict=Verdict.WITHIN),
        lambda e: _act(e, e.reason or e.get_verdict_display()),
    )


def conditions_first(ask: Ask) -> Outcome:
    """No use under a grant whose decision had a condition that was not settled by then."""
    conditions = Condition.objects.filter(decision=OuterRef("decision"))
    first = (
        AccessEvent.objects.filter(
            fellowship=OuterRef("fellowship"), grant=OuterRef("pk"), verdict=Verdict.WITHIN
        )
        .order_by("at")
        .values("at")[:1]
    )
    grants = _grants(ask).filter(Exists(conditions)).annotate(first_use=Subquery(first))
    open_then = conditions.filter(Q(settled_at=None) | Q(settled_at__gt=OuterRef("first_use")))
    return outcome(
        say("Were the conditions of the approval settled before the data was used?"),
        grants,
        grants.filter(Exists(open_then), first_use__isnull=False),
        lambda g: Failure(
            _name(g),
            say(
                "First used {at}, while a condition of {ref} was open.",
                at=at(g.first_use),
                ref=g.decision.matter.ref,
            ),
            g.get_absolute_url(),
        ),
    )


TEST: Final = Test(
    "approval",
    say("Approval before access"),
    say("Nobody reaches data before somebody else approved it."),
    say(
        "For each grant the decision’s (or the steward’s and manager’s) instant is "
        "compared with the acceptance that opens it; each act on the access trail with "
        "both; and each decision’s conditions with the first use. What a system reported "
        "outside of any approval is listed too."
    ),
    (approved_first, used_after_approval, covered, conditions_first),
)
