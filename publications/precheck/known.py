"""What is known of a case and may not be in its work yet, or should be declared: asked of records.

An output made from data that is not public is named until the release desk let exactly its bytes
out. A finding is named while its embargo runs. Datasets and findings a text speaks of without
declaring them are named, so that lineage and review know of them.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator

from access.models import Dataset, Output, Release
from access.release_states import ReleaseState
from access.states import Tier
from fellowship.kernel.saying import say
from findings.models import Artifact, Finding
from publications import terms
from publications.models import Publication, Source
from publications.precheck.found import Found
from publications.states import WorkClass
from publications.text_states import HitKind

NAME_MIN = 6
"""Characters of a name that is looked for in a text: shorter ones are words."""
PLACES_MAX = 3
"""Places of one thing that are named."""


def known(
    publication: Publication, text: str, *, file_sha256: str = "", at: dt.datetime
) -> list[Found]:
    """What records say of this text and its file, in a fixed number of queries."""
    sources = list(publication.sources.select_related("dataset", "finding", "artifact", "release"))
    return [
        *_outputs(publication, sources, text, file_sha256),
        *_findings(publication, sources, text, at),
        *_data(publication, sources, text),
    ]


def _outputs(
    publication: Publication, sources: list[Source], text: str, file_sha256: str
) -> Iterator[Found]:
    case = publication.fellowship_id
    released = set(
        Release.objects.filter(request__fellowship=case).values_list("sha256", flat=True)
    )
    declared = {s.artifact.sha256 for s in sources if s.artifact}
    for sha256, name, state in _unreleased(case, declared):
        if sha256 in released:
            continue
        about = f"{name} ({state})"
        if sha256 == file_sha256:
            yield Found(HitKind.OUTPUT, say("It is the file"), about, sure=True, sha256=sha256)
        if sha256 in declared:
            yield Found(HitKind.OUTPUT, say("It is declared"), about, sure=True, sha256=sha256)
        for start, end in _named(text, [sha256]):
            yield Found(
                HitKind.OUTPUT, say("Its hash"), about, start, end, sure=True, sha256=sha256
            )
        for start, end in _named(text, [name]):
            yield Found(HitKind.OUTPUT, say("Its name"), about, start, end, sha256=sha256)


def _unreleased(case: int, declared: set[str]) -> Iterator[tuple[str, str, str]]:
    """Hash, name and state of what the desk would have to let out, each hash once."""
    seen: set[str] = set()
    asked = Output.objects.filter(request__fellowship=case, removed_at=None)
    rows = asked.order_by("id").values_list("sha256", "name", "request__state")
    for sha256, name, state in rows:
        if sha256 not in seen:
            seen.add(sha256)
            yield sha256, name, ReleaseState(state).label.lower()
    made = Artifact.objects.filter(fellowship=case, sources__dataset__isnull=False)
    closed = made.exclude(sources__dataset__tier=Tier.PUBLIC).distinct().order_by("id")
    for sha256, name in closed.values_list("sha256", "name"):
        if sha256 not in seen:
            seen.add(sha256)
            yield sha256, name, say("never asked for at the release desk")


def _findings(
    publication: Publication, sources: list[Source], text: str, at: dt.datetime
) -> Iterator[Found]:
    declared = {s.finding_id for s in sources}
    rows = Finding.objects.filter(fellowship=publication.fellowship_id).order_by("id")
    for finding in rows.only("id", "ref", "title", "embargo_until"):
        places = list(_named(text, [finding.ref]))
        if finding.embargoed_at(at):
            finding.program = publication.program
            about = say(
                "{ref}, under embargo until {embargo_day}",
                ref=finding.ref,
                embargo_day=finding.embargo_day,
            )
            if finding.pk in declared:
                yield Found(
                    HitKind.EMBARGO, say("It is declared"), about, sure=True, finding_id=finding.pk
                )
            for start, end in places:
                yield Found(
                    HitKind.EMBARGO, say("Its reference"), about, start, end, finding_id=finding.pk
                )
        elif places and finding.pk not in declared:
            start, end = places[0]
            yield Found(
                HitKind.UNDECLARED,
                say("Its reference"),
                finding.ref,
                start,
                end,
                finding_id=finding.pk,
            )


def _data(publication: Publication, sources: list[Source], text: str) -> Iterator[Found]:
    declared = {s.dataset_id for s in sources}
    opened = Dataset.objects.open_to(publication.fellowship).distinct().order_by("id")
    for dataset in opened:
        places = list(_named(text, [dataset.name, dataset.slug]))
        held = dataset.tier in terms.HELD_CLOSELY
        if dataset.pk in declared or not places:
            continue
        start, end = places[0]
        kind = HitKind.DATA if held else HitKind.UNDECLARED
        about = f"{dataset.name}, {dataset.get_tier_display().lower()}"
        yield Found(kind, say("Its name"), about, start, end, dataset_id=dataset.pk)
    if publication.work_class == WorkClass.METHODS:
        for dataset in terms.closely_held(
            [s.dataset for s in sources if s.dataset], [s.finding for s in sources if s.finding]
        ):
            about = f"{dataset.name}, {dataset.get_tier_display().lower()}"
            yield Found(
                HitKind.DATA, say("It is declared"), about, sure=True, dataset_id=dataset.pk
            )


def _named(text: str, names: Iterable[str]) -> Iterator[tuple[int, int]]:
    """The first places where a text says one of these names, as whole words, in any case."""
    wanted = [re.escape(name) for name in names if len(name) >= NAME_MIN]
    if not wanted:
        return
    pattern = re.compile(rf"(?<![\w-])(?:{'|'.join(wanted)})(?![\w-])", re.IGNORECASE)
    for number, match in enumerate(pattern.finditer(text)):
        if number == PLACES_MAX:
            return
        yield match.start(), match.end()
