"""A version of a scope of work as one document for people outside: all it takes to judge it.

It opens without a network and carries the text it was hashed from, so that anyone can check the
signatures' hash with tools not ours (docs/adr/0021-one-document-by-weasyprint.md).
Other applications add parts below the text:

```python
@paper.register
def reach(scope, at):
    yield Part("access.reach", "What is open now", "access/_reach.html", {"rows": …}, order=10)
```

A part is rendered with its context, `scope` and `fellowship`, and makes no link.
"""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from fellowship.kernel import saying
from fellowship.kernel.canonical import canonical
from fellowship.kernel.saying import dated, say
from fellowship.kernel.time import now
from fellowship.web import pdf
from scoping import document, stages
from scoping.models import ScopeOfWork
from scoping.sections import cite
from scoping.states import Operation, ScopeState

UNSIGNED: Final[Mapping[str, str]] = {
    ScopeState.DRAFT: say("Draft. Nothing in it is in force."),
    ScopeState.WITH_BOARD: say("Draft before the board. Nothing in it is in force."),
    ScopeState.OFFERED: say(
        "Draft offered for signature. It is in force once both sides have signed."
    ),
    ScopeState.LAPSED: say("Lapsed unsigned. It was never in force."),
    ScopeState.WITHDRAWN: say("Withdrawn. It was never in force."),
}


@dataclass(frozen=True, slots=True)
class Part:
    """One part below the text: its title, and the template that writes it."""

    key: str
    title: str
    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    order: int = 50


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether the text allows one operation, in each stage, and the clause that says so."""

    operation: str
    allowed: list[bool]
    clause: str


Provider = Callable[[ScopeOfWork, dt.datetime], Iterable[Part]]
_providers: list[Provider] = []


def register(provider: Provider) -> Provider:
    """Add parts to the document; usable as a decorator. Registering it again changes nothing."""
    if provider not in _providers:
        _providers.append(provider)
    return provider


def parts(scope: ScopeOfWork, at: dt.datetime) -> list[Part]:
    """What other applications add, in order."""
    found = [part for provider in _providers for part in provider(scope, at)]
    return sorted(found, key=lambda part: (part.order, part.key))


def standing(scope: ScopeOfWork) -> str:
    """What the first page says of a version that is not in force; empty for the one that is."""
    if scope.state != ScopeState.SUPERSEDED:
        return UNSIGNED.get(scope.state, "")
    after = scope.fellowship.scopes.filter(number__gt=scope.number, signed_at__isnull=False)
    later = after.order_by("number").first()
    by = say(" by version {number}", number=later.number) if later else ""
    on = say(" on {instant}", instant=instant(scope.superseded_at)) if scope.superseded_at else ""
    return say("Superseded{by}{on}. It is in force no more.", by=by, on=on)


def answers(scope: ScopeOfWork) -> list[Answer]:
    """Every operation, by the text alone: what it does not name is not allowed.

    Where the version has stages, for each of them in their order.
    """
    clause = cite("operations") if scope.datasets else cite("datasets")
    clause += say(" and {cite}", cite=cite("stages")) if scope.stages else ""
    terms = [stretch.terms for stretch in scope.stretches()]
    return [
        Answer(str(op.label), [bool(t.datasets) and op in t.operations for t in terms], clause)
        for op in Operation
    ]


def columns(scope: ScopeOfWork) -> list[str]:
    """What the answers stand under: each stage with its first day and highest tier, or one."""
    return [
        say(
            "{title}, from {day}: {label} data at most",
            title=stretch.title,
            day=day(stage.since),
            label=stretch.terms.max_tier.label.lower(),
        )
        for stage, stretch in zip(stages.read(scope.stages), scope.stretches(), strict=False)
    ] or [say("Allowed")]


def text(scope: ScopeOfWork) -> bytes:
    """Exactly what is hashed and signed: canonical JSON (RFC 8785)."""
    return canonical(document.body(scope))


def name(scope: ScopeOfWork, ending: str) -> str:
    """What the file is called when it is saved."""
    return f"{scope.fellowship.ref}-scope-v{scope.number}.{ending}"


@saying.in_source()
def html(scope: ScopeOfWork, at: dt.datetime | None = None, *, printed: bool = False) -> str:
    """The document as one HTML file that asks for nothing else; `printed` for the PDF."""
    at, case, data = at or now(), scope.fellowship, text(scope)
    return render_to_string(
        "scoping/paper.html",
        {
            "scope": scope,
            "fellowship": case,
            "standing": standing(scope),
            "draft": scope.state in UNSIGNED,
            "document": list(document.read(scope)),
            "answers": answers(scope),
            "columns": columns(scope),
            "plans": {
                "milestones": plan(scope.milestones),
                "checkpoints": plan(scope.checkpoints),
            },
            "signatures": [
                (signature, instant(signature.at)) for signature in scope.signatures.all()
            ],
            "intact": document.is_intact(scope),
            "text_hash": scope.text_hash or document.text_hash(scope),
            "signed_at": instant(scope.signed_at) if scope.signed_at else "",
            "parts": [(part, _rendered(part, scope)) for part in parts(scope, at)],
            "at": instant(at),
            "printed": printed,
            "text_name": name(scope, "json"),
            "text_link": f"data:application/json;base64,{base64.b64encode(data).decode()}",
        },
    )


def as_pdf(scope: ScopeOfWork, at: dt.datetime | None = None) -> bytes:
    """The document as a tagged PDF with the hashed text attached. The same at the same instant.

    Raises `pdf.Unavailable` where this installation cannot print.
    """
    return pdf.write(
        html(scope, at, printed=True),
        identifier=document.text_hash(scope),
        at=scope.signed_at or scope.offered_at or scope.created_at,
        attachments={name(scope, "json"): text(scope)},
    )


def plan(items: Iterable[Mapping[str, str]]) -> list[tuple[str, str]]:
    """Day and title of each milestone or review checkpoint."""
    return [(day(dt.date.fromisoformat(item["due"])), item["title"]) for item in items]


def instant(at: dt.datetime) -> str:
    """An instant as the document writes it, the same wherever it is printed."""
    return say("{astimezone:%-d %B %Y, %H:%M} UTC", astimezone=at.astimezone(dt.UTC))


def day(on: dt.date) -> str:
    """A day as the document writes it."""
    return dated(on)


def _rendered(part: Part, scope: ScopeOfWork) -> SafeString:
    context = {**part.context, "scope": scope, "fellowship": scope.fellowship}
    return render_to_string(part.template, context)
