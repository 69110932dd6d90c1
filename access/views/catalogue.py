"""The catalogue of datasets."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from access import handling, policy, services
from access.cells import tier, variant
from access.forms import DatasetForm
from access.models import Dataset
from access.models.requests import ACCESS_STAFF
from access.states import Tier, Variant
from fellowship.accounts import roles
from fellowship.accounts.queries import has_role, realm_ids_where
from fellowship.history.queries import timeline
from fellowship.kernel.refusals import Refusal
from fellowship.programs.models import Program
from fellowship.web import cells, filters
from fellowship.web.actions import attempt, form_page
from fellowship.web.columns import Column, Table
from fellowship.web.routes import route_to
from fellowship.web.shortcuts import visible_or_404
from fellowship.web.tables import paginate
from governance.rules import in_force
from governance.states import RuleKind
from scoping.models import Fellowship


class CatalogueFilter(filters.FilterSet):
    """What narrows the catalogue."""

    q = filters.Search(fields=["name", "ref", "slug", "description"])
    tier = filters.ChoiceFilter(label="Tier", choices=Tier.choices)
    variant = filters.ChoiceFilter(label="Variant", choices=Variant.choices)

    class Meta:
        """On datasets."""

        model = Dataset
        fields: list[str] = []


SORTS = {"name": "name", "tier": "tier_rank", "variant": "exposure", "ref": "ref"}


def _name(found: Dataset) -> object:
    return cells.link(route_to("access:dataset", found.ref), found.name, found.ref, found.slug)


DATASETS: tuple[Column[Dataset], ...] = (
    Column("Dataset", _name, sort="name"),
    Column("Tier", tier, sort="tier"),
    Column("Variant", variant, sort="variant"),
    Column("Steward", lambda d: d.steward),
    Column("Programme", lambda d: d.program),
)


@login_required
def catalogue(request: HttpRequest) -> HttpResponse:
    """Every dataset the person may read about, what shows least first."""
    datasets = Dataset.objects.visible_to(request.user).select_related("program", "steward")
    found = CatalogueFilter(request.GET, queryset=datasets.least_first())
    stewards = realm_ids_where(request.user, roles.STEWARD)
    page = paginate(request, found.qs, sort=SORTS)
    context = {
        "filter": found,
        "page": page,
        "table": Table(
            "Datasets you may read about", DATASETS, page, page, empty="No dataset matches."
        ),
        "programs": Program.objects.filter(pk__in=stewards) if stewards else [],
    }
    return render(request, "access/catalogue.html", context)


@login_required
def dataset(request: HttpRequest, ref: str) -> HttpResponse:
    """One dataset: its class, its handling, what less of it exists, and the way to ask."""
    visible = Dataset.objects.visible_to(request.user)
    found = visible_or_404(
        visible.select_related("program", "steward", "owner", "parent"), request.user, ref=ref
    )
    rule = in_force(found.program_id, RuleKind.DATA_HANDLING)
    cases = cases_of(request.user, found)
    context = {
        "dataset": found,
        "rule": rule,
        "tier": handling.tier_of(rule, found.tier),
        "deciders": handling.deciders(handling.tier_of(rule, found.tier)),
        "handling": handling.lines(rule, found.tier),
        "family": visible.family_of(found).least_first(),
        "scores": _scores(found),
        "cases": [(case, _ask_refusal(case, found, request.user)) for case in cases],
        "events": timeline(found)[:20],
        "watches": has_role(request.user, found.program_id, *ACCESS_STAFF),
        "stewards": policy.may_catalogue(found.program_id, request.user) is None,  # type: ignore[arg-type]
    }
    return render(request, "access/dataset.html", context)


@login_required
def new(request: HttpRequest) -> HttpResponse:
    """Put a dataset into the catalogue of a programme one stewards."""
    stewarded = Program.objects.filter(pk__in=realm_ids_where(request.user, roles.STEWARD))
    program = stewarded.filter(realm__slug=request.GET.get("program", "")).first()
    if program is None:
        raise Http404
    form = DatasetForm(request.POST or None, program=program)
    if request.method == "POST" and form.is_valid():
        made = attempt(
            form,
            lambda: services.register_dataset(
                program=program,
                steward=request.user,  # type: ignore[arg-type]
                by=request.user,  # type: ignore[arg-type]
                **form.registered(),
            ),
        )
        if made:
            return redirect(made)
    return form_page(request, "access/dataset_new.html", form, {"program": program})


def cases_of(user: Any, found: Dataset) -> list[Fellowship]:
    """The cases for which the person could ask for the dataset."""
    cases = Fellowship.objects.visible_to(user).under_way().filter(program=found.program_id)
    mine = cases.filter(fellow_id=user.pk) | cases.filter(mentor_id=user.pk)
    return list(mine.select_related("fellow", "mentor", "program"))


def _ask_refusal(case: Fellowship, found: Dataset, user: Any) -> Refusal | None:
    return policy.may_request(case, user) or policy.may_ask_for(case, found)


def _scores(found: Dataset) -> list[tuple[str, int]]:
    return [
        ("Sensitivity", found.sensitivity),
        ("Identifiability", found.identifiability),
        ("Business impact", found.business_impact),
        ("Re-identification risk", found.reidentification_risk),
    ]
