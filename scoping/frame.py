"""What every page of a case shows around its content, for this application and those below it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from fellowship.kernel.prepared import read
from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import say
from fellowship.web.items import Link
from fellowship.web.shortcuts import seen_key
from scoping import casefile, panels
from scoping.models import Fellowship
from scoping.panels import Panel
from scoping.policy.standing import seen_by

_OF_PEOPLE = ("talent", "contributions", "collaborators")
RELATED = ("program__realm", "cohort", "fellow", "mentor")


def load(request: HttpRequest, ref: str) -> Fellowship:
    """The case, if the person may see it; Http404 otherwise."""
    (case,) = _case(seen_key(Fellowship, request.user, ref=ref))
    seen_by(case, request.user)  # type: ignore[arg-type]
    return case  # type: ignore[no-any-return]


@read
def _case(key: int) -> QuerySet[Fellowship]:
    return Fellowship.objects.filter(pk=key).select_related(*RELATED)


def posted(request: HttpRequest) -> QueryDict | None:
    """What was posted, be it nothing at all; None for a page that is only looked at."""
    return request.POST if request.method == "POST" else None


def context(request: HttpRequest, case: Fellowship, **more: Any) -> dict[str, Any]:
    """The context of a template that extends `scoping/case_base.html`."""
    return {
        "fellowship": case,
        "case": case,
        "calendar": case.program.calendar(),
        "links": links(request, case),
        "is_fellow": case.fellow_id == request.user.pk,
        **more,
    }


@dataclass(frozen=True, slots=True)
class Shown:
    """A panel with its content, ready for the page."""

    panel: Panel
    html: SafeString


def shown(request: HttpRequest, case: Fellowship, found: Iterable[Panel]) -> list[Shown]:
    """The panels rendered: their own context, also as `panel`, and the `fellowship`.

    Rendered here, not by `include`, so that what fails in one is an error and not an empty page.
    """
    return [
        Shown(
            panel,
            render_to_string(
                panel.template,
                {"fellowship": case, "panel": panel.context, **panel.context},
                request,
            ),
        )
        for panel in found
    ]


def links(request: HttpRequest, case: Fellowship) -> list[Link]:
    """The pages of the case, ours first, then those other applications add."""
    ours = [
        Link(say("Case"), route_to("scoping:case", case.ref)),
        Link(say("Scope of work"), route_to("scoping:scopes", case.ref)),
        Link(say("Milestones"), route_to("scoping:milestones", case.ref)),
        Link(say("Check-ins"), route_to("scoping:check_ins", case.ref)),
        Link(say("What may I do?"), route_to("scoping:may", case.ref)),
    ]
    people = Link(
        say("People and path"),
        route_to("scoping:people", case.ref),
        covers=tuple(route_to(f"scoping:{page}", case.ref) for page in _OF_PEOPLE),
    )
    at = casefile.of(case).at
    return [*ours, *panels.links(case, request.user, at), people]
