"""SARIF 2.1.0, leniently: what differs from the standard is listed, what is there is read.

Source: OASIS, Static Analysis Results Interchange Format 2.1.0, sections 3.13 to 3.35.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from fellowship.kernel.saying import joined, say
from findings.importing.candidates import (
    NAME,
    TEXT,
    VERSION,
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
from findings.states import Severity, cvss_band

_LEVELS: Final = {
    "error": Severity.HIGH,
    "warning": Severity.MEDIUM,
    "note": Severity.LOW,
    "none": Severity.LOW,
}
_FOUND_NOTHING: Final = {"pass", "notApplicable", "informational"}
_PLACES_MAX: Final = 10
_STEPS_MAX: Final = 50
_ARGUMENT: Final = re.compile(r"\{(\d{1,3})\}")


@dataclass(frozen=True, slots=True)
class _Run:
    """One run: its tool, what was scanned, and the rules by place and by id."""

    tool: str
    version: str
    scanned: tuple[tuple[str, str], ...]
    rules: list[Any]
    by_id: dict[str, dict[str, Any]]
    messages: dict[str, Any]


def read(data: bytes) -> Parsed:
    """The results of a file. Raises Unreadable where it is no SARIF, or holds no result."""
    log = document(data, say("SARIF file"))
    if not isinstance(log, dict) or "runs" not in log:
        raise Unreadable(say("It is no SARIF file: it has no “runs”."))
    warnings: list[str] = []
    if log.get("version") != "2.1.0":
        warnings.append(f"It says it is version {line(log.get('version'), 20) or 'nothing'}.")
    rows: list[Candidate | Refused] = []
    for number, run in enumerate(listed(log, "runs"), 1):
        if isinstance(run, dict):
            rows += _of_run(run, number, warnings)
        else:
            warnings.append(f"Run {number} is no object: left out.")
    if not rows:
        said = joined("; ", _notified(log))
        raise Unreadable(
            say(
                "It holds no results.{more}",
                more=say(" The tool said: {said}", said=said) if said else "",
            )
        )
    within(len(rows))
    return Parsed(rows, list(dict.fromkeys(warnings)))


def _of_run(run: dict[str, Any], number: int, warnings: list[str]) -> Iterator[Candidate | Refused]:
    driver = mapping(mapping(run, "tool"), "driver")
    tool = line(driver.get("name"), NAME)
    if not tool:
        warnings.append(f"Run {number} does not name its tool.")
    if "externalPropertyFileReferences" in run:
        warnings.append(f"Run {number} keeps a part of itself in other files, which were not read.")
    if run.get("results") is None:
        warnings.append(f"Run {number} has no results: the tool did not look for any.")
    rules = listed(driver, "rules")
    shared = _Run(
        tool,
        line(driver.get("semanticVersion") or driver.get("version"), VERSION),
        tuple(_scanned(run)),
        rules,
        {line(r.get("id"), NAME): r for r in rules if isinstance(r, dict)},
        mapping(driver, "globalMessageStrings"),
    )
    for place, result in enumerate(listed(run, "results"), 1):
        try:
            yield _row(
                result,
                shared,
                say("Run {number}, result {place}", number=number, place=place),
                warnings,
            )
        except RowUnreadable as error:
            yield Refused(str(error))


def _row(result: Any, run: _Run, where: str, warnings: list[str]) -> Candidate | Refused:
    if not isinstance(result, dict):
        return Refused(say("{where} is no object.", where=where))
    rule_id, rule = _rule(result, run, where, warnings)
    said = _message(result, rule, run)
    if not said:
        return Refused(say("{where} says nothing: it has no message.", where=where), rule_id)
    title = line(f"{rule_id}: {said}" if rule_id else said)
    if nothing := _nothing(result):
        return Refused(nothing, title)
    places = list(_places(result))
    severity, why = _severity(result, rule, said)
    return Candidate(
        title=title,
        claim=text("\n\n".join(_claim(said, rule, places)), TEXT),
        identity=_identity(result),
        spot=say("{tool} {rule_id} at {places}", tool=run.tool, rule_id=rule_id, places=places[0])[
            :400
        ]
        if rule_id and places
        else "",
        setting=tuple(_setting(result, run, rule_id, rule)),
        systems=run.scanned,
        severity=severity,
        severity_reason=why,
        technique=technique_in(rule_id, *_tags(result, rule)),
        reproduction=text("\n".join(_steps(result)), TEXT),
    )


def _rule(
    result: dict[str, Any], run: _Run, where: str, warnings: list[str]
) -> tuple[str, dict[str, Any]]:
    """The rule's id and what is told of it. A rule of an extension is known by its id alone."""
    said = mapping(result, "rule")
    rule_id = line(result.get("ruleId") or said.get("id"), NAME)
    index = result.get("ruleIndex", said.get("index"))
    rule = run.by_id.get(rule_id) or run.by_id.get(rule_id.rsplit("/", 1)[0], {})
    if not rule and isinstance(index, int) and 0 <= index < len(run.rules):
        rule = run.rules[index] if isinstance(run.rules[index], dict) else {}
    elif isinstance(index, int) and not isinstance(index, bool) and not rule and index >= 0:
        warnings.append(f"{where} points at a rule that is not there.")
    return rule_id or line(rule.get("id"), NAME), rule


