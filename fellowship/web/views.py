"""Home, health, and the switches of the layout."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponsePermanentRedirect,
    JsonResponse,
)
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.views.decorators.http import require_GET, require_POST, require_safe

from fellowship.kernel import health, saying, time
from fellowship.web import guides, landing, onward, sources, work
from fellowship.web.context import KEYS_COOKIE, SCHEME_COOKIE, SCHEMES

_YEAR = 365 * 24 * 3600


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The person's own work; for visitors, what this is and which calls are open."""
    now = time.now()
    if not request.user.is_authenticated:
        calls = landing.open_calls(now)
        context = {"calls": calls[: work.AT_MOST], "more": len(calls[work.AT_MOST :])}
        return render(request, "web/landing.html", context)
    mine = work.of(request.user, now, whole=request.GET.get("show") == "all")
    first = request.user.is_superuser and sources.is_empty_to(request.user)
    context = {
        "work": mine,
        "overdue": mine.overdue(now),
        "first": first,
        "tours": guides.mine(request.user),
    }
    return render(request, "web/home.html", context)


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process is up; nothing else is asked."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Whether this process can serve, part by part: 503 where it cannot; degraded serves."""
    parts = health.state()
    return JsonResponse(parts, status=503 if parts["status"] == "not ready" else 200)


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep the colour scheme chosen by hand in a cookie; an empty choice follows the device."""
    chosen = request.POST.get("scheme", "")
    response = redirect(_back(request))
    if chosen in SCHEMES:
        _keep(response, SCHEME_COOKIE, chosen)
    else:
        response.delete_cookie(SCHEME_COOKIE)
    return response


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Keep the language a visitor chose in a cookie; who is signed in has it in their details."""
    response = redirect(_back(request))
    if chosen := saying.offered(request.POST.get("language", "")):
        _keep(response, settings.LANGUAGE_COOKIE_NAME, chosen)
    return response


@login_required
def keys(request: HttpRequest) -> HttpResponse:
    """The keyboard shortcuts, and the switch that turns the single-key ones off."""
    if request.method != "POST":
        return render(request, "web/keys.html")
    response = redirect("web:keys")
    if request.POST.get("keys") == "off":
        _keep(response, KEYS_COOKIE, "off")
    else:
        response.delete_cookie(KEYS_COOKIE)
    return response


@require_GET
def robots(request: HttpRequest) -> HttpResponse:
    """Only the public pages are for search engines."""
    lines = ["User-agent: *", "Allow: /$", "Allow: /calls/", "Disallow: /"]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@require_GET
def favicon(request: HttpRequest) -> HttpResponsePermanentRedirect:
    """Browsers that ask at the old address."""
    return HttpResponsePermanentRedirect(static("favicon.svg"))


def may_show_components() -> bool:
    """The component page is for those who build pages."""
    shown = (getattr(settings, name, False) for name in ("SHOW_COMPONENTS", "DEMO"))
    return bool(settings.DEBUG or any(shown))


def refuse_components() -> None:
    """404 where the component page is not shown."""
    if not may_show_components():
        raise Http404


def _back(request: HttpRequest) -> str:
    """Where the person came from, if that is ours."""
    return onward.ours(request, request.POST.get("next", "")) or "/"


def _keep(response: HttpResponse, name: str, value: str) -> None:
    response.set_cookie(
        name, value, _YEAR, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
    )
