"""The queue's pages: tabs, saved filters, the pane, a change of many, claims and absences."""

from __future__ import annotations

import datetime as dt
import re
from types import SimpleNamespace

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fellowship.accounts import roles
from fellowship.accounts.models import User
from fellowship.accounts.services import grant_role
from fellowship.clocks import queries as clocks
from fellowship.history.models import Event
from fellowship.kernel.refusals import Refused
from fellowship.kernel.time import frozen, now
from fellowship.notices.models import Notice
from fellowship.web import tables
from findings import services
from findings.filters import FindingFilter
from findings.home import findings_to_dispose
from findings.models import Batch, Cover, Finding, SavedFilter
from findings.queues import Desk
from findings.services.common import DUE_CLOCK
from scoping.models import Fellowship
from tests.scenarios import findings as scenario
from tests.scenarios.scoping import signed_fellowship
from tests.scenarios.world import World, make_person

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}
DAY = dt.timedelta(days=1)
QUERIES = (
    *("queue=all", "queue=mine", "queue=unassigned", "queue=team"),
    *("queue=all&severity=severe", "queue=all&severity=critical", "queue=all&state=reported"),
    *("queue=all&family=none", "queue=all&family=preventive", "queue=all&overdue=on"),
    *("queue=all&q=memory", "queue=all&q=100%25+memory", "queue=all&q=f-20+memory"),
    *(
        "queue=all&owner=product-owner",
        "queue=all&age=week",
        "queue=unassigned&q=finding&overdue=on",
    ),
    *("queue=all&technique=none", "queue=all&unmeasured=preventive", "queue=all&open=on"),
)
"""What narrows the queue, each filter at least once."""


@pytest.fixture
def fellowship(world: World) -> Fellowship:
    return signed_fellowship(world)


def as_(user: object) -> Client:
    client = Client()
    client.force_login(user)  # type: ignore[arg-type]
    return client


def some(world: World, fellowship: Fellowship, count: int, **values: object) -> list[Finding]:
    return [
        scenario.reported(world, fellowship, title=f"Finding {n}", evidence=[], **values)
        for n in range(count)
    ]


def second_owner(world: World) -> object:
    person = make_person("second-owner")
    grant_role(user=person, realm=world.program.realm, role=roles.PRODUCT_OWNER, by=world.admin)
    return person


def text(page: object) -> str:
    """The page's words without tags, spaces made one."""
    content = page.content.decode()  # type: ignore[attr-defined]
    return " ".join(re.sub(r"<[^>]+>", " ", content).split())


def test_the_queue_opens_where_work_is_and_its_tabs_count_honestly(
    world: World, fellowship: Fellowship
) -> None:
    found = some(world, fellowship, 4)
    owner = as_(world.product_owner)
    assert "<h1>Unassigned findings</h1>" in owner.get("/triage/").content.decode()
    services.claim_finding(finding=found[0], by=world.product_owner)
    services.assign_finding(finding=found[1], to=world.manager, by=world.product_owner)
    services.claim_finding(finding=found[2], by=world.product_owner)
    services.defer_finding(
        finding=found[2], by=world.product_owner, reason="Later.", look_again_at=now() + 5 * DAY
    )
    page = owner.get("/triage/")
    assert "<h1>My queue</h1>" in page.content.decode()
    assert "My queue 1 Unassigned 1 With others 1 All 4" in text(page)
    narrowed = text(owner.get("/triage/?queue=all&severity=severe"))
    assert "0 findings of 4" in narrowed
    assert "Nothing fits this filter." in narrowed
    auditor = text(as_(world.auditor).get("/triage/"))
    assert "All 4 Unassigned 1" in auditor
    assert "Pick" not in auditor, "who disposes of nothing picks nothing"
    fellow = as_(fellowship.fellow).get("/triage/").content.decode()
    assert "<h1>Findings</h1>" in fellow
    assert 'aria-label="Queues"' not in fellow