def _message(result: dict[str, Any], rule: dict[str, Any], run: _Run) -> str:
    """The message in words: its own, or the rule's of that id with its arguments put in."""
    message = mapping(result, "message")
    said = text(message.get("text")) or text(message.get("markdown"))
    if not said:
        key = line(message.get("id"), NAME)
        found = mapping(mapping(rule, "messageStrings"), key) or mapping(run.messages, key)
        said = text(found.get("text"))
    arguments = [text(one, 1_000) for one in listed(message, "arguments")]

    def put(match: re.Match[str]) -> str:
        number = int(match[1])
        return arguments[number] if number < len(arguments) else match[0]

    return text(_ARGUMENT.sub(put, said)) if arguments else said


def _nothing(result: dict[str, Any]) -> str:
    """Why a result is no finding: not found, gone, or suppressed; empty where it is one."""
    kind = line(result.get("kind"), 20)
    if kind in _FOUND_NOTHING:
        return say("The tool found nothing here: its kind is “{kind}”.", kind=kind)
    if line(result.get("baselineState"), 20) == "absent":
        return say("It is gone: the tool found it before and does not any more.")
    held = [one for one in listed(result, "suppressions") if isinstance(one, dict)]
    states = {line(one.get("status"), 20) or "accepted" for one in held}
    if "accepted" in states and not states & {"underReview", "rejected"}:
        return say("It is suppressed in the file.")
    return ""


def _severity(result: dict[str, Any], rule: dict[str, Any], said: str) -> tuple[str, str]:
    """From the rule's security score where there is one, else from the level."""
    score = mapping(result, "properties").get("security-severity") or mapping(
        rule, "properties"
    ).get("security-severity")
    try:
        number = Decimal(line(score, 10)) if score is not None else None
        band = cvss_band(number) if number is not None and 0 <= number <= 10 else None
    except InvalidOperation:
        number, band = None, None
    if band is not None:
        return band, say("The file gives a security severity of {number}.", number=number)
    default = mapping(rule, "defaultConfiguration").get("level")
    level = line(result.get("level") or default or "warning", 20)
    return _LEVELS.get(level, Severity.MEDIUM), say(
        "The file gives the level “{level}”.", level=level
    )


def _claim(said: str, rule: dict[str, Any], places: list[str]) -> Iterator[str]:
    yield said
    full = mapping(rule, "fullDescription") or mapping(rule, "shortDescription")
    if meaning := text(full.get("text"), 5_000):
        yield say("The rule: {meaning}", meaning=meaning)
    if places:
        yield say("Where: {places}", places=joined("; ", places))


