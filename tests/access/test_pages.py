"""The pages: who sees which, what they say, how many queries they take."""

from __future__ import annotations

import datetime as dt
import html
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from access import services, usage
from access.home import desk
from access.models import AccessEvent, AccessRequest, Grant
from fellowship.accounts.models import User
from fellowship.kernel.journal import System
from fellowship.kernel.time import frozen, now
from governance import rules
from governance.models import Condition, Escalation, Matter
from governance.services import meet_condition, verify_condition
from tests.scenarios import access as scenario
from tests.scenarios import scoping as scopes
from tests.scenarios.world import World


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=user.pk))
    return client


def pages(grant: Grant) -> dict[str, str]:
    """Every page of one case, by name."""
    certificate = scenario.deleted_certificate(grant)
    event = AccessEvent.objects.first()
    assert event is not None
    return {
        "request": grant.request.get_absolute_url(),
        "agreement": grant.agreement.get_absolute_url(),
        "grant": grant.get_absolute_url(),
        "case": f"/access/cases/{grant.fellowship.ref}/",
        "deletion": certificate.get_absolute_url(),
        "event": event.get_absolute_url(),
    }


@pytest.fixture
def reported(world: World, grant: Grant) -> Grant:
    """The grant, with one act within it and one outside on the trail."""
    services.ingest(
        program=world.program,
        events=[
            scenario.event(grant, 1),
            scenario.event(grant, 2, kind="export"),
        ],
        source="test",
        by=System("test"),
    )
    return grant


READERS = ("steward", "oncall", "manager", "auditor", "mentor", "applicant")
OTHERS = ("other_applicant", "stranger", "product_owner", "sponsor", "admin", "reviewer")


@pytest.mark.parametrize("who", READERS)
def test_those_of_the_case_read_every_page(world: World, reported: Grant, who: str) -> None:
    client = client_of(getattr(world, who))
    for name, url in pages(reported).items():
        assert client.get(url).status_code == 200, (name, url)


@pytest.mark.parametrize("who", OTHERS)
def test_another_persons_case_is_404_everywhere(world: World, reported: Grant, who: str) -> None:
    client = client_of(getattr(world, who))
    for name, url in pages(reported).items():
        assert client.get(url).status_code == 404, (name, url)
    for route in ("requests", "grants"):
        assert client.get(f"/api/v1/access/{route}/").json()["results"] == []
    assert client.get("/api/v1/access/events").json()["results"] == []


@pytest.mark.parametrize(
    "url", ["/access/", "/access/desk/", "/access/trail/", "/access/why", "/access/grants/"]
)
def test_lists_take_as_many_queries_with_one_row_as_with_many(
    world: World, reported: Grant, url: str
) -> None:
    client = client_of(world.steward)
    client.get(url)

    few = count(client, url)
    for n in range(3):
        scenario.dataset(world, f"more-{n}", tier="internal")
    services.ingest(
        program=world.program,
        events=[scenario.event(reported, n) for n in range(10, 60)],
        source="test",
        by=System("test"),
    )
    assert count(client, url) == few
    assert few <= 20


def count(client: Client, url: str) -> int:
    """How many queries a page takes."""
    with CaptureQueriesContext(connection) as seen:
        assert client.get(url).status_code == 200
    return len(seen)


@pytest.mark.parametrize(
    ("url", "who"),
    [
        ("/access/desk/?show=all", "steward"),
        ("/access/grants/", "applicant"),
        ("/access/cases/{ref}/", "steward"),
        ("/fellowships/{ref}/", "applicant"),
        ("/fellowships/{ref}/what-may-i-do/", "applicant"),
    ],
)
def test_grants_and_requests_take_the_same_queries_at_1_3_and_many(
    world: World, url: str, who: str
) -> None:
    data = [scenario.dataset(world, f"data-{n}", tier="internal") for n in range(6)]
    case = scopes.signed_fellowship(world, datasets=[one.slug for one in data])
    client, at = client_of(getattr(world, who)), url.format(ref=case.ref)
    counts = []
    for number in (1, 3, 5):
        for one in data[case.grants.count() : number]:
            scenario.granted(world, case, one)
        client.get(at)
        counts.append(count(client, at))
    assert len(set(counts)) == 1, counts
    assert counts[0] <= 20


