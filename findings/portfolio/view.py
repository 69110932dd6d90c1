"""Whose portfolio: a programme's findings as one person may know them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from fellowship.programs.models import Program
from findings.models import Finding, FindingQuerySet
from findings.states import Closure, FindingState


@dataclass(frozen=True, slots=True)
class Portfolio:
    """A programme's findings as far as `user` sees them, at an instant."""

    program: Program
    user: Any
    at: dt.datetime

    def findings(self) -> FindingQuerySet:
        """All of them."""
        found: FindingQuerySet = Finding.objects.filter(program=self.program)
        return found.visible_to(self.user)

    def standing(self) -> FindingQuerySet:
        """Those that stand as a risk: neither rejected nor duplicate nor exploratory."""
        return standing(self.findings())


def standing(findings: FindingQuerySet) -> FindingQuerySet:
    """Those that ask for something: neither rejected nor duplicate nor exploratory."""
    nothing_follows = (
        Q(state=FindingState.REJECTED)
        | Q(closure__in=[Closure.REJECTION, Closure.DUPLICATE, Closure.EXPLORATORY])
        | Q(state=FindingState.ACCEPTED, actionable=False)
    )
    return findings.exclude(nothing_follows)
