"""What each person of the demonstration must be able to say, in one sentence that begins “I can”."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Part:
    """One part to play: who has it, what they can do, and where they begin."""

    label: str
    can: str
    usernames: tuple[str, ...]


PARTS: Final = (
    Part(
        "Applicant and fellow",
        "see every rule before I apply, every person who can still block me, on which listed "
        "ground, by when, and what happens if they stay silent",
        ("applicant", "fellow"),
    ),
    Part("Mentor", "see my fellows’ blockers in a five-minute weekly screen", ("mentor",)),
    Part(
        "Panel reviewer",
        "score a few relevant proposals on an anchored rubric, beside the proposal, having "
        "declared conflicts first",
        ("reviewer",),
    ),
    Part(
        "Board member",
        "decide on one page, set conditions that check themselves, dissent on record",
        ("board-research", "board-product", "board-security", "board-legal", "board-policy"),
    ),
    Part("Chair", "open a ballot, close it, and record the decision that acts", ("chair",)),
    Part(
        "Programme manager",
        "see what waits on whom, how many working days, and where the programme stalls",
        ("manager",),
    ),
    Part(
        "Data steward",
        "grant the least that serves, see it used, watch it expire, prove deletion",
        ("steward",),
    ),
    Part(
        "Product owner",
        "take a finding with its evidence, give it a disposition, ship a control and show "
        "whether risk fell",
        ("product-owner",),
    ),
    Part(
        "Security on-call",
        "see and suspend everything a fellow can reach with one button, clocks running",
        ("oncall",),
    ),
    Part(
        "Policy and legal reviewer",
        "object to a marked passage on a listed ground, never to “the paper”",
        ("policy-reviewer", "legal-reviewer"),
    ),
    Part(
        "Auditor",
        "take the full population as of any date, draw a sample, trace one case end to end, "
        "verify the export offline",
        ("auditor",),
    ),
    Part(
        "Sponsor",
        "read one page: what risk fell, where we stall, who we grew",
        ("sponsor",),
    ),
    Part("Administrator", "grant and end roles, and nothing else", ("admin",)),
)
