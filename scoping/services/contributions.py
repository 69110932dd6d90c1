"""What a fellowship gave to the field: added by the fellow, confirmed by the programme manager."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final
from urllib.parse import urlsplit

from fellowship.accounts.models import User
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, refuse, unchanged
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from scoping import policy
from scoping.models import Contribution, Fellowship
from scoping.services.common import locked, managers, tell

RULE: Final = say("contributions to the field")
FIELDS: Final = ("kind", "title", "link", "on", "people", "licence")


@journal.verb("scoping.add_contribution")
def add_contribution(
    *,
    fellowship: Fellowship,
    kind: str,
    title: str,
    link: str,
    on: dt.date,
    people: str,
    by: User,
    licence: str = "",
) -> Contribution:
    """Add a paper, benchmark, tool or talk. The same one by its address is returned as it is."""
    case = locked(fellowship)
    said = _said(kind=kind, title=title, link=link, on=on, people=people, licence=licence)
    there = case.contributions.standing().filter(link=said["link"]).first()
    if there and all(getattr(there, name) == said[name] for name in FIELDS):
        return unchanged(there, policy.may_contribute(case, by))
    refuse(policy.may_contribute(case, by))
    refuse(_known(there))
    refuse(_sound(said, case.program.today()))
    row = Contribution.objects.create(fellowship=case, added_by=by, added_at=now(), **said)
    others = [person for person in managers(case) if person.pk != by.pk]
    text = say("a contribution to confirm: {row}", row=row)
    tell(case, "contribution", others, text, page="contributions")
    journal.record(subject=row, change={"kind": kind, "link": row.link})
    return row


@journal.verb("scoping.revise_contribution")
def revise_contribution(
    *,
    contribution: Contribution,
    kind: str,
    title: str,
    link: str,
    on: dt.date,
    people: str,
    by: User,
    licence: str = "",
) -> Contribution:
    """Correct what is not confirmed yet. As it stands already: returned unchanged."""
    row = _locked(contribution)
    said = _said(kind=kind, title=title, link=link, on=on, people=people, licence=licence)
    changed = [name for name in FIELDS if getattr(row, name) != said[name]]
    if not changed:
        return unchanged(row, policy.may_revise(row, by))
    refuse(policy.may_revise(row, by))
    refuse(_sound(said, row.fellowship.program.today()))
    same = row.fellowship.contributions.standing().exclude(pk=row.pk)
    refuse(_known(same.filter(link=said["link"]).first()))
    for name in changed:
        setattr(row, name, said[name])
    row.save()
    journal.record(subject=row, change={"fields": changed})
    return row


@journal.verb("scoping.confirm_contribution")
def confirm_contribution(*, contribution: Contribution, by: User) -> Contribution:
    """Confirm that it is there and came of the fellowship. Confirmed already: unchanged."""
    row = _locked(contribution)
    if row.confirmed_at is not None and row.withdrawn_at is None:
        return unchanged(row, policy.may_confirm(row, by))
    refuse(policy.may_confirm(row, by))
    row.confirmed_at, row.confirmed_by = now(), by
    row.save()
    case = row.fellowship
    tell(
        case,
        "contribution",
        [case.fellow],
        say("“{row}” is confirmed", row=row),
        page="contributions",
    )
    journal.record(subject=row, change={"kind": row.kind, "link": row.link})
    return row


@journal.verb("scoping.withdraw_contribution")
def withdraw_contribution(*, contribution: Contribution, by: User, reason: str) -> Contribution:
    """Take a contribution back, with the reason; it counts no more. Taken back already: same."""
    row = _locked(contribution)
    if row.withdrawn_at is not None:
        return unchanged(row, policy.may_take_back(row, by))
    refuse(policy.may_take_back(row, by))
    refuse(
        None
        if reason.strip()
        else Refusal("no_reason", say("Say why it is taken back."), field="reason")
    )
    row.withdrawn_at, row.withdrawn_by = now(), by
    row.withdrawn_because = reason.strip()
    row.save()
    case = row.fellowship
    others = [p for p in (case.fellow, *managers(case)) if p.pk != by.pk]
    text = say("“{row}” is taken back", row=row)
    tell(case, "contribution", others, text, body=reason, page="contributions")
    journal.record(subject=row, change={"kind": row.kind, "link": row.link})
    return row


def _locked(contribution: Contribution) -> Contribution:
    case = locked(Fellowship(pk=contribution.fellowship_id))
    row = Contribution.objects.locked().get(pk=contribution.pk)
    row.fellowship = case
    return row


def _said(*, link: str, on: dt.date, **texts: str) -> dict[str, Any]:
    link = link.strip()
    if link.lower().startswith("10.") and "/" in link:
        link = f"https://doi.org/{link}"
    return {"link": link, "on": on, **{key: " ".join(t.split()) for key, t in texts.items()}}


def _known(there: Contribution | None) -> Refusal | None:
    if there is None:
        return None
    return Refusal(
        "known",
        say("“{there}” stands here under this address.", there=there),
        rule=RULE,
        field="link",
    )


def _sound(said: dict[str, Any], today: dt.date) -> Refusal | None:
    kind, link = said["kind"], urlsplit(said["link"])
    checks = (
        (kind in Contribution.Kind.values, "unknown_kind", say("Choose one of the kinds."), "kind"),
        (bool(said["title"]), "no_title", say("Write the title."), "title"),
        (
            bool(said["people"]),
            "no_people",
            say("Name who made it, in the order of credit."),
            "people",
        ),
        (
            link.scheme in ("http", "https") and bool(link.netloc),
            "bad_link",
            say("Write the whole address, or the DOI as 10.1234/abcd."),
            "link",
        ),
        (said["on"] <= today, "future", say("Add it once it is open to others."), "on"),
        (
            bool(said["licence"]) or kind == Contribution.Kind.TALK,
            "no_licence",
            say("Name the licence, as CC-BY-4.0 or Apache-2.0; only a talk may have none."),
            "licence",
        ),
    )
    return next(
        (Refusal(code, why, rule=RULE, field=field) for ok, code, why, field in checks if not ok),
        None,
    )
