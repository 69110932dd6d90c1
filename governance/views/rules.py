"""The rules: what is in force, every version, how they differ, and drafting the next."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from fellowship.accounts import roles
from fellowship.accounts.queries import has_role
from fellowship.kernel.refusals import Refused
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from fellowship.web.actions import act, attempt, form_page, verb
from governance import cases, founding, parameters, rulemaking, services
from governance import rules as rulebook
from governance.forms.rules import OnDateForm, RuleForm, RuleKindForm
from governance.models import Matter, RuleAcknowledgement, RuleVersion
from governance.models.visibility import ROOM
from governance.policy import rulemaking as rulemaking_policy
from governance.policy import rules as policy
from governance.states import RuleKind, RuleStatus
from governance.views.common import person, posted, programs_of, start_of

PUBLIC = (
    RuleKind.FELLOWSHIP_POLICY,
    RuleKind.PUBLICATION_POLICY,
    RuleKind.DATA_HANDLING,
    RuleKind.REVIEW_RUBRIC,
    RuleKind.BALLOT_RULES,
    RuleKind.STAGE_STANDARDS,
    RuleKind.RULE_MAKING,
    RuleKind.RETENTION,
)
"""What applicants are held to or judged by is public; how the company runs its alarms is not."""

ABOUT = {
    RuleKind.FELLOWSHIP_POLICY: say("What every fellowship can count on."),
    RuleKind.DATA_CLASSIFICATION: say(
        "The questions two people answer, and the tier that follows."
    ),
    RuleKind.DATA_HANDLING: say("What may be done with data of each tier, and who must agree."),
    RuleKind.PUBLICATION_POLICY: say(
        "Permission by default, a closed list of grounds, and clocks."
    ),
    RuleKind.REVIEW_RUBRIC: say("How proposals are scored, with what each score means."),
    RuleKind.SEVERITY_CLOCKS: say("How fast each step follows, by severity."),
    RuleKind.BALLOT_RULES: say("Who votes on what, and what it takes to pass."),
    RuleKind.STAGE_STANDARDS: say("What must be true to leave each stage of a case."),
    RuleKind.EXCEPTIONS: say("How long a rule may be excepted, and who is reminded when."),
    RuleKind.HEALTH: say("From which figures on the board finds its own oversight on the agenda."),
    RuleKind.RULE_MAKING: say("How a rule comes about: comments, decision, acknowledgement."),
    RuleKind.ONCALL: say("Who is paged, how long each has, and what must be reported when."),
    RuleKind.IDENTITY: say("Who proves more than a password, and who attests roles and grants."),
    RuleKind.RETENTION: say("How long what names a person is kept, and what holds it back."),
}


def readable(user: Any) -> QuerySet[RuleVersion]:
    """The versions the person may read: adopted public ones, and those of their programmes."""
    public = Q(status=RuleStatus.ADOPTED, kind__in=PUBLIC)
    own = RuleVersion.objects.visible_to(user).order_by()
    return RuleVersion.objects.filter(public | Q(pk__in=own.values("pk")))


def rules(request: HttpRequest) -> HttpResponse:
    """What is in force, or was on a day."""
    user = person(request)
    form = OnDateForm(request.GET or None)
    day = form.cleaned_data.get("on") if form.is_bound and form.is_valid() else None
    versions = RuleVersion.objects
    current = (versions.current_on(day) if day else versions.current()).filter(
        pk__in=readable(user).order_by().values("pk")
    )
    by_program: dict[Program, list[Any]] = {}
    for rule in current.select_related("program", "owner").order_by("program__name", "kind"):
        by_program.setdefault(rule.program, []).append((rule, ABOUT[RuleKind(rule.kind)]))
    own = set(programs_of(user).values_list("pk", flat=True)) if user.is_authenticated else set()
    drafts = RuleVersion.objects.visible_to(user).filter(
        status__in=(RuleStatus.DRAFT, RuleStatus.COMMENTS, RuleStatus.PROPOSED)
    )
    for found in by_program.values():
        found.sort(key=lambda pair: pair[0].get_kind_display())
    groups = sorted(by_program.items(), key=lambda item: (item[0].pk not in own, item[0].name))
    context = {
        "form": form,
        "day": day,
        "groups": groups,
        "drafts": drafts.select_related("program", "author")[:50],
        "may_draft": any(policy.may_draft(p, user) is None for p in by_program)
        if user.is_authenticated
        else False,
        "unruled": [p for p in programs_of(user) if _lacks_rules(p, user)],
    }
    return render(request, "governance/rules.html", context)


def _lacks_rules(program: Program, user: Any) -> bool:
    """Whether the person administers a programme without its first rules."""
    administers = has_role(user, program.pk, roles.ADMINISTRATOR)
    return administers and not RuleVersion.objects.adopted().filter(program=program).exists()


def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One version: its words, its parameters, its neighbours."""
    rule = rule_or_404(request, pk)
    versions = list(rulebook.history(rule.program_id, rule.kind))
    current = RuleVersion.objects.current(rule.kind).filter(program_id=rule.program_id).first()
    user = person(request)
    signed_in = user.is_authenticated
    matter = None
    if signed_in:
        matters = Matter.objects.visible_to(user).filter(
            kind=policy.RULE_MATTER, subject_id=rule.pk
        )
        matter = matters.order_by("-id").first()
    draft, commented = rule.status == RuleStatus.DRAFT, rule.status == RuleStatus.COMMENTS
    writes = signed_in and policy.may_draft(rule.program, user) is None
    context = {
        "rule": rule,
        "about": ABOUT[RuleKind(rule.kind)],
        "tables": parameters.tables(founding.in_order(rule.kind, rule.parameters)),
        "versions": [(v, _span(v, versions)) for v in versions],
        "current": current,
        "is_current": current is not None and current.pk == rule.pk,
        "ahead": _ahead(rule),
        "before": _forerunner(rule, versions, current),
        "changes": changes(current, rule) if current and not rule.adopted_at else None,
        "matter": matter,
        "offer_edit": draft and writes,
        "may_publish": policy.may_publish(rule, user) if draft and writes else None,
        "offer_propose": commented and writes,
        "may_propose": policy.may_propose(rule, user) if commented and writes else None,
        "said": rule.comments.aggregate(all=Count("pk"), open=Count("pk", Q(answered_at=None)))
        if rule.published_at and _knows(rule, user)
        else None,
        "may_comment": rulemaking_policy.may_comment(rule, user) if signed_in else None,
        **_acknowledged(rule, user),
        "earlier": _earlier(rule, user) if signed_in else 0,
        "offer_draft": signed_in and rule.status == RuleStatus.ADOPTED and writes,
        "looks_back": writes and not rule.adopted_at,
        "what_if": rulebook.what_if(rule, user) if writes and not rule.adopted_at else [],
    }
    return render(request, "governance/rule.html", context)