def test_the_request_form_says_what_is_wrong_at_its_field_and_keeps_the_rest(world: World) -> None:
    case = scopes.signed_fellowship(world)
    data = scenario.dataset(world)
    client = client_of(world.applicant)
    url = f"/access/datasets/{data.ref}/request/?case={case.ref}"
    page = client.get(url)
    assert page.status_code == 200
    assert b'value="download"' not in page.content, "never allowed for the tier, so not offered"
    typed = {
        "operations": ["view", "export"],
        "fields_wanted": ["turn"],
        "purpose": "Measure <b>drift</b>.",
        "why_less_would_not_do": "Rare events.",
        "starts_on": "2026-02-30",
        "ends_on": "",
    }
    answer = client.post(url, typed)
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"operations", "starts_on", "ends_on"}
    assert b"Measure &lt;b&gt;drift&lt;/b&gt;." in answer.content
    today = case.program.calendar().local(now()).date().isoformat()
    answer = client.post(url, {**typed, "starts_on": today, "ends_on": today})
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"operations"}
    good = {**typed, "operations": ["view"], "starts_on": today, "ends_on": today}
    answer = client.post(url, good)
    request = AccessRequest.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (302, request.get_absolute_url())


def test_the_request_form_says_all_that_is_wrong_at_once(world: World) -> None:
    case = scopes.signed_fellowship(world)
    data = scenario.dataset(world)
    client = client_of(world.applicant)
    url = f"/access/datasets/{data.ref}/request/?case={case.ref}"
    today = case.program.calendar().local(now()).date()
    last = min(today + dt.timedelta(days=179), case.ends_on)
    assert f"At the latest {last:%-d %B %Y}" in client.get(url).content.decode()
    far = {"starts_on": today.isoformat(), "ends_on": "2099-01-01"}
    errors = client.post(url, far).context["form"].errors
    needed = {"operations", "fields_wanted", "purpose", "why_less_would_not_do", "ends_on"}
    assert set(errors) == needed


@pytest.mark.parametrize("tier", ["public", "internal", "restricted", "highly_restricted"])
def test_the_rule_and_the_dataset_say_alike_who_approves(world: World, tier: str) -> None:
    data = scenario.dataset(world, tier=tier)
    page = client_of(world.steward).get(data.get_absolute_url()).content.decode()
    board = tier in ("restricted", "highly_restricted")
    last = "the board" if board else "Programme manager"
    assert f"approved by: Data steward, then {last}." in page
    rule = rules.in_force(world.program, "data_handling")
    rows = client_of(world.steward).get(rule.get_absolute_url()).content.decode()
    assert "By approval" in rows
    assert "By agreement" not in page


def test_a_request_says_when_the_access_it_led_to_has_ended(world: World) -> None:
    grant = scenario.granted(world)
    url = grant.request.get_absolute_url()
    assert "Granted; the access has ended" not in client_of(world.steward).get(url).content.decode()
    with frozen(grant.ends_at):
        page = client_of(world.fresh("steward")).get(url).content.decode()
    assert "Granted; the access has ended" in page


def test_a_stranger_does_not_reach_the_form(world: World) -> None:
    case = scopes.signed_fellowship(world)
    data = scenario.dataset(world)
    url = f"/access/datasets/{data.ref}/request/?case={case.ref}"
    assert client_of(world.stranger).get(url).status_code == 404
    assert client_of(world.steward).get(url).status_code == 404, "not of this case"