def test_the_queue_takes_as_many_queries_with_many_rows_filters_and_absences(
    world: World, fellowship: Fellowship
) -> None:
    counts = []
    for size in (1, 3, 12):
        some(world, fellowship, size)
        client = as_(world.fresh("product_owner"))
        client.get("/triage/?queue=unassigned")
        with CaptureQueriesContext(connection) as caught:
            client.get("/triage/?queue=unassigned&severity=medium")
        counts.append(len(caught))
        services.save_filter(name=f"Mine {size}", query="queue=mine", by=world.product_owner)
    assert len(set(counts)) == 1, counts
    assert counts[0] <= 20


def test_filters_find_the_same_whoever_asked_so_before(
    world: World, fellowship: Fellowship
) -> None:
    """The statement is one for all who choose the same: the values are each one's own."""
    taken = scenario.reported(world, fellowship, title="100% of memory", evidence=[])
    services.claim_finding(finding=taken, by=world.product_owner)
    scenario.reported(world, fellowship, severity="critical", evidence=[])
    some(world, fellowship, 2)
    for user in (world.product_owner, world.manager, world.auditor, fellowship.fellow):
        for query in QUERIES:
            asked = User.objects.get(pk=user.pk)
            found = FindingFilter(
                QueryDict(query),
                queryset=Finding.objects.visible_to(asked),
                request=SimpleNamespace(user=asked),
            )
            refs = set(found.qs.values_list("ref", flat=True))
            page = as_(asked).get(f"/triage/?{query}").context["page"]
            assert {finding.ref for finding in page} == refs, (user, query)
            assert page.total == len(refs), (user, query)
    assert not as_(world.manager).get("/triage/?queue=all&q=100%25&page=9").context["page"].next_url


def test_a_filter_is_saved_shared_changed_and_opens_the_queue(
    world: World, fellowship: Fellowship
) -> None:
    owner, manager = as_(world.product_owner), as_(world.manager)
    query = "queue=all&severity=severe&sort=severity"
    form = owner.get(f"/triage/filters/new/?page=3&evil=1&{query}")
    assert "It shows: All; Severity: High and above." in text(form)
    assert owner.post(f"/triage/filters/new/?{query}", {"name": ""}).status_code == 422
    said = {"name": "Severe ones", "program": world.program.pk, "is_default": "on"}
    done = owner.post(f"/triage/filters/new/?page=3&evil=1&{query}", said)
    assert done["Location"] == f"/triage/?{query}"
    saved = SavedFilter.objects.get()
    assert owner.get("/triage/")["Location"] == f"/triage/?{query}"
    assert "Severe ones" in text(manager.get("/triage/?queue=all"))
    assert manager.post(f"/triage/filters/{saved.pk}/", said).status_code == 422
    assert manager.post(f"/triage/filters/{saved.pk}/remove/").status_code == 403
    stranger = as_(fellowship.fellow)
    assert stranger.get(f"/triage/filters/{saved.pk}/").status_code == 404
    assert owner.post(f"/triage/filters/{saved.pk}/", {"name": "Bad ones"}).status_code == 302
    assert owner.get("/triage/").status_code == 200, "it no longer opens the queue"
    assert "Bad ones" not in text(manager.get("/triage/?queue=all")), "nor is it shared"
    services.save_filter(name="Two", query="q=a", by=world.product_owner, is_default=True)
    again = owner.post(f"/triage/filters/{saved.pk}/", {"name": "Two"})
    assert "You have a filter of this name already." in text(again)
    assert owner.post(f"/triage/filters/{saved.pk}/", {**said, "name": "One"}).status_code == 302
    opens = SavedFilter.objects.filter(owner=world.product_owner, is_default=True)
    assert [one.name for one in opens] == ["One"]
    assert owner.post(f"/triage/filters/{saved.pk}/remove/").status_code == 302
    assert [one.name for one in SavedFilter.objects.all()] == ["Two"]


