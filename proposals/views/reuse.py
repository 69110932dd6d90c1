"""Taking over what one wrote before: choose a proposal, compare, choose its sections."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from fellowship.kernel.saying import say
from fellowship.web.actions import form_verb
from fellowship.web.shortcuts import visible_or_404
from fellowship.web.tables import paginate
from proposals import reuse, services
from proposals.forms import ReuseForm
from proposals.models import Draft
from proposals.queries import with_title
from proposals.views.applicant import own, person, writable


@login_required
@require_safe
def choose(request: HttpRequest, ref: str) -> HttpResponse:
    """One's earlier proposals that hold any text."""
    proposal = writable(request, ref)
    drafted = Exists(Draft.objects.filter(proposal=OuterRef("pk")).exclude(answers={}))
    rows = own(request).exclude(pk=proposal.pk).filter(Q(version__gte=1) | drafted)
    page = paginate(request, with_title(rows), per_page=20)
    return render(request, "proposals/reuse.html", {"proposal": proposal, "page": page})


@login_required
def take(request: HttpRequest, ref: str, source: str) -> HttpResponse:
    """The sections of one earlier proposal beside the draft's; those chosen are taken over."""
    proposal = writable(request, ref)
    other = visible_or_404(with_title(own(request)), request.user, ref=source)
    parts = reuse.parts(proposal, other)
    titles = {part.section.key: part.section.title for part in parts}
    form = ReuseForm(request.POST if request.method == "POST" else None, parts=titles)
    return form_verb(
        request,
        form,
        lambda: services.take_over(
            proposal=proposal, source=other, parts=form.chosen(), by=person(request)
        ),
        template="proposals/reuse_parts.html",
        context=lambda: {
            "proposal": proposal,
            "source": other,
            "parts": [(part, form[f"take-{part.section.key}"]) for part in parts],
        },
        to=reverse("proposals:edit", args=[ref]),
        success=say(
            "Taken over from {ref}. Read it again: it was written for another proposal.",
            ref=other.ref,
        ),
    )
