"""Nonsense at every address, form and endpoint: an answer of its own, never a server error."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance

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
from fellowship.accounts.services import create_token, declare_conflict, grant_role, leave
from fellowship.kernel.time import frozen, now
from fellowship.notices.models import Delivery, Endpoint, Notice
from fellowship.notices.services import add_endpoint, send_test
from fellowship.wsgi import application
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
from oversight.models import CohortSurvey, Handback, Recommendation
from oversight.services import ask_export
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
from tests.scenarios.world import World, make_person, make_world
from tests.support import kept

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.timeout(1200)]

SCRIPT = "<script>alert(9)</script>"
HOSTILE = {
    "empty": "",
    "script": f"{SCRIPT}'\"--&{{{{7*7}}}}",
    "long": "x" * 100_000,
    "strange": "\u202e\x00😀\ufffe",
    "number": "-99999999999999999999999999",
    "date": "2026-02-31T25:61",
}
QUERIES = (
    "?page=abc&sort=%27%3B--&q=%3Cscript%3Ealert(9)%3C/script%3E&state=zzz&pick=%F0%9F%98%80",
    "?page=-1&at=yesterday&from=9999-99-99&to=0&as_of=1&severity=x&kind=a&next=//evil.example",
    "?page=99999999999999999999&q=" + "a+" * 200,
    "",
)
READERS = ("", "stranger", "applicant", "manager", "auditor")
WRITERS = ("applicant", "manager", "product_owner", "steward", "board_legal", "oncall", "admin")
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance]
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
    clients: dict[str, Client] = field(default_factory=dict)
    fed: set[tuple[str, str, frozenset[str]]] = field(default_factory=set)
    """Forms that somebody was shown and filled with nonsense: once each, whoever is shown them."""

    def client(self, name: str) -> Client:
        """Someone's browser; nobody's for an empty name."""
        if name not in self.clients:
            client = self.clients[name] = Client(raise_request_exception=False)
            if name:
                client.force_login(
                    self.world.fresh(name), "allauth.account.auth_backends.AuthenticationBackend"
                )
        return self.clients[name]


def _build() -> House:
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
    asked = {"scope": {"reference": world.call.ref}, "file_format": "csv"}
    making.make(ask_export(program=world.program, by=world.auditor, **asked), tell=True)
    return House(world, case, _names(world, case))


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


kept_house = kept.fixture(_build)


@pytest.fixture
def house(kept_house: House, db: None) -> House:
    """The house, with nobody signed in."""
    return dataclasses.replace(kept_house, clients={})


def _names(world: World, case: Case) -> dict[str, Iterable[Any]]:
    """What stands for an argument, by the beginning of its route, the longest that fits."""
    alarm, exception = Escalation.objects.get(), ExceptionRecord.objects.get()
    return {
        "": ["x"],
        "accounts/people/": [world.reviewer.pk],
        "accounts/roles/": RoleAssignment.objects.values_list("pk", flat=True)[:1],
        "accounts/handed-over/": [_handed_over(world)],
        "scim/v2/Users/": [world.reviewer.pk],
        "scim/v2/": ["User"],
        "inbox/": [Notice.objects.values_list("pk", flat=True)[0]],
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
        "recommendations/": Recommendation.objects.values_list("pk", flat=True)[:1],
        "audit/": [world.program.slug],
        "office/": [world.program.slug],
    }


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
    found: list[str] = []
    for route in _routes(get_resolver().url_patterns):
        if LEFT_OUT.match(route):
            continue
        begins = [known for known in house.names if route.startswith(known)]
        first, *others = re.findall(r"<[^>]+>", route) or [""]
        there = names or house.names[max(begins, key=len)]
        for value in there if first else [""]:
            path = route.replace(first, str(value), 1) if first else route
            for other in others:
                path = path.replace(other, str(OTHERS.get(other, 1)), 1)
            found.append(f"/{path}")
    return found


def _routes(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, route)
        else:
            yield route


class Complaints(list[str]):
    """What went wrong, all of it told at the end."""

    def hear(self, answer: Any, what: str) -> None:
        """No server error, and no script that was sent comes back as one; files are read whole."""
        if answer.streaming:
            b"".join(answer.streaming_content)  # and closed
        if answer.status_code >= 500:
            self.append(f"{answer.status_code} {what}")
        elif (
            not answer.streaming
            and "html" in answer["Content-Type"]
            and SCRIPT in answer.content.decode(errors="replace")
        ):
            self.append(f"runs what was sent: {what}")

    def tell(self) -> None:
        """Fail where there is anything."""
        assert not self, f"{len(self)}:\n" + "\n".join(self[:40])


@pytest.mark.parametrize("name", READERS, ids=lambda name: name or "anonymous")
def test_every_address_answers(house: House, name: str) -> None:
    """With a query of nonsense; where a page reads its query at all, with the other ones too."""
    client, wrong = house.client(name), Complaints()
    for path in addresses(house):
        for query in QUERIES:
            with transaction.atomic():
                answer = client.get(path + query)
                wrong.hear(answer, f"GET {path}{query}")
                transaction.set_rollback(True)
            if name not in ("manager", "") or "GET" not in vars(answer.wsgi_request):
                break
    for path in absent(house) if name in ("manager", "") else ():
        wrong.hear(client.get(path + QUERIES[0]), f"GET {path}")
    wrong.tell()


class _Forms(HTMLParser):
    """The forms of a page: how and where they send, and the names of what they send."""

    def __init__(self, here: str) -> None:
        super().__init__()
        self.here = here
        self.forms: list[tuple[str, str, set[str]]] = []
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self._open = True
            where = (given.get("action") or self.here).partition("#")[0] or self.here
            self.forms.append(((given.get("method") or "get").lower(), where, set()))
        elif tag in ("input", "select", "textarea", "button") and self._open and given.get("name"):
            self.forms[-1][2].add(str(given["name"]))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = False


TOKENS = {"csrfmiddlewaretoken", "_once"}


@pytest.mark.parametrize("name", WRITERS)
def test_every_form_refuses_nonsense(house: House, name: str) -> None:
    """Each form a person is shown, filled with each kind of nonsense in every field.

    A form that somebody before was shown, with the same fields and to the same address, is the
    same form.
    """
    client, wrong = house.client(name), Complaints()
    seen: set[tuple[str, str, frozenset[str]]] = set()
    for path in addresses(house):
        if path.startswith("/api/"):
            continue
        page = client.get(path)
        wrong.hear(page, f"GET {path}")
        if page.status_code != 200 or "html" not in page["Content-Type"]:
            continue
        parser = _Forms(path)
        parser.feed(page.content.decode())
        for method, action, fields in parser.forms:
            known = (method, action, frozenset(fields))
            if known in seen or LEFT_OUT.match(action.lstrip("/")):
                continue
            seen.add(known)
            if known in house.fed:
                continue
            for kind, value in HOSTILE.items():
                sent = dict.fromkeys(fields - TOKENS, value)
                with transaction.atomic():
                    answer = getattr(client, method)(action, sent)
                    wrong.hear(answer, f"{method} {kind} {action} {sorted(sent)}")
                    transaction.set_rollback(True)
    assert seen
    wrong.tell()
    house.fed.update(seen)


@pytest.mark.parametrize("name", ["", "applicant", "manager"])
def test_no_verb_breaks_on_nothing(house: House, name: str) -> None:
    """Each address posted to with an empty body, by those who may and those who may not."""
    client, wrong = house.client(name), Complaints()
    for path in [*addresses(house), *(absent(house) if name == "manager" else ())]:
        with transaction.atomic():
            answer = (
                client.post(path, {}, content_type="application/json")
                if (path.startswith("/api/"))
                else client.post(path, {})
            )
            wrong.hear(answer, f"POST {path}")
            transaction.set_rollback(True)
    wrong.tell()


# --- the API by its own description ---------------------------------------------------------


@pytest.fixture
def api(house: House) -> Iterator[Any]:
    """The API as it describes itself, with the token of someone who may do much."""
    world: World = house.world
    _, secret = create_token(
        user=User.objects.get(pk=world.manager.pk), scopes=["read", "write"], by=world.manager
    )
    signals = (request_started, request_finished)
    for signal in signals:  # as Django's own test client does: the connection is the test's
        signal.disconnect(close_old_connections)
    schema = schemathesis.openapi.from_wsgi("/api/v1/schema/?format=json", application)
    schema.config.headers = {"Authorization": f"Bearer {secret}"}
    yield schema
    for signal in signals:
        signal.connect(close_old_connections)


def test_the_api_keeps_to_its_description(api: Any) -> None:
    """Each operation, sent what its description allows and what it does not."""
    wrong: list[str] = []
    for result in api.get_all_operations():
        operation = result.ok()

        @hypothesis_settings(
            max_examples=8,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            with transaction.atomic():
                answer = case.call()
                transaction.set_rollback(True)
            case.validate_response(answer, checks=CHECKS)

        try:
            ask()
        except (FailureGroup, ExceptionGroup) as failures:
            said = "; ".join(str(failure).splitlines()[0] for failure in failures.exceptions)
            wrong.append(f"{operation.label}: {said}")
    assert not wrong, f"{len(wrong)}:\n" + "\n".join(wrong)
