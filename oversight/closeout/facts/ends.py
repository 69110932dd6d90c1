"""Obligations, reviews, publications, decisions and what comes after, as facts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from governance.models import Decision, ExceptionRecord
from oversight.casebook import Subjects
from oversight.closeout.facts.common import key, name
from oversight.models import ClosingText, Handback
from publications.models import Publication
from scoping.closeout import Obligation
from scoping.models import Contribution, Fellowship, TalentStep


def obligation(o: Obligation) -> Mapping[str, Any]:
    """One obligation: met, excepted by somebody, or open."""
    excuse = o.excuse
    return {
        "key": o.key,
        "label": o.label,
        "met": o.met,
        "required": o.required,
        "detail": o.detail,
        "excepted": {"reason": excuse.reason, "by": excuse.by, "at": excuse.at} if excuse else None,
    }


def texts(f: Fellowship) -> Any:
    """Summary and reviews."""
    return ClosingText.objects.filter(fellowship=f).select_related("author").order_by("id")


def text(t: ClosingText) -> Mapping[str, Any]:
    """One of them with its author."""
    return {
        "kind": t.kind,
        "title": t.get_kind_display(),
        "text": t.text,
        "author": name(t.author),
        "written_at": t.written_at,
    }


def handbacks(f: Fellowship) -> Any:
    """What the fellow was handed."""
    rows = Handback.objects.filter(fellowship=f).select_related("listed_by", "settled_by")
    return rows.order_by("id")


def held(h: Handback) -> Mapping[str, Any]:
    """One thing or account, and how it came back."""
    return {
        "kind": h.get_kind_display(),
        "what": h.what,
        "listed_by": name(h.listed_by),
        "listed_at": h.listed_at,
        "settled_by": name(h.settled_by),
        "settled_at": h.settled_at,
        "how": h.how,
    }


def contribution(c: Contribution) -> Mapping[str, Any]:
    """One contribution to the field."""
    return {
        "kind": c.get_kind_display(),
        "title": c.title,
        "link": c.link,
        "on": c.on,
        "people": c.people,
        "licence": c.licence,
        "confirmed_at": c.confirmed_at,
    }


def steps(f: Fellowship) -> Any:
    """Steps on the talent path."""
    return TalentStep.objects.filter(fellowship=f).select_related("decided_by").order_by("id")


def talent(t: TalentStep) -> Mapping[str, Any]:
    """One step and what became of it."""
    return {
        "step": t.get_step_display(),
        "state": t.get_state_display(),
        "expectations": t.expectations,
        "decided_by": name(t.decided_by),
        "decided_at": t.decided_at,
        "answered_at": t.answered_at,
    }


def publications(f: Fellowship) -> Any:
    """The publications of the case."""
    rows = Publication.objects.filter(fellowship=f).order_by("id")
    return rows.prefetch_related("authors", "versions", "objections")


def publication(p: Publication, at: dt.datetime) -> Mapping[str, Any]:
    """One publication, its outcome at `at` and how it came about."""
    versions = sorted(p.versions.all(), key=lambda v: v.number)
    return {
        "ref": p.ref,
        "title": p.title,
        "kind": p.get_kind_display(),
        "outcome": p.effective_state(at),
        "released_at": p.released_at,
        "released_by": p.get_release_kind_display() if p.release_kind else "",
        "submitted_at": p.submitted_at,
        "doi": p.doi,
        "venue": p.venue,
        "authors": [
            {"name": a.name, "orcid": a.orcid, "credit": a.credit}
            for a in sorted(p.authors.all(), key=lambda a: a.position)
        ],
        "versions": [{"number": v.number, "text_hash": v.text_hash} for v in versions],
        "objections": [
            {
                "ref": o.ref,
                "ground": o.get_ground_display(),
                "state": o.get_state_display(),
                "public_summary": o.public_summary,
            }
            for o in sorted(p.objections.all(), key=key)
        ],
    }


def decisions(case: Subjects) -> Any:
    """The decisions about any record of the case."""
    ids = case.get("governance.decision", [])
    rows = Decision.objects.filter(pk__in=ids).select_related("matter", "rule_version")
    return rows.order_by("decided_at", "id")


def decision(d: Decision) -> Mapping[str, Any]:
    """One decision with its letter and rule."""
    return {
        "ref": d.matter.ref,
        "title": d.matter.title,
        "question": d.matter.question,
        "outcome": d.get_outcome_display(),
        "decided_at": d.decided_at,
        "rule": str(d.rule_version),
        "dossier_hash": d.dossier_hash,
        "letter": d.letter,
        "dissenting": len(d.dissent),
    }


def exceptions(case: Subjects) -> Any:
    """The exceptions about any record of the case."""
    ids = case.get("governance.exceptionrecord", [])
    return ExceptionRecord.objects.filter(pk__in=ids).order_by("id")


def exception(e: ExceptionRecord) -> Mapping[str, Any]:
    """One exception with its measure."""
    return {
        "ref": e.ref,
        "title": e.title,
        "state": e.get_state_display(),
        "starts_at": e.starts_at,
        "expires_at": e.expires_at,
        "compensating_measure": e.compensating_measure,
    }
