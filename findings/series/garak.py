"""garak: evaluations of a run's report, and calibrations over a bag of models.

A report holds counts: `passed` of `total_evaluated`; an attack succeeded in the others. A
calibration holds no counts but the mean pass rate (`mu`) and standard deviation (`sigma`) over the
models of its bag: scores, as many as the bag has reports. `sigma` is of the whole bag (NumPy's
default), so it is turned into that of a sample.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterator
from typing import Any

from fellowship.kernel.saying import say
from findings.series.rows import BadRow, Reading, Unreadable
from findings.states import Metric
from findings.statistics import Conditions, Scores, Share

META = "garak_calibration_meta"
LARGEST = 2_000_000_000


def read_report(data: bytes) -> Iterator[Reading | BadRow]:
    """The evaluations of a report. Raises Unreadable where a line is no JSON or none is one."""
    version, model, day, seen = "", "", None, False
    for number, line in enumerate(_text(data).splitlines(), start=1):
        if not line.strip():
            continue
        entry = _object(line, say("Line {number}", number=number))
        kind = entry.get("entry_type")
        if kind == "start_run setup":
            seen = True
            model = str(entry.get("plugins.target_name") or entry.get("plugins.model_name") or "")
            version = str(entry.get("_config.version") or "")
        elif kind == "init":
            seen = True
            version, day = str(entry.get("garak_version") or version), _day(entry.get("start_time"))
        elif kind == "eval":
            yield _evaluation(number, entry, Conditions(model, "", "garak", version), day)
    if not seen:
        raise Unreadable(say("This is no garak report: it holds neither its set-up nor its start."))


def _evaluation(
    number: int, entry: dict[str, Any], under: Conditions, day: dt.date | None
) -> Reading | BadRow:
    attack = f"{entry.get('probe', '')}/{entry.get('detector', '')}"
    name = f"line {number}, {attack}"
    passed, total = entry.get("passed"), entry.get("total_evaluated", entry.get("total"))
    share = _share(passed, total)
    if share is None:
        return BadRow(
            name, say("passed {passed!r} of {total!r} is no count", passed=passed, total=total)
        )
    return Reading(
        row=name,
        metric=Metric.ATTACK_SUCCESS,
        sample=share,
        conditions=Conditions(under.model, attack[:200], under.harness, under.harness_version),
        taken_on=day,
        defence=None,
        source=f"garak report: {attack}"[:300],
    )


def _share(passed: object, total: object) -> Share | None:
    """The attacks that succeeded: those evaluated and not passed."""
    if type(passed) is not int or type(total) is not int:
        return None
    return Share(total - passed, total) if 0 <= passed <= total and 0 < total <= LARGEST else None


def read_bag(data: bytes) -> Iterator[Reading | BadRow]:
    """Each probe's mean pass rate over the bag. Raises Unreadable where it is no calibration."""
    bag = _object(_text(data), say("The file"))
    meta = bag.pop(META, None)
    if not isinstance(meta, dict) or not isinstance(meta.get("filenames"), list):
        raise Unreadable(
            say("This is no garak calibration: it has no “{META}” with its reports.", META=META)
        )
    day, number = _day(meta.get("date")), len(meta["filenames"])
    if day is None or number < 2:
        raise Unreadable(say("The calibration names no date, or fewer than two reports."))
    for attack, values in bag.items():
        yield _mean(attack, values, number, day)


def _mean(attack: str, values: Any, number: int, day: dt.date) -> Reading | BadRow:
    if not isinstance(values, dict):
        return BadRow(attack, say("it holds no mean and spread"))
    bad = [name for name, v in values.items() if isinstance(v, float) and not math.isfinite(v)]
    if bad:
        reason = say(
            "{bad} is not a number: fewer than three reports stand behind this mean", bad=bad[0]
        )
        return BadRow(attack, reason)
    mean, spread = values.get("mu"), values.get("sigma")
    if not isinstance(mean, int | float) or not isinstance(spread, int | float):
        return BadRow(attack, say("it holds no mean and spread"))
    if not 0 <= mean <= 1 or spread < 0:
        return BadRow(
            attack,
            say(
                "a mean pass rate of {mean:g} with a spread of {spread:g} cannot be",
                mean=mean,
                spread=spread,
            ),
        )
    return Reading(
        row=attack,
        metric=Metric.PASS_RATE,
        sample=Scores(number, float(mean), float(spread) * math.sqrt(number / (number - 1))),
        conditions=Conditions(
            model=f"bag of {number} models, {day:%B %Y}",
            attack=attack[:200],
            harness=say("garak calibration"),
        ),
        taken_on=day,
        defence=None,
        source=f"garak calibration: {attack}"[:300],
    )


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(say("This is no text in UTF-8: {error}.", error=error)) from error


def _object(text: str, where: str) -> dict[str, Any]:
    """A JSON object; NaN and infinities are read as such, since garak writes them."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable(say("{where} is no JSON: {error}.", where=where, error=error)) from error
    if not isinstance(found, dict):
        raise Unreadable(say("{where} is no JSON object.", where=where))
    return found


def _day(value: object) -> dt.date | None:
    try:
        return dt.date.fromisoformat(str(value)[:10])
    except ValueError:
        return None
