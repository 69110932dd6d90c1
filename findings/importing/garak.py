"""garak report logs, `.report.jsonl`: one finding for each probe and detector that failed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fellowship.kernel.saying import say
from findings.importing.candidates import (
    NAME,
    TEXT,
    VERSION,
    Candidate,
    Parsed,
    Refused,
    RowUnreadable,
    Unreadable,
    count,
    line,
    technique_in,
    text,
    within,
)
from findings.importing.reading import NotJson, decoded, parsed

LINES_MAX: Final = 200_000
_TECHNIQUES: Final[Mapping[str, str]] = {
    "ansiescape": "AML.T0051",
    "dan": "AML.T0054",
    "encoding": "AML.T0051",
    "exploitation": "AML.T0051",
    "grandma": "AML.T0054",
    "latentinjection": say("AML.T0051.001"),
    "leakreplay": "AML.T0057",
    "packagehallucination": "AML.T0062",
    "phrasing": "AML.T0054",
    "promptinject": say("AML.T0051.000"),
    "replay": "AML.T0057",
    "suffix": "AML.T0054",
    "sysprompt_extraction": "AML.T0056",
    "tap": "AML.T0054",
}
"""The technique that each family of probes tries, where it is one."""


@dataclass
class _Run:
    """What the report says about itself, as far as it was read."""

    uuid: str = ""
    version: str = ""
    kind: str = ""
    target: str = ""
    generations: str = ""
    seed: str = ""
    goals: dict[str, str] = field(default_factory=dict)


def read(data: bytes) -> Parsed:
    """The evaluations of a report. Raises Unreadable where it is none."""
    said = decoded(data)
    if "garak_calibration_meta" in said:
        nan = say(" It also holds NaN, which is no number in JSON.") if "NaN" in said else ""
        raise Unreadable(
            say(
                "It is a garak calibration, means over many models, and no report of "
                "one: it makes a series of measurements, not findings.{nan}",
                nan=nan,
            )
        )
    lines = [one for one in said.split("\n") if one.strip()]
    if len(lines) > LINES_MAX:
        raise Unreadable(
            say(
                "It has {n:,} lines; at most {LINES_MAX:,} are read.",
                n=len(lines),
                LINES_MAX=LINES_MAX,
            )
        )
    run = _Run()
    rows: list[Candidate | Refused] = []
    known = 0
    for number, one in enumerate(lines, 1):
        try:
            entry = parsed(one)
        except NotJson as error:
            rows.append(
                Refused(say("Line {number} is not JSON: {error}.", number=number, error=error))
            )
            continue
        if isinstance(entry, dict) and "entry_type" in entry:
            known += 1
            rows += _rows(entry, run)
    if not known:
        raise Unreadable(
            say("It is no garak report: no line of it says what it is (“entry_type”).")
        )
    if not rows:
        raise Unreadable(say("It holds no evaluation: the run ended before any probe was judged."))
    within(len(rows))
    warnings = [] if run.target else [say("It does not name the model that was probed.")]
    return Parsed(rows, warnings)


def _rows(entry: dict[str, Any], run: _Run) -> Iterator[Candidate | Refused]:
    kind = entry["entry_type"]
    try:
        if kind == "start_run setup":
            _setup(entry, run)
        elif kind == "init":
            run.uuid = line(entry.get("run"), 60)
            run.version = line(entry.get("garak_version"), 40)
        elif kind == "attempt":
            probe = line(entry.get("probe_classname"), NAME)
            run.goals.setdefault(probe, line(entry.get("goal"), NAME))
        elif kind == "eval":
            yield _evaluated(entry, run)
    except RowUnreadable as error:
        yield Refused(str(error))


def _setup(entry: dict[str, Any], run: _Run) -> None:
    def first(*keys: str) -> str:
        return next((said for key in keys if (said := line(entry.get(key), NAME))), "")

    run.kind = first("plugins.target_type", "plugins.model_type")
    run.target = first("plugins.target_name", "plugins.model_name") or run.kind
    run.generations, run.seed = first("run.generations"), first("run.seed")
    run.version = first("_config.version") or run.version


def _evaluated(entry: dict[str, Any], run: _Run) -> Candidate | Refused:
    probe = line(entry.get("probe"), NAME)
    detector = line(entry.get("detector"), NAME).removeprefix("detector.")
    title = say(
        "{target} fails the probe {probe} ({detector})",
        target=run.target or say("The model"),
        probe=probe,
        detector=detector,
    )
    if not probe or not detector:
        return Refused(say("The evaluation names no probe or no detector."))
    passed = count(entry.get("passed"))
    total = count(entry.get("total_evaluated", entry.get("total")))
    if passed is None or total is None or passed > total:
        return Refused(say("The evaluation holds no count of how many passed of how many."), title)
    if total == 0:
        return Refused(say("Nothing was evaluated."), title)
    if passed == total:
        return Refused(
            say("Nothing failed: {passed} of {total} passed.", passed=passed, total=total), title
        )
    hits = total - passed
    goal = run.goals.get(probe, "")
    claim = say(
        "Of {total} answers to the probe {probe}, {hits} failed the detector {detector}.{more}",
        total=total,
        probe=probe,
        hits=hits,
        detector=detector,
        more=say(" The probe tries to {goal}.", goal=goal) if goal else "",
    )
    family = probe.split(".")[0]
    return Candidate(
        title=line(title),
        claim=text(claim, TEXT),
        identity=say(
            "garak {uuid} {probe}/{detector}", uuid=run.uuid, probe=probe, detector=detector
        )
        if run.uuid
        else "",
        spot=say(
            "garak {probe}/{detector} on {kind}:{target}",
            probe=probe,
            detector=detector,
            kind=run.kind,
            target=run.target,
        )[:400],
        conditions=_interval(entry),
        setting=tuple(_setting(run, probe, detector)),
        hits=hits,
        trials=total,
        systems=((run.target, ""),) if run.target else (),
        technique=technique_in(line(entry.get("tags"))) or _TECHNIQUES.get(family, ""),
        reproduction=_command(run, probe),
    )


def _interval(entry: dict[str, Any]) -> str:
    low, high = entry.get("confidence_lower"), entry.get("confidence_upper")
    if not isinstance(low, float) or not isinstance(high, float):
        return ""
    method = line(entry.get("confidence_method"), 40)
    return say(
        "garak gives the share of failures as {low:.0%} to {high:.0%}, by {method}.",
        low=low,
        high=high,
        method=method or "itself",
    )


def _setting(run: _Run, probe: str, detector: str) -> Iterator[tuple[str, str]]:
    pairs = (
        (say("Probe"), probe),
        (say("Detector"), detector),
        (say("Answers per prompt"), run.generations),
        (say("Seed"), run.seed),
        ("garak", run.version[:VERSION]),
    )
    yield from (pair for pair in pairs if pair[1])


def _command(run: _Run, probe: str) -> str:
    said = say("garak --probes {probe}", probe=probe)
    if run.kind:
        said += say(" --target_type {kind}", kind=run.kind)
    if run.target and run.target != run.kind:
        said += say(" --target_name {target}", target=run.target)
    return (
        say("{said} --generations {generations}", said=said, generations=run.generations)
        if run.generations
        else said
    )
