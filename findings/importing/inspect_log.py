"""Inspect evaluation logs, `.json` or `.eval`: one finding for each scorer that samples failed.

The file is opened as the access trail opens it (`access.importers.inspect_log`).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

from access.importers.inspect_log import opened
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
    count,
    line,
    listed,
    mapping,
    technique_in,
    text,
    within,
)
from findings.importing.reading import BYTES_MAX

_RIGHT: Final = {"C": True, "I": False, "N": False, "P": False}
_SHOWN: Final = 5


def read(data: bytes) -> Parsed:
    """The scores of a log. Raises Unreadable where it is none, or nothing was scored."""
    if not data.strip():
        raise Unreadable(say("It is empty."))
    if len(data) > BYTES_MAX:
        raise Unreadable(say("It is larger than {BYTES_MAX} MB.", BYTES_MAX=BYTES_MAX // 1000000))
    try:
        with opened(data) as (log, samples):
            return _parsed(log, samples)
    except Unreadable:
        raise
    except ValueError as error:
        raise Unreadable(str(error)) from None


def _parsed(log: dict[str, Any], samples: Iterable[Any]) -> Parsed:
    evaluation = mapping(log, "eval")
    if not evaluation:
        raise Unreadable(say("This is not an Inspect log: it has no “eval”."))
    warnings: list[str] = []
    status = line(log.get("status"), 20)
    if status != "success":
        warnings.append(f"The evaluation did not end well: its status is “{status or 'started'}”.")
    scored, failed, unread = _scored(samples)
    if unread:
        warnings.append(f"{unread} sample{'s' * (unread > 1)} could not be read.")
    rows = list(_rows(log, evaluation, scored, failed))
    if not rows:
        said = line(mapping(log, "error").get("message"), 300)
        raise Unreadable(
            say(
                "It holds no scores.{more}",
                more=say(" It ended with: {said}", said=said) if said else "",
            )
        )
    within(len(rows))
    return Parsed(rows, warnings)


def _scored(samples: Iterable[Any]) -> tuple[Counter[str], dict[str, list[str]], int]:
    """Of each scorer: how many samples it scored, and which failed; how many were not read."""
    scored: Counter[str] = Counter()
    failed: dict[str, list[str]] = {}
    unread = 0
    for sample in samples:
        if not isinstance(sample, dict):
            unread += 1
            continue
        for name, score in mapping(sample, "scores").items():
            right = _right(score.get("value") if isinstance(score, dict) else score)
            if right is None:
                continue
            scored[name] += 1
            if not right:
                failed.setdefault(name, []).append(f"{sample.get('id')}/{sample.get('epoch')}")
    return scored, failed, unread


def _right(value: Any) -> bool | None:
    """Whether a score says the sample was passed; None where it is no such score."""
    if isinstance(value, str):
        return _RIGHT.get(value.strip())
    if isinstance(value, (bool, int, float)) and value in (0, 1):
        return bool(value)
    return None


def _rows(
    log: dict[str, Any],
    evaluation: dict[str, Any],
    scored: Counter[str],
    failed: dict[str, list[str]],
) -> Iterator[Candidate | Refused]:
    results = mapping(log, "results")
    told = {line(one.get("name"), NAME): one for one in listed(results, "scores") if _is(one)}
    for name in dict.fromkeys([*told, *scored]):
        trials, hits = scored[name], len(failed.get(name, []))
        if not trials:
            hits, trials = _from_accuracy(told[name], results)
        try:
            yield _row(log, evaluation, name, (hits, trials), failed.get(name, []))
        except RowUnreadable as error:
            yield Refused(str(error), name[:100])


def _is(value: Any) -> bool:
    return isinstance(value, dict)


def _from_accuracy(score: dict[str, Any], results: dict[str, Any]) -> tuple[int, int]:
    """Failed and scored, where only the share of passed samples is told; 0 of 0 where not even."""
    share = mapping(mapping(score, "metrics"), "accuracy").get("value")
    total = count(score.get("scored_samples")) or count(results.get("completed_samples")) or 0
    if not isinstance(share, (int, float)) or not 0 <= share <= 1:
        return 0, 0
    failed = (1 - share) * total
    return (round(failed), total) if abs(failed - round(failed)) < 1e-6 * max(total, 1) else (0, 0)


def _row(
    log: dict[str, Any],
    evaluation: dict[str, Any],
    scorer: str,
    counted: tuple[int, int],
    failed: list[str],
) -> Candidate | Refused:
    hits, trials = counted
    task, model = line(evaluation.get("task"), NAME), line(evaluation.get("model"), NAME)
    title = line(
        say(
            "{model} fails {task}, scored by {line}",
            model=model or say("The model"),
            task=task or say("the task"),
            line=line(scorer, 80),
        )
    )
    if not trials:
        return Refused(say("It tells no count of how many samples failed of how many."), title)
    if not hits:
        said = say("the one sample") if trials == 1 else say("all {trials} samples", trials=trials)
        return Refused(say("Nothing failed: {said} passed.", said=said), title)
    run = line(evaluation.get("eval_id") or evaluation.get("task_id"), 60)
    scorer = line(scorer, NAME)
    shown = joined(", ", failed[:_SHOWN]) + (say(" and others") if len(failed) > _SHOWN else "")
    claim = say(
        "{model} did not pass {hits} of {trials} samples of the task {task}, as {scorer} "
        "scored them.{more}",
        model=model,
        hits=hits,
        trials=trials,
        task=task,
        scorer=scorer,
        more=say(" Failed: {shown} (sample/epoch).", shown=shown) if failed else "",
    )
    return Candidate(
        title=title,
        claim=text(claim, TEXT),
        identity=say("Inspect {run} {scorer}", run=run, scorer=scorer)[:250] if run else "",
        spot=say("Inspect {task}/{scorer} on {model}", task=task, scorer=scorer, model=model)[:400],
        conditions=say("Counted as failed: what the scorer did not mark correct."),
        setting=tuple(_setting(log, evaluation, scorer)),
        hits=hits,
        trials=trials,
        systems=((model, ""),) if model else (),
        technique=technique_in(task, *(line(t, 100) for t in listed(evaluation, "tags")[:50])),
        reproduction=say("inspect eval {task} --model {model}", task=task, model=model),
    )


def _setting(
    log: dict[str, Any], evaluation: dict[str, Any], scorer: str
) -> Iterator[tuple[str, str]]:
    data = mapping(evaluation, "dataset")
    packages = mapping(evaluation, "packages")
    pairs = [
        (say("Task"), line(evaluation.get("task"), NAME)),
        (say("Scorer"), scorer),
        (say("Dataset"), line(data.get("name") or data.get("location"), NAME)),
        (say("Begun"), line(evaluation.get("created"), 40)),
        (say("Inspect"), line(packages.get("inspect_ai"), VERSION)),
    ]
    for name, value in list(mapping(log, "plan").get("config", {}).items())[:10]:
        if isinstance(value, (str, int, float)) and not isinstance(value, bool):
            pairs.append((line(name, 60), line(json.dumps(value).strip('"'), NAME)))
    yield from (pair for pair in pairs if pair[1])