def test_the_pane_is_a_part_of_the_page_and_without_htmx_the_page(
    world: World, fellowship: Fellowship
) -> None:
    finding = scenario.reported(world, fellowship)
    owner = as_(world.product_owner)
    plain = owner.get(f"/triage/{finding.ref}/pane/")
    assert plain["Location"] == f"/triage/{finding.ref}/"
    with CaptureQueriesContext(connection) as caught:
        shown = owner.get(f"/triage/{finding.ref}/pane/?back=/triage/?queue=mine", **HTMX)
    assert len(caught) <= 25
    words = text(shown)
    assert "<html" not in shown.content.decode()
    assert "Counted in 41 of 60 trials." in words
    assert "Trials, table 2" in words
    assert "Claim" in words
    back = {"back": "/triage/?queue=mine"}
    assert owner.post(f"/triage/{finding.ref}/claim/", back)["Location"] == back["back"]
    evil = {"back": "https://evil.example/triage/"}
    assert (
        owner.post(f"/triage/{finding.ref}/claim/", evil)["Location"] == f"/triage/{finding.ref}/"
    )
    assert as_(world.stranger).get(f"/triage/{finding.ref}/pane/", **HTMX).status_code == 404


def test_many_are_looked_at_changed_once_and_taken_back(
    world: World, fellowship: Fellowship
) -> None:
    found = some(world, fellowship, 3, severity="low")
    other = scenario.reported(world, fellowship, title="Severe", severity="high", evidence=[])
    for finding in (*found, other):
        services.claim_finding(finding=finding, by=world.product_owner)
    owner = as_(world.product_owner)
    ask = "/triage/bulk/?action=reject&whole=1&query=" + "queue%3Dmine"
    events = Event.objects.count()
    looked = owner.get(ask)
    words = text(looked)
    assert "Nothing has changed yet." in words
    assert "The board rejects high findings: refer it." in words
    assert "Reject 3 findings" in words
    assert Event.objects.count() == events
    page = looked.content.decode()
    sent = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))
    assert set(sent) >= {"action", "whole", "query", "key", "seen", "_once"}
    missing = owner.post("/triage/bulk/", sent)
    assert missing.status_code == 422
    assert "Reject 3 findings" in text(missing), "what was picked is still picked"

    sent = {**sent, "reason": "Known, and accepted by policy."}
    done = owner.post("/triage/bulk/", sent)
    again = owner.post("/triage/bulk/", {**sent, "_once": "another"})
    batch = Batch.objects.get()
    assert done["Location"] == again["Location"] == f"/triage/batches/{batch.pk}/"
    result = text(owner.get(done["Location"]))
    assert "3 findings rejected" in result
    assert "Why How many Which The board rejects high findings: refer it. 1" in result
    rows = text(as_(fellowship.fellow).get(f"/triage/?queue=all&batch={batch.pk}"))
    assert "3 findings" in rows
    assert as_(fellowship.fellow).get(done["Location"]).status_code == 404
    owner.post(f"/triage/batches/{batch.pk}/undo/")
    assert "3 of 3 findings are again as before." in text(owner.get(done["Location"]))
    assert "Taken back" in text(owner.get("/triage/batches/"))


def test_a_fellow_is_told_how_many_findings_their_first_page_leaves_out(
    world: World, fellowship: Fellowship
) -> None:
    some(world, fellowship, 20)
    fellow = as_(fellowship.fellow)
    with CaptureQueriesContext(connection) as few:
        assert "more:" not in text(fellow.get("/"))
    some(world, fellowship, 3)
    with CaptureQueriesContext(connection) as many:
        page = text(fellow.get("/"))
    assert "And 3 more: the findings in triage" in page
    assert len(many) == len(few)
    assert "23 findings" in text(fellow.get("/triage/?queue=all&sort=due"))


