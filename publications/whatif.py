"""What other windows would have done to past works: when each would have been released."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from fellowship.kernel.saying import say, say_n
from fellowship.kernel.worktime import WorkCalendar
from fellowship.programs.models import Program
from governance import rules
from governance.publication_terms import PublicationPolicy
from governance.rules import Difference
from governance.states import RuleKind
from publications.models import Publication
from publications.states import PublicationState, ReleasedBy

LOOKED_AT = 500
"""The latest submitted works; older ones say little about the next year."""


@rules.whatif(RuleKind.PUBLICATION_POLICY, of=say("works submitted"))
def other_windows(
    program: Program, before: PublicationPolicy, after: PublicationPolicy
) -> Iterator[Difference]:
    """Works whose window would have ended on another day or in another way, and what was lost.

    Compared is what either policy would have done from the same submission, had nobody said a word;
    objections that came in time then and would have been late are counted.
    """
    calendar = program.calendar()
    works = Publication.objects.filter(program=program, submitted_at__isnull=False)
    works = works.select_related("program")
    rows = works.defer("abstract", "acknowledgement").prefetch_related("objections")
    for work in rows.order_by("-submitted_at")[:LOOKED_AT]:
        then, else_ = _end(work, before, calendar), _end(work, after, calendar)
        late = [o for o in work.objections.all() if then >= o.raised_at >= else_]
        said, would = _said(work, before, then), _said(work, after, else_)
        if said == would and not late:
            continue
        tail = (
            say("; {objections} would have come too late", objections=_objections(len(late)))
            if late
            else ""
        )
        happened = _happened(work)
        yield Difference(
            work.ref, work.get_absolute_url(), f"{said}{happened}", f"{would}{tail}", record=work
        )


def _end(work: Publication, policy: PublicationPolicy, calendar: WorkCalendar) -> dt.datetime:
    assert work.submitted_at is not None  # noqa: S101 - asked for
    window = getattr(policy.windows, work.work_class)
    end: dt.datetime = window.due(work.submitted_at, calendar)
    return end


def _said(work: Publication, policy: PublicationPolicy, end: dt.datetime) -> str:
    escalates = work.work_class in policy.silence_escalates_for
    what = say("silence goes to the board") if escalates else say("silence releases")
    return say("{what} on {end:%-d %B %Y}", what=what, end=work.program.last_day(end))


def _happened(work: Publication) -> str:
    """What became of it, where that was not the window's end."""
    if work.effective_state() != PublicationState.RELEASED or work.released_at is None:
        return ""
    if work.release_kind == ReleasedBy.SILENCE:
        return ""
    told = {ReleasedBy.REVIEW: "review", ReleasedBy.EXCEPTION: say("an exception")}
    by = told.get(ReleasedBy(work.release_kind), say("the board"))
    return say(
        "; in fact released by {by} on {released_at:%-d %B %Y}",
        by=by,
        released_at=work.program.day(work.released_at),
    )


def _objections(n: int) -> str:
    return say_n(n, "{n} objection", "{n} objections")
