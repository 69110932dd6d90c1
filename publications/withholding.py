"""What of a text the public does not read at an instant, and what it reads in its place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from publications.models import DisclosureStep, Hit, Objection, Publication
from publications.states import UNSETTLED, Ask, Ground
from publications.text_states import MASKED
from publications.texts import Passage, follow, locate
from publications.texts.lines import Mark

DOT: Final = "•"


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
    marks = []
    for step in steps:
        if not step.out(at):
            said = _until(step.on, step.ground, step.summary)
            marks += [Mark(p.start, p.end, said, hidden=True) for p in places(text, step)]
    for one in objections:
        if one.pk not in planned and one.withholds(at):
            said = _until(one.until, one.ground, one.public_summary)
            marks += [Mark(p.start, p.end, said, hidden=True) for p in places(text, one)]
    return marks


def left_out(hits: Sequence[Hit]) -> list[Mark]:
    """What may be a secret or personal data and was not said to be neither: never made public."""
    return [
        Mark(hit.start, hit.end, f"Left out: {hit.get_kind_display().lower()}.", hidden=True)
        for hit in hits
        if hit.kind in MASKED and not hit.answer and hit.start is not None and hit.end is not None
    ]


def masked(text: str, hits: Sequence[Hit]) -> str:
    """The text with what may be secret or personal dotted out until it was answered.

    It is as long as before, so that offsets hold.
    """
    for hit in hits:
        dots = hit.kind in MASKED and not hit.answer
        if dots and hit.start is not None and hit.end is not None:
            words = text[hit.start : hit.end]
            text = text[: hit.start] + dotted(words) + text[hit.end :]
    return text


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


def _until(until: dt.datetime | None, ground: str, summary: str) -> str:
    what = Ground(ground).label.lower()
    when = f" until {until:%-d %b %Y}" if until else ""
    return f"Withheld{when}: {what}. {summary}"
