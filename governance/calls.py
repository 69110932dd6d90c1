"""What governance brings to calls: facts of the launch, what covers a gap, the rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fellowship.kernel import journal
from fellowship.kernel.saying import joined, say
from fellowship.programs import agreements, gaps, launch, moments
from fellowship.programs.models import Call, Program
from fellowship.programs.states import LaunchItem
from fellowship.web.shortcuts import visible_among
from governance import rearming, rules
from governance.models import ExceptionRecord, RuleVersion
from governance.states import ExceptionKind, RuleKind

SERVICE = journal.System("call rules")

RESTS_ON = {
    LaunchItem.CLASSIFICATION: (RuleKind.DATA_CLASSIFICATION, RuleKind.DATA_HANDLING),
    LaunchItem.PUBLICATION: (RuleKind.PUBLICATION_POLICY,),
    LaunchItem.BRIEF: (
        RuleKind.SEVERITY_CLOCKS,
        RuleKind.EXCEPTIONS,
        RuleKind.PUBLICATION_POLICY,
    ),
}
"""Items of the launch checklist that cannot stand without a rule in force."""

BINDING = (
    (
        RuleKind.FELLOWSHIP_POLICY,
        say("What every fellowship can count on, and what it asks of you."),
    ),
    (RuleKind.DATA_HANDLING, say("What may be done with data of each tier, and who must agree.")),
    (
        RuleKind.PUBLICATION_POLICY,
        say("Permission by default, a closed list of grounds, and clocks."),
    ),
)


@launch.register
def rule_facts(program: Program) -> dict[LaunchItem, launch.Fact]:
    """Whether the rules behind an item are in force, with the versions that are."""
    there = rules.named_in_force(program)
    return {item: _fact(program, kinds, there) for item, kinds in RESTS_ON.items()}


def _fact(
    program: Program, kinds: tuple[RuleKind, ...], there: dict[str, RuleVersion]
) -> launch.Fact:
    missing = [kind.label.lower() for kind in kinds if kind.value not in there]
    if missing:
        return launch.Fact(
            False, say("No version is in force of: {missing}.", missing=joined(", ", missing))
        )
    found = [there[kind.value] for kind in kinds]
    named = joined(
        "; ",
        (
            say(
                "{rule}, in force since {effective_at:%-d %B %Y}",
                rule=rule,
                effective_at=program.day(rule.effective_at),
            )
            for rule in found
            if rule.effective_at
        ),
    )
    sources = tuple(launch.Source(str(rule), rule.get_absolute_url()) for rule in found)
    return launch.Fact(True, f"{named}.", sources)


def launch_exceptions(program: Program, user: Any) -> Iterator[gaps.Covering]:
    """The live exceptions that let the programme's calls open despite a gap in the checklist."""
    live = ExceptionRecord.objects.live().about(program).filter(kind=ExceptionKind.LAUNCH_GAP)
    found = list(live)
    readable = visible_among(found, user) if user is not None else set()
    for one in found:
        if one.pk in readable:
            name = f"{one.ref}: {one.title}"
            yield gaps.Covering(one.expires_at, name, one.get_absolute_url())
        else:
            yield gaps.Covering(one.expires_at)


gaps.register(launch_exceptions)
rearming.register(
    ExceptionKind.LAUNCH_GAP,
    opens=say("Calls of the programme open although the launch checklist has a gap."),
    again=say("No call opens, or opens again, until the launch checklist is complete."),
)


@moments.on_published
def hold_to_its_rules(call: Call) -> None:
    """From its publication a call is held to the rules its page shows, its rubric among them."""
    rules.pin(subject=call, program=call.program_id, by=SERVICE)


@agreements.register
def rules_that_bind(call: Call) -> Iterator[agreements.Agreement]:
    """The rules a proposal for this call is held to from its first line on."""
    held = rules.held(call)
    for order, (kind, about) in enumerate(BINDING):
        rule = held.get(kind.value)
        if rule and rule.effective_at:
            yield agreements.Agreement(
                order=order,
                title=rule.title,
                about=about,
                binds=say(
                    "From the day you begin a proposal; a later version does not apply to you."
                ),
                version=say(
                    "Version {version}, in force since {effective_at:%-d %B %Y}",
                    version=rule.version,
                    effective_at=call.program.day(rule.effective_at),
                ),
                url=rule.get_absolute_url(),
            )
