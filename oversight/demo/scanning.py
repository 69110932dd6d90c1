"""A scan of the tool runtime comes in as a file, most of it new; a later one waits to be looked
over, with what it repeats."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from findings import services as findings
from findings.models import FindingImport

if TYPE_CHECKING:
    from oversight.demo.story import Story

A: Final = "assistants-2026-a"
CASE: Final = 7
RULES: Final = {
    "TOOL-ARGS": (
        "error",
        "AML.T0051.001",
        "The arguments of a tool call are taken from text a tool returned",
        ("the calendar", "the mail client", "the file search", "the web reader", "the ticket list"),
    ),
    "TOOL-SCOPE": (
        "error",
        "AML.T0053",
        "A tool may be called with wider rights than the person has",
        ("the file search", "the ticket list", "the shared drive", "the address book"),
    ),
    "SESSION-CARRY": (
        "warning",
        "AML.T0051",
        "What was said in an earlier session reaches the next one",
        ("the summary cache", "the draft store", "the memory note", "the retry queue"),
    ),
    "OUTPUT-LINK": (
        "warning",
        "AML.T0057",
        "A picture or link in an answer may carry text of the conversation away",
        ("the chat page", "the mail preview", "the export", "the shared answer"),
    ),
    "LOG-PROMPT": (
        "note",
        "",
        "A whole prompt is written to a log that more people read than the chat",
        ("the router", "the tool runner", "the cost meter"),
    ),
    "REFUSAL-RETRY": (
        "warning",
        "AML.T0054",
        "A refused request is sent again in other words without being counted",
        ("the chat page", "the phone client", "the batch queue", "the voice client", "the bot"),
    ),
}
"""By rule: level, technique, what was found, and in which parts of the runtime."""
LATER: Final = ("TOOL-ARGS", "LOG-PROMPT")
"""The rules that the second scan ran: it finds what the first found, and two more."""


def plan(story: Story) -> None:
    """Put it on the stage."""
    story.stage.at(-2.2, partial(_first, story))
    story.stage.at(-0.6, partial(_second, story))


def _first(story: Story) -> None:
    case = story.case(A, CASE)
    brought = _bring(story, "tool-runtime-scan.sarif", _log("4.2", tuple(RULES)))
    findings.confirm_import(brought=brought, by=case.fellow)


def _second(story: Story) -> None:
    """Read, and left for the fellow to confirm."""
    more = [("TOOL-ARGS", "the voice client"), ("LOG-PROMPT", "the voice client")]
    _bring(story, "tool-runtime-scan-again.sarif", _log("4.2", LATER, more))


def _bring(story: Story, name: str, log: dict[str, Any]) -> FindingImport:
    case = story.case(A, CASE)
    return findings.read_import(
        fellowship=case,
        file_format="sarif",
        name=name,
        data=json.dumps(log, indent=1).encode(),
        by=case.fellow,
    )


def _log(version: str, rules: tuple[str, ...], more: list[tuple[str, str]] | None = None) -> Any:
    found = [(rule, part) for rule in rules for part in RULES[rule][3]] + (more or [])
    results = [_result(rule, part) for rule, part in found]
    results.append(results[0])  # reported by two passes of the tool
    held = {**_result("LOG-PROMPT", "the test bench"), "suppressions": [{"kind": "external"}]}
    clean = {**_result("TOOL-SCOPE", "the clock"), "kind": "pass"}
    driver = {
        "name": "Runtime Lens",
        "version": "1.8",
        "rules": [
            {
                "id": key,
                "shortDescription": {"text": f"{said}."},
                "defaultConfiguration": {"level": level},
                "properties": {"tags": [technique] if technique else []},
            }
            for key, (level, technique, said, _) in RULES.items()
        ],
    }
    run = {
        "tool": {"driver": driver},
        "results": [*results, held, clean],
        "versionControlProvenance": [{"repositoryUri": "Tool runtime", "revisionId": version}],
    }
    return {"version": "2.1.0", "runs": [run]}


def _result(rule: str, part: str) -> dict[str, Any]:
    said = RULES[rule][2]
    name = part.removeprefix("the ").replace(" ", "_")
    line = 20 + (len(part) * 37 + len(said) * 11) % 400
    place = {"artifactLocation": {"uri": f"runtime/{name}.py"}, "region": {"startLine": line}}
    return {
        "ruleId": rule,
        "message": {"text": f"{said}: {part}."},
        "locations": [{"physicalLocation": place}],
    }
