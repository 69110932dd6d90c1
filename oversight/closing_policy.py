"""Who writes what a case closes with, keeps the list of what was handed out, and excepts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from fellowship.accounts import roles
from fellowship.accounts.models import Actor
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import say
from oversight.states import ClosingKind, HeldKind
from scoping.closeout import Obligation
from scoping.models import Fellowship
from scoping.policy.standing import SEPARATION, is_fellow, staff

RULE: Final = say("closeout requirements")
TEXT_MAX: Final = 10_000
WHAT_MAX: Final = 200


def is_closed(fellowship: Fellowship) -> bool:
    """Whether it was closed with its package; no query where the case was read with it."""
    return getattr(fellowship, "closeout", None) is not None


def not_closed(fellowship: Fellowship) -> Refusal | None:
    """Refuse what belongs before the closing."""
    if is_closed(fellowship):
        return Refusal("closed", say("This fellowship is closed: its record stays as it is."))
    return None


def may_write(fellowship: Fellowship, kind: str, by: Actor) -> Refusal | None:
    """Why `by` does not write this text: each side its own, the summary by fellow or manager."""
    return first(_writes(fellowship, kind, by), not_closed(fellowship))


def _writes(fellowship: Fellowship, kind: str, by: Actor) -> Refusal | None:
    if kind == ClosingKind.FELLOW:
        return is_fellow(fellowship, by, say("writes the fellow’s review"))
    if kind == ClosingKind.MENTOR:
        if fellowship.mentor_id and getattr(by, "pk", None) == fellowship.mentor_id:
            return None
        return Refusal("not_yours", say("Only the mentor writes the mentor’s review."))
    if getattr(by, "pk", None) == fellowship.fellow_id:
        return None
    return staff(fellowship, by, roles.MANAGER, what=say("writes the findings summary"))


def text_said(kind: str, text: str) -> Refusal | None:
    """Why a text is not taken as it is."""
    if kind not in ClosingKind.values:
        return Refusal("unknown_kind", say("Choose one of the texts."), field="kind")
    if not text.strip():
        return Refusal("no_text", say("Write it in your own words."), field="text")
    if len(text) > TEXT_MAX:
        return Refusal(
            "too_long",
            say("Write at most {TEXT_MAX:,} characters.", TEXT_MAX=TEXT_MAX),
            field="text",
        )
    return None


def may_list(fellowship: Fellowship, by: Actor) -> Refusal | None:
    """Why `by` does not keep the list of what the fellow was handed."""
    return first(
        staff(
            fellowship,
            by,
            roles.MANAGER,
            roles.STEWARD,
            roles.ONCALL,
            what=say("keeps the list of property and accounts"),
        ),
        not_closed(fellowship),
    )


def held_said(fellowship: Fellowship, kind: str, what: str) -> Refusal | None:
    """Why an entry is not taken: of no known kind, nameless, or contrary to what is listed."""
    if kind not in HeldKind.values:
        return Refusal("unknown_kind", say("Choose property or account."), field="kind")
    if kind != HeldKind.NOTHING and not what:
        return Refusal("no_name", say("Name it so that others know which it is."), field="what")
    if len(what) > WHAT_MAX:
        return Refusal(
            "too_long", say("Write at most {WHAT_MAX} characters.", WHAT_MAX=WHAT_MAX), field="what"
        )
    rows = fellowship.handbacks.all()
    if kind == HeldKind.NOTHING and rows.exclude(kind=HeldKind.NOTHING).exists():
        said = say("Something is listed: have it returned or closed instead.")
        return Refusal("listed", said, rule=RULE, field="kind")
    return None


def how_said(how: str) -> Refusal | None:
    """Why it does not count as back: nobody said how."""
    if how.strip():
        return None
    return Refusal("no_reason", say("Say how it came back or was closed."), field="reason")


def may_except(
    fellowship: Fellowship, item: Obligation | None, by: Actor, reason: str | None = None
) -> Refusal | None:
    """Why `by` does not except the obligation; without `reason`, whether they may at all."""
    return first(
        staff(fellowship, by, roles.CHAIR, roles.SPONSOR, what=say("excepts an obligation")),
        not_closed(fellowship),
        _exceptable(item),
        Refusal("no_reason", say("Say why this case closes without it."), field="reason")
        if reason is not None and not reason.strip()
        else None,
    )


def _exceptable(item: Obligation | None) -> Refusal | None:
    if item is None:
        return Refusal("unknown_obligation", say("This case has no such obligation."), field="key")
    if not item.waivable:
        said = say("Nobody excepts this: it is done, or kept open by a decision of its own.")
        return Refusal("not_waivable", said, rule=RULE, field="key")
    if item.met and item.excuse is None:
        return Refusal("met", say("It is met already."), field="key")
    return None


def excepted_it(by: Actor, known: Iterable[Obligation]) -> Refusal | None:
    """Who excepted an obligation the case closes without does not close it as well."""
    person = getattr(by, "pk", None)
    if any(item.excuse and item.excuse.person == person for item in known):
        said = say("You excepted an obligation of this case; somebody else closes it.")
        return Refusal("separation", said, rule=SEPARATION)
    return None
