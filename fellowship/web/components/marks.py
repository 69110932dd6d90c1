"""Small marks: icons, stages, tones of states, hidden tokens."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.utils.formats import localize
from django.utils.safestring import SafeString

from fellowship.kernel.saying import say
from fellowship.web import once
from fellowship.web.markup import markup

STAGES: Final = (
    ("recruit", say("Recruit")),
    ("scope", say("Scope")),
    ("access", say("Access")),
    ("research", say("Research")),
    ("review", say("Review")),
    ("translate", say("Translate")),
    ("publish", say("Publish")),
    ("close_out", say("Close out")),
)

_PATHS: Final = {
    "check": "M3 8.5l3.2 3.2L13 4.8",
    "cross": "M4 4l8 8M12 4l-8 8",
    "clock": "M8 2.2a5.8 5.8 0 100 11.6A5.8 5.8 0 008 2.2zM8 5v3.2l2.2 1.4",
    "lock": "M4 7.5h8v6H4zM5.5 7.5V5.2a2.5 2.5 0 015 0v2.3",
    "arrow": "M3 8h9.5M8.8 4.2L12.6 8l-3.8 3.8",
    "back": "M13 8H3.5M7.2 4.2L3.4 8l3.8 3.8",
    "alert": "M8 2.5l6 10.8H2zM8 6.6v3.1M8 11.4v.2",
    "dot": "M8 7.2a.8.8 0 100 1.6.8.8 0 000-1.6z",
    "search": "M7 2.8a4.2 4.2 0 100 8.4 4.2 4.2 0 000-8.4zM10.2 10.2l3.3 3.3",
    "inbox": "M2.5 9l2-5.5h7l2 5.5v4h-11zM2.5 9h3.2l.8 1.6h3L10.3 9h3.2",
    "external": "M6.5 3.5H3v9.5h9.5V9.5M9 3h4v4M13 3L7.5 8.5",
    "menu": "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
    "up": "M8 12.5V4M4.5 7.5L8 4l3.5 3.5",
    "down": "M8 3.5V12M4.5 8.5L8 12l3.5-3.5",
    "updown": "M5 6.5L8 3.5l3 3M5 9.5l3 3 3-3",
    "sun": "M8 5.2a2.8 2.8 0 100 5.6 2.8 2.8 0 000-5.6zM8 1.5v1.5M8 13v1.5M1.5 8H3M13 8h1.5"
    "M3.4 3.4l1.06 1.06M11.54 11.54l1.06 1.06M3.4 12.6l1.06-1.06M11.54 4.46l1.06-1.06",
    "moon": "M13 9.6A5.4 5.4 0 016.4 3 5.4 5.4 0 1013 9.6z",
    "person": "M8 2.8a2.6 2.6 0 100 5.2 2.6 2.6 0 000-5.2z"
    "M3 13.5c.6-2.6 2.6-3.8 5-3.8s4.4 1.2 5 3.8",
}

_TONES: Final = {
    "good": {
        "accepted", "active", "answered", "approved", "approve", "closed", "complete", "completed",
        "done", "effective", "granted", "met", "passed", "published", "reduced", "released",
        "resolved", "satisfied", "signed", "verified", "valid",
    },
    "warn": {
        "approve_with_conditions", "conditions", "contested", "defer", "deferred", "expiring",
        "not_shown", "objected", "open", "paused", "pending", "pending_conditions", "requested",
        "revise", "with_you", "suspended",
    },
    "bad": {
        "breached", "declined", "denied", "deny", "expired", "failed", "lapsed", "overdue",
        "refused", "rejected", "revoked", "worse",
    },
    "accent": {"draft_ready", "in_progress", "in_review", "under_review", "with_board", "running"},
}  # fmt: skip
_TONE_OF: Final = {state: tone for tone, states in _TONES.items() for state in states}


@dataclass(frozen=True, slots=True)
class Stage:
    """One field of the stage strip."""

    label: str
    state: str


def stages(current: str) -> list[Stage]:
    """The strip with `current` marked; every stage before it is done, all are when `closed`."""
    keys = [key for key, _ in STAGES]
    at = keys.index(current) if current in keys else len(keys) if current == "closed" else -1
    return [
        Stage(label, "done" if i < at else "now" if i == at else "ahead")
        for i, (_, label) in enumerate(STAGES)
    ]


def tone_of(state: str) -> str:
    """The tone of a state by house convention; plain where there is none."""
    return _TONE_OF.get(state, "plain")


@functools.cache
def icon(name: str) -> SafeString:
    """A line mark of 16 units; decorative, so words must stand beside it."""
    return markup(
        '<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"'
        ' focusable="false"><path d="{}"/></svg>',
        _PATHS[name],
    )


def tokens(request: HttpRequest | None) -> SafeString:
    """The hidden inputs every POST form of ours carries."""
    return markup(
        '{}<input type="hidden" name="{}" value="{}">',
        csrf(request),
        once.FIELD,
        once.token(request),
    )


def csrf(request: HttpRequest | None) -> SafeString:
    """The hidden input that shows a form to be ours: the same in all forms of an answer."""
    secret, shown = getattr(request, "_csrf_shown", (None, None))
    if shown is None or secret != request.META.get("CSRF_COOKIE"):  # type: ignore[union-attr]
        token = get_token(request) if request else ""
        shown = markup('<input type="hidden" name="csrfmiddlewaretoken" value="{}">', token)
        if request:
            request._csrf_shown = request.META["CSRF_COOKIE"], shown  # type: ignore[attr-defined]
    return shown


def empty(text: str, hint: str = "", url: str = "", label: str = "") -> SafeString:
    """Nothing here, and what to do next."""
    return markup(
        '<div class="empty"><p><strong>{}</strong></p>{}{}</div>',
        text,
        markup("<p>{}</p>", hint) if hint else "",
        markup('<p><a class="btn quiet" href="{}">{}</a></p>', url, label) if url else "",
    )


def stat(
    label: str, value: object, *, unit: str = "", hint: str = "", tone: str = "plain", url: str = ""
) -> SafeString:
    """One figure with its label, which leads to what it counts."""
    pattern = '<div class="stat {}"><p class="label">{}</p><p class="value">{}{}</p>{}</div>'
    return markup(
        *(pattern, tone, markup('<a href="{}">{}</a>', url, label) if url else label),
        *(localize(value), markup(" <small>{}</small>", unit) if unit else ""),
        markup('<p class="hint">{}</p>', hint) if hint else "",
    )


def figures(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> SafeString:
    """The inside of a table that says a chart's figures; the first of a row is its heading."""
    first, *others = columns
    head = markup('<th scope="col">{}</th>', first) if first else "<td></td>"
    parts = [head, *(markup('<th scope="col">{}</th>', c) if c else "<td></td>" for c in others)]
    body = "".join(_figures(others, *row) for row in rows)
    return SafeString(f"<thead><tr>{''.join(parts)}</tr></thead><tbody>{body}</tbody>")


