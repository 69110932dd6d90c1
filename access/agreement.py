"""The text of a data access agreement, made from the request, the handling table and the scope."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from access import handling
from access.models import AccessRequest
from access.states import Operation
from fellowship.kernel import saying
from fellowship.kernel.saying import dated
from governance.exceptions import covering
from governance.states import ExceptionKind
from scoping.models import ScopeOfWork
from scoping.sections import cite

_END = {
    True: "Code written in the fellowship may leave the environment once it holds no data.",
    False: "Code written in the fellowship stays in the company's environment.",
}


_ENDS = (
    "Access ends with the first of these: this agreement's last day, the scope of work, valid "
    "security training, the fellowship, or a suspension. Nobody but the person named here has it."
)
_LOG = (
    "The log serves to reconstruct what happened; access outside this agreement raises an "
    "escalation and is not by itself a reproach."
)
_KEPT = "Methods and notes may be kept; raw data stays inside."


def standing_clauses() -> str:
    """What every agreement says, in Markdown, for somebody who has not signed one yet."""
    clauses = (
        "Data is used for the purpose agreed and for that alone. Nothing is permitted but the "
        "operations the agreement lists.",
        _ENDS,
        f"Your accesses are logged. {_LOG}",
        "At its end data is deleted in the time the data handling rule sets; you confirm how, and "
        f"another person verifies it. {_KEPT}",
    )
    return "\n".join(f"- {clause}" for clause in clauses)


@saying.in_source()
def text(request: AccessRequest, scope: ScopeOfWork) -> str:
    """The agreement in Markdown: a third person can tell from it alone what is permitted."""
    return "\n".join(_lines(request, scope)).strip() + "\n"


def text_hash(body: str) -> str:
    """SHA-256 of the text's UTF-8 bytes, in hex."""
    return hashlib.sha256(body.encode()).hexdigest()


def _lines(request: AccessRequest, scope: ScopeOfWork) -> Iterator[str]:
    dataset, case = request.dataset, request.fellowship
    yield f"# Data access agreement for {dataset.name}"
    yield ""
    yield f"Between {case.program} and {request.person}, within fellowship {case.ref}."
    if request.person != case.fellow:
        yield f"{request.person} works on it as a collaborator of {case.fellow}."
    yield ""
    yield "## 1 Data"
    yield f"{dataset.name} ({dataset.ref}), {dataset.get_variant_display().lower()}, "
    yield f"tier: {dataset.get_tier_display().lower()}."
    yield f"Fields: {', '.join(request.fields) or 'all'}."
    yield from _rows(request)
    yield ""
    yield "## 2 Purpose"
    yield _quoted(request.purpose)
    yield ""
    yield "Used for this purpose alone. Why less would not do:"
    yield ""
    yield _quoted(request.why_less_would_not_do)
    yield ""
    yield from _operations(request)
    yield from _terms(request, scope)


def _rows(request: AccessRequest) -> Iterator[str]:
    chosen = [row for row in request.dataset.row_filters if row["key"] in request.row_filters]
    if not chosen:
        yield "Rows: all."
        return
    yield ""
    yield "Rows: these and no others."
    yield ""
    for row in chosen:
        meant = f": {row['description']}" if row.get("description") else ""
        yield f"- {row['label']}{meant}"


def _operations(request: AccessRequest) -> Iterator[str]:
    yield "## 3 What is permitted"
    for place, operation in enumerate(request.operations, start=1):
        yield f"- 3.{place} {Operation(operation).label}"
    yield ""
    yield "Nothing else is permitted. In particular not:"
    for operation in Operation.values:
        if operation not in request.operations:
            yield f"- {Operation(operation).label}"
    yield ""


def _terms(request: AccessRequest, scope: ScopeOfWork) -> Iterator[str]:
    tier = handling.tier_of(request.handling, request.dataset.tier)
    yield "## 4 Time"
    yield f"From {dated(request.starts_on)} until the end of {dated(request.ends_on)} in the "
    yield f"zone of the programme ({request.fellowship.program.zone})."
    yield ""
    yield "## 5 What it rests on"
    yield f"- {request.fellowship.ref}, scope of work v{scope.number}, {cite('datasets')} and "
    yield f"  {cite('operations')} (sha256 {scope.text_hash})"
    yield f"- {request.handling}: {tier.meaning}"
    if request.renews:
        yield f"- it follows on {request.renews.ref}, which ends by its own date"
    for exception in covering(request, ExceptionKind.TEMPORARY_ACCESS):
        yield f"- {exception.ref}: what the rules refuse of the above is open while it lasts, at "
        yield f"  the longest until {exception.expires_at:%-d %B %Y %H:%M} UTC, and shut after it"
    yield ""
    yield _ENDS
    yield ""
    yield "## 6 The record"
    logged = ", ".join(request.handling.params.logged)
    yield f"These acts are logged: {logged}. {_LOG}"
    yield ""
    yield "## 7 The end"
    yield f"Data is deleted within {tier.deletion_within} of the end of access, the fellow "
    yield "confirms how, and another person verifies it. "
    yield f"{_END[scope.code_may_leave]} {_KEPT}"


def _quoted(body: str) -> str:
    return "\n".join(f"> {line}" for line in body.strip().splitlines())
