"""The scope of work is completed, offered and signed by both; a mentor and a training follow."""

from __future__ import annotations

import datetime as dt

from tests.browser.house import House
from tests.browser.scenes.story import APPLICANT, TITLE, Story


def complete(house: House, story: Story) -> None:
    """The manager completes the draft the decision left, and offers it."""
    house["other-applicant"].may_not_open("/fellowships/", status=200).misses(TITLE)
    manager = house["manager"].go("/fellowships/").follow(TITLE)
    story.case = manager.ref
    manager.follow("Scope of work").follow("Version 1").follow("Change the draft")
    manager.pick("Highest data tier", "Restricted sensitive").fill("Datasets", story.dataset)
    manager.pick("Allowed operations", "Look at records", "Query", "Run code")
    manager.fill("Retention limit", "30").pick(
        "Environment", "The company.s controlled environment"
    )
    manager.fill("Allowed tools", "Notebooks of the controlled environment.")
    manager.fill("Prohibited actions", "Copying records out. Identifying people.")
    manager.pick("Code may leave", "No")
    manager.fill("Deliverables", "An evaluation harness and a report.")
    manager.press("Save the draft").checks_page()
    house[APPLICANT].may_not(f"{manager.path}offer/", "manager")
    manager.press("Offer for signature").sees("offered")


def sign(house: House, story: Story) -> None:
    """The fellow and the chair sign the same text; nobody signs for another."""
    path = f"/fellowships/{story.case}/scope/1/"
    house["mentor"].may_not_open(path)
    fellow = house[APPLICANT].go(path).follow("Check and sign")
    fellow.sees("What you sign is this text and no other").checks_page()
    fellow.tick("I have read this version").press("Sign version 1")
    house["manager"].go(f"{path}sign/").sees("Not now")
    chair = house["chair"].go(path).follow("Check and sign")
    chair.tick("I have read this version").press("Sign version 1").sees("In force")


def accompany(house: House, story: Story) -> None:
    """The manager names the mentor and records the training; one does not train oneself."""
    path = f"/fellowships/{story.case}/people/"
    today = dt.datetime.now(dt.UTC).date().isoformat()
    house[APPLICANT].may_not(
        f"{path}training/", "records", kind="security", completed_on=today, evidence="I was there"
    )
    manager = house["manager"].go(path).open("Name the mentor").select("Mentor", "Mentor")
    manager.fill("Hours a month", "4").press("Name the mentor").sees("4 hours a month")
    manager.open("Record a training").select("Training", "Security").fill("Completed on", today)
    manager.fill("Evidence", "Session 4").press("Record the training").sees("Session 4")
    manager.checks_page()
    house["mentor"].go("/fellowships/mentoring/").sees(TITLE).checks_page()
