"""Whether what was to go has gone: passages agreed to be taken out, held against new versions."""

from __future__ import annotations

from publications.models import Objection, RedactionCheck, Version
from publications.states import Ask, ObjectionState
from publications.text_states import Redacted
from publications.texts import Passage, locate

SETTLED = (ObjectionState.ACCEPTED, ObjectionState.UPHELD)


def check_all(version: Version) -> int:
    """Check every redaction settled by now, within the verb that adds the version.

    Tells how many passages are still there.
    """
    left = 0
    for objection in version.publication.objections.select_related("version"):
        done = check(objection, version)
        left += bool(done and done.found != Redacted.GONE)
    return left


def check_newest(objection: Objection) -> RedactionCheck | None:
    """Check a redaction just settled against the newest version, within that verb."""
    newest = objection.publication.latest
    return check(objection, newest) if newest else None


def check(objection: Objection, version: Version) -> RedactionCheck | None:
    """Hold one passage against a later version; None where nothing was agreed to go from it.

    Other wording agreed on replaces its passage, so that has to be gone as well.
    """
    settled = (
        objection.ask == Ask.REDACT and objection.state in SETTLED
    ) or objection.state == ObjectionState.AGREED
    if not settled or version.number <= objection.version.number:
        return None
    there = RedactionCheck.objects.filter(objection=objection, version=version).first()
    if there:
        return there
    found, place = _found(version, objection.passage)
    return RedactionCheck.objects.create(
        objection=objection,
        version=version,
        found=found,
        start=place.start if place else None,
        end=place.end if place else None,
        ran_at=version.added_at,
    )


def _found(version: Version, passage: str) -> tuple[str, Passage | None]:
    places = locate(version.text, passage)
    if places:
        first = next((place for place in places if place.exact), places[0])
        return (Redacted.SAME if first.exact else Redacted.NEARLY), first
    if version.beneath and locate(version.beneath, passage):
        return Redacted.BENEATH, None
    return Redacted.GONE, None
