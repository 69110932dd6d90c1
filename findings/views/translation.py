"""The translation matrix, its contests, and what a finding could be turned into."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from fellowship.accounts import roles
from fellowship.accounts.alike import read_for
from fellowship.accounts.queries import label_of, realm_ids_where
from fellowship.history.queries import latest
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from fellowship.web.actions import act, form_verb, reason_of, verb
from fellowship.web.shortcuts import visible_or_404
from findings import atlas, matrix, policy, services
from findings.forms import AnswerForm, CellForm, ClassForm, ContestForm
from findings.matrix import Cell, Cells, Shown
from findings.models import Contest, Finding, MatrixChange
from findings.states import ControlType, Family, FindingClass
from findings.suggesting import suggest
from findings.views.common import by_of, finding_of
from governance.models import ExceptionRecord

SEE = (roles.PRODUCT_OWNER, roles.MANAGER, roles.ONCALL, roles.AUDITOR, roles.SPONSOR)
CONTESTED_AT_MOST = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """One cell of the matrix as its page shows it."""

    family: Family
    control_type: ControlType
    why: str
    shown: Shown
    contest: Contest | None

    @property
    def suggested(self) -> bool:
        """Whether the matrix has it; else it was chosen all the same."""
        return bool(self.why)


def _programs(user: Any) -> list[Program]:
    keys = realm_ids_where(user, *SEE)
    return list(Program.objects.filter(pk__in=keys).select_related("realm").order_by("name"))


def _program(request: HttpRequest, slug: str) -> tuple[Program, list[Program]]:
    mine = _programs(request.user)
    found = next((program for program in mine if program.slug == slug), None)
    if found is None:
        raise Http404
    return found, mine


def _class(key: str) -> FindingClass:
    if key not in FindingClass.values:
        raise Http404
    return FindingClass(key)


@login_required
def matrices(request: HttpRequest) -> HttpResponse:
    """The matrix of one's programme; of the first by name where there are several."""
    mine = _programs(request.user)
    if not mine:
        raise Http404
    return redirect("findings:matrix", mine[0].slug)


@login_required
def matrix_page(request: HttpRequest, slug: str) -> HttpResponse:
    """The whole matrix: class of finding by family, with what was chosen and what it showed."""
    program, mine = _program(request, slug)
    changed = matrix.changes(program.pk)
    here = matrix.in_force(changed)
    experience = matrix.experience(program.pk)
    contested = _contested(request.user, program)
    rows = [
        (kind, _by_family(_entries(kind, here.cells[kind], experience.get(kind, {}), contested)))
        for kind in FindingClass
    ]
    context = {
        "program": program,
        "programs": mine,
        "families": Family,
        "rows": rows,
        "version": here.version,
        "changed": list(reversed(changed))[:20],
        "contested": list(contested.values()),
        "atlas_version": atlas.table().version,
    }
    return render(request, "findings/matrix.html", context)


@login_required
def matrix_class(request: HttpRequest, slug: str, about: str) -> HttpResponse:
    """One class of findings: every suggestion with its reason, contest and what it showed."""
    program, _ = _program(request, slug)
    kind = _class(about)
    form = CellForm(request.POST or None)
    by: Any = request.user

    def context() -> dict[str, Any]:
        changed = matrix.changes(program.pk)
        here = matrix.in_force(changed)
        experience = matrix.experience(program.pk, kind).get(kind, {})
        contested = _contested(by, program)
        return {
            "program": program,
            "kind": kind,
            "entries": _entries(kind, here.cells[kind], experience, contested),
            "version": here.version,
            "changed": [c for c in reversed(changed) if c.finding_class == kind][:20],
            "techniques": [
                (key, atlas.name_of(key), atlas.mitigations_of(key))
                for key, found in sorted(atlas.CLASSES.items())
                if found == kind
            ],
            "may_contest": policy.may_contest(program.pk, None, by),
            "may_change": policy.may_change_matrix(program.pk, by),
        }

    return form_verb(
        request,
        form,
        lambda: services.change_matrix(
            program=program, finding_class=kind, suggested=True, by=by, **form.cleaned_data
        ),
        template="findings/matrix_class.html",
        context=context,
        to=reverse("findings:matrix_class", args=[program.slug, kind]),
        success=say("It is suggested from now on."),
    )


@verb
def matrix_drop(
    request: HttpRequest, slug: str, about: str, family: str, control_type: str
) -> HttpResponse:
    """Suggest a cell no longer, with the reason."""
    program, _ = _program(request, slug)
    reason = reason_of(request)
    return act(
        request,
        lambda: services.change_matrix(
            program=program,
            finding_class=_class(about),
            family=family,
            control_type=control_type,
            suggested=False,
            reason=reason,
            by=by_of(request),
        ),
        success=say("It is suggested no more."),
        to=reverse("findings:matrix_class", args=[program.slug, about]),
    )


@login_required
def matrix_contest(
    request: HttpRequest, slug: str, about: str, family: str, control_type: str
) -> HttpResponse:
    """Contest what the matrix suggests."""
    program, _ = _program(request, slug)
    kind, cell = _class(about), _cell(family, control_type)
    here = matrix.in_force(matrix.changes(program.pk)).cells[kind]
    if cell not in here:
        raise Http404
    form = ContestForm(request.POST or None)
    return form_verb(
        request,
        form,
        lambda: services.contest(
            program=program,
            finding_class=kind,
            family=family,
            control_type=control_type,
            by=by_of(request),
            **form.cleaned_data,
        ),
        template="findings/contest_new.html",
        context=lambda: {
            "program": program,
            "kind": kind,
            "family": cell[0],
            "control_type": cell[1],
            "reasons": [here[cell]],
            "refused": policy.may_contest(program.pk, None, by_of(request)),
        },
        to=Contest.get_absolute_url,
    )


