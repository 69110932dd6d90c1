"""Cases held to an earlier version of a rule, and the later one offered to those they belong to."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from fellowship.accounts.queries import has_role
from fellowship.kernel.saying import say
from fellowship.web import cells
from fellowship.web.actions import act, form_verb, reason_of, verb
from fellowship.web.columns import Column, Table
from fellowship.web.shortcuts import visible_among, visible_or_404
from fellowship.web.tables import paginate
from governance import cases, services
from governance.forms.rulemaking import OfferForm
from governance.links import to
from governance.models import RuleAmendment, RulePin, RuleVersion
from governance.models.visibility import ROOM
from governance.policy import amendments as policy
from governance.views.common import person, posted
from governance.views.rules import changes, rule_or_404


def _kept(request: HttpRequest, pk: int) -> RuleVersion:
    """An adopted version, for those who enter the board room of its programme."""
    rule = rule_or_404(request, pk)
    if rule.version is None or not has_role(request.user, rule.program_id, *ROOM):
        raise Http404
    return rule


@login_required
def earlier(request: HttpRequest, pk: int) -> HttpResponse:
    """Running cases held to a version before this one."""
    rule, user = _kept(request, pk), person(request)
    page = paginate(
        request,
        cases.held_to_earlier(rule, user).order_by(),
        sort={"since": "pinned_at"},
        default="since",
    )
    pins = list(page)
    versions = RuleVersion.objects.only("kind", "version", "status").in_bulk(
        {pin.rule_version_id for pin in pins}
    )
    subjects = cases.subjects(pins)
    offers = has_role(user, rule.program_id, *policy.OFFERING)

    def case(pin: RulePin) -> object:
        subject: Any = subjects[pin.subject_type, pin.subject_id]
        return cells.link(subject.get_absolute_url(), str(subject), getattr(subject, "ref", ""))

    def offer(pin: Any) -> object:
        if pin.offered:
            return cells.tag(say("Offered"), "wait")
        return (
            cells.link(to("rule_offer", rule.pk, pin.pk), say("Offer it")) if offers else cells.NONE
        )

    columns: tuple[Column[RulePin], ...] = (
        Column(say("Case"), case),
        Column(say("Held to"), lambda pin: versions[pin.rule_version_id]),
        Column(say("Since"), lambda pin: cells.when(pin.pinned_at, "date"), sort="since"),
        Column(say("This version"), offer),
    )
    table = Table(
        say("Cases held to an earlier version"),
        columns,
        pins,
        page,
        empty=say("No running case is held to an earlier version."),
    )
    context = {"rule": rule, "table": table, "page": page}
    return render(request, "governance/rule_earlier.html", context)


@login_required
def offer(request: HttpRequest, pk: int, pin: int) -> HttpResponse:
    """Offer one case the later version."""
    rule, user = _kept(request, pk), person(request)
    rows = cases.held_to_earlier(rule, user).select_related("rule_version")
    found = rows.filter(pk=pin).first() if pin < 2**62 else None
    if found is None:
        raise Http404
    subject = cases.subject_of(found)
    party = cases.party_of(subject)
    form = OfferForm(posted(request))

    def call() -> RuleAmendment:
        return services.offer_amendment(
            pin=found, rule=rule, by=user, reason=form.cleaned_data["reason"]
        )

    return form_verb(
        request,
        form,
        call,
        template="governance/rule_offer.html",
        context=lambda: {
            "rule": rule,
            "held": found.rule_version,
            "subject": subject,
            "party": party,
            "refused": policy.may_offer(rule, found, subject, party, user),
            **changes(found.rule_version, rule),
        },
        to=to("rule_earlier", rule.pk),
        success=say("Offered. The case stays as it is unless they agree."),
    )


@login_required
def amendment(request: HttpRequest, pk: int) -> HttpResponse:
    """One offer: what it changes, and the answer."""
    user = person(request)
    related = ("program", "party", "offered_by", "from_rule", "to_rule", "answered_by")
    found = visible_or_404(RuleAmendment.objects.select_related(*related), user, pk=pk)
    subject = cases.subject_of(found)
    open_to = visible_among([subject], user)
    mine = found.party_id == user.pk and found.answered_at is None
    pin = RulePin.objects.filter(
        subject_type=found.subject_type, subject_id=found.subject_id, kind=found.kind
    ).first()
    context = {
        "amendment": found,
        "subject_url": subject.get_absolute_url() if open_to else "",
        "mine": mine,
        "may_agree": policy.may_answer(found, pin, user) if mine else None,
        "offer_withdraw": policy.may_withdraw(found, user) is None,
        **changes(found.from_rule, found.to_rule),
    }
    return render(request, "governance/rule_amendment.html", context)


def _answer(request: HttpRequest, pk: int, call: Any, success: str) -> HttpResponse:
    found = visible_or_404(RuleAmendment, request.user, pk=pk)
    return act(request, lambda: call(found), success=success, to=found.get_absolute_url())


@verb
def agree(request: HttpRequest, pk: int) -> HttpResponse:
    """Agree to the later version."""
    by = person(request)
    return _answer(
        request,
        pk,
        lambda found: services.agree_amendment(amendment=found, by=by),
        say("Agreed. From now on the later version applies."),
    )


@verb
def decline(request: HttpRequest, pk: int) -> HttpResponse:
    """Leave the case as it is."""
    by, reason = person(request), reason_of(request)
    return _answer(
        request,
        pk,
        lambda found: services.decline_amendment(amendment=found, by=by, reason=reason),
        say("Declined. Nothing changes."),
    )


@verb
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the offer back."""
    by, reason = person(request), reason_of(request)
    return _answer(
        request,
        pk,
        lambda found: services.withdraw_amendment(amendment=found, by=by, reason=reason),
        say("Taken back."),
    )
