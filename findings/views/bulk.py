"""Many findings at once: the dry run, the run, what became of it, and undoing it."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse

from fellowship.kernel.saying import say
from fellowship.web import cells
from fellowship.web.actions import act, attempt, form_page, verb
from fellowship.web.columns import Column, Table
from fellowship.web.shortcuts import visible_or_404
from fellowship.web.tables import paginate
from findings import policy, services
from findings.forms.triage import BatchForm
from findings.models import Batch, BatchRow, Finding
from findings.selection import Selection
from findings.services import bulk
from findings.services.bulk import ACTIONS, Action, Outlook

NO_REASON_YET = say("Given with the change.")
SHOWN = 50


@dataclass
class Proposal:
    """An action on a selection, looked at but not done."""

    action: Action
    selection: Selection
    keys: list[int]
    found: list[Finding]

    @classmethod
    def of(cls, request: HttpRequest, action: Action, given: QueryDict) -> Proposal:
        """What the request asks for; findings are read once, with what policies ask."""
        selection = Selection.of(given)
        keys = selection.keys(request)
        found = bulk.chosen(_by(request), keys) if len(keys) <= policy.AT_ONCE else []
        return cls(action, selection, keys, found)

    @property
    def program_id(self) -> int | None:
        """The one programme of the findings; None where there is none, or several."""
        programs = bulk.programs_of(self.found)
        return programs.pop() if len(programs) == 1 else None

    def outlook(self, by: Any, said: dict[str, Any]) -> Outlook:
        """What would become of each finding."""
        bulk.with_related(self.found, [by, *([said["to"]] if said.get("to") else [])])
        return bulk.look(self.action, self.found, by=by, said={"reason": NO_REASON_YET, **said})


@login_required
def change(request: HttpRequest) -> HttpResponse:
    """GET: what would change, nothing is written. POST: change it."""
    given = request.POST if request.method == "POST" else request.GET
    action = ACTIONS.get(given.get("action", ""))
    proposal = Proposal.of(request, action or ACTIONS["claim"], given)
    if action is None:
        return _choose(request, proposal)
    form = _form(request, proposal, given)
    if request.method == "POST" and form.is_valid():
        done = attempt(form, lambda: _run(request, proposal, form.cleaned_data))
        if done is not None:
            return redirect(done.get_absolute_url())
    return form_page(request, "findings/bulk.html", form, _context(request, proposal, form))


def _form(request: HttpRequest, proposal: Proposal, given: QueryDict) -> BatchForm:
    """Bound where it was sent, or where the address says what must be known first."""
    sent = request.method == "POST" or any(name in given for name in ("to", "of", "look_again_at"))
    return BatchForm(
        given if sent else None,
        action=proposal.action,
        program_id=proposal.program_id,
        by=_by(request),
    )


def _run(request: HttpRequest, proposal: Proposal, said: dict[str, Any]) -> Batch:
    said = dict(said)
    return services.run_batch(
        key=_key(request.POST.get("key", "")),
        action=proposal.action.key,
        keys=proposal.keys,
        by=_by(request),
        reason=said.pop("reason", ""),
        said=_known(request, proposal, said),
        query=proposal.selection.query,
        seen=request.POST.get("seen", ""),
    )


def _key(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        return uuid.uuid4()


def _known(request: HttpRequest, proposal: Proposal, said: dict[str, Any]) -> dict[str, Any]:
    """What was chosen, as the service takes it: a finding, the beginning of a day, one's covers."""
    by = _by(request)
    if said.get("look_again_at") and proposal.found:
        calendar = proposal.found[0].program.calendar()
        before = calendar.end_of_day(said["look_again_at"] - dt.timedelta(days=1))
        said["look_again_at"] = before + dt.timedelta(microseconds=1)
    if "of" in said:
        said["of"] = Finding.objects.visible_to(by).filter(ref=said["of"]).first()
    return {**said, "covered": services.covered_by(by)}