def test_from_request_to_deletion_by_pages(world: World) -> None:
    """Each button by the right person; the wrong one reads why not."""
    data = scenario.dataset(world, tier="internal")
    request = scenario.requested(world, data=data)
    url = request.get_absolute_url()
    fellow, steward, manager, oncall = (
        client_of(user) for user in (world.applicant, world.steward, world.manager, world.oncall)
    )
    checked = {"reason": "Nothing less.", "outcome": "check"}
    checked |= {f"holds_{key}": "yes" for key in scenario.all_hold(data)}
    refused = fellow.post(f"{url}check/", checked)
    assert refused.status_code == 403
    assert b"Only a data steward" in refused.content
    assert steward.post(f"{url}check/", {"reason": ""}).status_code == 422
    assert steward.post(f"{url}check/", checked).status_code == 302
    assert manager.post(f"{url}approve/", {"reason": "Least that serves."}).status_code == 302
    grant = Grant.objects.get()
    agreement = grant.agreement
    assert b"Accept the agreement" in fellow.get(agreement.get_absolute_url()).content
    accept = f"{agreement.get_absolute_url()}accept/"
    assert steward.post(accept, {"text_hash": agreement.text_hash}).status_code == 403
    for _ in range(2):
        assert fellow.post(accept, {"text_hash": agreement.text_hash}).status_code == 302
    case_url = f"/access/cases/{grant.fellowship.ref}/"
    assert b"Suspend everything" in oncall.get(case_url).content
    assert b"Suspend everything" not in fellow.get(case_url).content
    done = oncall.post(f"{case_url}suspend/", {"reason": "A leak."}, follow=True)
    assert b"What was reachable until now is listed below" in done.content
    assert b"Reachable until it was suspended" in done.content
    assert b"Nothing is reachable now." in done.content
    confirm = f"{case_url}deleted/{data.ref}/"
    assert fellow.post(confirm, {"method": "secure_delete"}).status_code == 422
    sent = {
        "method": "secure_delete",
        "tool": "shred",
        "scope": "All copies.",
        "performed_at": "2026-01-02T10:00",
    }
    certificate = fellow.post(confirm, sent).headers["Location"]
    assert fellow.post(f"{certificate}verify/", {"reason": "Sure."}).status_code == 403
    empty = {"reason": " ", "_page": certificate}
    again = steward.post(f"{certificate}verify/", empty)
    assert again.headers["Location"] == f"{certificate}#refused"
    page = steward.get(certificate).content.decode()
    assert '<details open id="refused">' in page
    assert "Say how you looked" in page
    assert "refused" not in steward.get(certificate).content.decode()
    assert steward.post(f"{certificate}verify/", {"reason": "Looked."}).status_code == 302
    assert b"Looked." in fellow.get(certificate).content


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        ("", 200, "The question"),
        ("?person=&dataset=", 422, "There is a problem"),
        ("?person=nobody&dataset=refusal-logs&operation=query", 422, "Nobody is known"),
        ("?person=applicant&dataset=x&operation=query", 422, "No dataset of this name"),
        ("?person=applicant&dataset=refusal-logs&operation=fly", 422, "There is a problem"),
        ("?person=applicant&dataset=refusal-logs&operation=query", 200, "Each clause"),
        ("?person=applicant&dataset=refusal-logs&operation=export", 200, "does not name"),
        ("?person=applicant&dataset=refusal-logs&operation=query&at=2001-01-01T10:00", 200, "not"),
    ],
)
def test_why(world: World, grant: Grant, query: str, status: int, says: str) -> None:
    answer = client_of(world.auditor).get(f"/access/why{query}")
    assert answer.status_code == status
    assert says in answer.content.decode()


def test_why_about_others_is_refused_to_others(world: World, grant: Grant) -> None:
    query = "?person=steward&dataset=refusal-logs&operation=query"
    answer = client_of(world.applicant).get(f"/access/why{query}")
    assert answer.status_code == 422
    assert "You may ask about yourself" in answer.content.decode()


@pytest.mark.parametrize(
    "query",
    [
        "?verdict=out_of_scope",
        "?verdict=odd&kind=odd",
        "?person=applicant&dataset=refusal-logs",
        "?case=FEL-1999-001",
        "?person=%00",
        "?page=99999999999999",
        "?dataset=" + "x" * 500,
    ],
)
def test_the_trail_takes_any_filter(world: World, reported: Grant, query: str) -> None:
    answer = client_of(world.steward).get(f"/access/trail/{query}")
    assert answer.status_code == (400 if "%00" in query else 200)


def test_home_names_what_the_board_has_once(world: World) -> None:
    request = scenario.with_board(world)
    home = client_of(request.person).get("/").content.decode()
    assert f"Your request for {request.dataset}" not in home
    matter = Matter.objects.get(subject_id=request.pk, kind="access.request")
    assert home.count(matter.title) == 1


