"""What of a text the public does not read at an instant, and what it reads in its place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Final

from publications.models import DisclosureStep, Hit, Objection, Publication
from publications.states import Ground
from publications.text_states import MASKED, HitAnswer
from publications.texts import locate
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

    Standing objections, and steps whose date lies ahead; found again where the text was changed
    around them.
    """
    steps = list(publication.disclosure_steps.all()) if steps is None else steps
    objections = list(publication.objections.all()) if objections is None else objections
    planned = {step.objection_id for step in steps}
    marks = [
        mark
        for step in steps
        if not step.out(at)
        for mark in _marks(text, step.passage, _until(step.on, step.ground, step.summary))
    ]
    for objection in objections:
        if objection.pk not in planned and objection.withholds(at):
            said = _until(objection.until, objection.ground, objection.public_summary)
            marks += _marks(text, objection.passage, said)
    return marks


def left_out(hits: Sequence[Hit]) -> list[Mark]:
    """What may be a secret or personal data and was not said to be neither: never made public."""
    return [
        Mark(hit.start, hit.end, f"Left out: {hit.get_kind_display().lower()}.", hidden=True)
        for hit in hits
        if hit.kind in MASKED and not hit.answer and hit.start is not None and hit.end is not None
    ]


def masked(text: str, hits: Sequence[Hit]) -> str:
    """The text with what may be secret dotted out: as long as before, so that offsets hold."""
    for hit in hits:
        shown = hit.kind not in MASKED or hit.answer == HitAnswer.FALSE
        if not shown and hit.start is not None and hit.end is not None:
            words = text[hit.start : hit.end]
            text = text[: hit.start] + dotted(words) + text[hit.end :]
    return text


def dotted(words: str) -> str:
    """Words of which only the first two signs of each are read; lines stay lines."""
    shown = min(2, len(words) // 4)
    return words[:shown] + "".join(sign if sign.isspace() else DOT for sign in words[shown:])


def _marks(text: str, passage: str, said: str) -> Iterator[Mark]:
    for place in locate(text, passage):
        yield Mark(place.start, place.end, said, hidden=True)


def _until(until: dt.datetime | None, ground: str, summary: str) -> str:
    what = Ground(ground).label.lower()
    when = f" until {until:%-d %b %Y}" if until else ""
    return f"Withheld{when}: {what}. {summary}"
