"""The letter of release: from which instant, under which terms, and without what."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from fellowship.kernel.canonical import digest
from fellowship.kernel.time import now
from publications import terms
from publications.models import Objection, Publication, ReleaseLetter, Version
from publications.states import STANDING, UNSETTLED, ReleasedBy

BY = {
    ReleasedBy.SILENCE: "because its review window ended",
    ReleasedBy.REVIEW: "because the policy review ended and nothing was left open",
    ReleasedBy.BOARD: "by decision of the board",
    ReleasedBy.EXCEPTION: "before its review window ended, under an exception the board granted",
}


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter as it is or would be issued: the same facts give the same text and hash."""

    version: Version
    released_at: dt.datetime
    kind: str
    text: str
    withheld: list[dict[str, Any]] = field(default_factory=list)
    recorded_at: dt.datetime | None = None

    @property
    def text_hash(self) -> str:
        """SHA-256 of the text, as the ledger has it."""
        return digest(self.text)


def letter_of(publication: Publication) -> Letter | None:
    """The letter of a released work, issued or not yet recorded; None while it is not released."""
    there = ReleaseLetter.objects.filter(publication=publication).select_related("version").first()
    if there is not None:
        return Letter(
            there.version,
            there.released_at,
            there.kind,
            there.text,
            there.withheld,
            there.recorded_at,
        )
    at = publication.released_from
    return compose(publication, at, publication.release_kind or ReleasedBy.SILENCE) if at else None


def issue(publication: Publication) -> ReleaseLetter | None:
    """Keep the letter of a work just released; None where it has no text."""
    at = publication.released_at or now()
    letter = compose(publication, at, publication.release_kind)
    if letter is None:
        return None
    return ReleaseLetter.objects.create(
        publication=publication,
        version=letter.version,
        released_at=at,
        kind=letter.kind,
        text=letter.text,
        text_hash=letter.text_hash,
        withheld=letter.withheld,
        recorded_at=max(now(), at),
    )


def compose(publication: Publication, at: dt.datetime, kind: str) -> Letter | None:
    """The letter of a release at `at`, from what stood at that instant, whenever it is written."""
    version = publication.versions.filter(added_at__lte=at).first() or publication.latest
    if version is None:
        return None
    stood = [one for one in publication.objections.select_related("version") if _stood(one, at)]
    withheld = [_withheld(one, at) for one in stood]
    return Letter(version, at, kind, _text(publication, version, at, kind, withheld), withheld)


def _stood(objection: Objection, at: dt.datetime) -> bool:
    """Whether its passage was withheld at `at`, as far as was known then."""
    until = objection.until_at(at)
    if objection.raised_at > at or (until is not None and until <= at):
        return False
    return _open(objection, at) or objection.effective_state(at) in STANDING


def _open(objection: Objection, at: dt.datetime) -> bool:
    if objection.settled_at is not None:
        return objection.settled_at > at
    return objection.effective_state(at) in UNSETTLED


def _withheld(objection: Objection, at: dt.datetime) -> dict[str, Any]:
    until = objection.until_at(at)
    return {
        "objection": objection.ref,
        "ground": objection.get_ground_display(),
        "summary": objection.public_summary,
        "until": until.isoformat() if until else "",
        "characters": objection.passage_end - objection.passage_start,
        "open": _open(objection, at),
    }


def _text(
    publication: Publication,
    version: Version,
    at: dt.datetime,
    kind: str,
    withheld: list[dict[str, Any]],
) -> str:
    submitted = publication.submitted_at
    lines = [
        f"Release of {publication.ref}: {publication.title}",
        "",
        f"This work is released from {_instant(at)}, {BY[ReleasedBy(kind)]}. It may be published "
        "from then on. No further permission is needed.",
        "",
        f"Fellowship: {publication.fellowship.ref}, {publication.program}",
        f"Policy: {terms.policy_of(publication.fellowship)}, as pinned at the fellowship's start",
        f"Submitted: {_instant(submitted) if submitted else '–'}",
        f"Text: version {version.number}, sha256 {version.text_hash}",
        "",
    ]
    if withheld:
        lines.append("Everything may be published except these passages:")
        lines += [f"- {_said(one)}" for one in withheld]
        lines.append("")
        lines.append(
            "Each stands alone. Where an objection falls or its date comes, its passage may be "
            "published as well."
        )
    else:
        lines.append("Nothing is withheld: the whole text may be published.")
    lines += [
        "",
        "This letter cannot be taken back by anyone. Urgent harm goes through an escalation, which "
        "is recorded and which the author reads.",
        "",
    ]
    return "\n".join(lines)


def _said(one: dict[str, Any]) -> str:
    until = ""
    if one["until"]:
        until = f" Until {_instant(dt.datetime.fromisoformat(one['until']))}."
    return f"{one['objection']}, {one['ground'].lower()}: {one['summary']}{until}"


def _instant(at: dt.datetime) -> str:
    return f"{at.astimezone(dt.UTC):%-d %B %Y, %H:%M:%S} UTC"
