"""The two programmes of the demonstration, their calls and what they offer."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

HOLIDAYS: Final = [
    dt.date(2026, 1, 1),
    dt.date(2026, 4, 3),
    dt.date(2026, 4, 6),
    dt.date(2026, 5, 4),
    dt.date(2026, 12, 25),
    dt.date(2026, 12, 28),
    dt.date(2027, 1, 1),
]

PROGRAMS: Final[dict[str, dict[str, Any]]] = {
    "assistants": {
        "name": "Assistants Safety Fellowship",
        "purpose": (
            "Independent researchers test what our assistants do under pressure, and their findings "
            "become controls whose effect is measured. It widens what we can see; it does not replace "
            "our own safety engineering."
        ),
        "zone": "Europe/London",
    },
    "evaluations": {
        "name": "Open Evaluations Fellowship",
        "purpose": (
            "Public benchmarks, shared methods and policy memos, studied on public models and "
            "synthetic data, published broadly, and useful to people who never meet us."
        ),
        "zone": "Europe/London",
    },
}

CALLS: Final[dict[str, dict[str, str]]] = {
    "assistants-2026-a": {
        "program": "assistants",
        "cohort": "Spring 2026",
        "title": "What breaks under pressure: refusals and tool use",
        "summary": (
            "We invite bounded questions about how assistants refuse, and how they treat what tools "
            "hand back to them, when a conversation is long, hostile or both."
        ),
        "topics": (
            "- Refusal consistency across long, adversarial conversations\n"
            "- Trust in tool results, retrieved documents and file contents\n"
            "- Leaks across session and tenant boundaries\n"
            "- Measures that tell a control that works from one that only looks busy"
        ),
    },
    "assistants-2026-b": {
        "program": "assistants",
        "cohort": "Autumn 2026",
        "title": "From finding to control: mitigations that can be measured",
        "summary": (
            "We look for fellows who take a known failure and design, build or break the control "
            "against it, with the measure of success written down before the first line of code."
        ),
        "topics": (
            "- Session limits, content filters and confirmation steps, with their cost to people\n"
            "- Detection that shortens the time to notice, rather than the time to report\n"
            "- Failures in languages other than English\n"
            "- Red-teaming methods another team can repeat"
        ),
    },
    "evaluations-2026": {
        "program": "evaluations",
        "cohort": "2026",
        "title": "Evaluations that survive contact with the next model",
        "summary": (
            "Benchmarks age quickly. We support open work on evaluations that stay informative, and "
            "on the disclosure practice around them."
        ),
        "topics": (
            "- Contamination, saturation and honest uncertainty in public benchmarks\n"
            "- Low-resource languages and speech\n"
            "- Incident classification and disclosure norms\n"
            "- Tools others will want to run"
        ),
    },
    "evaluations-2027": {
        "program": "evaluations",
        "cohort": "2027",
        "title": "Measuring what models hold back",
        "summary": (
            "A model that knows it is being tested may do worse on purpose, or better. We support open "
            "methods that tell the difference, and that others can run without us."
        ),
        "topics": (
            "- Evaluation awareness: can it be noticed from outputs alone?\n"
            "- Elicitation with a stated effort, so that two teams can compare\n"
            "- How much a benchmark moves when its wording does\n"
            "- What a fair report of a null result contains"
        ),
    },
}

CONSTRAINTS: Final = (
    "Raw conversations and account identifiers are not available. Restricted data stays in the "
    "controlled environment. Nobody is asked to test on people without their agreement."
)
ELIGIBILITY: Final = (
    "Anyone outside the company: students, academics, independent researchers and practitioners, in "
    "any country we may lawfully pay. A team applies through one person. Former staff may apply after "
    "two years."
)
PUBLICATION: Final = (
    "You may publish. Review may object only to a marked passage, on one of four listed grounds, and "
    "has a clock; if it stays silent, your work is released. Work on restricted data, or on a "
    "vulnerability, goes to the board instead, which may hold it for one more window and no longer. "
    "The policy in force when you start is yours until the end."
)
EVIDENCE: Final = {
    "sponsor": "Letter of appointment, signed 5 January 2026.",
    "board": "Five seats filled; terms of reference adopted 12 January 2026.",
    "classification": "Data handling standard v1, adopted with the founding rules.",
    "publication": "Publication policy v1 and the two review desks, rehearsed with a dummy paper.",
    "training": "Security course for fellows, 90 minutes, with a quiz.",
    "brief": "Two-page brief on incidents, exceptions and publication requests.",
}
STANDARDS: Final = {
    "recruit": "Every proposal has its scores, each within the reviewer’s own clock, and a decision "
    "with reasons within the clock of the stage.",
    "scope": "A stranger can tell from the document alone what the fellow may do.",
    "access": "The least that serves, granted within 10 working days of the request.",
    "research": "A monthly check-in; blockers older than two weeks go to the manager.",
    "review": "Both reviews assigned within two working days of submission.",
    "translate": "Every finding has an owner and a disposition within its clock.",
    "publish": "Released by its date, whoever is on holiday.",
    "close_out": "Deletion verified by someone who did not do it, within 30 days.",
}
OWNERS: Final = {
    "recruit": "manager",
    "scope": "manager",
    "access": "steward",
    "research": "mentor",
    "review": "reviewer",
    "translate": "product-owner",
    "publish": "policy-reviewer",
    "close_out": "manager",
}
