"""The release certificate for anybody: page, files, citations, and checking one."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_safe

from fellowship.history.models import Event
from fellowship.kernel.saying import say
from fellowship.web import files, pdf
from fellowship.web.actions import form_page
from fellowship.web.shortcuts import visible_among
from publications import citations
from publications.certificate import checking, facts, paper
from publications.forms.certificates import CheckForm
from publications.models import Publication

NO_PDF = say(
    "This installation cannot make PDFs: the library Pango is missing. Print this page from the "
    "browser instead, or save the HTML file."
)


def _released(ref: str) -> Publication:
    """The released work; 404 for one that is not released and for one that is not there alike."""
    found = facts.released(ref)
    if found is None:
        raise Http404
    return found


@require_safe
def page(request: HttpRequest, ref: str) -> HttpResponse:
    """The certificate and independence statement, and what was recorded since."""
    publication = _released(ref)
    event = (
        Event.objects.filter(
            verb="publications.release",
            subject_type=Publication._meta.label_lower,
            subject_id=publication.pk,
        )
        .order_by("id")
        .first()
    )
    context = {
        **paper.context(publication),
        "event": event,
        "outcomes": publication.outcomes.all(),
        "can_pdf": pdf.available(),
        "sees_work": bool(visible_among([publication], request.user)),
        "bibtex": citations.bibtex(publication, _address(request, publication)),
        "citations": list(citations.FILES),
    }
    return render(request, "publications/certificate.html", context)


@require_safe
def saved(request: HttpRequest, ref: str, ending: str) -> HttpResponse:
    """The certificate as a file: `json` (the facts, canonical), `html` or `pdf`."""
    publication = _released(ref)
    if ending == "json":
        content = facts.text(facts.body(publication))
        return _file(content, paper.name(publication, ending), "application/json")
    if ending == "html":
        content = paper.html(publication).encode()
        return _file(content, paper.name(publication, ending), "text/html; charset=utf-8")
    if ending != "pdf":
        raise Http404
    try:
        content = paper.as_pdf(publication)
    except pdf.Unavailable:
        messages.warning(request, NO_PDF)
        return redirect("publications:certificate", publication.ref)
    return _file(content, paper.name(publication, ending), "application/pdf")


@require_safe
def citation(request: HttpRequest, ref: str, name: str) -> HttpResponse:
    """How the work is cited, as CITATION.cff, CSL-JSON or BibTeX."""
    publication = _released(ref)
    if name not in citations.FILES:
        raise Http404
    write, mime = citations.FILES[name]
    content = write(publication, _address(request, publication)).encode()
    return _file(content, name, f"{mime}; charset=utf-8")


@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """Hold a certificate's file against the record."""
    posted = request.method == "POST"
    form = CheckForm(request.POST if posted else None, request.FILES if posted else None)
    verdict = None
    if posted and form.is_valid():
        verdict = checking.check(form.content())
        if verdict.problem:
            form.add_error(None, verdict.problem)
            verdict = None
    return form_page(request, "publications/certificate_check.html", form, {"verdict": verdict})


def _address(request: HttpRequest, publication: Publication) -> str:
    return request.build_absolute_uri(reverse("publications:certificate", args=[publication.ref]))


def _file(content: bytes, name: str, mime: str) -> HttpResponse:
    response = HttpResponse(content, content_type=mime)
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["Content-Security-Policy"] = files.SANDBOX
    response["Cache-Control"] = "no-store"
    return response
