"""Of which programme, since when and for whose eyes governance health is measured."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import QuerySet

from fellowship.accounts.queries import has_role
from fellowship.kernel.time import now
from fellowship.kernel.worktime import WorkCalendar
from fellowship.programs.models import Program
from governance import founding_health, rules
from governance.health_terms import GovernanceHealth
from governance.models import RuleVersion
from governance.models.visibility import ROOM
from governance.states import RuleKind


@dataclass(frozen=True)
class Scope:
    """The programme as one person may know it; the whole of it for the timer, which is nobody."""

    program: Program
    user: Any
    at: dt.datetime
    terms: GovernanceHealth
    rule: RuleVersion | None
    """The version the terms are of; None where the programme has none and the usual ones apply."""

    @classmethod
    def of(cls, program: Program, user: Any = None) -> Scope:
        """What may be known now."""
        terms, rule = terms_of(program)
        return cls(program, user, now(), terms, rule)

    @property
    def since(self) -> dt.datetime:
        """From when on acts count."""
        return self.at - dt.timedelta(days=self.terms.looks_back_days)

    @cached_property
    def calendar(self) -> WorkCalendar:
        """The programme's working days."""
        return self.program.calendar()

    @property
    def votes_shown(self) -> bool:
        """Whether the person may read votes: those who enter the board room."""
        return self.user is None or has_role(self.user, self.program.pk, *ROOM)

    def seen(self, rows: Any) -> QuerySet[Any]:
        """The rows the person may see."""
        found: QuerySet[Any] = rows if self.user is None else rows.visible_to(self.user)
        return found


def terms_of(program: Program) -> tuple[GovernanceHealth, RuleVersion | None]:
    """The rule in force; for a programme founded before there was one, the usual terms."""
    return rules.terms(program, RuleKind.HEALTH, founding_health.governance_health)
