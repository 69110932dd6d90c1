"""A world with one of everything, and every address of the site with what may stand in it."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from access import services as access_services
from access.models import (
    AccessEvent,
    AccessRequest,
    AccessSuspension,
    EscrowDeposit,
    EscrowOpening,
    EventBatch,
    ReleaseRequest,
    SourceIdentity,
    TargetSystem,
)
from access.services import ask_to_open, suspend_dataset
from fellowship.accounts.models import Conflict, RoleAssignment, User
from fellowship.accounts.services import declare_conflict, grant_role, leave
from fellowship.kernel.time import frozen, now
from fellowship.notices.models import Delivery, Endpoint, Notice
from fellowship.notices.services import add_endpoint, send_test
from findings import services as finding_services
from findings.models import (
    AcceptanceTest,
    Batch,
    ChangeRequest,
    Contest,
    Cover,
    FindingImport,
    Lesson,
    SavedFilter,
)
from findings.services import contest, plan_test, propose_lesson, request_change
from governance import services
from governance.models import (
    AccessReviewItem,
    Condition,
    Decision,
    Escalation,
    ExceptionRecord,
    Matter,
    OncallAbsence,
    OncallOverride,
    Rota,
    RuleAmendment,
    RuleComment,
    RuleVersion,
    Watch,
)
from governance.services.access_reviews import open_access_review
from oversight import services as oversight
from oversight.export import making
from oversight.models import (
    CohortSurvey,
    DueErasure,
    Erasure,
    Handback,
    Hold,
    Recommendation,
)
from oversight.persons import parts
from oversight.services import ask_export
from oversight.states import Ground
from proposals import services as panel_services
from proposals.models import Absence, Assignment, Proposal, SuggestionRun
from publications.models import Objection, Question, SavedWording
from tests.scenarios import (
    access,
    findings,
    governance,
    oncall,
    proposals,
    publications,
    releases,
    targets,
)
from tests.scenarios.oversight import Case, whole_case
from tests.scenarios.world import SETUP, World, make_person, make_world

LEFT_OUT = re.compile(r"^(static/|accounts/logout)|[\\^$]")


OTHERS = {
    "<slug:about>": "jailbreak",
    "<slug:act>": "away",
    "<slug:control_type>": "session_limit",
    "<slug:done>": "report",
    "<slug:family>": "compensating",
    "<slug:file_format>": "csv",
    "<slug:figure>": "hasty-votes",
    "<slug:item>": "training",
    "<slug:key>": "findings",
    "<slug:kind>": "summary",
    "<slug:offer>": "open_methods",
    "<slug:part>": "track",
    "<slug:test>": "duties",
    "<str:ending>": "json",
    "<str:key>": "scoping.talent",
    "<str:kind>": "findings.finding",
    "<str:name>": "citation.bib",
    "<str:step>": "contained",
    "<uuid:uid>": "00000000-0000-4000-8000-000000000000",
}
"""What stands for a route's later arguments; 1 for all others."""


