"""The export of a scope of the record, from the audit room: asked for, made, taken."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from fellowship.accounts.models import User
from fellowship.accounts.stepup import confirming, recently_authenticated
from fellowship.history import keys
from fellowship.kernel.refusals import refuse
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from fellowship.web import verbs
from fellowship.web.actions import form_page
from fellowship.web.ranges import starts_anew
from fellowship.web.tables import paginate
from oversight import looks, policy, services
from oversight.audit import scope as scopes
from oversight.audit.scope import Scope
from oversight.audit_forms import ExportForm, carried
from oversight.export import handing, making
from oversight.models import Extract
from oversight.views.audit import audited, pages, program_of


@recently_authenticated
@audited
def export(request: HttpRequest, program: Program) -> HttpResponse:
    """The form, filled from a scope in the address, and the exports asked for so far."""
    form = ExportForm(program, request.POST or None, initial=carried(request.GET))
    if request.method == "POST" and form.is_valid():
        return redirect(_asked(request, program, form).get_absolute_url())
    user: Any = request.user
    rows = Extract.objects.visible_to(user).filter(program=program).select_related("person")
    page = paginate(request, rows, per_page=25)
    context = {
        "program": program,
        "links": pages(program),
        "page": page,
        "made": [(extract, words_of(extract)) for extract in page],
        "at": now(),
    }
    return form_page(request, "oversight/export.html", form, context)


def _asked(request: HttpRequest, program: Program, form: ExportForm) -> Extract:
    """Ask for the export; a small one is made while the person waits."""
    user: Any = request.user
    scope = Scope.of(program, user, **form.asked())
    extract = services.ask_export(
        program=program,
        scope={**scope.said(), "as_of": form.cleaned_data["as_of"]},
        file_format=form.cleaned_data["file_format"],
        by=user,
    )
    if making.is_small(scope):
        making.make(extract, tell=False)
    else:
        messages.success(request, say("The export is being made. You are told when it is ready."))
    return extract


@audited
@require_safe
def extract(request: HttpRequest, program: Program, pk: int) -> HttpResponse:
    """One export: how far it is, what is in it, how to take and to verify it."""
    found = _one(request.user, program, pk)
    at = now()
    waiting = not (found.made_at or found.failed_at)
    if waiting:
        # Nothing of the record is shown yet, and the page asks again every few seconds.
        request.look_recorded = True  # type: ignore[attr-defined]
    context = {
        "program": program,
        "links": pages(program),
        "extract": found,
        "words": words_of(found),
        "waiting": waiting,
        "progress": making.progress(found) if waiting else None,
        "refusal": None if waiting else policy.may_take_export(found, request.user, at),
        "key": keys.verifier(),
        "again": f"{reverse('oversight:export', args=[program.slug])}",
    }
    return render(request, "oversight/extract.html", context)


@require_safe
@confirming
def download(request: HttpRequest, slug: str, pk: int) -> HttpResponseBase:
    """The file, whole or from where an earlier download broke off; each taking is recorded."""
    if not request.user.is_authenticated:
        raise Http404
    program = program_of(request, slug)
    found = _one(request.user, program, pk)
    if starts_anew(request):
        refuse(policy.may_take_export(found, request.user, now()))
        looks.record(request, program, {"page": "export", "export": found.pk})
    return handing.hand_out(request, found)


def _one(user: Any, program: Program, pk: int) -> Extract:
    rows = Extract.objects.visible_to(user).filter(program=program, pk=min(pk, 2**62))
    found: Extract | None = rows.select_related("person", "program__realm").first()
    if found is None:
        raise Http404
    return found


def words_of(extract: Extract) -> list[tuple[str, Any]]:
    """What was asked for, in words: instants as instants, everything else as text."""
    said = dict(extract.scope)
    found: list[tuple[str, Any]] = []
    for key, word in (("from", say("from")), ("to", say("earlier than")), ("as_of", say("as of"))):
        if value := said.pop(key, None):
            found.append((word, dt.datetime.fromisoformat(value)))
    if actors := said.pop("actors", None):
        people = [str(one) for one in User.objects.filter(pk__in=actors).order_by("name")]
        found.append((say("done by"), joined(say(" or "), people)))
    whole = said.pop("whole_case", False)
    names = {**dict(scopes.kinds()), **verbs.known()}
    for key, value in said.items():
        several = value if isinstance(value, list) else [value]
        text = joined(say(" or "), (str(names.get(one, one)) for one in several))
        if whole and key == "reference":
            text = say("{text}, the whole case", text=text)
        found.append((_SHORT.get(key, str(key)), text))
    return found


_SHORT: Final = {
    "kinds": say("about"),
    "verbs": say("with the act"),
    "reference": say("with the reference"),
    "words": say("with the words"),
}