def _ahead(rule: RuleVersion) -> str:
    """From when an adopted version applies that does not yet, in words; empty for any other."""
    if not rule.adopted_at or not rule.effective_at or rule.effective_at <= now():
        return ""
    day = rule.program.day(rule.effective_at)
    return say("It applies from {day:%-d %B %Y}. Until then the version in force stays.", day=day)


def changes(before: RuleVersion, after: RuleVersion) -> dict[str, Any]:
    """What differs between two versions, for `governance/_rule_changes.html`."""
    found = rulebook.diff(before, after)
    numbers = [
        (
            parameters.path_words(change.path),
            parameters.words(change.before),
            parameters.words(change.after),
        )
        for change in found.parameters
    ]
    return {"before": before, "after": after, "numbers": numbers}


def _knows(rule: RuleVersion, user: Any) -> bool:
    """Whether the person takes part in the programme: comments are for those who do."""
    return has_role(user, rule.program_id, *roles.ROLES)


def _earlier(rule: RuleVersion, user: Any) -> int:
    """How many running cases are held to a version before this one, for the board room."""
    if (rule.version or 0) < 2 or not has_role(user, rule.program_id, *ROOM):
        return 0
    return cases.held_to_earlier(rule, user).count()


def _acknowledged(rule: RuleVersion, user: Any) -> dict[str, Any]:
    """The person's own acknowledgement, and for those who keep the rules how many there are."""
    if rule.status != RuleStatus.ADOPTED or not user.is_authenticated:
        return {}
    mine = RuleAcknowledgement.objects.filter(rule=rule, user=user).first()
    owed = mine is not None and mine.acknowledged_at is None and rulemaking.is_bound(rule, user)
    found: dict[str, Any] = {"mine": mine, "owed": owed}
    if rulemaking_policy.reads_acknowledgements(rule, user):
        given = Count("pk", Q(acknowledged_at__isnull=False))
        found["asked"] = rulemaking.asked(rule).aggregate(all=Count("pk"), given=given)
    return found


