"""The catalogue of datasets."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from access import classifying, duo, handling, policy, revisions, services, suggesting
from access.catalogue_forms import DIMENSION_LABELS, ChangeForm, DatasetForm
from access.cells import tier, variant
from access.models import AccessSuspension, Dataset
from access.models.requests import ACCESS_STAFF
from access.states import Tier, Variant
from fellowship.accounts import roles
from fellowship.accounts.queries import has_role, realm_ids_where
from fellowship.history.queries import latest
from fellowship.kernel.prepared import read
from fellowship.kernel.refusals import Refusal, refuse
from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import say
from fellowship.programs.models import Program
from fellowship.web import cells, filters
from fellowship.web.actions import act, form_verb, reason_of, verb
from fellowship.web.columns import Column, Table
from fellowship.web.shortcuts import seen_key, visible_among, visible_or_404
from fellowship.web.tables import paginate
from governance.rules import in_force
from governance.states import RuleKind
from scoping.models import Fellowship

SHOWN = [
    ("unclassified", say("Not classified yet")),
    ("outdated", say("Classified under an older version")),
    ("retired", say("Out of the catalogue")),
]


class CatalogueFilter(filters.FilterSet):
    """What narrows the catalogue."""

    q = filters.Search(fields=["name", "ref", "slug", "description"])
    tier = filters.ChoiceFilter(label=say("Tier"), choices=Tier.choices)
    variant = filters.ChoiceFilter(label=say("Variant"), choices=Variant.choices)
    duo = filters.ChoiceFilter(label=say("Condition of use"), choices=duo.CHOICES, method="by_duo")
    shown = filters.ChoiceFilter(
        label=say("Shown"), choices=SHOWN, method="by_shown", empty_label=say("In the catalogue")
    )

    class Meta:
        """On datasets."""

        model = Dataset
        fields: list[str] = []

    def by_duo(self, queryset: Any, name: str, value: str) -> Any:
        """Those whose makers set this condition."""
        return queryset.with_code(value)

    def by_shown(self, queryset: Any, name: str, value: str) -> Any:
        """Those not classified yet, classified under an older version, or retired."""
        if value == "unclassified":
            return queryset.filter(classification=None)
        return queryset.outdated() if value == "outdated" else queryset

    def filter_queryset(self, queryset: Any) -> Any:
        """Retired datasets are shown where they are asked for."""
        retired = self.form.cleaned_data.get("shown") == "retired"
        return super().filter_queryset(queryset.filter(retired_at__isnull=not retired))


SORTS = {"name": "name", "tier": "tier_rank", "variant": "exposure", "ref": "ref"}


def _name(found: Dataset) -> object:
    return cells.link(route_to("access:dataset", found.ref), found.name, found.ref, found.slug)


DATASETS: tuple[Column[Dataset], ...] = (
    Column(say("Dataset"), _name, sort="name"),
    Column(say("Tier"), tier, sort="tier"),
    Column(say("Variant"), variant, sort="variant"),
    Column(say("Steward"), lambda d: d.steward),
    Column(say("Programme"), lambda d: d.program),
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
            say("Datasets you may read about"),
            DATASETS,
            page,
            page,
            empty=say("No dataset yet."),
            hint=say("A data steward enters datasets, or imports them from Croissant."),
            narrowed=found.applied,
        ),
        "programs": stewarded(request.user) if stewards else [],
    }
    return render(request, "access/catalogue.html", context)


@login_required
def dataset(request: HttpRequest, ref: str) -> HttpResponse:
    """One dataset: its class, its handling, what less of it exists, and the way to ask."""
    user: Any = request.user
    found = _whole(seen_key(Dataset, user, ref=ref))[0]
    visible = Dataset.objects.visible_to(user)
    rule = in_force(found.program_id, RuleKind.DATA_HANDLING)
    tier = handling.tier_of(rule, found.tier)
    family = list(visible.family_of(found).in_catalogue().least_first())
    staff = found.program_id in realm_ids_where(user, *roles.STAFF)
    stewards = policy.may_catalogue(found.program_id, user) is None
    under_way = found.classifications.under_way().first() if staff else None
    suspension = AccessSuspension.objects.live().filter(dataset=found).first()
    watches = has_role(user, found.program_id, *ACCESS_STAFF)
    context = {
        "dataset": found,
        "rule": rule,
        "tier": tier,
        "deciders": handling.deciders(tier),
        "handling": handling.lines(rule, found.tier),
        "family": family,
        "suggested": suggesting.least_that_serves(found, rule=rule, family=family),
        "scores": _scores(found),
        "conditions": duo.described(found.duo),
        "cases": [(case, _ask_refusal(case, found, user)) for case in cases_of(user, found)],
        "events": latest(found, 20),
        "suspension": suspension,
        "suspended_because": suspension.reason if suspension and watches else "",
        "watches": watches,
        "under_way": under_way,
        "outdated": classifying.outdated(found) if staff else "",
        "affected": classifying.affected(found) if staff else [],
        "held": found.classification and found.classification.tier != found.tier,
        "staff": staff,
        "stewards": stewards,
        "may_open": classifying.may_open(found, user) if stewards else None,
        **{
            f"{name}_url": reverse(f"access:{name}", args=[ref])
            for name in ("classify", "retire_dataset", "restore_dataset")
        },
    }
    return render(request, "access/dataset.html", context)


@login_required
def new(request: HttpRequest) -> HttpResponse:
    """Put a dataset into the catalogue of a programme one stewards."""
    program = stewarded_one(request)
    context = {"program": program, "new_url": new_url(program)}
    if "more" in request.POST:
        again = DatasetForm(program=program, initial=_typed(request), more=True)
        return render(request, "access/dataset_new.html", {**context, "form": again})
    form = DatasetForm(request.POST or None, program=program)
    return form_verb(
        request,
        form,
        lambda: services.register_dataset(
            program=program,
            steward=request.user,  # type: ignore[arg-type]
            by=request.user,  # type: ignore[arg-type]
            **form.registered(),
        ),
        template="access/dataset_new.html",
        context=lambda: context,
        to=lambda made: made.get_absolute_url(),
        success=say("In the catalogue. Nobody may ask for it until two people have classified it."),
    )


@login_required
def edit(request: HttpRequest, ref: str) -> HttpResponse:
    """Change what a dataset is said to be, or hold it more closely."""
    found = _dataset(request, ref)
    refuse(policy.may_catalogue(found.program_id, request.user))  # type: ignore[arg-type]
    if "more" in request.POST:
        again = ChangeForm(dataset=found, initial=_typed(request), more=True)
        return render(request, "access/dataset_edit.html", {"dataset": found, "form": again})
    form = ChangeForm(request.POST or None, dataset=found)
    return form_verb(
        request,
        form,
        lambda: services.change_dataset(
            dataset=found,
            by=request.user,  # type: ignore[arg-type]
            **form.changed(),
        ),
        template="access/dataset_edit.html",
        context=lambda: {"dataset": found},
        to=found.get_absolute_url(),
        success=say("Saved."),
    )


@login_required
def versions(request: HttpRequest, ref: str) -> HttpResponse:
    """How its description changed, word by word."""
    found = _dataset(request, ref)
    context = {"dataset": found, "versions": revisions.of(found)}
    return render(request, "access/dataset_versions.html", context)


def _verb(service: Any, success: str) -> Any:
    @verb
    def view(request: HttpRequest, ref: str) -> HttpResponse:
        found = visible_or_404(Dataset, request.user, ref=ref)
        reason = reason_of(request)
        return act(
            request,
            lambda: service(dataset=found, by=request.user, reason=reason),
            success=success,
            to=found.get_absolute_url(),
        )

    return view


retire = _verb(services.retire_dataset, say("Out of the catalogue. Grants end as they would have."))
restore = _verb(services.restore_dataset, say("Back in the catalogue."))


def stewarded(user: Any) -> QuerySet[Program]:
    """The programmes whose data the person stewards."""
    return Program.objects.filter(pk__in=realm_ids_where(user, roles.STEWARD)).order_by("name")


def stewarded_one(request: HttpRequest) -> Program:
    """The programme the address names, or the first the person stewards; else nothing is there."""
    asked = request.GET.get("program", "")
    mine = stewarded(request.user)
    found = (mine.filter(realm__slug=asked) if asked else mine).first()
    if found is None:
        raise Http404
    return found


def _dataset(request: HttpRequest, ref: str) -> Dataset:
    rows = Dataset.objects.visible_to(request.user).select_related(
        "program", "steward", "owner", "parent", "classification__rule"
    )
    return visible_or_404(rows, request.user, ref=ref)


@read
def _whole(key: int) -> QuerySet[Dataset]:
    """The dataset with all its page says of it."""
    return Dataset.objects.filter(pk=key).select_related(
        "program__realm", "steward", "owner", "parent", "classification__rule"
    )


def new_url(program: Program) -> str:
    """The form of a new dataset of the programme."""
    return f"{reverse('access:new_dataset')}?program={program.slug}"


def _typed(request: HttpRequest) -> dict[str, Any]:
    """What was typed, for a form shown again with more rows: nothing is judged, nothing lost."""
    typed: dict[str, Any] = {name: request.POST[name] for name in request.POST}
    return {**typed, "duo": request.POST.getlist("duo"), "typed": request.POST}


def cases_of(user: Any, found: Dataset) -> list[Fellowship]:
    """The cases for which the person could ask for the dataset."""
    mine = _taken_part_in(user.pk, found.program_id)
    seen = visible_among(mine, user)
    return [case for case in mine if case.pk in seen]


@read
def _taken_part_in(person: int, program: int) -> QuerySet[Fellowship]:
    cases = Fellowship.objects.under_way().filter(program_id=program)
    mine = cases.filter(Q(fellow_id=person) | Q(mentor_id=person))
    return mine.select_related("fellow", "mentor", "program")


def _ask_refusal(case: Fellowship, found: Dataset, user: Any) -> Refusal | None:
    return policy.may_request(case, user) or policy.may_ask_for(case, found)


def _scores(found: Dataset) -> list[tuple[str, int]]:
    if found.classification is None:
        return []
    return [(label, getattr(found, name)) for name, label in DIMENSION_LABELS.items()]
