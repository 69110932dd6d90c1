"""Every list and every kind of detail page, as the person who works with it gets them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from allauth.account.internal.flows.login import record_authentication
from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from django.test import Client
from django.test.utils import CaptureQueriesContext

from access.models import AccessEvent
from fellowship.accounts.models import User
from fellowship.history.models import Event
from governance.models import Matter
from oversight.scale.filling import Filling
from proposals.models import Assignment, Proposal

LIST, DETAIL, API = "list", "detail", "API list"


@dataclass(frozen=True)
class Limits:
    """What a kind of page may cost: times the floor, queries, bytes of HTML."""

    times: float
    queries: int
    size: int | None = None


LIMITS: Final = {
    LIST: Limits(3, 20, 100_000),
    DETAIL: Limits(4, 25),
    API: Limits(3, 20),
}


@dataclass(frozen=True)
class Page:
    """One address, asked for by one person."""

    kind: str
    name: str
    username: str
    url: str

    @property
    def work(self) -> str:
        """Its name in the table."""
        return f"{self.kind}: {self.name}"


@dataclass(frozen=True)
class Cost:
    """What one answer cost beside time, and whether it was the page."""

    status: int
    queries: int
    size: int


class Visitors:
    """One signed-in client for each person."""

    def __init__(self) -> None:
        self._clients: dict[str, Client] = {}

    def get(self, username: str, url: str) -> Any:
        """The answer, whatever its status."""
        return self._client(username).get(url)

    def work(self, page: Page) -> Callable[[], Any]:
        """Getting the page, to be timed."""
        return partial(self.get, page.username, page.url)

    def cost(self, page: Page) -> Cost:
        """Queries and bytes of one answer, after one to warm up."""
        self.get(page.username, page.url)
        with CaptureQueriesContext(connection) as caught:
            answer = self.get(page.username, page.url)
        return Cost(answer.status_code, len(caught), len(answer.content))

    def _client(self, username: str) -> Client:
        if username not in self._clients:
            client = Client(SERVER_NAME="127.0.0.1", raise_request_exception=False)
            user = User.objects.get(username=username)
            client.force_login(user, "allauth.account.auth_backends.AuthenticationBackend")
            request: Any = HttpRequest()  # with the second factor that rules ask of some
            request.session, request.user = client.session, user
            record_authentication(request, user, "mfa", type="totp")
            request.session.save()  # under another key: a factor shown changes it
            client.cookies[settings.SESSION_COOKIE_NAME] = request.session.session_key
            self._clients[username] = client
        return self._clients[username]


_LISTS: Final = (
    ("triage queue", "product-owner", "/triage/?queue=all"),
    ("triage queue, my own", "product-owner", "/triage/?queue=mine"),
    ("triage queue, unassigned", "product-owner", "/triage/?queue=unassigned"),
    ("triage queue, high and above", "product-owner", "/triage/?queue=all&severity=severe"),
    ("triage queue, by state", "product-owner", "/triage/?queue=all&state=reported"),
    (
        "triage queue, critical and overdue",
        "manager",
        "/triage/?queue=all&severity=critical&overdue=true",
    ),
    ("triage queue, without control", "manager", "/triage/?queue=all&family=none"),
    ("triage queue, by family of control", "manager", "/triage/?queue=all&family=preventive"),
    ("triage queue, by words", "manager", "/triage/?queue=all&q=memory"),
    ("triage queue, by severity", "manager", "/triage/?queue=all&sort=severity"),
    ("triage queue, page 200", "manager", "/triage/?queue=all&page=200"),
    ("triage queue, a fellow's", "fellow", "/triage/"),
    ("triage queue, the auditor's", "auditor", "/triage/"),
    ("controls", "product-owner", "/triage/controls/"),
    ("fellowships", "manager", "/fellowships/"),
    ("mentoring", "mentor", "/fellowships/mentoring/"),
    ("proposals", "manager", "/proposals/all/"),
    ("proposals, by state", "manager", "/proposals/all/?state=in_review"),
    ("proposals, by words", "manager", "/proposals/all/?q=variation"),
    ("reviews to write", "reviewer", "/proposals/reviews/"),
    ("panels by call", "manager", "/proposals/panels/"),
    ("reviewers", "manager", "/proposals/reviewers/"),
    ("to discuss", "manager", "/proposals/discussions/"),
    ("docket", "board-research", "/board/"),
    ("docket, to vote", "board-legal", "/board/?mine=true"),
    ("decisions", "chair", "/board/decisions/"),
    ("conditions", "chair", "/board/conditions/"),
    ("exceptions", "manager", "/exceptions/"),
    ("exceptions in force", "manager", "/exceptions/?stand=live"),
    ("exceptions ending", "auditor", "/exceptions/?stand=ending"),
    ("exceptions, by words", "manager", "/exceptions/?q=lasting"),
    ("escalations", "oncall", "/escalations/"),
    ("datasets", "steward", "/access/"),
    ("access desk", "steward", "/access/desk/"),
    ("grants", "steward", "/access/grants/"),
    ("access trail", "steward", "/access/trail/"),
    ("access trail, out of scope", "steward", "/access/trail/?verdict=out_of_scope"),
    ("access trail, by kind", "steward", "/access/trail/?kind=query"),
    ("access trail, page 200", "auditor", "/access/trail/?page=200"),
    ("access trail, a fellow's", "fellow", "/access/trail/"),
    ("publications", "policy-reviewer", "/publications/"),
    ("register of publications", "sponsor", "/publications/register/"),
    ("audit timeline", "auditor", "/audit/assistants/"),
    ("audit timeline, by kind", "auditor", "/audit/assistants/?kind=findings.finding"),
    ("population of findings", "auditor", "/audit/assistants/populations/findings/"),
    ("risk register", "manager", "/risks/"),
    ("risk register, by due", "oncall", "/risks/?sort=due"),
    ("repeated exceptions", "manager", "/exceptions/repeats/"),
    ("programme office", "manager", "/office/assistants/"),
    ("waiting cases", "manager", "/office/assistants/waiting/"),
    ("home, manager", "manager", "/"),
    ("home, product owner", "product-owner", "/"),
    ("home, fellow", "fellow", "/"),
    ("inbox", "manager", "/inbox/"),
    ("calls", "fellow", "/calls/"),
)
_API: Final = (
    ("findings", "manager", "/api/v1/findings/?limit=100"),
    ("proposals", "manager", "/api/v1/proposals/?limit=100"),
    ("exceptions", "manager", "/api/v1/exceptions/?limit=100"),
    ("access events", "steward", "/api/v1/access/events/?limit=100"),
)


def pages(filling: Filling) -> list[Page]:
    """All pages that are measured, in the order of the table."""
    return [
        *(Page(LIST, *page) for page in _LISTS),
        *(Page(DETAIL, *page) for page in _details(filling)),
        *(Page(API, *page) for page in _API),
    ]


def _details(filling: Filling) -> list[tuple[str, str, str]]:
    """One page of each kind of record: of the case told through the services where it has one."""
    case = filling.case
    proposal, fellowship = case.proposal.ref, case.fellowship.ref
    voting = Matter.objects.filter(state="voting").order_by("pk").first()
    matter = Matter.objects.get(subject_type="proposals.proposal", subject_id=case.proposal.pk)
    event = AccessEvent.objects.filter(fellowship=case.fellowship).order_by("pk").first()
    recorded = Event.objects.about(case.finding).first()
    to_review = _to_review()
    found = [
        ("finding", "product-owner", f"/triage/{case.finding.ref}/"),
        ("control", "product-owner", f"/triage/controls/{case.control.ref}/"),
        ("proposal", "manager", f"/proposals/{proposal}/"),
        ("panel", "manager", f"/proposals/{proposal}/panel/"),
        ("fellowship", "fellow", f"/fellowships/{fellowship}/"),
        ("fellowship, the manager's", "manager", f"/fellowships/{fellowship}/"),
        ("scope of work", "fellow", f"/fellowships/{fellowship}/scope/1/"),
        ("what may I do", "fellow", f"/fellowships/{fellowship}/what-may-i-do/"),
        ("matter decided", "board-legal", f"/board/{matter.ref}/"),
        ("exception", "manager", f"/exceptions/{case.exception.ref}/"),
        ("dataset", "steward", f"/access/datasets/{case.grant.dataset.ref}/"),
        ("grant", "steward", f"/access/grants/{case.grant.ref}/"),
        ("access of a case", "steward", f"/access/cases/{fellowship}/"),
        ("lineage", "auditor", f"/lineage/{fellowship}/"),
        ("closeout", "manager", f"/closeout/{fellowship}/"),
        ("audit of a case", "auditor", f"/audit/assistants/case/{fellowship}/"),
        ("audit as of", "auditor", "/audit/assistants/as-of/"),
    ]
    if voting:
        found.append(("matter being voted on", "board-legal", f"/board/{voting.ref}/"))
    if event:
        found.append(("access event", "steward", f"/access/trail/{event.pk}/"))
    if recorded:
        found.append(("audited event", "auditor", f"/audit/assistants/event/{recorded.uid}/"))
    if to_review:
        found.append(("review", "reviewer", f"/proposals/reviews/{to_review.pk}/"))
    return found


def _to_review() -> Assignment | None:
    waiting = Proposal.objects.filter(state="in_review")
    mine = Assignment.objects.filter(reviewer__username="reviewer", review=None)
    return mine.filter(proposal__in=waiting).order_by("pk").first()
