"""The scope of work: versions, document, difference, drafting, offering, signing."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_safe

from fellowship.history.queries import timeline
from fellowship.kernel.saying import say
from fellowship.web import files, forms, pdf
from fellowship.web.actions import act, attempt, form_page, form_verb, verb
from governance.standing import board_due
from scoping import casefile, document, frame, paper, policy, routes, services
from scoping.forms import SignForm
from scoping.models import Fellowship, ScopeOfWork
from scoping.scope_forms import AmendForm, ScopeForm
from scoping.sections import CLAUSES, cite
from scoping.standing import of_scope
from scoping.states import Route, ScopeState

NO_PDF = say(
    "This installation cannot make PDFs: the library Pango is missing. Print “The document alone” "
    "from the browser instead, or save the HTML file."
)
form_methods = require_http_methods(["GET", "HEAD", "POST"])


@login_required
@require_safe
def scopes(request: HttpRequest, ref: str) -> HttpResponse:
    """Every version, what each changed, and what may be done next."""
    case = frame.load(request, ref)
    file = casefile.of(case)
    file.sign(*file.scopes)
    context = frame.context(
        request, case, file=file, may_amend=policy.may_amend(case, _me(request))
    )
    return render(request, "scoping/scopes.html", context)


@login_required
@require_safe
def scope(request: HttpRequest, ref: str, number: int) -> HttpResponse:
    """One version as a document, with its signatures and what may be done with it."""
    case, found = _version(request, ref, number)
    before = _before(case, found)
    user = _me(request)
    drafted = found.state == ScopeState.DRAFT
    open_version = found.state in (ScopeState.DRAFT, ScopeState.OFFERED, ScopeState.WITH_BOARD)
    context = _paper(request, case, found) | {
        "before": before,
        "standing": of_scope(
            found,
            casefile.of(case).all_clocks if found.state == ScopeState.OFFERED else (),
            board_due(found) if found.state == ScopeState.WITH_BOARD else None,
            since=first.at if (first := timeline(found).last()) else None,
        ),
        "changes": routes.changes(before, found) if before else [],
        "routed": policy.route_of(found) if drafted else None,
        "remarks": policy.remarks(found) if drafted else [],
        "open_version": open_version,
        "can_pdf": pdf.available(),
        "may_edit": policy.may_edit(found, user),
        "may_offer": policy.may_offer(found, user) if open_version else None,
        "may_sign": policy.may_sign(found, user) if open_version else None,
        "may_withdraw": policy.may_withdraw(found, user) if open_version else None,
    }
    return render(request, "scoping/scope.html", context)


@login_required
@require_safe
def printed(request: HttpRequest, ref: str, number: int) -> HttpResponse:
    """The document alone, for paper and for people outside."""
    case, found = _version(request, ref, number)
    return render(request, "scoping/print.html", _paper(request, case, found))


@login_required
@require_safe
def saved(request: HttpRequest, ref: str, number: int) -> HttpResponse:
    """The document as one HTML file that opens anywhere, for saving."""
    _, found = _version(request, ref, number)
    return as_file(found, "html")


@login_required
@require_safe
def as_pdf(request: HttpRequest, ref: str, number: int) -> HttpResponse:
    """The document as a PDF, for saving; where it cannot be made, the page says what to do."""
    _, found = _version(request, ref, number)
    try:
        return as_file(found, "pdf")
    except pdf.Unavailable:
        messages.warning(request, NO_PDF)
        return redirect(found)


def as_file(found: ScopeOfWork, ending: str) -> HttpResponse:
    """The document for saving, as `html` or `pdf`. Raises `pdf.Unavailable`."""
    as_html = ending == "html"
    content = paper.html(found).encode() if as_html else paper.as_pdf(found)
    mime = "text/html; charset=utf-8" if as_html else "application/pdf"
    response = HttpResponse(content, content_type=mime)
    name = paper.name(found, ending)
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["Content-Security-Policy"] = files.SANDBOX
    response["Cache-Control"] = "private, no-store"
    return response


@login_required
@require_safe
def compare(request: HttpRequest, ref: str, number: int, other: int) -> HttpResponse:
    """Two versions, clause by clause, word by word."""
    case, found = _version(request, ref, number)
    old = _numbered(case, other)
    context = frame.context(
        request,
        case,
        scope=found,
        old=old,
        texts=document.changes(old, found),
        changes=routes.changes(old, found),
    )
    return render(request, "scoping/compare.html", context)


@verb
def draft(request: HttpRequest, ref: str) -> HttpResponse:
    """Write a version from the accepted proposal."""
    case = frame.load(request, ref)
    return act(
        request,
        lambda: services.draft_scope(fellowship=case, by=_me(request)),
        success=say("A draft was written from the accepted proposal."),
        to=lambda made: reverse("scoping:edit", args=[case.ref, made.number]),
    )


@login_required
@form_methods
def edit(request: HttpRequest, ref: str, number: int) -> HttpResponse:
    """Change the clauses of a draft."""
    case, found = _version(request, ref, number)
    form = ScopeForm(frame.posted(request), scope=found)
    return form_verb(
        request,
        form,
        lambda: services.edit_scope(scope=found, changes=form.changes(), by=_me(request)),
        template="scoping/edit.html",
        context=lambda: frame.context(
            request,
            case,
            scope=found,
            refusal=policy.may_edit(found, _me(request)),
            remarks=policy.remarks(found),
            sources=[(cite(key), found.sources[key]) for key in CLAUSES if key in found.sources],
        ),
        to=ScopeOfWork.get_absolute_url,
    )


@login_required
@form_methods
def amend(request: HttpRequest, ref: str) -> HttpResponse:
    """Ask for a change, from either side: first which way it takes and why, then send it.

    What is sent is what was shown with its route: after another edit it is shown anew.
    """
    case = frame.load(request, ref)
    file = casefile.of(case)
    base = file.signed or (file.scopes[0] if file.scopes else None)
    if base is None:
        raise Http404
    form, user, routed = AmendForm(frame.posted(request), scope=base), _me(request), None
    if request.method == "POST" and form.is_valid():
        asked: dict[str, Any] = {"changes": form.changes(), "over": form.cleaned_data["over"]}
        if request.POST.get("shown") == form.fingerprint():
            reason = form.cleaned_data["reason"]
            made = attempt(
                form, lambda: services.amend(fellowship=case, by=user, reason=reason, **asked)
            )
            if made is not None:
                messages.success(request, _sent(made))
                return redirect(made.get_absolute_url())
        else:
            routed = attempt(form, lambda: services.preview(case, by=user, **asked))
    context = frame.context(
        request,
        case,
        scope=base,
        pending=file.pending,
        routed=routed,
        fingerprint=form.fingerprint() if routed else "",
        refusal=policy.may_amend(case, user),
    )
    return form_page(request, "scoping/amend.html", form, context)


def _sent(made: ScopeOfWork) -> str:
    if made.route == Route.AT_ONCE:
        return say("Version {number} is in force. The other side was told.", number=made.number)
    return say(
        "Version {number} is drafted; the programme manager offers it for signature.",
        number=made.number,
    )


@verb
def offer(request: HttpRequest, ref: str, number: int) -> HttpResponse:
    """Put a draft forward for signature, or before the board where it widens too far."""
    _, found = _version(request, ref, number)
    made = services.offer_scope(scope=found, by=_me(request))
    return act(request, lambda: made, success=_OFFERED[made.route], to=made.get_absolute_url())


_OFFERED: dict[str, str] = {
    Route.FIRST: say("Offered. Both sides are asked to sign."),
    Route.SIGNATURES: say("Offered. Both sides are asked to sign."),
    Route.BOARD: say("It goes to the board first: it allows more than the signed version."),
    Route.AT_ONCE: say("It only allows less, so it is in force. The other side was told."),
}


@login_required
@form_methods
def sign(request: HttpRequest, ref: str, number: int) -> HttpResponse:
    """Check what is signed, then sign it."""
    case, found = _version(request, ref, number)
    user = _me(request)
    form = SignForm(frame.posted(request), initial={"text_hash": found.text_hash})
    return form_verb(
        request,
        form,
        lambda: services.sign_scope(scope=found, text_hash=form.cleaned_data["text_hash"], by=user),
        template="scoping/sign.html",
        context=lambda: (
            _paper(request, case, found)
            | {
                "before": (before := _before(case, found)),
                "changes": routes.changes(before, found) if before else [],
                "refusal": policy.may_sign(found, user),
                "side": policy.side_of(case, user),
            }
        ),
        to=found.get_absolute_url(),
        success=say("You signed version {number}.", number=found.number),
    )


@verb
def withdraw(request: HttpRequest, ref: str, number: int) -> HttpResponse:
    """Take a version back before both have signed."""
    case, found = _version(request, ref, number)
    reason = forms.ReasonForm(request.POST)
    if not reason.is_valid():
        context = frame.context(request, case, scope=found)
        return form_page(request, "scoping/withdraw.html", reason, context)
    return act(
        request,
        lambda: services.withdraw_scope(scope=found, by=_me(request), **reason.cleaned_data),
        success=say("Version {number} is withdrawn.", number=number),
        to=reverse("scoping:scopes", args=[case.ref]),
    )


def _paper(request: HttpRequest, case: Fellowship, found: ScopeOfWork) -> dict[str, Any]:
    return frame.context(
        request,
        case,
        scope=found,
        document=list(document.read(found)),
        signatures=list(found.signatures.all()),
        intact=document.is_intact(found),
    )


def _version(request: HttpRequest, ref: str, number: int) -> tuple[Fellowship, ScopeOfWork]:
    case = frame.load(request, ref)
    found = _numbered(case, number)
    casefile.of(case).sign(found)
    return case, found


def _numbered(case: Fellowship, number: int) -> ScopeOfWork:
    found = next((s for s in casefile.of(case).scopes if s.number == number), None)
    if found is None:
        raise Http404
    return found


def _before(case: Fellowship, found: ScopeOfWork) -> ScopeOfWork | None:
    """The version it amends, else the one in force before it."""
    if found.amends_id:
        return _numbered(case, found.amends.number) if found.amends else None
    return None


def _me(request: HttpRequest) -> Any:
    return request.user
