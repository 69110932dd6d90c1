"""A visitor reads the call, signs up, writes a proposal and submits it; the panel scores it."""

from __future__ import annotations

from tests.browser.house import House, Person
from tests.browser.scenes.story import APPLICANT, NAME, TITLE, Story

CRITERIA = ("Safety relevance", "Feasibility", "Originality", "Operational fit")


def read_the_call(house: House, story: Story) -> Person:
    """Every rule stands there before one applies, and nobody needs an account to read it."""
    visitor = house.visitor()
    visitor.go("/").sees("No hidden veto").follow("Refusal and tool use under pressure")
    story.call = visitor.path
    visitor.sees("Who decides", "Published by default", "How proposals are scored")
    visitor.checks_page()
    visitor.may_not_open("/proposals/all/", status=200).sees("Sign in")  # sent to the sign-in
    return visitor


def sign_up(house: House, story: Story, visitor: Person) -> Person:
    """An account, and back to the call."""
    visitor.go(story.call).follow("Create an account")
    visitor.fill("E-mail address", APPLICANT).fill("Full name", NAME)
    visitor.fill("Affiliation", "University of Lagos").fill("ORCID iD", "0000-0002-1825-0097")
    visitor.page.get_by_label("Password", exact=True).fill(house.password)
    visitor.page.locator("input[name=password2]").fill(house.password)
    visitor.press("Create the account")
    house.people[APPLICANT] = visitor
    return visitor.go(story.call)


def draft(applicant: Person, story: Story) -> None:
    """Section by section, each saved as one goes on."""
    applicant.press("Start a proposal")
    story.proposal = applicant.ref
    applicant.sees("0 of 8 sections done").checks_page()
    applicant.follow("Problem and question")
    applicant.fill("Title", TITLE)
    applicant.fill("Problem statement", "Refusals weaken when a request is repeated over turns.")
    applicant.fill("Research question", "Does the refusal rate fall between turn 1 and turn 20?")
    applicant.press("Save and continue")
    applicant.fill("System under study", "The assistant model")
    applicant.fill("Target version", "2026-09 release")
    applicant.fill("Risk hypothesis", "A patient attacker gets what one turn would refuse.")
    applicant.press("Save and continue")
    applicant.fill("Method", "60 prompts, 20 turns each, two raters, a mixed model.")
    applicant.fill("Success criteria", "The interval of the drift is narrower than 10 points.")
    applicant.press("Save and continue")
    applicant.pick("Desired output", "Evaluation harness")
    applicant.pick("Fellowship model", "Controlled-access").pick("Research track", "Controlled")
    applicant.press("Save and continue")
    applicant.pick("Do you need data", "Yes")
    first = applicant.page.get_by_role("group", name="Datasets, row 1")
    first.get_by_label("Dataset").first.fill("Refusal logs")
    first.get_by_label("Why less would not do").fill("A synthetic mirror loses the turn order.")
    applicant.press("Save and continue")
    member = applicant.page.get_by_role("group", name="Team, row 1")
    member.get_by_label("Name").fill(NAME)
    member.get_by_label("Affiliation").fill("University of Lagos")
    applicant.fill("Prior work", "Our pilot of 12 prompts.").press("Save and continue")
    applicant.fill("Conflicts of interest", "None").pick("Could export control", "No")
    applicant.press("Save and continue")
    applicant.fill("Budget", "18,000 EUR").fill("Timeline", "Six months")
    applicant.press("Save and continue")


def submit(house: House, story: Story) -> None:
    """Check answers, submit once, hold a receipt; nobody else saw the draft, or submits it."""
    applicant = house[APPLICANT]
    house["manager"].may_not_open(f"/proposals/{story.proposal}/edit/")
    applicant.go(f"/proposals/{story.proposal}/check/")
    applicant.sees(TITLE, "two raters").checks_page()
    applicant.press("Submit the proposal").sees("We have your proposal", story.proposal)
    applicant.follow("Follow your case").sees("With the programme manager").checks_page()


def assign(house: House, story: Story) -> None:
    """The manager asks the panel; an applicant does not choose who judges them."""
    panel = f"/proposals/{story.proposal}/panel/"
    house[APPLICANT].may_not_open(panel)
    house["board-legal"].may_not_open(panel)
    manager = house["manager"].go("/proposals/all/").follow(TITLE)
    for reviewer in story.reviewers:
        manager.select("Reviewer", f"{reviewer.replace('-', ' ').title()} (")
        manager.press("Ask this reviewer")
    manager.sees("0 of").checks_page()


def score(house: House, story: Story) -> None:
    """Each declares first, then scores alone on the anchored rubric, beside the text."""
    for number, login in enumerate(story.reviewers):
        reviewer = house[login].go("/proposals/reviews/").follow(TITLE)
        reviewer.misses("two raters")
        reviewer.pick("Do you have a conflict of interest", "No conflict").press("Declare")
        reviewer.sees("two raters").misses("Reviewer 1")
        for criterion in CRITERIA:
            reviewer.pick(criterion, "4")
        reviewer.pick("How sure are you", "")
        reviewer.fill("To the applicant", "A bounded question; say more on the second coder.")
        reviewer.fill("To the board", "Worth a place.")
        if number == 0:
            reviewer.checks_page()
        reviewer.press("Send the review")
    house["other-applicant"].may_not_open(f"/proposals/{story.proposal}/")


def refer(house: House, story: Story) -> None:
    """The manager hands it to the board; the applicant reads who has it and until when."""
    path = f"/proposals/{story.proposal}/panel/"
    house["auditor"].may_not(f"{path}refer/", "programme manager")
    house["manager"].go(path).press("Hand it to the board")
    house[APPLICANT].go(f"/proposals/{story.proposal}/").sees("With the board, day 1 of")