@login_required
def finding_contest(request: HttpRequest, ref: str, family: str, control_type: str) -> HttpResponse:
    """Contest what is suggested for one finding."""
    finding = finding_of(request, ref)
    cell = _cell(family, control_type)
    suggested = suggest(finding)
    row = next((s for s in suggested.rows if (s.family, s.control_type) == cell), None)
    if row is None:
        raise Http404
    form = ContestForm(request.POST or None)
    return form_verb(
        request,
        form,
        lambda: services.contest(
            program=finding.program,
            finding=finding,
            finding_class=suggested.finding_class or FindingClass.OTHER,
            family=family,
            control_type=control_type,
            by=by_of(request),
            **form.cleaned_data,
        ),
        template="findings/contest_new.html",
        context=lambda: {
            "program": finding.program,
            "finding": finding,
            "kind": suggested.finding_class,
            "family": cell[0],
            "control_type": cell[1],
            "reasons": row.reasons,
            "refused": policy.may_contest(finding.program_id, finding, by_of(request)),
        },
        to=Contest.get_absolute_url,
    )


@login_required
def contest(request: HttpRequest, ref: str) -> HttpResponse:
    """One contest, with its answer or the form for it."""
    rows = Contest.objects.select_related(
        "program__realm", "finding__fellowship", "raised_by", "ended_by"
    )
    found: Contest = visible_or_404(rows, request.user, ref=ref)
    form = AnswerForm(request.POST or None)
    by = by_of(request)
    return form_verb(
        request,
        form,
        lambda: services.answer_contest(contest=found, by=by, **form.cleaned_data),
        template="findings/contest.html",
        context=lambda: {
            "contest": found,
            "may_answer": policy.may_answer(found, by),
            "may_take_back": policy.may_take_back(found, by),
            "changes": MatrixChange.objects.filter(contest=found),
            "events": latest(found, 20),
        },
        to=found.get_absolute_url(),
        success=say("Answered, in your name. Both sides see it."),
    )


@verb
def contest_take_back(request: HttpRequest, ref: str) -> HttpResponse:
    """Contest it no longer."""
    found: Contest = visible_or_404(Contest, request.user, ref=ref)
    return act(
        request,
        lambda: services.take_back_contest(contest=found, by=by_of(request)),
        success=say("Taken back."),
        to=found.get_absolute_url(),
    )


@login_required
def classify(request: HttpRequest, ref: str) -> HttpResponse:
    """Say what a finding is about."""
    finding = finding_of(request, ref)
    form = ClassForm(request.POST or None)
    return form_verb(
        request,
        form,
        lambda: services.classify(finding=finding, by=by_of(request), **form.cleaned_data),
        template="findings/classify.html",
        context=lambda: {
            "finding": finding,
            "meant": atlas.class_of(finding.technique),
            "technique_name": atlas.name_of(finding.technique),
            "refused": policy.may_classify(finding, by_of(request)),
        },
        to=f"{finding.get_absolute_url()}#translation",
    )


def translation_of(finding: Any, by: Any) -> dict[str, Any]:
    """What `_translation.html` shows of a finding read `with_chain`."""
    return {
        "suggestions": suggest(finding),
        "technique_name": atlas.name_of(finding.technique),
        "exceptions": _excepted(by, now(), finding.pk) if finding.has_exception else [],
        "may_convert": policy.may_convert(finding, by),
        "may_except": policy.may_except(finding, by),
        "may_classify": policy.may_classify(finding, by),
        "may_contest": policy.may_contest(finding.program_id, finding, by),
        "sees_matrix": finding.program_id in realm_ids_where(by, *SEE),
    }


@read_for
def _excepted(user: Any, _: dt.datetime, finding: int) -> QuerySet[ExceptionRecord]:
    rows = ExceptionRecord.objects.visible_to(user).filter(
        subject_type=label_of(Finding), subject_id=finding, kind=policy.EXCEPTED
    )
    return rows.select_related("owner").order_by("-id")[:10]


def _cell(family: str, control_type: str) -> Cell:
    if family not in Family.values or control_type not in ControlType.values:
        raise Http404
    return Family(family), ControlType(control_type)


Contested = dict[tuple[str, str, str], Contest]


def _contested(user: Any, program: Program) -> Contested:
    """What is contested, by its cell: in the matrix itself, else for a finding one may see."""
    rows = Contest.objects.visible_to(user).open().filter(program=program)
    shown = rows.select_related("raised_by", "finding").order_by("id")[:CONTESTED_AT_MOST]
    found = sorted(shown, key=lambda one: one.finding_id is None)
    return {(c.finding_class, c.family, c.control_type): c for c in found}


def _entries(
    kind: FindingClass, cells: Cells, experience: dict[Cell, Shown], contested: Contested
) -> list[Entry]:
    """What is suggested for a class, and what was chosen without being suggested."""
    known = [*cells, *(cell for cell in experience if cell not in cells)]
    return [
        Entry(
            *cell,
            why=cells.get(cell, ""),
            shown=experience.get(cell, Shown()),
            contest=contested.get((kind, *cell)),
        )
        for cell in known
    ]


def _by_family(entries: list[Entry]) -> list[tuple[Family, list[Entry]]]:
    return [(family, [e for e in entries if e.family == family]) for family in Family]
