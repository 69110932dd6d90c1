"""One matter: its pages for the room and for parties, and the board’s verbs."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from fellowship.accounts.alike import read_for
from fellowship.accounts.models import Conflict
from fellowship.accounts.stepup import recently_authenticated
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.web.actions import act, attempt, reason_of, verb
from fellowship.web.items import Link
from governance import ballot_box, docket, dossiers, services, standing
from governance.forms.matters import DeclareForm, RecordForm
from governance.links import to
from governance.models import (
    Decision,
    Matter,
)
from governance.policy import board as policy
from governance.services.telling import FOR_PARTIES
from governance.states import LIVE_MATTER
from governance.views.common import person, posted, room_links
from governance.views.replies import ways
from governance.views.room import (
    TONES,
    _asked,
    ballot_of,
    conditions_of,
    declare_page,
    is_inside,
    must_declare,
    name_rules,
    room_of,
    url_of,
    vote_form,
)

RELATED = ("program", "ballot", "decision__decided_by", "referred_by")


@login_required
def detail(request: HttpRequest, ref: str) -> HttpResponse:
    """The room's page for those who may read the dossier; for parties, the public face."""
    matter = _matter(request, ref)
    if not is_inside(matter):
        return _public(request, matter)
    return room_of(request, matter)


@login_required
def declare(request: HttpRequest, ref: str) -> HttpResponse:
    """Conflicts before content, and any time after."""
    matter = _opened(request, ref)
    form = DeclareForm(posted(request))
    if request.method == "POST" and form.is_valid():
        done = attempt(
            form,
            lambda: services.recuse(matter=matter, by=person(request), **form.cleaned_data),
        )
        if done and done.kind == Conflict.Kind.NONE:
            return redirect(to("matter", matter.ref))
        if done:
            messages.success(request, say("Recorded. The matter is closed to you from now on."))
            return redirect(to("docket"))
    return declare_page(request, matter, form)


@login_required
@require_POST
@recently_authenticated
def vote(request: HttpRequest, ref: str) -> HttpResponse:
    """Cast or change the vote of one's seat."""
    matter = _opened(request, ref)
    ballot = ballot_of(matter)
    form = vote_form(matter, ballot, request.POST)
    if form.is_valid():
        done = attempt(
            form,
            lambda: services.cast_vote(matter=matter, by=person(request), **form.values()),
        )
        if done:
            return _after_vote(request, matter)
    return room_of(request, matter, vote_form=form)


@login_required
@require_POST
@recently_authenticated
def record(request: HttpRequest, ref: str) -> HttpResponse:
    """Close the ballot and perform what it decided."""
    matter = _opened(request, ref)
    form = RecordForm(request.POST)
    if form.is_valid():
        decision = attempt(
            form,
            lambda: services.record_decision(
                matter=matter, by=person(request), **form.cleaned_data
            ),
        )
        if decision:
            label = decision.get_outcome_display()
            messages.success(
                request, say("{label}. The letter is out and the decision has effect.", label=label)
            )
            return redirect(to("matter", matter.ref))
    return room_of(request, matter, record_form=form)


@verb
@recently_authenticated
def reaffirm(request: HttpRequest, ref: str) -> HttpResponse:
    """Say that one's vote holds for the text as it stands now."""
    matter = _opened(request, ref)
    return act(
        request,
        lambda: services.reaffirm_vote(matter=matter, by=person(request)),
        success=say("Your vote is reaffirmed on the text as it stands now."),
        to=to("matter", matter.ref),
    )


@verb
def reseal(request: HttpRequest, ref: str) -> HttpResponse:
    """Seal the dossier anew, with what changed."""
    matter = _matter(request, ref)
    return act(
        request,
        lambda: services.reseal_dossier(
            matter=matter, by=person(request), reason=reason_of(request)
        ),
        success=say(
            "Sealed anew. Those who had voted are asked to reaffirm, and the time begins anew."
        ),
        to=to("matter", matter.ref),
    )


