"""What the scenes hand to each other: names and references, as people read them off the pages."""

from __future__ import annotations

from dataclasses import dataclass

APPLICANT = "ada.nwosu@example.org"
NAME = "Ada Nwosu"
TITLE = "Refusal drift under long multi-turn pressure"
SEATS = ("board-research", "board-product", "board-security", "board-legal", "board-policy")


@dataclass
class Story:
    """One case as it unfolds."""

    program: str
    call: str
    dataset: str
    reviewers: list[str]
    proposal: str = ""
    case: str = ""
    request: str = ""
    token: str = ""
    finding: str = ""
    control: str = ""
    publication: str = ""
