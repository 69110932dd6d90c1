"""A manuscript passes both reviews; one passage is objected to, the paper never is."""

from __future__ import annotations

from tests.browser.house import House, Person
from tests.browser.scenes.story import APPLICANT, NAME, TITLE, Story
from tests.browser.scenes.translate import FINDING

PASSAGE = "the filter is bypassed when the third tool call returns an empty body"
TEXT = (
    "# Refusal drift under long multi-turn pressure\n\n"
    + "We asked whether refusals hold under pressure, and for how many turns. " * 20
    + f"\n\nIn the second study {PASSAGE}, which we saw in 41 of 60 trials.\n\n"
    + "Nothing else was dropped, and every prompt is listed in the appendix. " * 20
)


def write(house: House, story: Story) -> None:
    """The fellow writes and submits; the window starts, and silence has a meaning."""
    fellow = house[APPLICANT].go(f"/fellowships/{story.case}/").follow("Begin a publication")
    fellow.pick("What do you publish", "Manuscript").press("Go on").fill("Title", TITLE)
    fellow.pick("Which of these describes it", "It used restricted-tier data")
    fellow.fill("Abstract", "Refusals fall from turn 1 to turn 40.")
    fellow.pick("Datasets it uses", story.dataset).pick("Findings it reports", ".*" + FINDING)
    fellow.press("Save and add the text").fill("Text", TEXT).press("Save this version")
    story.publication = fellow.ref
    path = f"/publications/{story.publication}/"
    fellow.go(f"{path}authors/")
    fellow.fill("Authors, one to a line, in order", f"{NAME}; 0000-0002-1825-0097; investigation")
    fellow.press("Save the authors")
    house["other-applicant"].may_not_open(path)
    fellow.go(path).press("Submit for review").sees("In review", "Sensitive security detail")
    fellow.checks_page()


def assign(house: House, story: Story) -> None:
    """One person on each track; nobody sits on both."""
    path = f"/publications/{story.publication}/"
    house[APPLICANT].may_not(f"{path}assign/", "manager assigns", track="policy", reviewer="1")
    manager = house["manager"].go(path)
    for track, name in (("Scientific", "Reviewer"), ("Policy and security", "Policy Reviewer")):
        manager.follow("Assign a reviewer").pick("Track", track).select("Reviewer", name)
        manager.press("Assign")
    manager.sees("Policy Reviewer")


def review(house: House, story: Story) -> None:
    """Science advises; policy objects to one marked passage on a listed ground."""
    path = f"/publications/{story.publication}/"
    reviewer = house["reviewer"].go(path).follow("Give scientific advice")
    for question in ("Soundness", "Reproducibility", "Support"):
        reviewer.pick(question, "4")
    reviewer.fill("Advice to the author", "Say how the prompts were chosen.")
    reviewer.press("Send the advice").sees("Advice given")
    reviewer.may_not(f"{path}object/", "policy", passage=PASSAGE)
    policy = house["policy-reviewer"].go("/publications/").follow(TITLE)
    policy.follow("Object to a passage")
    whole = TEXT.split("\n\n", 1)[1]
    policy.fill("The passage", whole)
    _object(policy)
    policy.page.locator("main").get_by_role("button", name="Send the objection").click()
    policy.sees("An objection marks a passage").checks_page()
    policy.fill("The passage", PASSAGE).press("Send the objection").sees(PASSAGE)


def _object(policy: Person) -> None:
    policy.pick("Ground", "Sensitive security detail").pick("What you ask for", "Redact")
    policy.fill("What harm would follow", "A reproducible bypass of a live control before its fix.")
    policy.fill("What the public will read", "One sentence is withheld until the fix.")


def release(house: House, story: Story) -> None:
    """The author accepts; the policy reviewer ends the review, and the work is out."""
    path = f"/publications/{story.publication}/"
    fellow = house[APPLICANT].go("/").sees("Answer the objection").go(path).sees(PASSAGE)
    fellow.press("Accept the redaction")
    fellow.may_not(f"{path}clear/", "policy")
    policy = house["policy-reviewer"].go(path).press("End the policy review").sees("Released")
    policy.checks_page()
    house.visitor().go("/publications/register/").sees(TITLE).misses(NAME, PASSAGE).checks_page()
    fellow.go(path).follow("Release certificate").sees("One sentence is withheld until the fix")
