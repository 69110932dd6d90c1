"""What the pinned publication policy says about a work: its window, silence and limits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from access.models import Dataset
from access.states import Tier
from fellowship.kernel.worktime import Window
from findings.models import Finding
from governance import rules
from governance.models import RuleVersion
from publications.states import WorkClass
from scoping.models import Fellowship

HELD_CLOSELY: Final = (Tier.RESTRICTED, Tier.HIGHLY_RESTRICTED)
"""Tiers whose data makes a work one that used restricted-tier data."""

PASSAGE_SHARE = 0.2
"""The most of a text one objection may mark: more than this is an objection to the work."""
PASSAGE_FLOOR = 2000
"""Characters that may always be marked, however short the text, short of the whole of it."""


def policy_of(fellowship: Fellowship) -> RuleVersion:
    """The publication policy pinned at the fellowship's start."""
    return rules.pinned(fellowship, "publication_policy")


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


def window(fellowship: Fellowship, work_class: str) -> Window:
    """How long review may take for this class of work."""
    given: Window = getattr(policy_of(fellowship).params.windows, work_class)
    return given


def answer_window(fellowship: Fellowship) -> Window:
    """How long an author has to answer an objection."""
    given: Window = policy_of(fellowship).params.objection_reply
    return given


def silence_releases(fellowship: Fellowship, work_class: str) -> bool:
    """Whether silence releases this class; for the others it goes to the board."""
    return work_class not in policy_of(fellowship).params.silence_escalates_for


def longest_stage(fellowship: Fellowship) -> Window:
    """The latest a staged or delayed passage may be put off, from the objection."""
    given: Window = policy_of(fellowship).params.windows.vulnerability_extended
    return given
