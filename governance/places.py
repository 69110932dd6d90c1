"""Where governance appears outside its own pages: navigation and home."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from fellowship.accounts import roles
from fellowship.accounts.alike import read_for
from fellowship.accounts.queries import holds_anywhere, realm_ids_where
from fellowship.kernel.prepared import prepared, read
from fellowship.kernel.saying import say
from fellowship.web import nav, work
from governance import docket, links, rulemaking
from governance.models import (
    Condition,
    Escalation,
    EscalationPage,
    EscalationParty,
    ExceptionRecord,
    Matter,
    MatterParty,
    RuleAmendment,
    RuleVersion,
    Watch,
)
from governance.models.visibility import ROOM
from governance.policy.escalations import ANSWERERS
from governance.services.telling import FOR_PARTIES
from governance.states import (
    LIVE_MATTER,
    ConditionState,
    EscalationState,
    ExceptionState,
    RuleStatus,
)

SOON = dt.timedelta(days=30)
TEST_SOON = dt.timedelta(days=7)
BEFORE = dt.timedelta(hours=24)
"""How long before a turn ends its handover is due."""
SILENT = say("Silence is no vote.")
ALARMED = (*ANSWERERS, roles.BOARD_MEMBER, roles.STEWARD, roles.AUDITOR, roles.SPONSOR)
_DOCKET = work.Rest(say("the docket"), "governance:docket")
_ESCALATIONS = work.Rest(say("the escalations"), "governance:escalations")
TO_DO: dict[str, str] = {
    EscalationState.RAISED: say("Acknowledge"),
    EscalationState.ACKNOWLEDGED: say("Contain"),
    EscalationState.CONTAINED: say("Verify"),
    EscalationState.VERIFIED: say("Say what prevents"),
    EscalationState.PREVENTED: say("Review and close"),
}
REGISTER = (*ROOM, roles.STEWARD, roles.ONCALL, roles.SPONSOR, roles.PRODUCT_OWNER)

nav.register(
    say("Board room"),
    "governance:docket",
    visible=lambda user: holds_anywhere(user, *ROOM),
    section="board",
    order=30,
    badge=docket.waiting_count,
)
nav.register(
    say("Escalations"),
    "governance:escalations",
    visible=lambda user: holds_anywhere(user, *ALARMED),
    section="board",
    order=50,
)
nav.register(
    say("On call"),
    "governance:oncall_first",
    visible=lambda user: holds_anywhere(user, *ANSWERERS),
    section="board",
    order=52,
)
nav.register(
    say("Escalations of my work"),
    "governance:escalations",
    visible=lambda user: holds_anywhere(user, roles.FELLOW) and not holds_anywhere(user, *ALARMED),
    section="portal",
    order=89,
    rail=True,
)
nav.register(
    say("Exceptions"),
    "governance:exceptions",
    visible=lambda user: holds_anywhere(user, *REGISTER),
    section="board",
    order=51,
)
nav.register(say("Rules"), "governance:rules", visible=lambda user: True, section="rules", order=90)


@work.register_for(roles.BOARD_MEMBER, rest=_DOCKET)
def votes_to_cast(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """Matters that wait for one's vote."""
    found = _to_vote(user, at)
    if len(found) <= work.COUNTED:
        user.votes_waiting = len(found)  # the navigation need not count them again
    for matter in found:
        yield work.WorkItem(
            title=say("Vote: {title}", title=matter.title),
            url=matter.get_absolute_url(),
            due=matter.due_at,
            silence=SILENT,
            kind="vote",
            case_ref=matter.ref,
            program_id=matter.program_id,
        )


@read_for
def _to_vote(user: Any, at: dt.datetime) -> QuerySet[Matter]:
    return docket.to_vote(user, at).only(*docket.NAMED)[: work.GIVEN]


