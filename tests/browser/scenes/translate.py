"""A finding gets an owner, a date, a disposition and a control, measured before and after."""

from __future__ import annotations

import datetime as dt

from tests.browser.house import House
from tests.browser.scenes.story import APPLICANT, Story

FINDING = "Refusals decay after 40 turns"
CONTROL = "Session limit of 35 turns"
RESULT = "Trials, table 2"


def report(house: House, story: Story) -> None:
    """The fellow registers the result by its hash, then reports what it shows."""
    fellow = house[APPLICANT].go(f"/fellowships/{story.case}/").checks_page()
    fellow.follow("Register a result").fill("Name", RESULT).select("Kind", "Table")
    fellow.fill("SHA-256", "9f" * 32).pick("Made from", story.dataset)
    fellow.press("Register the result")
    fellow.fill("Finding in one line", FINDING)
    fellow.fill("Claim", "The share of refusals falls from turn 1 to turn 40.")
    fellow.fill("It happened in", "41").fill("of so many trials", "60")
    fellow.fill("System", "Assistants chat").fill("Version", "4.2").pick("Severity", "Medium")
    fellow.fill("MITRE ATLAS technique", "AML.T0054").pick("Results it rests on", RESULT)
    fellow.pick("Harm to people", "2 · Limited").pick("How sure are you?", "Moderate")
    fellow.press("Check your answers").sees("Nothing is sent yet").checks_page()
    fellow.press("Report the finding").sees(FINDING)
    story.finding = fellow.ref
    fellow.may_not(f"/triage/{story.finding}/take/", "product owner")
    house["other-applicant"].may_not_open(f"/triage/{story.finding}/")


def dispose(house: House, story: Story) -> None:
    """The product owner takes it from the queue, accepts it with a date and says why."""
    owner = house["product-owner"].go("/triage/").checks_page()
    owner.page.get_by_role("link", name=FINDING).click()
    owner.follow(f"Open {story.finding}")
    owner.press("Take it up").follow("Accept and plan")
    owner.pick("Does something follow", "Yes").select("It turns into", "A control")
    owner.select("Product owner", "Product Owner").fill("Why you accept it", "We can act on this.")
    owner.press("Accept the finding").sees("Accepted")


def control(house: House, story: Story) -> None:
    """Metric and threshold are fixed first, the baseline is counted, then it ships."""
    owner = house["product-owner"].go(f"/triage/{story.finding}/").follow("Plan a control")
    owner.fill("Control in one line", CONTROL).pick("Family", "Preventive")
    owner.select("Kind", "Session limit").select("Measured by", "Attack success rate")
    day, month = dt.datetime.now(dt.UTC).date(), dt.timedelta(days=30)
    owner.fill("What one of those counted is", "One hostile conversation of the fixed set")
    owner.fill("Least improvement that counts", "10").fill("Least number on either side", "30")
    owner.fill("Baseline counted from", (day - month).isoformat())
    owner.fill("Baseline counted until", (day + month).isoformat())
    owner.pick("Why this baseline", "Planned").pick("Where it is counted", "On a test bench")
    owner.press("Plan the control").sees(CONTROL)
    story.control = owner.ref
    path = f"/triage/controls/{story.control}/"
    owner.may_not(f"{path}deploy/", "baseline")
    owner.go(path).follow("Record a count").pick("Taken", "Before")
    owner.fill("It happened in", "41").fill("of so many trials", "60").press("Record the count")
    owner.press("Record as deployed").follow("Record a count").pick("Taken", "After")
    owner.fill("It happened in", "4").fill("of so many trials", "60").press("Record the count")
    owner.sees("Reduced").checks_page()


def prove(house: House, story: Story) -> None:
    """Someone else verifies that risk fell; only then does the finding close."""
    path = f"/triage/controls/{story.control}/"
    house["product-owner"].may_not(f"{path}verify/", "verif")
    house["manager"].go(path).press("Verify the reduction").sees("Verified by")
    owner = house["product-owner"].go(f"/triage/{story.finding}/").follow("Close it")
    owner.pick("It is closed because of", "A verified control").press("Close the finding")
    owner.sees("Closed").checks_page()
