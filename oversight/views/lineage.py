"""The lineage of a case: some chains of it, drawn by ranks, with their table, and downloads."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from access.models import Dataset
from fellowship.kernel.saying import begun, joined, say
from fellowship.web import cells
from fellowship.web.columns import Column, Table
from fellowship.web.markup import markup
from fellowship.web.tables import Page
from findings.models import Finding
from oversight.forms import ChainsForm
from oversight.lineage import chains, doors, draw, entry, part, serialise
from oversight.lineage.build import assemble
from oversight.lineage.chains import Asked, Found
from oversight.lineage.graph import RANKS, Graph, Node, counted, key_of, noun
from oversight.lineage.records import Records
from oversight.views.case import load
from publications.models import Publication
from scoping import frame
from scoping.models import Fellowship

CHAINS: Final = 8
"""Findings on one page."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table: a node, what it came from, what came of it.

    `lacks` is the first missing link of a finding's chain; `only` the query that narrows to it.
    """

    node: Node
    before: list[Node]
    after: list[Node]
    lacks: str = ""
    only: str = ""


@login_required
@require_safe
def lineage(request: HttpRequest, ref: str) -> HttpResponse:
    """The picture and its table, of all chains or of those asked for, a page at a time.

    By a finding, a control or a publication too: on to its case, with its chain alone.
    """
    if asked_by := entry.way(ref, request.user):
        return redirect(f"{reverse('oversight:lineage', args=[asked_by.case])}?{asked_by.query}")
    case = load(request, ref)
    asked = _asked(request, case)
    data = chains.data_of(case)
    found = chains.find(case, asked, data)
    page = _page(request, found)
    records = part.records(case, asked, data, page.rows, request.user)
    chain = assemble(records)
    doors.close(chain, request.user)
    large = asked.narrowed or page.pages > 1
    missing = found.first or chain.first_missing
    lacks = {key_of(row): found.gap_of(row.pk) for row in page.rows} if page.total > 1 else {}
    context = frame.context(
        request,
        case,
        picture=mark_safe(draw.draw(chain, _hole(chain, found))),  # noqa: S308 - it escapes labels
        said=draw.describe(chain, missing),
        table=_table(lines(chain, lacks, _narrower(records) if large else {})),
        missing=missing,
        missing_noun=_noun(missing),
        found=found,
        page=page,
        narrowed=asked.narrowed,
        form=ChainsForm(request.GET) if large else None,
        forms=list(serialise.FORMS),
        counts=[(kind, counted(kind, 2), len(chain.of(kind))) for kind in chain.columns],
        gaps=[(gap, begun(_noun(gap)), len(keys)) for gap, keys in found.keys.items()]
        if large
        else (),
        edges=len(chain.edges),
    )
    return render(request, "oversight/lineage.html", context)


def _noun(kind: str) -> str:
    return noun(kind) if kind else ""


def _asked(request: HttpRequest, case: Fellowship) -> Asked:
    """What the query narrows to; Http404 for a record that is not of the case."""
    own = {"fellowship": case}
    missing = request.GET.get("missing", "")
    return Asked(
        finding=_one(request, "finding", Finding, own),
        dataset=_one(request, "dataset", Dataset, {"grants__fellowship": case}),
        publication=_one(request, "publication", Publication, own),
        missing=missing if missing in chains.LINKS else "",
    )


def _one(request: HttpRequest, name: str, model: Any, own: dict[str, Any]) -> Any:
    ref = request.GET.get(name, "").strip()
    if not ref:
        return None
    return get_object_or_404(model.objects.filter(**own).distinct(), ref__iexact=ref)


def _page(request: HttpRequest, found: Found) -> Page[Finding]:
    keys, text = found.ordered, request.GET.get("page", "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1
    number = min(max(number, 1), max(1, -(-len(keys) // CHAINS)))
    start = (number - 1) * CHAINS
    rows = chains.findings(keys[start : start + CHAINS])
    capped = len(keys) == chains.MOST
    return Page(rows, number, CHAINS, len(keys), capped, "", request.GET)


def _hole(chain: Graph, found: Found) -> str:
    """The rank drawn as missing: the one finding's gap, or that of all that is drawn."""
    return found.first if len(found.ordered) == 1 else chain.first_missing


@login_required
@require_safe
def download(request: HttpRequest, ref: str, form: str) -> HttpResponse:
    """The whole graph as a file."""
    found = load(request, ref)
    if form not in serialise.FORMS:
        raise Http404
    said = serialise.document(found, form, reader=request.user)
    body = json.dumps(said, indent=2, ensure_ascii=False)
    response = HttpResponse(body, content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="{found.ref}-lineage-{form}.json"'
    return response


def lines(chain: Graph, lacks: Mapping[str, str], only: Mapping[str, str]) -> list[Line]:
    """Every node in the order of the chain, what stands beside it last."""
    place = {kind: number for number, kind in enumerate(RANKS)}
    nodes = sorted(chain.nodes.values(), key=lambda n: place.get(n.kind, len(place)))
    before, after = chain.neighbours()
    return [
        Line(
            node,
            before[node.key],
            after[node.key],
            lacks.get(node.key, ""),
            only.get(node.key, ""),
        )
        for node in nodes
    ]


def _table(rows: list[Line]) -> Table[Line]:
    return Table(
        say("Records of the chain, what each came from and what came of it"),
        COLUMNS,
        rows,
        empty=say("Nothing is recorded yet: the chain begins with a granted dataset."),
        dense=True,
        anchor=lambda line: line.node.place,
    )


def _named(line: Line) -> SafeString:
    node = line.node
    if node.url:
        return cells.link(node.url, node.label, node.detail)
    detail = markup('<span class="meta">{}</span>', node.detail) if node.detail else ""
    return markup("{}{}", node.label, detail)


def _kind(line: Line) -> SafeString:
    lacks = say("no {lacks} yet", lacks=noun(line.lacks)) if line.lacks else ""
    return markup(
        "{}{}{}",
        line.node.called,
        markup('<span class="meta">, {}</span>', lacks) if lacks else "",
        markup(' <a class="meta" href="{}">{}</a>', line.only, say("Its chain alone"))
        if line.only
        else "",
    )


def _near(nodes: Sequence[Node]) -> object:
    """Nodes as links to their rows."""
    found = [markup('<a href="#{}">{}</a>', node.place, node.label) for node in nodes]
    return SafeString(joined(", ", found)) if found else cells.NONE


COLUMNS: Final[tuple[Column[Line], ...]] = (
    Column(say("Record"), _named),
    Column(say("Kind"), _kind),
    Column(say("When"), lambda line: cells.when(line.node.at, "short")),
    Column(say("Came from"), lambda line: _near(line.before)),
    Column(say("What came of it"), lambda line: _near(line.after)),
)


def _narrower(records: Records) -> dict[str, str]:
    """The query that draws the chains of one record alone, by its key."""
    drawn: dict[str, list[Any]] = {
        "finding": [chain.finding for chain in records.chains],
        "dataset": list(records.datasets),
        "publication": [work.publication for work in records.works],
    }
    return {
        key_of(record): f"?{urlencode({name: record.ref})}"
        for name, rows in drawn.items()
        for record in rows
    }