def _context(request: HttpRequest, proposal: Proposal, form: BatchForm) -> dict[str, Any]:
    action, by = proposal.action, _by(request)
    asked = {name: form[name].value() for name in form.fields if name != "reason"}
    said = _asked(request, proposal, form)
    refused = None
    outlook = None
    if len(bulk.programs_of(proposal.found)) > 1:
        refused = say("These findings are of more than one programme: choose one in the filter.")
    elif len(proposal.keys) > policy.AT_ONCE:
        refused = say(
            "At most {AT_ONCE:,} findings change at once; narrow the filter.",
            AT_ONCE=policy.AT_ONCE,
        )
    elif not proposal.found:
        refused = say("No finding is picked, or none of them is yours to see.")
    elif said is not None:
        outlook = proposal.outlook(by, said)
    return {
        "action": action,
        "selection": proposal.selection,
        "count": len(proposal.keys),
        "refused": refused,
        "outlook": outlook,
        "asked": asked,
        "seen": bulk.fingerprint(proposal.keys),
        "key": request.POST.get("key") or uuid.uuid4(),
        "back": _back(proposal.selection),
        "changes": outlook.changes[:SHOWN] if outlook else [],
        "more": max(0, len(outlook.changes) - SHOWN) if outlook else 0,
        "undo_minutes": int(policy.UNDO_FOR.total_seconds() // 60),
    }


def _asked(request: HttpRequest, proposal: Proposal, form: BatchForm) -> dict[str, Any] | None:
    """What must be known before the dry run; None while it is not."""
    if not form.first:
        return _known(request, proposal, {})
    if not form.is_bound:
        return None
    form.is_valid()
    said = {name: form.cleaned_data.get(name) for name in form.fields if name != "reason"}
    if not all(said.values()):
        return None
    known = _known(request, proposal, said)
    if "of" in known and known["of"] is None:
        form.add_error("of", say("There is no finding with this reference."))
        return None
    if request.method == "GET":
        form.errors.pop("reason", None)
    return known


def _choose(request: HttpRequest, proposal: Proposal) -> HttpResponse:
    """No action was chosen: the page asks for it, keeping what was picked."""
    context = {
        "actions": ACTIONS.values(),
        "selection": proposal.selection,
        "count": len(proposal.keys),
        "back": _back(proposal.selection),
        "unknown": "action" in request.GET,
    }
    return render(request, "findings/bulk_choose.html", context)


def _back(selection: Selection) -> str:
    """The queue one came from."""
    return f"{reverse('findings:queue')}?{selection.query}" if selection.whole else ""


# --- what became of it ----------------------------------------------------------------------


@login_required
def batch(request: HttpRequest, key: int) -> HttpResponse:
    """One batch: what changed, what was refused and why, and whether it was taken back."""
    found = visible_or_404(_batches(), request.user, pk=key)
    rows = BatchRow.objects.filter(batch=found)
    # What one may not see is not named: nor counted, for whoever ran it saw it then.
    seen = rows.filter(finding__in=Finding.objects.visible_to(request.user))
    changed = seen.filter(outcome=BatchRow.Outcome.CHANGED).select_related("finding")
    context = {
        "batch": found,
        "action": ACTIONS[found.action],
        "refused": list(_grounds(seen.filter(outcome=BatchRow.Outcome.REFUSED))),
        "kept": list(seen.filter(undone=False).select_related("finding")[: policy.AT_ONCE]),
        "page": paginate(request, changed.order_by("id"), per_page=50),
        "may_undo": policy.may_undo(found, _by(request)),
        "undone": seen.filter(undone=True).count() if found.undone_at else 0,
    }
    return render(request, "findings/batch.html", context)


def _grounds(rows: Any) -> list[tuple[str, list[Finding]]]:
    """Refusals by what they say, the most frequent first."""
    found: dict[str, list[Finding]] = {}
    for row in rows.select_related("finding")[: policy.AT_ONCE]:
        found.setdefault(row.why, []).append(row.finding)
    return sorted(found.items(), key=lambda pair: -len(pair[1]))


@verb
def undo(request: HttpRequest, key: int) -> HttpResponse:
    """Take it back."""
    found = visible_or_404(_batches(), request.user, pk=key)
    return act(
        request,
        lambda: services.undo_batch(batch=found, by=_by(request)),
        to=found.get_absolute_url(),
    )


def _batches() -> Any:
    return Batch.objects.select_related("made_by", "undone_by", "program")


BATCHES: tuple[Column[Batch], ...] = (
    Column(
        say("Change"),
        lambda b: cells.link(
            b.get_absolute_url(),
            f"{ACTIONS[b.action].label}: {cells.count(b.changed, 'finding')}",
            b.program.name,
        ),
    ),
    Column(say("By"), lambda b: str(b.made_by)),
    Column(say("When"), lambda b: cells.when(b.made_at)),
    Column(say("Refused"), lambda b: cells.shown(b.refused or None), num=True),
    Column(say("Taken back"), lambda b: cells.when(b.undone_at) if b.undone_at else cells.NONE),
)


@login_required
def batches(request: HttpRequest) -> HttpResponse:
    """What was changed together lately."""
    rows = _batches().visible_to(request.user)
    page = paginate(request, rows, per_page=50, sort={"new": "-id"}, default="new")
    table = Table(
        say("Changes"),
        BATCHES,
        page,
        page,
        empty=say("No findings were changed together yet."),
        hint=say("Pick findings in triage and choose what to do; each change stands here."),
    )
    return render(request, "findings/batches.html", {"page": page, "table": table})


def _by(request: HttpRequest) -> Any:
    return request.user
