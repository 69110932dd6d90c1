"""Data: asked for, checked, decided, agreed to, used, and one act too many."""

from __future__ import annotations

import datetime as dt
import json
import urllib.parse
import urllib.request
from typing import Any

from tests.browser.house import House
from tests.browser.scenes import decide
from tests.browser.scenes.story import APPLICANT, Story

DAY = dt.timedelta(days=1)


def ask(house: House, story: Story) -> None:
    """The fellow asks for the least that serves, beside how the tier is handled."""
    today = dt.datetime.now(dt.UTC).date()
    fellow = house[APPLICANT].go("/access/").follow(story.dataset)
    fellow.follow("Ask for this dataset").sees("How this tier is handled")
    fellow.pick("What would you do with it", "Look at records", "Query")
    fellow.pick("Which fields", "turn", "refused")
    fellow.fill("Purpose", "Measure refusal consistency between turn 5 and turn 20.")
    fellow.fill("Why would less not do", "A sample loses the rare late refusals.")
    fellow.fill("From", today.isoformat()).fill("Last day", (today + 60 * DAY).isoformat())
    fellow.checks_page()
    fellow.press("Send to the steward").sees("With the data steward")
    story.request = fellow.ref
    fellow.may_not(f"/access/requests/{story.request}/check/", "steward", reason="It is fine.")
    house["other-applicant"].may_not_open(f"/access/requests/{story.request}/")


def decide_it(house: House, story: Story) -> None:
    """The steward finds that nothing less serves; for this tier the board decides."""
    path = f"/access/requests/{story.request}/"
    house["steward"].may_not(f"{path}refer/", "With the steward")
    steward = house["steward"].go("/access/desk/").checks_page().follow(story.dataset)
    steward.follow("Check the request").checks_page()
    for statement in steward.page.get_by_role("group", name="Does it hold?").all():
        statement.get_by_label("Yes").check()
    steward.pick("What follows", "It can be decided")
    steward.fill("Your word", "The synthetic mirror loses the turn order.")
    steward.press("Record").sees("Checked")
    house["manager"].go(path).press("Refer to the board")
    matter = decide.vote(house, f"Access to {story.dataset}")
    decide.record(house, matter)


def accept(house: House, story: Story) -> None:
    """Access opens when the person it names accepts exactly this text."""
    fellow = house[APPLICANT].go(f"/access/requests/{story.request}/").follow("Read the agreement")
    house["manager"].may_not(f"{fellow.path}accept/", "Ada Nwosu alone", text_hash="")
    fellow.checks_page().press("Accept the agreement").sees("Accepted")
    fellow.go(f"/fellowships/{story.case}/what-may-i-do/").sees(story.dataset).checks_page()


def report_use(house: House, story: Story) -> None:
    """The environment reports with a token that may do nothing else; one act is out of scope."""
    steward = house["steward"].go("/accounts/tokens/")
    steward.fill("What it is for", "Gateway").pick("What it may do", "Report access events")
    steward.press("Make the token")
    story.token = steward.page.locator("main .notice .mono").inner_text()
    export = _event(story, 3, "export")
    answer = _post(house, story, [_event(story, 1), _event(story, 2), export])
    assert (answer["accepted"], answer["out_of_scope"], answer["refused"]) == (3, 1, [])
    again = _post(house, story, [export])
    assert (again["accepted"], again["duplicate"]) == (0, 1)
    steward.go("/access/trail/").sees("Out of scope", "Within").checks_page()


def contain(house: House, story: Story) -> None:
    """On-call suspends everything at once, verifies, reviews; another person opens it again."""
    oncall = house["oncall"].go("/").sees("acknowledge").go("/escalations/").checks_page()
    oncall.page.locator("main tbody th a").first.click()
    path = oncall.path
    house["steward"].may_not(f"{path}contain/", "answer an escalation", text="I did.")
    oncall.press("Acknowledge").pick("Do at once", "Suspend everything")
    oncall.fill("What was done to contain it", "Everything this case reaches is closed.")
    oncall.press("Contained").checks_page()
    house[APPLICANT].go(f"/access/cases/{story.case}/").sees("Suspended: nothing is reachable")
    oncall.go(path).fill("How it was verified", "Tried as the fellow: refused.")
    oncall.press("Verified: it holds")
    oncall.fill("What prevents it from now on", "The gateway refuses exports from today.")
    oncall.press("This prevents it")
    oncall.fill("What happened, and why", "An export of 40 rows by a script.")
    oncall.fill("What it did, and to whom", "Nothing left the environment.")
    oncall.fill("If there are none, why", "A script of our own, and no way through.")
    oncall.press("Close with this review").sees("Closed")
    people = f"/fellowships/{story.case}/people/"
    oncall.may_not(f"{people}lift/", "someone other", reason="It is over.")
    manager = house["manager"].go(people).sees("Suspended")
    manager.give_reason(
        "Lift the suspension", "The cause is gone, and the gateway refuses exports."
    )
    house[APPLICANT].go(f"/access/cases/{story.case}/").misses("Suspended").sees(story.dataset)


def _event(story: Story, number: int, kind: str = "query") -> dict[str, Any]:
    return {
        "id": f"e-{number}",
        "at": dt.datetime.now(dt.UTC).isoformat(),
        "person": APPLICANT,
        "dataset": story.dataset.lower().replace(" ", "-"),
        "kind": kind,
        "details": {"rows": 40},
        "session": "run-1",
    }


def _post(house: House, story: Story, events: list[dict[str, Any]]) -> dict[str, Any]:
    query = urllib.parse.urlencode({"program": story.program, "source": "gateway"})
    request = urllib.request.Request(
        f"{house.url}/api/v1/access/events?{query}",
        data=json.dumps(events).encode(),
        headers={"Authorization": f"Bearer {story.token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        found: dict[str, Any] = json.load(answer)
    return found