def _places(result: dict[str, Any]) -> Iterator[str]:
    for location in listed(result, "locations")[:_PLACES_MAX]:
        if place := _place(location):
            yield place


def _place(location: Any) -> str:
    physical = mapping(location, "physicalLocation")
    uri = line(mapping(physical, "artifactLocation").get("uri"), 300)
    if not uri:
        logical = [one for one in listed(location, "logicalLocations") if isinstance(one, dict)]
        names = (line(one.get("fullyQualifiedName") or one.get("name"), 300) for one in logical)
        return next((name for name in names if name), "")
    region = mapping(physical, "region")
    for key, word in (("startLine", "line"), ("charOffset", "character"), ("byteOffset", "byte")):
        number = region.get(key)
        if isinstance(number, int) and not isinstance(number, bool):
            column = region.get("startColumn") if key == "startLine" else None
            return f"{uri}, {word} {number}{f':{column}' if isinstance(column, int) else ''}"
    return uri


def _identity(result: dict[str, Any]) -> str:
    """The tool's own fingerprint of the result, or its GUID; empty where it gives none."""
    for key in ("fingerprints", "partialFingerprints"):
        for name, value in sorted(mapping(result, key).items()):
            if said := line(value, 200):
                return f"{line(name, 40)} {said}"[:250]
    guid = line(result.get("correlationGuid") or result.get("guid"), 40)
    return say("GUID {guid}", guid=guid) if guid else ""


def _setting(
    result: dict[str, Any], run: _Run, rule_id: str, rule: dict[str, Any]
) -> Iterator[tuple[str, str]]:
    if run.tool:
        yield say("Tool"), f"{run.tool} {run.version}".strip()
    if rule_id:
        yield say("Rule"), f"{rule_id} {line(rule.get('name'), 100)}".strip()
    if said := line(result.get("baselineState"), 20):
        yield say("Against the baseline"), said
    for taxon in [one for one in listed(result, "taxa") if isinstance(one, dict)][:5]:
        name = line(mapping(taxon, "toolComponent").get("name"), 60)
        if found := line(taxon.get("id"), 60):
            yield name or say("Classified as"), found


def _tags(result: dict[str, Any], rule: dict[str, Any]) -> Iterator[str]:
    for holder in (result, rule):
        yield from (line(tag, 100) for tag in listed(mapping(holder, "properties"), "tags")[:50])
    for taxon in listed(result, "taxa")[:50]:
        yield line(taxon.get("id"), 100) if isinstance(taxon, dict) else ""
    for relation in listed(rule, "relationships")[:50]:
        yield line(mapping(relation, "target").get("id"), 100)


def _steps(result: dict[str, Any]) -> Iterator[str]:
    """The first code flow, step by step."""
    flow = next(iter(listed(result, "codeFlows")), None)
    thread = next(iter(listed(flow, "threadFlows")), None)
    for number, step in enumerate(listed(thread, "locations")[:_STEPS_MAX], 1):
        location = mapping(step, "location")
        said = line(mapping(location, "message").get("text"), 300)
        yield f"{number}. {_place(location)}{f': {said}' if said else ''}"


def _scanned(run: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for source in listed(run, "versionControlProvenance")[:5]:
        if isinstance(source, dict) and (uri := line(source.get("repositoryUri"), NAME)):
            yield uri, line(source.get("revisionId") or source.get("branch"), VERSION)


def _notified(log: dict[str, Any]) -> Iterator[str]:
    for run in listed(log, "runs"):
        for invocation in listed(run, "invocations"):
            for key in ("toolConfigurationNotifications", "toolExecutionNotifications"):
                for one in listed(invocation, key)[:3]:
                    if said := line(mapping(one, "message").get("text"), 200):
                        yield said
