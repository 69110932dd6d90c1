"""What a claim may say, who may bring files of findings, and who reads what is under embargo."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from access.models import AccessEvent
from fellowship.accounts import roles
from fellowship.accounts.models import Actor, User
from fellowship.accounts.queries import has_role
from fellowship.kernel.journal import System
from fellowship.kernel.refusals import Refusal, first
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from findings.models import Finding, FindingImport
from findings.states import Severity, cvss_band
from scoping.models import Fellowship

EMBARGO_MOST: Final = dt.timedelta(days=366)
"""No embargo is set for longer at once."""
READS_EMBARGOED: Final = (roles.PRODUCT_OWNER, roles.MANAGER, roles.ONCALL, roles.AUDITOR)
_EMBARGO: Final = say("coordinated disclosure")


def may_report(fellowship: Fellowship, by: Actor) -> Refusal | None:
    """Findings are reported by the fellow, or by an importer for them."""
    if isinstance(by, System) or by == fellowship.fellow:
        return None
    return Refusal("not_yours", say("A finding is reported by the fellow whose research it is."))


def may_settle(brought: FindingImport, by: Actor) -> Refusal | None:
    """Why rows of an import may not be changed: it is confirmed, or another's."""
    return first(
        may_report(brought.fellowship, by),
        Refusal("confirmed", say("This import is confirmed; its findings are reported."))
        if brought.confirmed_at
        else None,
    )


def severity_stands(severity: str, score: Decimal | None, reason: str) -> Refusal | None:
    """Why a severity other than its CVSS score means is refused: a reason lets it stand."""
    if score is None or reason.strip() or cvss_band(score) == severity:
        return None
    band = cvss_band(score)
    meant = band.label.lower() if band else say("no severity at all")
    return Refusal(
        "severity_differs",
        say(
            "The vector scores {score}, which means {meant}; you chose {label}. Change "
            "one of them, or say here why the severity fits all the same.",
            score=score,
            meant=meant,
            label=Severity(severity).label,
        ),
        rule=say("CVSS 4.0 severity bands"),
        field="severity_reason",
    )


def embargo_stands(until: dt.datetime | None, reason: str) -> Refusal | None:
    """An embargo ends on a day to come, within a year, and says why it is needed."""
    if until is None:
        said = say("Say until when the embargo lasts, or leave its reason out.")
        return Refusal("no_end", said, field="embargo_until") if reason.strip() else None
    if not now() < until <= now() + EMBARGO_MOST:
        said = say("Choose a day to come, at most a year away; it can be prolonged before it ends.")
        return Refusal("embargo_end", said, rule=_EMBARGO, field="embargo_until")
    if not reason.strip():
        said = say("Say why it must wait: an embargo has a reason as well as an end.")
        return Refusal("no_reason", said, rule=_EMBARGO, field="embargo_reason")
    return None


def events_are_of_case(fellowship: Fellowship, events: Iterable[AccessEvent]) -> Refusal | None:
    """Evidence from the trail is what was done in this very case."""
    if all(event.fellowship_id == fellowship.pk for event in events):
        return None
    return Refusal(
        "not_yours", say("An event of another case is no evidence here."), field="events"
    )


def may_change_embargo(finding: Finding, by: Actor) -> Refusal | None:
    """The fellow, the product owner and the manager agree on when something becomes public."""
    if isinstance(by, System) or by == finding.fellowship.fellow:
        return None
    if has_role(by, finding.program_id, roles.PRODUCT_OWNER, roles.MANAGER):
        return None
    return Refusal(
        "wrong_role",
        say("An embargo is changed by the fellow, a product owner or the manager."),
        rule=_EMBARGO,
    )


def withheld(finding: Finding, user: Any, at: dt.datetime | None = None) -> Refusal | None:
    """Why the person does not read the claim now, though they know of the finding.

    No person at all (None) reads what everybody reads; a part of the system reads everything.
    """
    if not finding.embargoed_at(at or now()) or isinstance(user, System):
        return None
    if isinstance(user, User) and (
        user.pk in (finding.reported_by_id, finding.fellowship.fellow_id)
        or has_role(user, finding.program_id, *READS_EMBARGOED)
    ):
        return None
    return Refusal(
        "embargo",
        say(
            "The claim, its evidence and how to reproduce it are read by the fellow, the product "
            "owners, security on-call, the manager and auditors."
        ),
        rule=_EMBARGO,
    )


def may_read_file(brought: FindingImport, user: Any) -> Refusal | None:
    """Why the person does not get the file as it was brought: it says what an embargo keeps."""
    rows = Finding.objects.filter(import_rows__belongs_to=brought).embargoed()
    for finding in rows.select_related("fellowship", "program"):
        if refusal := withheld(finding, user):
            until = say("under embargo until {embargo_day}", embargo_day=finding.embargo_day)
            said = say(
                "It tells of {ref}, {until}. {reason}",
                ref=finding.ref,
                until=until,
                reason=refusal.reason,
            )
            return Refusal("not_allowed", said, rule=refusal.rule)
    return None


def withheld_among(
    findings: Iterable[Finding], user: Any, at: dt.datetime | None = None
) -> dict[int, str]:
    """What is said in place of each claim that `withheld` keeps from the person, by key.

    Of a query, ask for the `embargoed` alone, with their fellowship and programme.
    """
    at = at or now()
    return {f.pk: said_instead(f) for f in findings if withheld(f, user, at)}


def said_instead(finding: Finding) -> str:
    """What stands where the claim of an embargoed finding would."""
    return say("Withheld under embargo until {embargo_day}.", embargo_day=finding.embargo_day)