@work.register_for(roles.CHAIR, rest=_DOCKET)
def decisions_to_record(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """Ballots the chair may close."""
    for matter in _to_record(user, at):
        yield work.WorkItem(
            title=say("Record the decision: {title}", title=matter.title),
            url=matter.get_absolute_url(),
            due=matter.due_at,
            silence=say("Nothing takes effect until it is recorded."),
            kind="decision",
            case_ref=matter.ref,
            program_id=matter.program_id,
        )


@read_for
def _to_record(user: Any, at: dt.datetime) -> QuerySet[Matter]:
    return docket.to_record(user, at).only(*docket.NAMED)[: work.GIVEN]


def _conditions(key: int, at: dt.datetime) -> QuerySet[Condition]:
    mine = Q(verifier_id=key, state=ConditionState.MET) | Q(owner_id=key)
    return Condition.objects.unsettled(at).filter(mine)


@work.register_for(when=prepared(_conditions))
def conditions_to_settle(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """Conditions to meet, and those reported as met to verify."""
    if not user.is_active:
        return
    rows = (
        _conditions(user.pk, at)
        .select_related("decision__matter", "verifier")
        .only(
            *("number", "text", "due_at", "consequence", "state", "program_id"),
            *("decision__matter__ref", "verifier__name", "verifier__email"),
        )
    )
    for condition in rows.order_by("due_at", "id")[: work.GIVEN]:
        verifies = condition.verifier_id == user.pk
        met = condition.state == ConditionState.MET
        yield work.WorkItem(
            title=say("Verify: {condition}", condition=condition.text[:120])
            if verifies
            else say("Condition to meet: {condition}", condition=condition.text[:120]),
            url=condition.get_absolute_url(),
            due=condition.due_at,
            holder=work.ME if verifies or not met else str(condition.verifier),
            silence=condition.consequence,
            kind="condition",
            case_ref=condition.ref,
            program_id=condition.program_id,
        )


@prepared
def _about(key: int, at: dt.datetime) -> QuerySet[MatterParty]:
    return MatterParty.objects.filter(user_id=key, matter__state__in=LIVE_MATTER)


@work.register_for(when=_about)
def before_the_board(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """What a party waits for."""
    if not user.is_active:
        return
    mine = Matter.objects.visible_to(user).filter(parties__user=user, state__in=LIVE_MATTER)
    for matter in mine.order_by("due_at", "id")[: work.GIVEN]:
        yield work.WorkItem(
            title=matter.title,
            url=matter.get_absolute_url(),
            due=matter.due_at,
            holder=say("the board"),
            silence=FOR_PARTIES,
            kind="matter",
            case_ref=matter.ref,
            program_id=matter.program_id,
        )


@work.register_for(*ANSWERERS, rest=_ESCALATIONS)
def alarms(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """Alarms nobody has acknowledged, and those with on-call that are not closed."""
    oncall = set(realm_ids_where(user, roles.ONCALL, at=at))
    for alarm in _alarms(user, at):
        raised = alarm.state == EscalationState.RAISED
        mine = raised or alarm.program_id in oncall or alarm.acknowledged_by_id == user.pk
        word = alarm.next_word_by if not raised else None
        paged: dt.datetime | None = alarm.paged_until if raised else None
        to_do = say("You are paged") if paged else TO_DO[alarm.state]
        yield work.WorkItem(
            title=f"{to_do}{(say(' and send the fellow word') if word else '')}: {alarm.title}",
            url=alarm.get_absolute_url(),
            due=paged or (alarm.acknowledge_by if raised else word),
            holder=work.ME if mine else str(alarm.acknowledged_by or "on-call"),
            silence=say("The next in line is paged.") if paged else _unanswered(alarm, at),
            pressing=paged is not None,
            kind="escalation",
            case_ref=alarm.ref,
            program_id=alarm.program_id,
        )


@read_for
def _alarms(user: Any, at: dt.datetime) -> QuerySet[Escalation]:
    """Those of the programmes in which the person answers, with how long they are paged."""
    rows = Escalation.objects.visible_to(user).open()
    rows = rows.filter(program_id__in=realm_ids_where(user, *ANSWERERS, at=at))
    pages = EscalationPage.objects.filter(
        escalation=OuterRef("pk"), user_id=user.pk, answered_at=None
    )
    latest = pages.filter(answer_by__gt=at).order_by("-number").values("answer_by")[:1]
    rows = (
        rows.annotate(paged_until=Subquery(latest))
        .select_related("acknowledged_by")
        .only(
            *("program_id", "ref", "kind", "subject_label"),
            *("state", "acknowledge_by", "next_word_by"),
            *("acknowledged_by__name", "acknowledged_by__email"),
        )
    )
    return rows.order_by("acknowledge_by", "id")[: work.GIVEN]


@prepared
def _called_to(key: int, at: dt.datetime) -> QuerySet[EscalationParty]:
    return EscalationParty.objects.filter(user_id=key)


@work.register_for(when=_called_to, rest=_ESCALATIONS)
def called_in(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """Open alarms the person was called in to."""
    mine = EscalationParty.objects.filter(user=user, escalation=OuterRef("pk"))
    rows = Escalation.objects.visible_to(user).open().filter(Exists(mine))
    for alarm in rows.order_by("acknowledge_by", "id")[: work.GIVEN]:
        yield work.WorkItem(
            title=say("You are called in: {title}", title=alarm.title),
            url=alarm.get_absolute_url(),
            silence=say("Security on-call goes on without you."),
            kind="escalation",
            case_ref=alarm.ref,
            program_id=alarm.program_id,
        )


def _unanswered(alarm: Escalation, at: dt.datetime) -> str:
    """What follows from the silence, or has followed: nobody is told of what they were told."""
    if alarm.state == EscalationState.RAISED:
        if alarm.acknowledge_by <= at:
            return say("The chair, the programme manager and the sponsor were told.")
        return say("The chair, the programme manager and the sponsor are told.")
    if alarm.next_word_by is None:
        return say("It stays open; nobody else is told.")
    if alarm.next_word_by <= at:
        return say("The chair and the programme manager were told that the fellow is without word.")
    return say("The chair and the programme manager are told that the fellow is without word.")


@work.register_for(*ANSWERERS)
def on_call(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """The handover to read, and the one to write before one's turn ends."""
    for watch in _watches(user.pk, at):
        url = links.to("oncall", watch.program.slug)
        if watch.handover and watch.taken_at is None:
            yield work.WorkItem(
                title=say("Read what you are handed: {program}", program=watch.program),
                url=url,
                due=watch.starts_at,
                silence=say("You are paged all the same."),
                kind="on call",
                program_id=watch.program_id,
            )
        if watch.begun_at and not watch.handed and watch.ends_at - at <= BEFORE:
            yield work.WorkItem(
                title=say("Hand over on-call: {program}", program=watch.program),
                url=f"{url}#hand-over",
                due=watch.ends_at,
                silence=say("The next is paged without knowing what you know."),
                kind="on call",
                program_id=watch.program_id,
            )


@read
def _watches(key: int, at: dt.datetime) -> QuerySet[Watch]:
    """The person's turns to come, with whether the next has taken over."""
    handed = Watch.objects.exclude(handed_at=None).filter(
        program=OuterRef("program"), line=OuterRef("line"), starts_at__gt=OuterRef("starts_at")
    )
    mine: QuerySet[Any] = Watch.objects.filter(user_id=key, ends_at__gt=at)
    mine = mine.annotate(handed=Exists(handed)).select_related("program__realm")
    return mine.order_by("ends_at", "id")[: work.GIVEN]


@prepared
def _told(key: int, at: dt.datetime) -> QuerySet[Escalation]:
    return Escalation.objects.open().filter(fellow_id=key)


@work.register_for(when=_told, rest=_ESCALATIONS)
def alarms_about_me(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """Open alarms of which the person is told as the fellow concerned."""
    if not user.is_active:
        return
    rows = Escalation.objects.open().filter(fellow=user)
    for alarm in rows.order_by("acknowledge_by", "id")[: work.GIVEN]:
        raised = alarm.state == EscalationState.RAISED
        yield work.WorkItem(
            title=say("Escalation of your work: {kind}", kind=alarm.get_kind_display()),
            url=alarm.get_absolute_url(),
            due=alarm.acknowledge_by if raised else alarm.next_word_by,
            holder=say("security on-call"),
            silence=_unanswered(alarm, at),
            kind="escalation",
            case_ref=alarm.ref,
        )


def _exceptions(key: int, at: dt.datetime) -> QuerySet[ExceptionRecord]:
    return ExceptionRecord.objects.live(at).filter(owner_id=key)


@work.register_for(when=prepared(_exceptions))
def exceptions_ending(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """Exceptions one owns that end soon or are made up for by nothing, and tests soon due."""
    if not user.is_active:
        return
    ends, tests = Q(expires_at__lte=at + SOON), Q(measure_due_at__lte=at + TEST_SOON)
    follows = ExceptionRecord.objects.filter(
        extends=OuterRef("pk"), state=ExceptionState.GRANTED, expires_at__gt=at
    )
    rows = _exceptions(user.pk, at).filter(ends | tests | Q(measure_held=False))
    rows = rows.annotate(followed=Exists(follows))
    rows = rows.only("ref", "title", "expires_at", "program_id", "measure_due_at", "measure_held")
    for exception in rows.order_by("expires_at", "id")[: work.GIVEN]:
        due = exception.measure_due_at
        if due and due <= at + TEST_SOON:
            yield _exception_item(
                exception,
                say("Test what makes up for it"),
                due,
                say("The chair and the manager are told."),
            )
        if exception.measure_held is False:
            yield _exception_item(
                exception,
                say("End it, or mend what makes up for it"),
                exception.expires_at,
                say("What makes up for it did not hold; it applies until it ends by itself."),
            )
        elif exception.expires_at <= at + SOON and not exception.followed:
            said = say("It ends by itself and the rule applies again.")
            yield _exception_item(exception, say("Exception ends"), exception.expires_at, said)


def _exception_item(
    exception: ExceptionRecord, what: str, due: dt.datetime, silence: str
) -> work.WorkItem:
    return work.WorkItem(
        title=f"{what}: {exception.title}",
        url=exception.get_absolute_url(),
        due=due,
        silence=silence,
        kind="exception",
        case_ref=exception.ref,
        program_id=exception.program_id,
    )


@work.register_for(when=rulemaking.open_of)
def rules_to_acknowledge(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """Versions that bind the person and that they have not acknowledged."""
    if not user.is_active:
        return
    for row in rulemaking.to_acknowledge(user, at)[: work.GIVEN]:
        yield work.WorkItem(
            title=say("Read and acknowledge: {rule}", rule=row.rule),
            url=row.rule.get_absolute_url(),
            due=row.due_at,
            silence=say("It binds you in either case; the rule's owner is told."),
            kind="acknowledgement",
            case_ref=str(row.rule),
            program_id=row.rule.program_id,
        )


def _commented(key: int, at: dt.datetime) -> QuerySet[RuleVersion]:
    return RuleVersion.objects.filter(author_id=key, status=RuleStatus.COMMENTS).order_by()


@work.register_for(when=prepared(_commented))
def drafts_to_take_on(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """One's drafts under comments: to be answered, and put before the board once that is over."""
    if not user.is_active:
        return
    rows = _commented(user.pk, at).only("title", "kind", "status", "version", "comments_until")
    for rule in rows.order_by("comments_until", "id")[: work.GIVEN]:
        running = rule.open_for_comments(at)
        yield work.WorkItem(
            title=say("Comments run: {rule}", rule=rule.title)
            if running
            else say("Answer and propose: {rule}", rule=rule.title),
            url=rule.get_absolute_url(),
            due=rule.comments_until,
            holder=say("those it binds") if running else work.ME,
            silence=say("Until the board decides, the version in force stays."),
            kind="rule",
            case_ref=str(rule),
        )


def _offered(key: int, at: dt.datetime) -> QuerySet[RuleAmendment]:
    return RuleAmendment.objects.open().filter(party_id=key).order_by()


@work.register_for(when=prepared(_offered))
def rules_offered(user: Any, at: dt.datetime) -> Iterator[work.WorkItem]:
    """Later versions of rules offered for the person's cases."""
    if not user.is_active:
        return
    rows = (
        _offered(user.pk, at)
        .select_related("to_rule")
        .defer("to_rule__prose", "to_rule__parameters")
    )
    for offer in rows.order_by("offered_at", "id")[: work.GIVEN]:
        yield work.WorkItem(
            title=say(
                "{to_rule} is offered for {subject_label}",
                to_rule=offer.to_rule,
                subject_label=offer.subject_label,
            ),
            url=offer.get_absolute_url(),
            silence=say("The case stays under the version it began with."),
            kind="amendment",
            case_ref=offer.subject_label[:60],
            program_id=offer.program_id,
        )