@login_required
def dossier(request: HttpRequest, ref: str, number: int) -> HttpResponse:
    """One version of the dossier as it was sealed, and what it changed."""
    matter = _opened(request, ref)
    user, ballot = person(request), ballot_of(matter)
    if must_declare(matter, user, ballot_box.seat_for(ballot, user) if ballot else None):
        return redirect(to("matter", matter.ref))
    sealed = list(matter.dossiers.filter(number__in=(number - 1, number)))
    if not sealed or sealed[-1].number != number:
        raise Http404
    reads = dossiers.read_by(user, matter)
    bodies = [reads(one.body) for one in sealed]
    context = {
        "matter": matter,
        "dossier": sealed[-1],
        "sections": dossiers.sections(bodies[-1]),
        "changes": dossiers.changes(bodies[0], bodies[-1]) if number > 1 else None,
        "links": room_links(),
    }
    return render(request, "governance/dossier.html", context)


@verb
def return_(request: HttpRequest, ref: str) -> HttpResponse:
    """Give the matter back undecided."""
    matter = _opened(request, ref)
    return act(
        request,
        lambda: services.return_matter(
            matter=matter, by=person(request), reason=reason_of(request)
        ),
        success=say("Returned without a decision."),
        to=to("matter", matter.ref),
    )


@verb
def withdraw(request: HttpRequest, ref: str) -> HttpResponse:
    """Take the matter back."""
    matter = _matter(request, ref)
    return act(
        request,
        lambda: services.withdraw_matter(
            matter=matter, by=person(request), reason=reason_of(request)
        ),
        success=say("Withdrawn. The votes cast stay sealed."),
        to=to("matter", matter.ref),
    )


# --- who sees what ---------------------------------------------------------------------------


def _matter(request: HttpRequest, ref: str) -> Matter:
    found = _known(person(request), now(), ref) if "\x00" not in ref else ()
    if not found:
        raise Http404
    matter: Matter = found[0]
    return matter


@read_for
def _known(user: Any, at: dt.datetime, ref: str) -> QuerySet[Matter]:
    """The matter of which the person may know, and whether its inside is open to them."""
    rows = Matter.objects.select_related(*RELATED).with_inside(user)
    return rows.visible_to(user).filter(ref=ref).order_by()


def _opened(request: HttpRequest, ref: str) -> Matter:
    """A matter whose dossier the person may read; a party learns no more than a stranger."""
    matter = _matter(request, ref)
    if not is_inside(matter):
        raise Http404
    return matter


def _after_vote(request: HttpRequest, matter: Matter) -> HttpResponse:
    """Back to the matter, with the way to the next one that waits."""
    following = docket.to_vote(person(request)).exclude(pk=matter.pk).first()
    text = say("Your vote is recorded, and sealed until the ballot closes.")
    if following and "next" in request.POST:
        messages.success(request, say("{text} This is the next matter.", text=text))
        return redirect(to("matter", following.ref))
    messages.success(request, text)
    return redirect(to("matter", matter.ref))


# --- the parties' face -----------------------------------------------------------------------


def _public(request: HttpRequest, matter: Matter) -> HttpResponse:
    """What a party may know: the question, where it stands, the letter, the conditions."""
    name_rules(matter)
    decision: Decision | None = getattr(matter, "decision", None)
    ballot = ballot_of(matter)
    referrer = matter.referred_by_id == person(request).pk
    after = ways(matter, decision, person(request), party=True) if decision else None
    context = {
        "matter": matter,
        "label": docket.kind_label(matter.kind),
        "live": matter.state in LIVE_MATTER,
        "decision": decision,
        "asked": _asked(None, decision),
        "how": say("How it was decided") if decision else say("How it is decided"),
        "tone": TONES[decision.outcome] if decision else "wait",
        "conditions": conditions_of(decision) if decision else None,
        "ways": after,
        "rule": ballot.rule_version if ballot else None,
        "rule_words": docket.rule_words(ballot.params) if ballot else [],
        "silence": FOR_PARTIES,
        "standing": after.standing(matter) if after else standing.of_matter(matter),
        "subject_url": url_of(matter, person(request)),
        "offer_withdraw": referrer and policy.may_withdraw(matter, person(request)) is None,
        "crumbs": [Link(say("My work"), "/"), Link(matter.ref, to("matter", matter.ref))],
    }
    return render(request, "governance/matter_public.html", context)