@dataclass
class House:
    """A world with one of everything, and the addresses of all of it."""

    world: World
    case: Case
    names: dict[str, Iterable[Any]] = field(default_factory=dict)
    later: dict[str, Sequence[Any]] = field(default_factory=dict)
    """What stands for the arguments after the first, by the beginning of their route."""
    asked: dict[str, str] = field(default_factory=dict)
    """What the question of an address says after its path, where it names something there."""
    said: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What the body of an address says, where it names something there."""
    clients: dict[str, Client] = field(default_factory=dict)
    fed: set[tuple[str, str, frozenset[str]]] = field(default_factory=set)
    """Forms that somebody was shown and filled with nonsense: once each, whoever is shown them."""
    opened: set[str] = field(default_factory=set)
    """Addresses at which somebody was shown a page or file although they asked in nonsense."""
    formless: set[str] = field(default_factory=set)
    """Addresses at which somebody was given a file, or one only sends."""
    last_event: int = 0
    """The last in the ledger when it was first asked; nothing of asking stays."""

    def client(self, name: str) -> Client:
        """Someone's browser; nobody's for an empty name."""
        if name not in self.clients:
            client = self.clients[name] = Client(raise_request_exception=False)
            if name:
                client.force_login(
                    self.world.fresh(name), "allauth.account.auth_backends.AuthenticationBackend"
                )
        return self.clients[name]


def build_house() -> House:
    """Lead one case through everything there is."""
    world = make_world()
    case = whole_case(world)
    suggested_run(world)
    suspended(world)
    proposals.drafted_proposal(world, world.other_applicant)
    findings.brought(world, case.fellowship)
    declare_conflict(
        user=world.board_policy,
        subject=world.call,
        realm=world.program.pk,
        kind="other",
        statement="An adviser to the call.",
        by=world.board_policy,
    )
    alarm = governance.raised_escalation(world)
    services.note_harm(escalation=alarm, harm="death", by=world.oncall)
    on_call(world)
    governance.granted_exception(world)
    conditional(world)
    access_services.name_identity(
        program=world.program,
        source="gateway",
        identity="fel-9",
        person=world.applicant,
        by=world.steward,
    )
    governance.commented_rule(world)
    governance.offered_rule(world)
    publications.proposed(world, case.publication)
    publications.asked(world, case.publication)
    publications.saved(world)
    publications.agreed(world, case.fellowship, world.mentor, consented=False)
    hook = {"name": "Warehouse", "url": "https://warehouse.example/hook", "kinds": []}
    endpoint, _ = add_endpoint(realm=world.program.realm, by=world.steward, **hook)
    send_test(endpoint=endpoint, by=world.steward)
    targets.pulling(world, case.grant)
    at_the_desk(world, case)
    request = releases.sent(case.grant)
    releases.review(request, world.oncall)
    releases.asked(case.grant, title="Being prepared")
    ask_to_open(deposit=releases.deposited(case.grant), ground="To replicate.", by=world.manager)
    propose_lesson(program=world.program, topic="Why?", why="2 of 3.", by=world.manager)
    converted(world, case)
    after_the_cohort(world, case)
    due_to_be_forgotten(world)
    asked = {"scope": {"reference": world.call.ref}, "file_format": "csv"}
    making.make(ask_export(program=world.program, by=world.auditor, **asked), tell=True)
    return House(world, case, names_of(world, case))


def conditional(world: World) -> None:
    """An exception granted on a condition that somebody has still to meet."""
    asked = governance.requested_exception(world, title="On a condition")
    matter = Matter.objects.get(subject_type="governance.exceptionrecord", subject_id=asked.pk)
    governance.decide(world, matter, "approve_with_conditions", conditions=[governance.CONDITION])


def converted(world: World, case: Case) -> None:
    """A finding with a change request, an acceptance test, and a suggestion that is contested."""
    reported = findings.reported(world, case.fellowship, title="Converted", evidence=[])
    asked = {"finding": findings.accepted(world, reported), "by": world.product_owner}
    request_change(title="End sessions", **asked)
    plan_test(title="It ends", must="named", named="test_end", required=True, **asked)
    cell = {"family": "compensating", "control_type": "session_limit"}
    reason = {"reason": "One turn only.", "finding_class": "jailbreak"}
    contest(program=world.program, **cell, **reason, **asked)


def after_the_cohort(world: World, case: Case) -> None:
    """A survey that takes answers, a recommendation to the next call, a thing handed out."""
    day, office = (now() + dt.timedelta(days=9)).date(), {"by": world.manager}
    oversight.open_survey(cohort=world.cohort, closes_on=day, **office)
    said = {"text": "Say the days.", "why": "Two answers.", "owner": world.steward}
    oversight.recommend(cohort=world.cohort, due_on=day, **said, **office)
    oversight.list_handback(fellowship=case.fellowship, kind="property", what="Badge 9", **office)


def due_to_be_forgotten(world: World) -> None:
    """Somebody due by the retention rule, one asked to be forgotten, one held back."""
    at = now()
    for name in ("past", "asked"):
        person = make_person(name)
        due = parts.Due(
            person.pk, world.program.pk, Ground.NEWCOMER, at - dt.timedelta(9), at, None
        )
        found = oversight.propose_erasure(due=due, by=SETUP)
    oversight.ask_due_erasure(due=found, by=world.admin)
    oversight.hold_data(
        person=User.objects.get(pk=due.person),
        program=world.program,
        ground="legal",
        reason="A claim was announced.",
        until=(at + dt.timedelta(days=9)).date(),
        by=world.admin,
    )


def at_the_desk(world: World, case: Case) -> None:
    """A saved filter, an absence, and a change of findings that was refused."""
    owner, today = world.product_owner, now()
    finding_services.save_filter(name="Mine", query="queue=mine", by=owner, program=world.program)
    finding_services.enter_cover(
        program=world.program,
        person=owner,
        stand_in=world.manager,
        starts_at=today,
        ends_at=today + dt.timedelta(days=3),
        by=owner,
    )
    finding_services.run_batch(
        key=uuid.uuid4(), action="claim", keys=[case.finding.pk], by=owner, reason=""
    )


def suspended(world: World) -> None:
    """A dataset nobody was granted, closed for everyone."""
    other = access.dataset(world, "support-logs")
    suspend_dataset(dataset=other, by=world.steward, reason="Names were found in it.")


def on_call(world: World) -> None:
    """A rota, with an absence, somebody who stands in, and a handover."""
    oncall.first_line(world)
    period = {"starts_at": now(), "ends_at": now() + dt.timedelta(days=2), "user": world.oncall}
    services.be_away(program=world.program, by=world.manager, **period)
    services.stand_in(program=world.program, by=world.manager, reason="Travel.", **period)
    services.hand_over(program=world.program, line=1, text="Quiet.", by=world.manager)


def suggested_run(world: World) -> None:
    """A suggestion for a proposal that waits, and days a reviewer is away."""
    proposals.submitted_proposal(world, world.other_applicant, title="Waits for reviewers")
    panel_services.suggest_reviewers(call=world.call, by=world.manager)
    today = now().date()
    panel_services.enter_absence(by=world.reviewer, starts_on=today, ends_on=today)


def names_of(world: World, case: Case) -> dict[str, Iterable[Any]]:
    """What stands for an argument, by the beginning of its route, the longest that fits."""
    alarm, exception = Escalation.objects.get(), ExceptionRecord.objects.earliest("pk")
    return {
        **_names_in_the_api(world, case),
        "": ["x"],
        "accounts/people/": [world.reviewer.pk],
        "accounts/roles/": RoleAssignment.objects.values_list("pk", flat=True)[:1],
        "accounts/handed-over/": [_handed_over(world)],
        "scim/v2/Users/": [world.reviewer.pk],
        "scim/v2/": ["User"],
        "inbox/": [Notice.objects.values_list("pk", flat=True)[0]],
        "developers/": ["findings"],
        "webhooks/": Endpoint.objects.values_list("ref", flat=True),
        "webhooks/deliveries/": Delivery.objects.values_list("pk", flat=True)[:1],
        "calls/": [world.call.ref],
        "calls/programmes/": [world.program.slug],
        "rules/": [
            RuleVersion.objects.values_list("pk", flat=True)[0],
            *RuleVersion.objects.filter(status="comments").values_list("pk", flat=True),
        ],
        "rules/amendments/": RuleAmendment.objects.values_list("pk", flat=True)[:1],
        "rules/comments/": RuleComment.objects.values_list("pk", flat=True)[:1],
        "access-reviews/": [_an_access_review(world)],
        "access-reviews/open/": [world.program.slug],
        "access-reviews/items/": AccessReviewItem.objects.values_list("pk", flat=True)[:1],
        "board/": Matter.objects.values_list("ref", flat=True)[:2],
        "board/decisions/": Decision.objects.values_list("matter__ref", flat=True)[:1],
        "board/recusals/": Conflict.objects.exclude(kind="none").values_list("pk", flat=True)[:1],
        "board/meetings/": [_a_meeting(world)],
        "board/conditions/": Condition.objects.values_list("pk", flat=True)[:1],
        "exceptions/": [exception.ref],
        "escalations/": [alarm.ref],
        "oncall/": [world.program.slug],
        "oncall/away/": OncallAbsence.objects.values_list("pk", flat=True)[:1],
        "oncall/stand-in/": OncallOverride.objects.values_list("pk", flat=True)[:1],
        "oncall/lines/": Rota.objects.values_list("pk", flat=True)[:1],
        "oncall/watches/": Watch.objects.values_list("pk", flat=True)[:1],
        "proposals/": Proposal.objects.values_list("ref", flat=True),
        "proposals/reviews/": Assignment.objects.values_list("pk", flat=True)[:2],
        "proposals/start/": [world.call.ref],
        "proposals/panels/": [world.call.ref],
        "proposals/suggestions/": SuggestionRun.objects.values_list("pk", flat=True)[:1],
        "proposals/reviewers/": [world.reviewer.pk],
        "proposals/reviewing/away/": Absence.objects.values_list("pk", flat=True)[:1],
        "fellowships/": [case.fellowship.ref],
        "access/datasets/": [case.dataset.ref],
        "access/classifications/": [case.dataset.classification.ref],
        "access/requests/": AccessRequest.objects.values_list("ref", flat=True),
        "access/agreements/": [case.grant.agreement.ref],
        "access/grants/": [case.grant.ref],
        "access/cases/": [case.fellowship.ref],
        "access/releases/": ReleaseRequest.objects.values_list("ref", flat=True),
        "access/escrow/": EscrowDeposit.objects.values_list("ref", flat=True),
        "access/escrow/openings/": EscrowOpening.objects.values_list("pk", flat=True),
        "access/people/": [world.program.slug],
        "access/suspensions/": AccessSuspension.objects.values_list("ref", flat=True)[:1],
        "access/targets/": TargetSystem.objects.values_list("ref", flat=True)[:1],
        "access/trail/batches/": EventBatch.objects.values_list("pk", flat=True)[:1],
        "access/trail/names/": SourceIdentity.objects.values_list("pk", flat=True)[:1],
        "access/trail/": AccessEvent.objects.values_list("pk", flat=True)[:1],
        "triage/": [case.finding.ref],
        "triage/controls/": [case.control.ref],
        "triage/changes/": ChangeRequest.objects.values_list("ref", flat=True)[:1],
        "triage/contests/": Contest.objects.values_list("ref", flat=True)[:1],
        "triage/matrix/": [world.program.slug],
        "triage/tests/": AcceptanceTest.objects.values_list("ref", flat=True)[:1],
        "triage/portfolio/": [world.program.slug],
        "triage/lessons/": Lesson.objects.values_list("pk", flat=True)[:1],
        "triage/batches/": Batch.objects.values_list("pk", flat=True)[:1],
        "triage/filters/": SavedFilter.objects.values_list("pk", flat=True)[:1],
        "triage/away/": Cover.objects.values_list("pk", flat=True)[:1],
        "triage/report/": [case.fellowship.ref],
        "triage/artifact/": [case.fellowship.ref],
        "triage/imports/": FindingImport.objects.values_list("ref", flat=True)[:1],
        "triage/imports/case/": [case.fellowship.ref],
        "publications/": [case.publication.ref],
        "publications/policy/": [world.program.slug],
        "publications/agreements/": [case.fellowship.ref],
        "publications/draft/": [case.fellowship.ref],
        "publications/objections/": Objection.objects.values_list("ref", flat=True),
        "publications/questions/": Question.objects.values_list("ref", flat=True),
        "publications/desk/wording/": SavedWording.objects.values_list("pk", flat=True)[:1],
        "lineage/": [case.fellowship.ref],
        "closeout/": [case.fellowship.ref],
        "closeout/property/": Handback.objects.values_list("pk", flat=True)[:1],
        "surveys/": CohortSurvey.objects.values_list("pk", flat=True)[:1],
        "erasures/": Erasure.objects.values_list("pk", flat=True)[:1],
        "erasures/due/": DueErasure.objects.values_list("pk", flat=True)[:1],
        "erasures/holds/": Hold.objects.values_list("pk", flat=True)[:1],
        "erasures/people/": DueErasure.objects.values_list("person_id", flat=True)[:1],
        "recommendations/": Recommendation.objects.values_list("pk", flat=True)[:1],
        "audit/": [world.program.slug],
        "office/": [world.program.slug],
    }


def _names_in_the_api(world: World, case: Case) -> dict[str, Iterable[Any]]:
    """The first record of its kind, by the beginning of its routes."""
    found: dict[str, Iterable[Any]] = {
        "api/v1/": [world.program.slug],
        "api/v1/lineage/": [case.fellowship.ref],
        "api/v1/cohorts/": [world.cohort.pk],
    }
    for route in routes():
        begin, _, rest = route.plain.partition("<")
        shows: Any = getattr(route.view, "cls", None)
        rows = getattr(shows, "queryset", None)
        if rest and rows is not None and begin.startswith("api/"):
            keys = rows.model.objects.order_by("pk").values_list(shows.lookup_field, flat=True)
            found[begin] = keys[:1]
    return found


def _an_access_review(world: World) -> str:
    """A review of what everybody holds."""
    return open_access_review(program=world.program, by=world.chair).ref


def _handed_over(world: World) -> int:
    """What somebody held who left."""
    gone = make_person("gone")
    grant_role(user=gone, realm=world.program.realm, role="reviewer", by=world.admin)
    proposal = Proposal.objects.filter(state="submitted").last()
    assert proposal is not None
    panel_services.assign_reviewer(
        proposal=proposal, reviewer=User.objects.get(pk=gone.pk), by=world.manager
    )
    return leave(user=gone, by=world.admin, reason="Left.").hand_overs.get().pk


def _a_meeting(world: World) -> int:
    """A meeting with a consent item, whose minutes were drafted."""
    begin = now() + dt.timedelta(hours=1)
    meeting = services.call_meeting(program=world.program, starts_at=begin, by=world.chair)
    matter = Matter.objects.live().filter(program=world.program).first()
    if matter is not None:
        services.list_consent(meeting=meeting, matter=matter, by=world.chair)
    with frozen(begin):
        services.draft_minutes(meeting=meeting, by=world.manager)
    return meeting.pk


ABSENT = ("999999999", "NOTHING-2026-999")


def absent(house: House) -> list[str]:
    """Every address that names something, with names of nothing."""
    return [path for path in _addresses(house, ABSENT) if any(name in path for name in ABSENT)]


def addresses(house: House) -> list[str]:
    """Every address of the site, with each thing there is that may stand in it."""
    return _addresses(house)


def _addresses(house: House, names: Sequence[str] = ()) -> list[str]:
    """Those of the site's own routes, without the API's that are made by a router."""
    return [
        path
        for route in routes()
        if not LEFT_OUT.match(route.written)
        for path in route.filled(house, names)
    ]


@dataclass(frozen=True)
class Route:
    """One entry of the URL configuration."""

    written: str
    """As it is written there, with what stands before it."""
    name: str
    view: Any

    @cached_property
    def plain(self) -> str:
        """As an address with its arguments in angle brackets, however it is written."""
        return re.sub(r"\(\?P(<\w+>)(?:[^()]|\\[()])*\)|[\^$]|\\[ZA]", r"\1", self.written)

    @cached_property
    def arguments(self) -> list[str]:
        """Its arguments, as written."""
        return re.findall(r"<[^>]+>", self.plain)

    def filled(self, house: House, names: Sequence[Any] = ()) -> list[str]:
        """Its addresses: with each thing of its kind in the first argument, or each of `names`."""
        first, *others = self.arguments or [""]
        known = [begin for begin in house.names if self.plain.startswith(begin)]
        there = names or house.names[max(known, key=len)]
        return [self._with(house, value, others) for value in (there if first else [""])]

    def _with(self, house: House, value: Any, others: list[str]) -> str:
        path = self.plain
        if self.arguments:
            path = path.replace(self.arguments[0], str(value), 1)
        known = [begin for begin in house.later if self.plain.startswith(begin)]
        later = iter(house.later[max(known, key=len)] if known else ())
        for other in others:
            path = path.replace(other, str(next(later, OTHERS.get(other, 1))), 1)
        return f"/{path}"


def routes() -> list[Route]:
    """Every route there is."""
    return list(_routes(get_resolver().url_patterns))


def _routes(
    patterns: list[URLPattern | URLResolver], before: str = "", space: str = ""
) -> Iterator[Route]:
    for pattern in patterns:
        written = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from _routes(pattern.url_patterns, written, inner)
        else:
            yield Route(written, space + (pattern.name or ""), pattern.callback)
