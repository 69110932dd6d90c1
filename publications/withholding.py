"""What of a text the public does not read at an instant, and what it reads in its place."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fellowship.kernel.saying import say
from publications.models import DisclosureStep, Hit, Objection, Publication, Version
from publications.states import UNSETTLED, Ask, Ground
from publications.text_states import MASKED
from publications.texts import Passage, follow, locate
from publications.texts.lines import Mark

DOT: Final = "•"
CONTEXT: Final = 120
"""Characters shown on either side of a passage."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A passage with the words around it, as one person may read it."""

    before: str
    passage: str
    after: str


def withheld(
    publication: Publication,
    text: str,
    at: dt.datetime,
    *,
    steps: Sequence[DisclosureStep] | None = None,
    objections: Sequence[Objection] | None = None,
) -> list[Mark]:
    """The passages of `text` that are withheld at `at`, each hidden, with what is said instead.

    Standing objections, and steps whose date lies ahead; found again where the text around them or
    their own words were changed. A redaction agreed on holds its own words alone: what was written
    in their place is meant to be read.
    """
    if steps is None:
        steps = list(publication.disclosure_steps.select_related("version"))
    if objections is None:
        objections = list(publication.objections.select_related("version"))
    planned = {step.objection_id for step in steps}
    calendar = publication.program.calendar()
    marks = []
    for step in steps:
        if not step.out(at):
            said = _until(calendar.last_day(step.on), step.ground, step.summary)
            marks += [Mark(p.start, p.end, said, hidden=True) for p in places(text, step)]
    for one in objections:
        if one.pk not in planned and one.withholds(at):
            last = calendar.last_day(one.until) if one.until else None
            said = _until(last, one.ground, one.public_summary)
            marks += [Mark(p.start, p.end, said, hidden=True) for p in places(text, one)]
    return marks


def left_out(hits: Sequence[Hit]) -> list[Mark]:
    """What may be a secret or personal data and was not said to be neither: never made public."""
    return [
        Mark(
            hit.start,
            hit.end,
            say("Left out: {kind}.", kind=hit.get_kind_display().lower()),
            hidden=True,
        )
        for hit in hits
        if hit.kind in MASKED and not hit.answer and hit.start is not None and hit.end is not None
    ]


def masked(text: str, hits: Sequence[Hit], *, at: int = 0) -> str:
    """The text with what may be secret or personal dotted out until it was answered.

    It is as long as before, so that offsets hold. `text` may be a part of the version's, from `at`.
    """
    for hit in hits:
        if hit.kind not in MASKED or hit.answer or hit.start is None or hit.end is None:
            continue
        start, end = max(hit.start - at, 0), min(hit.end - at, len(text))
        if start < end:
            text = text[:start] + dotted(text[start:end]) + text[end:]
    return text


def unanswered(versions: Iterable[int]) -> dict[int, list[Hit]]:
    """What may be secret or personal in these versions and was not answered, by version."""
    rows = Hit.objects.unanswered().filter(
        precheck__version__in=set(versions), kind__in=MASKED, start__isnull=False
    )
    found: dict[int, list[Hit]] = defaultdict(list)
    for hit in rows.select_related("precheck"):
        found[hit.precheck.version_id].append(hit)
    return found


def shown(publication: Publication, version: Version, reader: Any) -> str:
    """The text of a version as `reader` may see it: whole to its author, else `masked`."""
    if wrote(publication, reader):
        return version.text
    return masked(version.text, unanswered([version.pk])[version.pk])


def wrote(publication: Publication, reader: Any) -> bool:
    """Whether `reader` is the author, who reads all of it."""
    return reader is not None and publication.fellowship.fellow_id == reader.pk


def excerpts(
    objections: Sequence[Objection | DisclosureStep], reader: Any = None
) -> dict[int, Excerpt]:
    """Their passages where they stand, each by its key, as `reader` may see them.

    Asks once for all; `version` and `publication.fellowship` of each must be at hand. Without a
    reader, as everybody but the author does.
    """
    others = [o for o in objections if not wrote(o.publication, reader)]
    hits = unanswered(o.version_id for o in others) if others else {}
    texts: dict[int, str] = {}
    found = {}
    for one in objections:
        key = one.version_id
        if key not in texts:
            texts[key] = masked(one.version.text, hits.get(key, ()))
        found[one.pk] = _cut(texts[key], one)
    return found


def _cut(text: str, one: Objection | DisclosureStep) -> Excerpt:
    before = text[max(0, one.passage_start - CONTEXT) : one.passage_start]
    after = text[one.passage_end : one.passage_end + CONTEXT]
    return Excerpt(
        before.rpartition("\n")[2],
        text[one.passage_start : one.passage_end],
        after.partition("\n")[0],
    )


def dotted(words: str) -> str:
    """Words of which only the first two signs of each are read; lines stay lines."""
    shown = min(2, len(words) // 4)
    return words[:shown] + "".join(sign if sign.isspace() else DOT for sign in words[shown:])


def places(text: str, one: DisclosureStep | Objection) -> list[Passage]:
    """Where a passage stands now: by its words, and where these changed, by its surroundings.

    A redaction that was agreed on is known by its words alone.
    """
    found = locate(text, one.passage)
    agreed = isinstance(one, Objection) and one.ask == Ask.REDACT and one.state not in UNSETTLED
    if found or agreed:
        return found
    place = follow(one.version.text, text, one.passage_start, one.passage_end)
    return [place] if place else []


def _until(until: dt.date | None, ground: str, summary: str) -> str:
    what = Ground(ground).label.lower()
    when = say(" until {until:%-d %b %Y}", until=until) if until else ""
    return say("Withheld{when}: {what}. {summary}", when=when, what=what, summary=summary)