def test_severe_findings_are_referred_one_by_one_and_it_is_said_where_many_are_picked(
    world: World, fellowship: Fellowship
) -> None:
    severe = scenario.reported(world, fellowship, severity="critical", evidence=[])
    services.claim_finding(finding=severe, by=world.product_owner)
    owner = as_(world.product_owner)
    why = "the board one by one"
    assert why in text(owner.get("/triage/?queue=mine")), "beside what is done to many"
    assert why in text(owner.get(f"/triage/bulk/?action=&pick={severe.ref}"))
    looked = text(owner.get(f"/triage/bulk/?action=reject&pick={severe.ref}"))
    assert "The board rejects critical findings: refer it." in looked
    assert "its members read the claim and the evidence of each, and vote on it alone" in looked
    assert severe.ref in looked, "with the way to the page on which it is referred"
    deferred = owner.get(f"/triage/bulk/?action=defer&pick={severe.ref}")
    assert why not in text(deferred), "the board is asked for rejections alone"


def test_where_words_are_counted_so_far_all_that_match_are_meant(
    world: World, fellowship: Fellowship, monkeypatch: pytest.MonkeyPatch
) -> None:
    some(world, fellowship, 4)
    monkeypatch.setattr(tables, "SEARCH_LIMIT", 3)
    owner = as_(world.product_owner)
    page = text(owner.get("/triage/?queue=all&q=finding"))
    assert "3+ findings" in page
    assert "Look at all 3+ that match" in page, "three would be wrong: the fourth changes too"
    ask = "/triage/bulk/?action=claim&whole=1&query=queue%3Dall%26q%3Dfinding"
    assert "4 findings" in text(owner.get(ask))


def test_what_a_batch_asks_is_asked_before_anything_is_said(
    world: World, fellowship: Fellowship
) -> None:
    found = some(world, fellowship, 2)
    owner = as_(world.product_owner)
    picks = "".join(f"&pick={f.ref}" for f in found)
    nothing = owner.get(f"/triage/bulk/?action={picks}")
    assert "What should happen to 2 findings?" in text(nothing)
    assert '<input type="radio" name="action" value="defer" required>' in nothing.content.decode()
    ask = f"/triage/bulk/?action=duplicate{picks}"
    assert "Say first what is asked" in text(owner.get(ask))
    assert "There is no finding with this reference." in text(owner.get(f"{ask}&of=F-1"))
    looked = text(owner.get(f"{ask}&of={found[0].ref}"))
    assert "Name another finding than this one." in looked
    assert "Close as a repetition 1 finding" in looked
    assign = text(owner.get(f"/triage/bulk/?action=assign{picks}&to={world.steward.pk}"))
    assert "Say first what is asked" in assign, "a steward is no choice"
    nobody = text(as_(world.auditor).get(f"/triage/bulk/?action=claim{picks}"))
    assert "A product owner disposes of findings." in nobody
    assert "none of them is yours to see" in text(owner.get("/triage/bulk/?action=claim"))


def test_what_is_sent_twice_is_told_once(world: World, fellowship: Fellowship) -> None:
    """The second was read before the first was done, as by a double click."""
    finding = scenario.reported(world, fellowship, evidence=[])
    said = {"to": second_owner(world), "by": world.manager, "reason": "You know it."}
    for _ in range(2):
        services.claim_finding(finding=finding, by=world.product_owner)
    claimed = Finding.objects.get(pk=finding.pk)
    for _ in range(2):
        services.assign_finding(finding=claimed, **said)  # type: ignore[arg-type]
    told = Notice.objects.filter(subject_id=finding.pk, subject_type="findings.finding")
    for words in ("is under investigation", "assigned", "is now with"):
        assert told.filter(title__contains=words).count() == 1, words


