"""Endpoints of other systems, and what they were sent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache

from fellowship.accounts.queries import holds_anywhere, realms_where
from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from fellowship.notices import policy, services
from fellowship.notices.forms import EndpointForm, ReplayForm
from fellowship.notices.models import Attempt, Delivery, Endpoint
from fellowship.notices.models.webhooks import KEEPERS, READERS
from fellowship.notices.states import DeliveryState
from fellowship.notices.webhooks import kinds, signing
from fellowship.notices.webhooks.posting import REDIRECTS
from fellowship.notices.webhooks.sending import ATTEMPTS
from fellowship.web import cells, filters
from fellowship.web.actions import act, attempt, form_page, form_verb, verb
from fellowship.web.columns import Column, Table
from fellowship.web.markup import markup
from fellowship.web.shortcuts import visible_or_404
from fellowship.web.tables import paginate

if TYPE_CHECKING:
    from fellowship.accounts.models import User

_TONES = {
    DeliveryState.WAITING: "warn",
    DeliveryState.DELIVERED: "good",
    DeliveryState.FAILED: "bad",
    DeliveryState.SUPERSEDED: "plain",
}


def _person(request: HttpRequest) -> User:
    return cast("User", request.user)


def _standing(endpoint: Any) -> object:
    if not endpoint.enabled:
        return cells.tag(say("Switched off"))
    if endpoint.given_up:
        return cells.tag(say("{given_up:,} failed", given_up=endpoint.given_up), "bad")
    if endpoint.waits:
        return cells.tag(say("{waits:,} waiting", waits=endpoint.waits), "warn")
    return cells.tag(say("Nothing waits"), "good")


ENDPOINTS: tuple[Column[Any], ...] = (
    Column(say("Endpoint"), lambda e: cells.link(e.get_absolute_url(), e.name, e.url), sort="name"),
    Column(say("Programme"), lambda e: e.realm),
    Column(say("Messages"), lambda e: joined(", ", map(kinds.label, e.kinds)) or cells.NONE),
    Column(say("State"), _standing),
)


@login_required
def endpoints(request: HttpRequest) -> HttpResponse:
    """The endpoints of one's programmes and whether their messages arrive."""
    if not holds_anywhere(request.user, *READERS):
        raise Http404
    page = paginate(
        request,
        Endpoint.objects.visible_to(_person(request)),
        sort={"name": "name"},
        default="name",
        then=_counted,
    )
    keeper = holds_anywhere(request.user, *KEEPERS)
    hint = (
        markup(
            '<a class="btn quiet" href="{}">{}</a>', reverse("webhooks:new"), say("Add an endpoint")
        )
        if keeper
        else say("An administrator or the data steward adds one.")
    )
    table = Table(
        say("Endpoints"), ENDPOINTS, page, page, empty=say("No system is told yet."), hint=hint
    )
    context = {"page": page, "table": table, "keeper": keeper}
    return render(request, "notices/endpoints.html", context)


def _counted(rows: QuerySet[Endpoint]) -> QuerySet[Endpoint]:
    def of(state: DeliveryState) -> Subquery:
        same = Delivery.objects.filter(endpoint=OuterRef("pk"), state=state).order_by()
        return Subquery(same.values("endpoint").annotate(n=Count("pk")).values("n"))

    return rows.select_related("realm").annotate(
        waits=of(DeliveryState.WAITING), given_up=of(DeliveryState.FAILED)
    )


@never_cache
@login_required
def new(request: HttpRequest) -> HttpResponse:
    """Set up an endpoint; its secret is shown once, on the page that follows."""
    realms = realms_where(request.user, *KEEPERS)
    if not holds_anywhere(request.user, *KEEPERS):
        raise Http404
    form = EndpointForm(request.POST or None, realms=realms)
    if request.method == "POST" and form.is_valid():
        made = attempt(
            form, lambda: services.add_endpoint(by=_person(request), **form.cleaned_data)
        )
        if made:
            return _with_secret(request, *made)
    return form_page(request, "notices/endpoint_form.html", form)


def _with_secret(request: HttpRequest, endpoint: Endpoint, secret: str) -> HttpResponse:
    request.session[_key(endpoint)] = secret
    return redirect(endpoint)


def _key(endpoint: Endpoint) -> str:
    return f"webhook_secret_{endpoint.pk}"


class DeliveryFilter(filters.FilterSet):
    """Deliveries by state, kind and day."""

    state = filters.ChoiceFilter(choices=DeliveryState.choices, label=say("State"))
    kind = filters.ChoiceFilter(choices=kinds.every(), label=say("Message"))
    since = filters.DateFilter(field_name="created_at", lookup_expr="date__gte", label=say("From"))
    until = filters.DateFilter(field_name="created_at", lookup_expr="date__lte", label=say("To"))

    class Meta:
        model = Delivery
        fields: list[str] = []


def _answer(one: Delivery | Attempt) -> str:
    """What came back: in the other side's words, in ours where none of theirs are kept."""
    ours = one.status is None or one.status in REDIRECTS
    return f"{one.status or ''} {say(one.answer) if ours else one.answer}".strip()


