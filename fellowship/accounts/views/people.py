"""One's own details and tokens, and the roles page of administrators."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from fellowship.accounts import queries, roles, services
from fellowship.accounts.forms import GrantForm, ProfileForm, TokenForm
from fellowship.accounts.models import ApiToken, Realm, RoleAssignment
from fellowship.accounts.scopes import SCOPES, meaning
from fellowship.accounts.stepup import recently_authenticated
from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from fellowship.web import calendars, cells, filters, forms
from fellowship.web.actions import act, attempt, form_page, verb
from fellowship.web.columns import Column, Table
from fellowship.web.markup import markup
from fellowship.web.tables import paginate

DETAILS = ("name", "affiliation", "past_affiliations", "orcid", "time_zone", "language")


@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """The person's own details, and the roles they hold."""
    user = _person(request)
    form = ProfileForm(
        request.POST or None, initial={name: getattr(user, name) for name in DETAILS}
    )
    if request.method == "POST" and form.is_valid():
        done = attempt(
            form, lambda: services.update_profile(user=user, by=user, **form.cleaned_data)
        )
        if done:
            messages.success(request, say("Your details are saved."))
            return redirect("accounts:profile")
    held = RoleAssignment.objects.live().filter(user=user).select_related("realm")
    return form_page(
        request,
        "accounts/profile.html",
        form,
        {
            "held": [(a, calendars.of(a.realm_id) if a.ends_at else None) for a in held],
            "roles": roles.ROLES,
        },
    )


@never_cache
@login_required
@recently_authenticated
def tokens(request: HttpRequest) -> HttpResponse:
    """One's API tokens. A new one's secret is shown on the answer to its making, never again."""
    user = _person(request)
    form = TokenForm(request.POST or None)
    secret, made = "", None
    if request.method == "POST" and form.is_valid():
        made, secret = services.create_token(user=user, by=user, **form.cleaned_data)
        form = TokenForm()
    held = ApiToken.objects.filter(user=user)[:100]
    rows = [(token, [meaning(scope) for scope in token.scopes]) for token in held]
    context = {"tokens": rows, "secret": secret, "made": made, "scopes": SCOPES, "at": now()}
    return form_page(request, "accounts/tokens.html", form, context)


@verb
def revoke_token(request: HttpRequest, pk: int) -> HttpResponse:
    """Make one of one's tokens useless."""
    token = ApiToken.objects.filter(user=_person(request), pk=pk).first()
    if token is None:
        raise Http404
    return act(
        request,
        lambda: services.revoke_token(token=token, by=_person(request)),
        success=say("The token is revoked."),
        to=reverse("accounts:tokens"),
    )


class RoleFilter(filters.FilterSet):
    """Narrow the roles by person, role and whether they are held now."""

    q = filters.Search(fields=["user__name", "user__email", "user__affiliation"])
    role = filters.ChoiceFilter(choices=roles.CHOICES, label=say("Role"))
    ended = filters.BooleanFilter(method="with_ended", label=say("Also those that ended"))

    class Meta:
        model = RoleAssignment
        fields: list[str] = []

    def with_ended(
        self, queryset: QuerySet[RoleAssignment], name: str, value: bool
    ) -> QuerySet[RoleAssignment]:
        """The base list already holds them; `people` leaves them out unless this is ticked."""
        return queryset


@login_required
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """Who holds which role in the programmes this person administers."""
    realms = administered(request)
    rows = RoleAssignment.objects.filter(realm__in=realms)
    if not request.GET.get("ended"):
        rows = rows.live()
    found = RoleFilter(request.GET, queryset=rows)
    page = paginate(
        request,
        found.qs,
        sort={"person": "user__name", "role": "role", "since": "starts_at"},
        default="person",
        then=_with_person,
    )
    table = Table(
        say("Roles"),
        PEOPLE,
        page,
        page,
        empty=say("Nobody holds a role yet."),
        hint=say("Give the first role, or bring many people by a list."),
        narrowed=found.applied,
    )
    return render(request, "accounts/people.html", {"page": page, "table": table, "filter": found})


def _with_person(rows: QuerySet[RoleAssignment]) -> QuerySet[RoleAssignment]:
    return rows.select_related("user", "realm").only(
        *("role", "seat", "starts_at", "ends_at", "realm__name"),
        *("user__name", "user__email", "user__affiliation"),
    )


def _holder(held: RoleAssignment) -> object:
    below = joined(" · ", (part for part in (held.user.email, held.user.affiliation) if part))
    return markup('{}<span class="meta">{}</span>', held.user, below)


def _end(held: RoleAssignment) -> object:
    if held.ends_at:
        return ""
    return markup(
        '<a href="{}">{}<span class="visually-hidden"> {}</span></a> · '
        '<a href="{}">{}<span class="visually-hidden"> {}</span></a> · '
        '<a href="{}">{}<span class="visually-hidden">: {}</span></a>',
        *(route_to("accounts:end", held.pk), say("End the role")),
        say("{role} of {person}", role=held, person=held.user),
        *(route_to("accounts:reset_factors", held.pk), say("Reset factors")),
        say("of {person}", person=held.user),
        *(route_to("accounts:leave", held.user_id), say("End the account"), held.user),
    )


def _until(held: RoleAssignment) -> object:
    return (
        cells.until(held.ends_at, calendars.of(held.realm_id), "date")
        if held.ends_at
        else say("Open")
    )


PEOPLE: tuple[Column[RoleAssignment], ...] = (
    Column(say("Person"), _holder, sort="person"),
    Column(say("Role"), str, sort="role"),
    Column(say("Programme"), lambda a: a.realm),
    Column(say("Since"), lambda a: cells.when(a.starts_at, "date"), sort="since"),
    Column(say("Until"), _until),
    Column(say("Action"), _end),
)


@login_required
def grant(request: HttpRequest) -> HttpResponse:
    """Give somebody a role; `realm` in the address is the programme one comes from."""
    realms = administered(request)
    alone = realms.get().slug if realms.count() == 1 else ""
    initial = {"realm": alone or request.GET.get("realm", "")}
    form = GrantForm(request.POST or None, by=_person(request), realms=realms, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        data["user"] = data.pop("person")
        done = attempt(form, lambda: services.grant_role(by=_person(request), **data))
        if done:
            messages.success(request, say("{user} is {done} now.", user=done.user, done=done))
            return redirect("accounts:people")
    return form_page(request, "accounts/grant.html", form)


@login_required
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a role, with its reason."""
    rows = RoleAssignment.objects.filter(realm__in=administered(request))
    assignment = rows.select_related("user", "realm").filter(pk=pk).first()
    if assignment is None:
        raise Http404
    form = forms.ReasonForm(request.POST or None, label=say("Why does the role end?"))
    if request.method == "POST" and form.is_valid():
        done = attempt(
            form,
            lambda: services.end_role(
                assignment=assignment, by=_person(request), **form.cleaned_data
            ),
        )
        if done:
            messages.success(
                request,
                say("{user} is {assignment} no more.", user=assignment.user, assignment=assignment),
            )
            return redirect("accounts:people")
    return form_page(request, "accounts/end.html", form, {"assignment": assignment})


def administered(request: HttpRequest) -> QuerySet[Realm]:
    """The realms the person administers; 404 for anyone else, who need not know of the page."""
    realms = queries.realms_where(request.user, roles.ADMINISTRATOR)
    if not queries.holds_anywhere(request.user, roles.ADMINISTRATOR):
        raise Http404
    return realms


def _person(request: HttpRequest) -> Any:
    return request.user