def test_claimed_and_assigned_the_clock_goes_along_and_both_hear(
    world: World, fellowship: Fellowship
) -> None:
    finding = scenario.reported(world, fellowship, evidence=[])
    other = second_owner(world)
    services.claim_finding(finding=finding, by=world.product_owner)
    services.claim_finding(finding=finding, by=world.product_owner)
    clock = clocks.current(finding, DUE_CLOCK)
    assert clock is not None
    assert clock.holder_user == world.product_owner
    assert Event.objects.filter(verb="findings.claim").count() == 1
    with pytest.raises(Refused) as refused:
        services.claim_finding(finding=finding, by=other)  # type: ignore[arg-type]
    assert refused.value.refusal.code == "taken"
    page = as_(other).post(f"/triage/{finding.ref}/assign/", {"to": other.pk, "reason": ""})  # type: ignore[attr-defined]
    assert page.status_code == 422
    assert "Say why: it is with" in text(page)
    as_(other).post(f"/triage/{finding.ref}/assign/", {"to": other.pk, "reason": "I know it."})  # type: ignore[attr-defined]
    finding.refresh_from_db()
    assert finding.product_owner == other
    told = Notice.objects.get(recipient=world.product_owner, title__contains="is now with")
    assert told.body == "I know it."
    clock = clocks.current(finding, DUE_CLOCK)
    assert clock is not None
    assert clock.holder_user == other


def test_who_stands_in_has_both_queues_until_the_absence_ends(
    world: World, fellowship: Fellowship
) -> None:
    finding = scenario.reported(world, fellowship, evidence=[])
    services.claim_finding(finding=finding, by=world.product_owner)
    other = second_owner(world)
    owner = as_(world.product_owner)
    today = now().date()
    days = {
        "program": world.program.pk,
        "person": world.product_owner.pk,
        "stand_in": other.pk,  # type: ignore[attr-defined]
        "first": today.isoformat(),
        "last": (today + 4 * DAY).isoformat(),
    }
    wrong = owner.post("/triage/away/", {**days, "last": (today - DAY).isoformat()})
    assert "The last day must not lie before the first." in text(wrong)
    himself = owner.post("/triage/away/", {**days, "stand_in": world.product_owner.pk})
    assert "Name somebody else." in text(himself)
    others = as_(other).post("/triage/away/", days)
    assert others.status_code == 422, "another's absence is the manager's to enter"
    assert owner.post("/triage/away/", days).status_code == 302
    assert "is entered as away on some of these days" in text(
        owner.post("/triage/away/", {**days, "last": (today + 3 * DAY).isoformat()})
    )
    cover = Cover.objects.get()
    assert Notice.objects.get(kind="findings.cover").recipient == other
    assert Desk.of(other).count("mine") == 1
    assert f"You stand in for {world.product_owner}" in text(as_(other).get("/triage/"))
    asked = list(findings_to_dispose(other, now()))
    assert f" for {world.product_owner}, who is away: " in asked[0].title
    with frozen(cover.ends_at) as over:
        assert list(findings_to_dispose(other, over)) == []
        assert Desk.of(other).count("mine") == 0
        with pytest.raises(Refused):
            services.claim_finding(finding=finding, by=other)  # type: ignore[arg-type]
    services.claim_finding(finding=finding, by=other)  # type: ignore[arg-type]
    assert owner.post(f"/triage/away/{cover.pk}/back/").status_code == 302
    assert Desk.of(other).covers == []


def test_home_tells_the_whole_number_and_where_the_rest_is(
    world: World, fellowship: Fellowship
) -> None:
    mine, _ = some(world, fellowship, 24), some(world, fellowship, 3)
    for finding in mine[:22]:
        services.take_finding(finding=finding, by=world.product_owner)
    browser = as_(world.product_owner)
    page = text(browser.get("/"))
    assert "27 things need you." in page
    links = re.findall(r"And (\d+) more: <a href=\"([^\"]+)\"", browser.get("/").content.decode())
    assert sum(int(number) for number, _ in links) == 7
    with frozen(now() + 400 * DAY):
        assert "27 things need you, 27 overdue." in text(browser.get("/"))
    for _, url in links:
        assert browser.get(url.replace("&amp;", "&")).status_code == 200