DELIVERIES: tuple[Column[Delivery], ...] = (
    Column(
        say("Message"),
        lambda d: cells.link(route_to("webhooks:delivery", d.pk), kinds.label(d.kind)),
    ),
    Column(say("State"), lambda d: cells.state(d.state, d.get_state_display(), _tone(d))),
    Column(say("Queued"), lambda d: cells.when(d.created_at)),
    Column(say("Attempts"), lambda d: f"{d.attempts:,}", num=True),
    Column(say("Last answer"), lambda d: _answer(d)[:80] or cells.NONE),
)


def _tone(delivery: Delivery) -> str:
    return _TONES[DeliveryState(delivery.state)]


@never_cache
@login_required
def endpoint(request: HttpRequest, ref: str) -> HttpResponse:
    """One endpoint and what it was sent."""
    found = visible_or_404(Endpoint.objects.select_related("realm"), request.user, ref=ref)
    rows = Delivery.objects.filter(endpoint=found).defer("body")
    narrowed = DeliveryFilter(request.GET, queryset=rows)
    page = paginate(request, narrowed.qs.order_by("-id"))
    secrets = list(found.secrets.all())
    context = {
        "it": found,
        "kinds": [kinds.label(kind) for kind in found.kinds],
        "page": page,
        "filter": narrowed,
        "table": Table(say("Messages"), DELIVERIES, page, page, empty=say("Nothing was sent yet.")),
        "secret": request.session.pop(_key(found), ""),
        "made": secrets[0].created_at if secrets else None,
        "overlap": next((s.until for s in secrets if s.until and s.until > now()), None),
        "keeps": policy.may_keep_endpoints(found.realm_id, _person(request)) is None,
    }
    return render(request, "notices/endpoint.html", context)


@login_required
def edit(request: HttpRequest, ref: str) -> HttpResponse:
    """Change where messages go and which."""
    found = _kept(request, ref)
    initial = {"name": found.name, "url": found.url, "kinds": found.kinds}
    form = EndpointForm(request.POST or None, initial=initial)
    return form_verb(
        request,
        form,
        lambda: services.change_endpoint(endpoint=found, by=_person(request), **form.cleaned_data),
        template="notices/endpoint_form.html",
        context=lambda: {"it": found},
        to=found.get_absolute_url(),
        success=say("Changed."),
    )


def _kept(request: HttpRequest, ref: str) -> Endpoint:
    """The endpoint, for who may change it; 404 for who may only read."""
    found = visible_or_404(Endpoint, request.user, ref=ref)
    if policy.may_keep_endpoints(found.realm_id, _person(request)):
        raise Http404
    return found


@verb
def send_test(request: HttpRequest, ref: str) -> HttpResponse:
    """Queue a test message."""
    found = visible_or_404(Endpoint, request.user, ref=ref)
    return act(
        request,
        lambda: services.send_test(endpoint=found, by=_person(request)),
        success=say("A test message is queued; it goes out within half a minute."),
        to=found.get_absolute_url(),
    )


@verb
def rotate(request: HttpRequest, ref: str) -> HttpResponse:
    """Make a new signing secret and show it once."""
    found = visible_or_404(Endpoint, request.user, ref=ref)
    secret = services.rotate_secret(endpoint=found, by=_person(request))
    messages.success(
        request, say("The new secret is in use; the old one works for a day beside it.")
    )
    return _with_secret(request, found, secret)


@verb
def switch(request: HttpRequest, ref: str) -> HttpResponse:
    """Stop sending to the endpoint, or start again."""
    found = visible_or_404(Endpoint, request.user, ref=ref)
    enabled = request.POST.get("enabled") == "yes"
    return act(
        request,
        lambda: services.switch_endpoint(endpoint=found, enabled=enabled, by=_person(request)),
        success=say("Switched on.") if enabled else say("Switched off. What waits is kept."),
        to=found.get_absolute_url(),
    )


@login_required
def replay(request: HttpRequest, ref: str) -> HttpResponse:
    """Send what was queued in a period again."""
    found = _kept(request, ref)
    form = ReplayForm(request.POST or None)
    return form_verb(
        request,
        form,
        lambda: services.replay(endpoint=found, by=_person(request), **form.cleaned_data),
        template="notices/replay.html",
        context=lambda: {"it": found},
        to=found.get_absolute_url(),
        success=say("They are queued again and go out within half a minute."),
    )


@login_required
def delivery(request: HttpRequest, pk: int) -> HttpResponse:
    """One message: what it says, how often it was tried, what came back."""
    rows = Delivery.objects.select_related("endpoint__realm")
    found = visible_or_404(rows, request.user, pk=pk)
    context = {
        "it": found,
        "kind": kinds.label(found.kind),
        "tone": _tone(found),
        "body": json.dumps(json.loads(found.body), indent=2, ensure_ascii=False),
        "limit": ATTEMPTS,
        "answer": _answer(found),
        "tries": [(one, _answer(one)) for one in found.tries.all()[:50]],
        "headers": signing.NAMES,
        "may_send": policy.may_send_again(found, _person(request)),
        "again_url": reverse("webhooks:send_again", args=[found.pk]),
    }
    return render(request, "notices/delivery.html", context)


@verb
def send_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Send one message again, under its own id."""
    found = visible_or_404(Delivery.objects.select_related("endpoint"), request.user, pk=pk)
    return act(
        request,
        lambda: services.send_again(delivery=found, by=_person(request)),
        success=say("It is queued again and goes out within half a minute."),
        to=reverse("webhooks:delivery", args=[found.pk]),
    )
