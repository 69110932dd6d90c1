"""Rules that change in the story: one from draft to force, one still open for comments."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from governance import cases, rules
from governance import services as governance
from governance.models import RuleComment, RuleVersion
from governance.states import RuleKind
from oversight.demo import scenes
from oversight.demo.cast import refresh

if TYPE_CHECKING:
    from oversight.demo.story import Story

PROGRAM: Final = "assistants"
SHORTER: Final = (
    "Methods papers have been read after nine days on average. The thirty days of the window are "
    "mostly waiting, and two authors missed the deadline of a workshop over it."
)
COMMENTS: Final = (
    (
        "fellow",
        "Twenty days would be better still: workshops leave about four weeks between call and "
        "deadline.",
        "in_part",
        "Reviewers are away for two weeks at a time in summer. Twenty-five days leave room for "
        "that; a single work may still be released earlier.",
    ),
    (
        "policy-reviewer",
        "Please leave the windows for vulnerabilities as they are: vendors need the time.",
        "taken_up",
        "They stay as they are. Only the window for methods changes.",
    ),
)
ACKNOWLEDGED: Final = ("manager", "policy-reviewer", "mentor", "fellow")
SHORTER_GRANTS: Final = (
    "Grants of restricted data are used for seventy days on average and then lie open for a "
    "hundred more. A shorter grant can be renewed where the work goes on; one that lies open "
    "helps nobody."
)
WORRY: Final = (
    "My second round of annotation falls into the fifth month. Could a renewal be asked for at the "
    "start, where the protocol names two rounds?"
)
OFFERED: Final = (
    "You asked for shorter windows when the draft was out. Your next methods paper could go out "
    "five days earlier; nothing else changes for you."
)


def plan(story: Story) -> None:
    """Put it on the stage."""
    at = story.stage.at
    at(-40, partial(_publish, story, RuleKind.PUBLICATION_POLICY, "windows", _faster, SHORTER))
    at(-37, partial(_comment, story))
    at(-24, partial(_answer_and_propose, story))
    at(-16, partial(_adopt, story))
    at(-9, partial(_acknowledge, story))
    at(-8, partial(_offer, story))
    at(
        -3,
        partial(_publish, story, RuleKind.DATA_HANDLING, "tiers", _shorter_grants, SHORTER_GRANTS),
    )
    at(-2, partial(_worry, story))


def _faster(windows: dict[str, Any]) -> dict[str, Any]:
    return {**windows, "methods": "25 calendar days"}


def _shorter_grants(tiers: dict[str, Any]) -> dict[str, Any]:
    return {**tiers, "restricted": {**tiers["restricted"], "longest_grant": "90 calendar days"}}


def _publish(story: Story, kind: str, part: str, change: Any, why: str) -> None:
    """The manager drafts the next version and publishes it for comments."""
    refresh(story.cast)
    program = story.cast.programs[PROGRAM]
    before = rules.in_force(program, kind)
    rule = governance.draft_rule(
        program=program,
        kind=kind,
        parameters={**before.parameters, part: change(before.parameters[part])},
        title=before.title,
        prose=before.prose,
        rationale=why,
        owner=story.cast["sponsor"],
        by=story.cast["manager"],
    )
    governance.publish_rule(rule=rule, by=story.cast["manager"])


def _draft(kind: str) -> RuleVersion:
    rows = RuleVersion.objects.filter(kind=kind, program__realm__slug=PROGRAM)
    return rows.order_by("-pk").select_related("program").first() or RuleVersion()


def _comment(story: Story) -> None:
    """A fellow and a policy reviewer say what they think of it."""
    rule = _draft(RuleKind.PUBLICATION_POLICY)
    for name, text, _, _ in COMMENTS:
        governance.comment_on_rule(rule=rule, by=story.cast[name], text=text)


def _answer_and_propose(story: Story) -> None:
    """Every comment is answered; then the board has it."""
    rule, by = _draft(RuleKind.PUBLICATION_POLICY), story.cast["manager"]
    answers = {name: (outcome, answer) for name, _, outcome, answer in COMMENTS}
    for comment in RuleComment.objects.filter(rule=rule).select_related("author"):
        outcome, answer = answers[comment.author.username]
        governance.answer_comment(comment=comment, by=by, outcome=outcome, answer=answer)
    governance.propose_rule(rule=rule, by=by)


def _adopt(story: Story) -> None:
    """The board adopts it, against one seat."""
    scenes.decide(story.cast, _draft(RuleKind.PUBLICATION_POLICY), dissent="legal")


def _acknowledge(story: Story) -> None:
    """Some of those bound have read it; the others have a week left."""
    rule = _draft(RuleKind.PUBLICATION_POLICY)
    for name in ACKNOWLEDGED:
        governance.acknowledge_rule(rule=rule, by=story.cast[name])


def _offer(story: Story) -> None:
    """A fellow who asked for it is offered the shorter window for work already begun."""
    rule = _draft(RuleKind.PUBLICATION_POLICY)
    refresh(story.cast)
    by, fellow = story.cast["manager"], story.cast["fellow"]
    for pin in cases.held_to_earlier(rule, by).filter(subject_type="scoping.fellowship"):
        if cases.party_of(cases.subject_of(pin)) == fellow:
            governance.offer_amendment(pin=pin, rule=rule, by=by, reason=OFFERED)


def _worry(story: Story) -> None:
    """A fellow asks about the second draft; nobody has answered yet."""
    governance.comment_on_rule(
        rule=_draft(RuleKind.DATA_HANDLING), by=story.cast["fellow"], text=WORRY
    )
