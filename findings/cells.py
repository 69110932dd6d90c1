"""How findings and controls look in lists and on their pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.utils.safestring import SafeString

from fellowship.kernel.routes import route_to
from fellowship.kernel.saying import joined, say
from fellowship.web import cells
from fellowship.web.markup import markup
from findings import atlas
from findings.models import Finding, ImportRow
from findings.states import HARM_MEANS, FindingState, Harm, RowOutcome, Severity, Verdict

_TONES: Final = {
    Severity.CRITICAL: "bad",
    Severity.HIGH: "bad",
    Severity.MEDIUM: "warn",
    Verdict.REDUCED: "good",
    Verdict.NOT_SHOWN: "warn",
    Verdict.WORSE: "bad",
    Verdict.INSUFFICIENT: "warn",
}


def severity(finding: Finding) -> SafeString:
    """The severity in a pill, and the CVSS score beside it."""
    words = Severity(finding.severity)
    pill = cells.tag(words.label, _TONES.get(words, "plain"))
    return pill if finding.cvss_score is None else SafeString(pill + cells.meta(finding.cvss_score))


def verdict(given: Verdict) -> SafeString:
    """What a before and after show, in a pill."""
    return cells.tag(given.label, _TONES[given])


def lines(findings: Iterable[Finding]) -> SafeString:
    """Findings one below the other: name, severity and disposition."""
    return SafeString("".join(_line(finding) for finding in findings))


def _line(finding: Finding) -> str:
    return markup(
        '<p class="split"><span><a href="{}">{}</a>{}</span><span>{}</span></p>',
        route_to("findings:detail", finding.ref),
        finding.title,
        cells.meta(finding.ref),
        cells.beside(severity(finding), disposition(finding)),
    )


def disposition(finding: Finding) -> SafeString:
    """The disposition in a pill."""
    return cells.state(finding.state, FindingState(finding.state).label)


def harm_means(finding: Finding) -> str:
    """What the degree of harm means."""
    return HARM_MEANS[Harm(finding.harm)]


def technique_name(finding: Finding) -> SafeString:
    """The technique's name, where it is known."""
    name = atlas.name_of(finding.technique)
    return markup(" {}", name) if name else SafeString("")


_OUTCOMES: Final = {
    RowOutcome.NEW: "good",
    RowOutcome.DUPLICATE: "plain",
    RowOutcome.REFUSED: "warn",
}


def outcome(row: ImportRow) -> SafeString:
    """What becomes of a row of a file, in a pill."""
    kind = RowOutcome(row.outcome)
    return cells.tag(kind.label, _OUTCOMES[kind])


def import_meta(row: ImportRow) -> str:
    """Its place, and how bad, how often and where, as the file tells it."""
    said = row.candidate
    hits, trials = said.get("hits"), said.get("trials")
    technique = said.get("technique", "")
    about = atlas.class_of(technique)
    parts = (
        say("Row {place}", place=row.place),
        Severity(said["severity"]).label if said.get("severity") else "",
        say("{hits} of {trials}", hits=hits, trials=trials) if trials else "",
        " ".join(filter(None, (technique, f"({about.label})" if about else ""))),
        joined(
            ", ", (f"{name} {version}".strip() for name, version in said.get("systems", ())[:3])
        ),
    )
    return joined(" · ", (part for part in parts if part))
