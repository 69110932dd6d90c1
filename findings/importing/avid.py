"""AVID reports and vulnerabilities, one or a list of them, in any of the versions that are about.

Lenient: real reports differ from the published schema in nearly every field.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from cvss import CVSS4
from cvss.exceptions import CVSS4Error

from fellowship.kernel.saying import say
from findings.importing.candidates import (
    CONDITIONS,
    NAME,
    TEXT,
    TITLE,
    Candidate,
    Parsed,
    Refused,
    RowUnreadable,
    Unreadable,
    line,
    listed,
    mapping,
    technique_in,
    text,
    within,
)
from findings.importing.reading import document
from findings.states import Harm, Severity, cvss_band

_WHAT: Final = say("AVID report")
_BANDS: Final[Mapping[str, str]] = {
    "critical": Severity.CRITICAL,
    "high": Severity.HIGH,
    "medium": Severity.MEDIUM,
    "low": Severity.LOW,
}
_HARM: Final[Mapping[str, str]] = {
    "level 1": Harm.NUISANCE,
    "level 2": Harm.LIMITED,
    "level 3": Harm.SERIOUS,
    "level 4": Harm.SEVERE,
    "level 5": Harm.CATASTROPHIC,
}
"""How the social impact score of some reports stands on our scale."""
_SYSTEMS_MAX: Final = 50


def read(data: bytes) -> Parsed:
    """The reports of a file. Raises Unreadable where there is none in it."""
    found = document(data, _WHAT)
    reports = found if isinstance(found, list) else [found]
    within(len(reports))
    if not any(_is_report(one) for one in reports):
        raise Unreadable(
            say("It is no AVID report: it has neither a description nor what it affects.")
        )
    warnings: list[str] = []
    return Parsed([_row(one, warnings) for one in reports], warnings)


def _is_report(one: Any) -> bool:
    return isinstance(one, dict) and any(
        isinstance(one.get(key), dict) for key in ("problemtype", "description", "affects")
    )


def _row(one: Any, warnings: list[str]) -> Candidate | Refused:
    if not _is_report(one):
        return Refused(
            say("It is no AVID report: it has neither a description nor what it affects.")
        )
    try:
        return _candidate(one, warnings)
    except RowUnreadable as error:
        return Refused(str(error), _id(one))


def _candidate(one: dict[str, Any], warnings: list[str]) -> Candidate | Refused:
    name = _id(one)
    problem = text(mapping(mapping(one, "problemtype"), "description").get("value"))
    described = text(mapping(one, "description").get("value"))
    if not problem and not described:
        return Refused(say("It describes no problem, so there is no claim."), name)
    systems, datasets = _affected(one, name, warnings)
    if not systems:
        warnings.append(f"{name or 'A report'} names no model or system that it affects.")
    severity, why, vector = _severity(one)
    references = list(_references(one))
    claim = [
        described or problem,
        *([say("References:\n") + "\n".join(references)] * bool(references)),
    ]
    return Candidate(
        title=line(problem or described, TITLE),
        claim=text("\n\n".join(claim), TEXT),
        identity=f"{'AVID ' if not name.startswith('AVID') else ''}{name}" if name else "",
        conditions=text("\n".join(_measured(one)), CONDITIONS),
        setting=tuple(_setting(one, datasets)),
        systems=systems,
        severity=severity,
        severity_reason=why,
        cvss_vector=vector,
        harm=_harm(one),
        technique=technique_in(*references, described, problem),
    )


def _id(one: dict[str, Any]) -> str:
    said = mapping(one, "metadata")
    try:
        return line(said.get("report_id") or said.get("vuln_id"), 60)
    except RowUnreadable:
        return ""


def _affected(
    one: dict[str, Any], name: str, warnings: list[str]
) -> tuple[tuple[tuple[str, str], ...], list[str]]:
    """Models and systems, each once, and the datasets."""
    systems: dict[str, None] = {}
    datasets: dict[str, None] = {}
    for artifact in listed(mapping(one, "affects"), "artifacts"):
        said = artifact if isinstance(artifact, dict) else {"name": artifact}
        kind, called = line(said.get("type"), 60).lower(), line(said.get("name"), NAME)
        if called:
            (datasets if kind == "dataset" else systems)[called] = None
    if len(systems) > _SYSTEMS_MAX:
        warnings.append(
            f"{name} affects {len(systems)} systems; the first {_SYSTEMS_MAX} were read."
        )
    return tuple((system, "") for system in [*systems][:_SYSTEMS_MAX]), [*datasets]


def _severity(one: dict[str, Any]) -> tuple[str, str, str]:
    """Severity, why, and the vector where it is one of CVSS 4.0."""
    for key in ("cvss", "cvssV4_0", "cvssV3_1"):
        said = mapping(mapping(one, "impact"), key)
        band = _BANDS.get(line(said.get("baseSeverity"), 20).lower(), "")
        vector = line(said.get("vectorString"), 300)
        if vector.startswith("CVSS:4.0/") and (own := _band_of(vector)):
            return own, "", vector
        if band:
            score = line(said.get("baseScore"), 10)
            return (
                band,
                say("The file says CVSS {score}: {vector}", score=score, vector=vector).rstrip(
                    ": "
                ),
                "",
            )
    return "", "", ""


def _band_of(vector: str) -> str:
    """The severity that a CVSS 4.0 vector means; empty where it is none, or means no severity."""
    try:
        return cvss_band(Decimal(str(CVSS4(vector).base_score))) or ""
    except (CVSS4Error, ValueError, KeyError):
        return ""


def _harm(one: dict[str, Any]) -> str:
    said = line(mapping(mapping(one, "impact"), "odin").get("SocialImpactScore"), 60).lower()
    return next((harm for level, harm in _HARM.items() if said.startswith(level)), "")


def _measured(one: dict[str, Any]) -> Iterator[str]:
    for metric in listed(one, "metrics")[:20]:
        if isinstance(metric, dict):
            method = line(mapping(metric, "detection_method").get("name"), NAME)
            name = line(metric.get("name"), NAME)
            yield say(
                "Measured: {name}{more}.",
                name=name,
                more=say(", by {method}", method=method) if method else "",
            )


def _setting(one: dict[str, Any], datasets: list[str]) -> Iterator[tuple[str, str]]:
    kind = mapping(one, "problemtype")
    pairs = [
        (say("Class"), line(kind.get("classof"), NAME)),
        (say("Type"), line(kind.get("type"), NAME)),
        *((say("Dataset"), name) for name in datasets[:10]),
    ]
    domain = mapping(mapping(one, "impact"), "avid")
    pairs += [(say("Risk domain"), line(one_, NAME)) for one_ in listed(domain, "risk_domain")[:5]]
    pairs += [(say("Effect"), line(one_, NAME)) for one_ in listed(domain, "sep_view")[:5]]
    yield from ((key, value) for key, value in pairs if value)


def _references(one: dict[str, Any]) -> Iterator[str]:
    for reference in listed(one, "references")[:30]:
        if isinstance(reference, dict):
            label, url = line(reference.get("label"), 300), line(reference.get("url"), 500)
            if label or url:
                yield f"{label} ({url})" if label and url and label != url else label or url
