"""The work is delivered, the data deleted and proved gone, the case closed with its package."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path

from tests.browser.house import House
from tests.browser.scenes.story import APPLICANT, Story


def deliver(house: House, story: Story) -> None:
    """Each milestone is delivered by the fellow and accepted by the mentor."""
    path = f"/fellowships/{story.case}/milestones/"
    fellow, mentor = house[APPLICANT], house["mentor"]
    waiting = fellow.go(path).page.locator("main").get_by_role("link", name="Deliver")
    for number in range(waiting.count()):
        fellow.follow("Deliver").fill("What you deliver", "In the project's repository, tag v1.")
        verdict = fellow.path.replace("/deliver/", "/verdict/")
        fellow.press("Deliver the milestone")
        if number == 0:
            house["product-owner"].may_not(verdict, "mentor", decision="accept", reason="Fine.")
        mentor.go(verdict)
        checkpoint = mentor.page.locator("main").get_by_text("Continue with changes").count()
        mentor.pick("Verdict", "Continue" if checkpoint else "Accept it").fill("Why", "As agreed.")
        mentor.press("Give the verdict")
        fellow.go(path)
    fellow.sees("Accepted").checks_page()


def end(house: House, story: Story) -> None:
    """A person ends it; what is still owed stands in a list, and closing waits for it."""
    closeout = f"/closeout/{story.case}/"
    manager = house["manager"].go(f"/fellowships/{story.case}/people/").open("End this fellowship")
    manager.fill("Why it ends", "Everything was delivered.").press("End the fellowship")
    manager.may_not(closeout, "deleted", reason="All done.")
    manager.go(closeout).sees("To do").checks_page()


def delete(house: House, story: Story) -> None:
    """The fellow certifies the deletion; somebody else looks, and lets escrow go."""
    now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M")
    fellow = house[APPLICANT].go(f"/access/cases/{story.case}/").follow(f"{story.dataset} deleted")
    fellow.pick("How", "Overwritten or purged").fill("With what tool", "shred 9.1")
    fellow.fill("Which copies", "The environment's volume and its nightly backup.")
    fellow.fill("When", now).press("Confirm the deletion").sees("With the data steward")
    fellow.may_not(f"{fellow.path}verify/", "data steward", reason="I saw it.")
    steward = house["steward"].go("/access/desk/")
    waiting = steward.page.get_by_role("table", name="Deletions to verify")
    waiting.get_by_role("link", name=story.dataset).click()
    steward.give_reason("Verify the deletion", "The volume is gone.")
    steward.sees("Verified").checks_page()
    escrow = f"/access/cases/{story.case}/escrow/"
    house[APPLICANT].may_not(f"{escrow}waive/", "steward", reason="Nothing to keep.")
    steward.go(escrow).give_reason("Waive the deposit", "The harness is public already.")
    steward.sees("Waived by").checks_page()


def settle(house: House, story: Story) -> None:
    """Each side writes its review, a laptop comes back, the sponsor does without a next step."""
    closeout = f"/closeout/{story.case}/"
    written = {
        "Findings summary written": APPLICANT,
        "The fellow’s review written": APPLICANT,
        "The mentor’s review written": "mentor",
    }
    for obligation, author in written.items():
        person = house[author].go(closeout).follow(obligation)
        person.fill("In your words", "It went as agreed; reviews took longer than was said.")
        person.press("Save it").sees("is written")
    steward = house["steward"].go(f"{closeout}property/").pick("What it is", "Property")
    steward.fill("Which one", "Laptop 7").press("List it").sees("Still out").checks_page()
    steward.follow("Back or closed").fill("How it came back or was closed", "At the desk.")
    steward.press("It is back").sees("Settled").checks_page()
    step = "Next step on the talent path settled"
    house["manager"].may_not(f"{closeout}except/scoping.talent/", "sponsor", reason="Never mind.")
    sponsor = house["sponsor"].go(closeout).checks_page()
    sponsor.give_reason(step, "Back to the university.").sees("Excepted").checks_page()


def close(house: House, story: Story, folder: Path) -> None:
    """The case is closed with its package, which says how it came about."""
    path = f"/closeout/{story.case}/"
    house[APPLICANT].may_not(path, "manager", reason="All done.")
    manager = house["manager"].go(path).misses("To do").fill("How it ended", "All was delivered.")
    manager.press("Close the case").sees("Closed: nothing is owed on either side").checks_page()
    link = manager.page.locator("main").get_by_role("link", name="Download the package")
    bag = zipfile.ZipFile(manager.downloads(link.click, folder))
    names = [name.split("/", 1)[-1] for name in bag.namelist()]
    assert "bagit.txt" in names, names
    assert any(name.endswith("ro-crate-metadata.json") for name in names), names
    assert any(name.endswith("events.jsonl") for name in names), names
