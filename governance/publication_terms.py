"""What a publication policy holds: grounds, windows, silence, and what fellows may count on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from fellowship.kernel.saying import say
from fellowship.kernel.worktime import Window
from governance.typed import BadParameter

GROUNDS = (
    "sensitive_security_detail",
    "personal_data",
    "unreleased_product_specifics",
    "material_misuse_risk",
)
"""The closed list. A policy says what counts as each; it can neither add a fifth nor drop one."""

Stop: TypeAlias = Literal["unreleased_output", "embargoed_finding", "personal_data", "secret"]
"""What the check of a text may stop a submission over, until it is mended."""

_WEEK = {"calendar_days": 7.0, "working_days": 5.0, "hours": 168.0, "minutes": 10_080.0}
"""How much of each unit makes one week."""


@dataclass(frozen=True, slots=True)
class Ground:
    """One ground on which a passage may be objected to: what counts, and what does not."""

    meaning: str
    counts: tuple[str, ...]
    does_not_count: tuple[str, ...]

    def __post_init__(self) -> None:
        for name in ("meaning", "counts", "does_not_count"):
            if not getattr(self, name):
                raise BadParameter(name, say("must say something"))


@dataclass(frozen=True, slots=True)
class PublicationWindows:
    """How long each class of work may be held for review before silence decides.

    A vulnerability is coordinated over one of two presets: `vulnerability`, or
    `vulnerability_extended` where its fix needs the longer one.
    """

    methods: Window
    vulnerability: Window
    vulnerability_extended: Window
    restricted: Window

    def __post_init__(self) -> None:
        if _weeks(self.vulnerability_extended) <= _weeks(self.vulnerability):
            raise BadParameter("vulnerability_extended", say("must be longer than vulnerability"))


@dataclass(frozen=True, slots=True)
class ReviewExtension:
    """How far a window may be put off, at most once, and by how much for each class.

    Whoever extends it names a ground, an owner and the new date.
    """

    at_most_times: int
    methods: Window
    vulnerability: Window
    restricted: Window

    def __post_init__(self) -> None:
        if self.at_most_times > 1:
            raise BadParameter(
                "at_most_times", say("must be 0 or 1: a window is extended once at most")
            )


@dataclass(frozen=True, slots=True)
class PreprintTerms:
    """When a preprint may go up, and what it says."""

    before_release: bool
    notice_before: Window
    says: str


@dataclass(frozen=True, slots=True)
class CitationTerms:
    """What is expected of citations; none of it holds a release."""

    programme_named: bool
    datasets_cited: bool
    record_within: Window
    acknowledgement: str


@dataclass(frozen=True, slots=True)
class AuthorshipTerms:
    """How the agreement on authorship is made and changed.

    `answer_within` is how long each person named has to answer a proposed version, `mediation` how
    long the mediator has where they disagree.
    """

    roles: Literal["credit_taxonomy"]
    company_criteria: str
    answer_within: Window
    mediation: Window


@dataclass(frozen=True, slots=True)
class CodeClauses:
    """Clauses that mirror a public code of practice, named as such and in our own words."""

    source: str
    longest_hold: Window
    longer_only_where: str
    retaliation: Literal["never"]
    good_faith: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PublicationPolicy:
    """Permission by default; a closed list of grounds; what silence means.

    `silence` is what happens when a window ends without a word; `silence_escalates_for` names the
    classes in which it escalates instead. An author answers an objection within `objection_reply`;
    a contested one is with the mediator for `mediation` at most, then with the board.
    `alarm_hold` is how long a passage is held at most while an alarm about it is dealt with.
    `check_stops` is what the check of a text stops a submission over; all else is told to the
    author and to the reviewers, and stops nothing.
    """

    default: Literal["permitted"]
    grounds: Mapping[str, Ground]
    windows: PublicationWindows
    silence: Literal["release"]
    silence_escalates_for: tuple[Literal["vulnerability", "restricted"], ...]
    extension: ReviewExtension
    check_stops: tuple[Stop, ...]
    scientific_review: Window
    objection_reply: Window
    mediation: Window
    alarm_hold: Window
    preprint: PreprintTerms
    citation: CitationTerms
    authorship: AuthorshipTerms
    code_of_practice: CodeClauses

    def __post_init__(self) -> None:
        _closed(self.grounds)
        if _weeks(self.windows.methods) > _weeks(self.code_of_practice.longest_hold):
            raise BadParameter(
                "windows.methods",
                say(
                    "must not be longer than {longest_hold}",
                    longest_hold=self.code_of_practice.longest_hold,
                ),
            )
        longest = _weeks(self.windows.vulnerability_extended)
        if _weeks(self.alarm_hold) > longest:
            raise BadParameter(
                "alarm_hold",
                say("must not go beyond the longer preset, windows.vulnerability_extended"),
            )
        extended = _weeks(self.windows.vulnerability) + _weeks(self.extension.vulnerability)
        if extended > longest:
            raise BadParameter(
                "extension.vulnerability",
                say("must not go beyond the longer preset, windows.vulnerability_extended"),
            )


def _closed(grounds: Mapping[str, Any]) -> None:
    for key in grounds:
        if key not in GROUNDS:
            raise BadParameter(f"grounds.{key}", say("is no ground: the list is closed"))
    for key in GROUNDS:
        if key not in grounds:
            raise BadParameter(f"grounds.{key}", say("is missing"))


def _weeks(window: Window) -> float:
    """A window in weeks without holidays: enough to say which of two is longer."""
    return window.amount / _WEEK[window.unit]
