"""What of an earlier proposal its writer may take over into a new one, section by section.

Declarations are never copied: they are about now. Nor is the justification of an access.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fellowship.accounts.models import Actor
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import say
from proposals import policy, sections
from proposals.models import Draft, Proposal
from proposals.sections import SECTIONS, Answers, Section

REUSABLE: Final = tuple(section for section in SECTIONS if section.key != "declarations")


@dataclass(frozen=True, slots=True)
class Part:
    """One section of the earlier text, beside what the new draft holds there now.

    `differences`: label, text there now, text of the earlier proposal. `version`: the draft's.
    """

    section: Section
    differences: list[tuple[str, str, str]]
    replaces: bool
    version: int


def may_take_over(proposal: Proposal, source: Proposal, by: Actor) -> Refusal | None:
    """Why nothing may be taken over: both proposals must be one's own, and one open for writing."""
    return first(
        policy.may_edit(proposal, by),
        None
        if source.applicant_id == proposal.applicant_id and source.pk != proposal.pk
        else Refusal("not_yours", say("Text is taken over from another proposal of your own.")),
    )


def earlier(source: Proposal) -> Answers:
    """What was written in a proposal: as submitted last, or as drafted where it never was."""
    if source.version:
        return source.answers()
    found: Answers = {}
    for draft in Draft.objects.filter(proposal=source):
        found |= draft.answers
    return sections.only_known(found)


def taken(section: Section, answers: Mapping[str, Any], offers: Any) -> Answers:
    """The section's earlier answers that a new draft can hold: what its programme offers."""
    return {
        f.key: answers[f.key]
        for f in section.fields
        if sections.answered(answers.get(f.key))
        and (f.kind != "offer" or answers[f.key] in offers.get(f.offer, {}))
    }


def parts(proposal: Proposal, source: Proposal) -> list[Part]:
    """The sections in which the earlier text says something other than the draft does."""
    offers = sections.labels(proposal.program)
    drafts = {draft.section: draft for draft in Draft.objects.filter(proposal=proposal)}
    answers = earlier(source)
    found = []
    for section in REUSABLE:
        draft = drafts.get(section.key)
        there = draft.answers if draft else {}
        old = taken(section, answers, offers)
        differences = [
            (f.label, _text(f, there.get(f.key), offers), _text(f, old[f.key], offers))
            for f in section.fields
            if f.key in old and old[f.key] != there.get(f.key)
        ]
        if differences:
            replaces = any(now for _, now, _ in differences)
            found.append(Part(section, differences, replaces, draft.version if draft else 0))
    return found


def _text(f: sections.Field, value: Any, offers: Any) -> str:
    if not sections.answered(value):
        return ""
    return sections.as_text(f, sections.shown(f, value, offers))