def _figures(columns: Sequence[str], name: str, *values: str) -> str:
    cells = "".join(
        markup('<td data-label="{}">{}</td>', column, value or "–")
        for column, value in zip(columns, values, strict=True)
    )
    return markup('<tr><th scope="row">{}</th>{}</tr>', name, SafeString(cells))


def tally(pairs: Iterable[tuple[object, object]]) -> SafeString:
    """Names with a figure each."""
    rows = [markup("<dt>{}</dt><dd>{}</dd>", name, figure) for name, figure in pairs]
    return markup('<dl class="clock">{}</dl>', SafeString("".join(rows)))


def unique(request: HttpRequest | None, prefix: str) -> str:
    """An id used once on the page."""
    if request is None:
        return f"{prefix}-0"
    count = int(getattr(request, "component_count", 0)) + 1
    request.component_count = count  # type: ignore[attr-defined]
    return f"{prefix}-{count}"


def shares(us: int, you: int) -> dict[str, str] | None:
    """The bar of a clock face in hundredths; None before the first day is over.

    They are text: a picture has its points in every language, where pages have commas in German.
    """
    total = us + you
    if not total:
        return None
    return {"us": f"{100 * us / total:.1f}", "them": f"{100 * you / total:.1f}"}


def attributes(pairs: dict[str, object]) -> SafeString:
    """HTML attributes; those with an empty or false value are left out, True gives a bare name."""
    return SafeString(
        "".join(
            markup(" {}", name) if value is True else markup(' {}="{}"', name, value)
            for name, value in pairs.items()
            if value not in ("", None, False)
        )
    )
