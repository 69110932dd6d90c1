"""The board room: every seat declares, opens the dossier and votes; the chair records."""

from __future__ import annotations

from tests.browser.house import House, Person
from tests.browser.scenes.story import SEATS, TITLE, Story


def enter(house: House, login: str, title: str) -> Person:
    """Open a matter from the docket and declare that there is no conflict."""
    member = house[login].go("/board/").follow(title)
    member.misses("Dossier as sealed")
    member.pick("Do you have a conflict of interest", "No conflict").press("Record my declaration")
    return member.sees("Dossier as sealed")


def vote(house: House, title: str, *, dissent: str = "") -> str:
    """All five seats vote; `dissent` is the seat that votes no. Returns the matter's path."""
    path = ""
    for number, seat in enumerate(SEATS):
        member = enter(house, seat, title)
        path = member.path
        if number == 0:
            member.checks_page()
        if seat == dissent:
            member.pick("Position", "Deny").fill("Rationale", "The second coder is not named.")
        else:
            member.pick("Position", "Approve")
        member.press("Record my vote")
    return path


def record(house: House, path: str) -> Person:
    """The chair closes the ballot; nobody else may, and not before."""
    house["board-research"].may_not(f"{path}record/", "chair")
    chair = house["chair"].go(path)
    chair.pick("Do you have a conflict of interest", "No conflict").press("Record my declaration")
    return chair.press("Record the decision").sees("The letter")


def decide_on_the_proposal(house: House, story: Story) -> None:
    """Four for it, one against, on record; the decision founds the fellowship."""
    house["manager"].may_not_open("/board/meetings/", status=200)
    house["reviewer"].may_not_open("/board/", status=403, why="board")
    path = vote(house, TITLE, dissent="board-legal")
    house["manager"].may_not(f"{path}vote/", "seat", position="approve")
    record(house, path).sees("Dissent").checks_page()
    applicant = house["ada.nwosu@example.org"].go(f"/proposals/{story.proposal}/letter/")
    applicant.sees("The board approved this", "The second coder is not named", "second coder")
    applicant.misses("Worth a place", "Reviewer Two").checks_page()