@pytest.mark.parametrize(("name", "opens"), [("manager", True), ("board_legal", False)])
def test_the_matter_leads_to_the_request_those_it_opens_to(
    world: World, name: str, opens: bool
) -> None:
    request = scenario.with_board(world)
    client = client_of(getattr(world, name))
    matter = Matter.objects.get(subject_id=request.pk, kind="access.request")
    page = client.get(reverse("governance:matter", args=[matter.ref])).content.decode()
    assert matter.question in html.unescape(page)
    assert (f'href="{request.get_absolute_url()}"' in page) is opens
    status = client.get(request.get_absolute_url()).status_code
    assert status == (200 if opens else 404)


def test_a_reason_too_long_is_refused_whole_and_not_cut(world: World) -> None:
    grant = scenario.granted(world)
    client, page = client_of(world.steward), grant.get_absolute_url()
    answer = client.post(f"{page}revoke/", {"reason": "why \x00" * 2_000, "_page": page})
    assert answer.status_code == 302
    grant.refresh_from_db()
    assert grant.revoked_at is None
    shown = client.get(page).content.decode()
    assert "Write at most 5,000 characters: this has 7,999." in shown
    assert shown.count("why ") >= 2_000


def test_each_grant_counts_what_was_done_under_it(world: World, reported: Grant) -> None:
    first = reported
    services.revoke_grant(grant=first, by=world.steward, reason="Asked for anew.")
    begin = now() + dt.timedelta(days=2)
    with frozen(begin):
        second = scenario.granted(
            world, first.fellowship, first.dataset, starts_on=begin.date(), ends_on=begin.date()
        )
        services.ingest(
            program=world.program,
            events=[scenario.event(second, n) for n in (3, 4, 5)],
            source="test",
            by=System("test"),
        )
    counted = {
        grant: {row.label: (row.within, row.outside) for row in usage.of(grant).operations}
        for grant in (first, second)
    }
    assert counted[first]["Query"] == (1, 0)
    assert counted[first]["Export from the environment"] == (0, 1)
    assert counted[second]["Query"] == (3, 0)
    assert "Export from the environment" not in counted[second]


def test_a_grant_ends_on_its_last_day_in_every_zone(world: World, grant: Grant) -> None:
    last = timezone.localtime(grant.ends_at, ZoneInfo(world.program.zone)) - dt.timedelta(days=1)
    said = f">{last.day} {last:%b}"
    fellow = grant.person
    fellow.time_zone = "Pacific/Kiritimati"
    fellow.save()
    case = grant.fellowship.ref
    for address in (
        grant.get_absolute_url(),
        "/access/grants/",
        f"/access/cases/{case}/",
        f"/fellowships/{case}/what-may-i-do/",
    ):
        page = client_of(fellow).get(address).content.decode()
        after = last + dt.timedelta(days=1)
        assert said in page, address
        for month in (f"{after:%B}", f"{after:%b}"):
            assert f">{after.day} {month} {after.year}</time>" not in page, address


def test_who_asks_for_another_waits_for_it_and_a_stewards_refusal_is_final(world: World) -> None:
    """What one asked for a collaborator is at home too; only the board's refusal is reviewed."""
    case = scopes.signed_fellowship(world)
    request = scenario.requested(world, case, person=scenario.collaborator(world, case).person)
    home = client_of(case.fellow).get("/").content.decode()
    assert f"Your request for {request.dataset}, for {request.person}" in home
    services.refuse_request(request=request, by=world.steward, reason="Less would serve.")
    shown = client_of(case.fellow).get(request.get_absolute_url()).content.decode()
    assert "To go on, access is asked for anew." in shown
    assert "An independent review" not in shown


def test_an_act_out_of_scope_names_the_alarm_it_raised(world: World, reported: Grant) -> None:
    alarm = Escalation.objects.get(kind="out_of_scope_access")
    link = f'<a href="{alarm.get_absolute_url()}">{alarm.ref}</a>'
    outside, inside = AccessEvent.objects.order_by("verdict").values_list("pk", flat=True)
    steward = client_of(world.steward)
    assert link in steward.get(f"/access/trail/{outside}/").content.decode()
    assert link not in steward.get(f"/access/trail/{inside}/").content.decode()


