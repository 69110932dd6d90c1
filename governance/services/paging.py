"""Paging: one person after the other is called to acknowledge an alarm, by mail and paging system.

Each page has a clock of its own; its breach pages the next in line. A page is a row with a number,
written in the transaction that starts its clock and queues what carries it: a sweep killed halfway
has paged nobody, two sweeps page once, and a month of silence pages who is on duty now.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings

from fellowship.accounts.models import Actor, User
from fellowship.clocks import services as clock_services
from fellowship.kernel import journal
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from fellowship.notices.models import Endpoint
from fellowship.notices.services import notify, queue, supersede
from governance import roster, rules
from governance.models import Escalation, EscalationPage
from governance.oncall_terms import OncallRules, oncall
from governance.services.telling import readers
from governance.states import EscalationState, RuleKind

PAGE_CLOCK = "governance.page"
MESSAGE = "governance.page"
"""The kind of message a paging system is sent: a page, and later that it was answered."""
PAGER = journal.System("governance.paging")


def terms(program_id: int) -> tuple[OncallRules, str]:
    """The on-call rule in force, and its name; what a new programme starts with where none is."""
    params, rule = rules.terms(program_id, RuleKind.ONCALL, oncall)
    return params, str(rule or say("On-call rules, as first proposed"))


@journal.verb("governance.page_next")
def page_next(*, escalation: Escalation, by: Actor) -> EscalationPage | None:
    """Page the next in line; None where somebody has the alarm, or nobody is left to page.

    Whoever may not open the alarm is passed over. After the last round the roles that the rule
    names are told, once.
    """
    escalation = Escalation.objects.locked().select_related("program").get(pk=escalation.pk)
    if escalation.state != EscalationState.RAISED:
        return None
    at, (rule, name) = now(), terms(escalation.program_id)
    order = roster.read(escalation.program, at).calling_order(at)
    able = [user for user in order if _may_open(escalation, user)]
    sent = list(escalation.pages.order_by("number"))
    chosen = _next(able, sent, rule.rounds)
    if chosen is None:
        if sent:
            _nobody_answered(escalation, rule)
            journal.record(subject=escalation, change={"pages": len(sent), "answered": False})
        return None
    user, round_ = chosen
    window = rule.answer[escalation.severity]
    clock = clock_services.start(
        kind=PAGE_CLOCK,
        subject=escalation,
        realm=escalation.program_id,
        window=window,
        by=by,
        holder="us",
        holder_user=user,
        silence=say("The next in line is paged."),
        rule=name,
    )
    page = EscalationPage.objects.create(
        escalation=escalation,
        number=len(sent) + 1,
        round=round_,
        user=user,
        at=at,
        answer_by=clock.due_at,
    )
    _carry(escalation, page)
    journal.record(
        subject=escalation,
        change={"page": page.number, "user": user.pk, "answer_by": page.answer_by},
    )
    return page


def _may_open(escalation: Escalation, user: User) -> bool:
    return Escalation.objects.filter(pk=escalation.pk).visible_to(user).exists()


def _next(able: list[User], sent: list[EscalationPage], rounds: int) -> tuple[User, int] | None:
    """Who is paged next, and in which round: nobody twice before everybody once."""
    round_ = sent[-1].round if sent else 1
    while round_ <= rounds:
        paged = {page.user_id for page in sent if page.round == round_}
        for user in able:
            if user.pk not in paged:
                return user, round_
        if not able:
            return None
        round_ += 1
    return None


def begin(escalation: Escalation, by: Actor) -> bool:
    """Page the first in line; False where no rota says who that is."""
    return page_next(escalation=escalation, by=by) is not None


def answered(escalation: Escalation, by: User) -> None:
    """Somebody took the alarm: the clock stops, and the paging system hears that it is over."""
    clock_services.stop_open(subject=escalation, kinds=[PAGE_CLOCK], by=by)
    last = EscalationPage.objects.locked().filter(escalation=escalation).order_by("-number").first()
    if last is not None and last.answered_at is None:
        last.answered_at, last.answered_by = now(), by
        last.save()
    supersede(kind=MESSAGE, subject=escalation)
    _post(escalation, {"event": "acknowledged"})


def _carry(escalation: Escalation, page: EscalationPage) -> None:
    within = say(
        "Acknowledge by {answer_by:%-d %B %Y, %H:%M} UTC; then the next is paged.",
        answer_by=page.answer_by,
    )
    severity, kind = escalation.get_severity_display(), escalation.get_kind_display()
    notify(
        kind="governance.page",
        to=[page.user],
        subject_obj=escalation,
        realm=escalation.program_id,
        title=say("{severity}: {kind}. You are on call", severity=severity, kind=kind),
        body=joined("\n\n", (escalation.summary, within)),
        url=escalation.get_absolute_url(),
        urgent=True,
        dedupe=f"governance.page:{escalation.pk}:{page.number}",
    )
    person = {"name": str(page.user), "email": page.user.email}
    told = {"number": page.number, "person": person, "answer_by": page.answer_by.isoformat()}
    _post(escalation, {"event": "paged", **told})


def announce(escalation: Escalation) -> None:
    """Tell the paging system of an alarm for which no rota names a person."""
    _post(escalation, {"event": "raised", "answer_by": escalation.acknowledge_by.isoformat()})


def _post(escalation: Escalation, told: dict[str, Any]) -> None:
    """Queue one message to each paging system of the programme.

    What was reported stays here: the message says what kind of alarm it is and where to open it.
    """
    rows = Endpoint.objects.filter(realm_id=escalation.program_id, enabled=True)
    data = {
        "escalation": escalation.ref,
        "kind": escalation.kind,
        "severity": escalation.severity,
        "url": f"{settings.BASE_URL}{escalation.get_absolute_url()}",
        **told,
    }
    for endpoint in rows:
        if MESSAGE in endpoint.kinds:
            queue(endpoint=endpoint, kind=MESSAGE, data=data, subject=escalation, persistent=True)


def _nobody_answered(escalation: Escalation, rule: OncallRules) -> None:
    notify(
        kind="governance.unanswered",
        to=readers(escalation, *rule.then),
        subject_obj=escalation,
        realm=escalation.program_id,
        title=say(
            "Nobody on call answered: {ref} {kind}",
            ref=escalation.ref,
            kind=escalation.get_kind_display(),
        ),
        body=say("{summary}\n\nEverybody in line was paged.", summary=escalation.summary),
        url=escalation.get_absolute_url(),
        urgent=True,
        dedupe=f"governance.unanswered:{escalation.pk}",
    )
