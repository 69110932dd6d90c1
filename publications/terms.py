"""What the pinned publication policy says about a work: its window, silence and limits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Final

from access.models import Dataset
from access.states import Tier
from fellowship.kernel.worktime import Window
from findings.models import Finding
from governance import rules
from governance.models import RuleVersion
from governance.publication_terms import PublicationPolicy
from publications.states import WorkClass
from scoping.models import Fellowship

HELD_CLOSELY: Final = (Tier.RESTRICTED, Tier.HIGHLY_RESTRICTED)
"""Tiers whose data makes a work one that used restricted-tier data."""


def policy_of(fellowship: Fellowship) -> RuleVersion:
    """The publication policy pinned at the fellowship's start; asked once of each instance."""
    found: RuleVersion | None = fellowship.__dict__.get("_publication_policy")
    if found is None:
        found = rules.pinned(fellowship, "publication_policy")
        fellowship.__dict__["_publication_policy"] = found
    return found


def closely_held(datasets: Iterable[Dataset], findings: Iterable[Finding]) -> list[Dataset]:
    """The restricted-tier data among what a work uses and what its findings rest on."""
    under = Dataset.objects.filter(artifact_sources__artifact__supports__finding__in=list(findings))
    found = {dataset.pk: dataset for dataset in (*datasets, *under)}
    return [dataset for dataset in found.values() if dataset.tier in HELD_CLOSELY]


def class_with(work_class: str, held: Iterable[Dataset]) -> str:
    """The class a work has whose author says `work_class` and whose sources hold `held`."""
    if work_class == WorkClass.METHODS and any(True for _ in held):
        return WorkClass.RESTRICTED
    return work_class


def params_of(fellowship: Fellowship) -> PublicationPolicy:
    """Its parameters."""
    params: PublicationPolicy = policy_of(fellowship).params
    return params


def window(fellowship: Fellowship, work_class: str) -> Window:
    """How long review may take for this class of work."""
    given: Window = getattr(params_of(fellowship).windows, work_class)
    return given


def vulnerability_presets(fellowship: Fellowship) -> tuple[Window, Window]:
    """The two lengths over which a vulnerability may be coordinated, the shorter first."""
    windows = params_of(fellowship).windows
    return windows.vulnerability, windows.vulnerability_extended


def extension_window(fellowship: Fellowship, work_class: str) -> Window | None:
    """The most by which the one extension may put the window's end off; None if there is none."""
    extension = params_of(fellowship).extension
    if not extension.at_most_times:
        return None
    given: Window = getattr(extension, work_class)
    return given


def scientific_window(fellowship: Fellowship) -> Window:
    """How long the scientific review has, on its own clock."""
    return params_of(fellowship).scientific_review


def answer_window(fellowship: Fellowship) -> Window:
    """How long an author has to answer an objection."""
    return params_of(fellowship).objection_reply


def mediation_window(fellowship: Fellowship) -> Window:
    """How long the mediator of a contested passage has before it goes to the board."""
    return params_of(fellowship).mediation


def alarm_hold(fellowship: Fellowship) -> Window:
    """How long a passage is held at most because of an alarm: to contain and verify."""
    return params_of(fellowship).alarm_hold


def silence_releases(fellowship: Fellowship, work_class: str) -> bool:
    """Whether silence releases this class; for the others it goes to the board."""
    return work_class not in params_of(fellowship).silence_escalates_for


def longest_stage(fellowship: Fellowship) -> Window:
    """The latest a staged or delayed passage may be put off, from the objection."""
    return params_of(fellowship).windows.vulnerability_extended


def latest_stage(fellowship: Fellowship, since: dt.datetime) -> dt.datetime:
    """The end of the last day to which a passage objected to then may be put off."""
    calendar = fellowship.program.calendar()
    return calendar.through(longest_stage(fellowship).due(since, calendar))


def agreement_answer(fellowship: Fellowship) -> Window:
    """How long each person named has to answer a proposed agreement on authorship."""
    return params_of(fellowship).authorship.answer_within


def agreement_mediation(fellowship: Fellowship) -> Window:
    """How long the mediator of an agreement on authorship has before it goes to the board."""
    return params_of(fellowship).authorship.mediation


def stops_submission(fellowship: Fellowship) -> tuple[str, ...]:
    """The kinds of hits that stop a submission until they are mended, as the policy says."""
    return params_of(fellowship).check_stops