def test_what_was_revoked_says_when_and_no_end_to_come(world: World, grant: Grant) -> None:
    services.revoke_grant(grant=grant, by=world.steward, reason="The purpose is over.")
    grant = Grant.objects.get(pk=grant.pk)
    assert grant.revoked_at is not None
    shown = client_of(world.steward).get(grant.get_absolute_url()).content.decode()
    term = shown.partition(">The grant<")[2].partition("</dl>")[0]
    assert "<dt>Revoked</dt>" in term
    assert "<dt>Until</dt>" not in term


def test_a_recorded_check_is_told_in_the_readers_language(world: World) -> None:
    request = scenario.checked(world)
    client = client_of(world.steward)
    client.post("/language/", {"language": "de", "next": "/"})
    shown = client.get(request.get_absolute_url()).content.decode()
    assert "Jedes beantragte Feld und jede beantragte Zeile wird gebraucht" in html.unescape(shown)
    assert "Every field and row asked for is needed" not in shown


CONDITION = {"text": "Quotes are cut to ten words.", "days": 30}


def under_condition(world: World) -> tuple[AccessRequest, User]:
    """Approved under a condition, for a collaborator the fellow asked for."""
    person = scenario.collaborator(world).person
    assert person is not None
    asked = scenario.requested(world, person=person)
    return (
        scenario.decided(world, asked, "approve_with_conditions", conditions=[CONDITION]),
        person,
    )


def test_who_asked_for_a_collaborator_is_not_told_to_accept(world: World) -> None:
    request, person = under_condition(world)
    theirs = client_of(person).get(request.get_absolute_url()).content.decode()
    own = client_of(request.fellowship.fellow).get(request.get_absolute_url()).content.decode()
    assert ("With you: read and accept" in theirs, "With you: read and accept" in own) == (
        True,
        False,
    )
    assert "With the person named: the agreement is to be accepted" in own
    matter = Matter.objects.get(subject_id=request.pk, kind="access.request")
    assert matter.question.startswith(f"Grant a collaborator of {request.fellowship.ref} ")


def test_what_conditions_hold_shut_is_not_called_live(world: World) -> None:
    request, person = under_condition(world)
    agreement = request.agreement
    said = {"text_hash": agreement.text_hash}
    client = client_of(person)
    answer = client.post(f"{agreement.get_absolute_url()}accept/", said, follow=True)
    assert "Access opens once every condition of the board is verified." in answer.content.decode()
    grant = Grant.objects.get(request=request)
    page = client.get(grant.get_absolute_url())
    assert page.context["stands"] == ("Shut until its conditions are verified", "warn")
    assert page.context["standing"].holder == str(person)
    whole = client.get(request.get_absolute_url())
    assert "Granted; shut until its conditions are verified" in whole.content.decode()
    assert whole.context["standing"].holder == str(person)
    condition = Condition.objects.get()
    meet_condition(condition=condition, by=person, evidence="Notebook 4")
    verify_condition(condition=condition, by=world.steward, reason="Seen.")
    assert client.get(grant.get_absolute_url()).context["stands"] == ("Live", "good")
    assert "Granted; shut" not in client.get(request.get_absolute_url()).content.decode()


def test_a_request_tells_what_it_became_and_leads_to_the_boards_page(world: World) -> None:
    request = scenario.with_board(world)
    matter = Matter.objects.get(subject_id=request.pk, kind="access.request")
    client = client_of(request.person)
    assert matter.get_absolute_url() in client.get(request.get_absolute_url()).content.decode()
    request = scenario.decided_by_board(world, request)
    scenario.accept(request.agreement)
    events = client.get(request.get_absolute_url()).context["events"]
    assert [event.verb for event in events[:3]] == [
        "access.accept_agreement",
        "access.grant_by_board",
        "access.refer",
    ]


def test_a_steward_waits_for_the_board_on_what_they_sent_on(world: World) -> None:
    request = scenario.with_board(world)
    matter = Matter.objects.get(subject_id=request.pk, kind="access.request")
    found = [item for item in desk(world.steward, now()) if item.url == request.get_absolute_url()]
    assert [(item.holder, item.due) for item in found] == [("the board", matter.due_at)]
    assert list(desk(world.fresh("manager"), now())) == []