def compare(request: HttpRequest, pk: int, other: int) -> HttpResponse:
    """What a version changes against another of the same rule."""
    rule, before = rule_or_404(request, pk), rule_or_404(request, other)
    if (rule.kind, rule.program_id) != (before.kind, before.program_id):
        raise Http404
    context = {
        "rule": rule,
        "diff": rulebook.diff(before, rule),
        **changes(before, rule),
    }
    return render(request, "governance/rule_compare.html", context)


@login_required
def new(request: HttpRequest) -> HttpResponse:
    """Draft the next version of a rule, starting from the one in force."""
    base = _base(request)
    if base is None:
        return _choose(request)
    by = person(request)
    _refuse_others(base.program, by)
    said = founding.in_order(base.kind, base.parameters)
    form = RuleForm(posted(request), kind=base.kind, parameters=said, initial=_words_of(base))
    if request.method == "POST" and form.is_valid():
        done = attempt(
            form,
            lambda: services.draft_rule(
                program=base.program, kind=base.kind, owner=base.owner, by=by, **_values(form, base)
            ),
        )
        if done:
            return redirect(done.get_absolute_url())
    context = {"base": base, "rule": None, "label": base.get_kind_display()}
    return form_page(request, "governance/rule_edit.html", form, context)


@login_required
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a draft."""
    rule = rule_or_404(request, pk)
    by = person(request)
    refusal = policy.may_edit(rule, by)
    if refusal:
        raise Refused(refusal)
    form = RuleForm(
        posted(request),
        kind=rule.kind,
        parameters=founding.in_order(rule.kind, rule.parameters),
        initial={**_words_of(rule), "rationale": rule.rationale, "effective_on": rule.effective_at},
    )
    if request.method == "POST" and form.is_valid():
        done = attempt(form, lambda: services.edit_rule(rule=rule, by=by, **_values(form, rule)))
        if done:
            return redirect(done.get_absolute_url())
    context = {"base": rule, "rule": rule, "label": rule.get_kind_display()}
    return form_page(request, "governance/rule_edit.html", form, context)


@verb
def propose(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a draft before the board."""
    rule = rule_or_404(request, pk)
    return act(
        request,
        lambda: services.propose_rule(rule=rule, by=person(request)),
        success=say("The board has it now."),
        to=rule.get_absolute_url(),
    )


def rule_or_404(request: HttpRequest, pk: int) -> RuleVersion:
    """The version the person may read; 404 where there is none."""
    rows = readable(person(request)).select_related("program__realm", "owner", "author")
    try:
        rule = rows.filter(pk=pk).first()
    except OverflowError as error:
        raise Http404 from error
    if rule is None:
        raise Http404
    return rule


def _base(request: HttpRequest) -> RuleVersion | None:
    """The version a draft starts from, named in the address."""
    pk = request.GET.get("from", "")
    return rule_or_404(request, int(pk)) if pk.isascii() and pk.isdigit() and len(pk) < 18 else None


def _choose(request: HttpRequest) -> HttpResponse:
    form = RuleKindForm(request.GET or None)
    programs = [p for p in programs_of(request.user) if not policy.may_draft(p, person(request))]
    if not programs:
        raise Http404
    current = RuleVersion.objects.current().filter(program__in=programs)
    rows = current.select_related("program").order_by("program__name", "kind")
    context = {"form": form, "rows": [(r, ABOUT[RuleKind(r.kind)]) for r in rows]}
    return render(request, "governance/rule_choose.html", context)


def _refuse_others(program: Program, by: Any) -> None:
    refusal = policy.may_draft(program, by)
    if refusal:
        raise Refused(refusal)


def _words_of(rule: RuleVersion) -> dict[str, Any]:
    return {"title": rule.title, "prose": rule.prose}


def _values(form: RuleForm, base: RuleVersion) -> dict[str, Any]:
    data = form.cleaned_data
    day = data["effective_on"]
    return {
        "title": data["title"],
        "prose": data["prose"],
        "rationale": data["rationale"],
        "parameters": data["parameters"],
        "effective_at": start_of(day, base.program) if day else None,
    }


def _span(rule: RuleVersion, versions: list[RuleVersion]) -> dt.datetime | None:
    """When the version stopped being in force: when the next one took effect."""
    later = [v for v in versions if (v.version or 0) > (rule.version or 0)]
    return min((v.effective_at for v in later if v.effective_at), default=None)


def _forerunner(
    rule: RuleVersion, versions: list[RuleVersion], current: RuleVersion | None
) -> RuleVersion | None:
    """What the version is compared with: the one before, or for a draft the one in force."""
    if rule.version is None:
        return current
    return next((v for v in versions if v.version == rule.version - 1), None)
