"""What the rules about rules hold: how long a draft is commented on, and whom each kind binds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fellowship.accounts.roles import ROLES
from fellowship.kernel.saying import say
from fellowship.kernel.worktime import Window
from governance.states import RuleKind
from governance.typed import BadParameter


@dataclass(frozen=True, slots=True)
class RuleMaking:
    """How a rule comes about.

    A published draft is commented on for `comment_window`, for `comment_window_again` where its
    text was changed after an earlier period. `binds` names the roles a kind of rule binds: they may
    comment, and acknowledge what is adopted within `acknowledge_within`; kinds it does not name
    bind `binds_otherwise`. They are reminded `reminder_days` calendar days ahead. Acknowledgements
    are asked for from version `acknowledged_from_version` on: what was there when a person joined
    is in what that person signed.
    """

    comment_window: Window
    comment_window_again: Window
    binds: Mapping[str, tuple[str, ...]]
    binds_otherwise: tuple[str, ...]
    acknowledge_within: Window
    reminder_days: tuple[int, ...]
    acknowledged_from_version: int

    def __post_init__(self) -> None:
        for kind, roles in self.binds.items():
            if kind not in RuleKind.values:
                raise BadParameter(f"binds.{kind}", say("is no kind of rule"))
            _known(f"binds.{kind}", roles)
        _known("binds_otherwise", self.binds_otherwise)
        if list(self.reminder_days) != sorted(set(self.reminder_days), reverse=True):
            raise BadParameter(
                "reminder_days", say("must fall from the earliest reminder to the last")
            )
        if 0 in self.reminder_days:
            raise BadParameter("reminder_days", say("must come before the day it is due"))
        if self.acknowledged_from_version < 1:
            raise BadParameter("acknowledged_from_version", say("must be at least 1"))

    def roles_bound(self, kind: str) -> tuple[str, ...]:
        """Keys of the roles that rules of this kind bind."""
        return self.binds.get(kind, self.binds_otherwise)


def _known(path: str, roles: tuple[str, ...]) -> None:
    if not roles:
        raise BadParameter(path, say("must name at least one role"))
    for role in roles:
        if role not in ROLES:
            raise BadParameter(path, say("{role} is no role", role=role))
