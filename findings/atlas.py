"""MITRE ATLAS: names of techniques, and the mitigations that ATLAS names for each.

A short table of our own covers what findings about language models are usually about. An operator
who has the official `ATLAS.yaml` loads it with `manage.py load_atlas FILE`; it then takes its
place. The loaded table lies in the state directory that all processes share, so that a name costs
no query. Ids and names are those of MITRE ATLAS (atlas.mitre.org); the sentences here are our own.
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from django.conf import settings

from fellowship.kernel.saying import say
from findings.states import ControlType, Family, FindingClass

MAX_BYTES: Final = 20_000_000
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class NotAtlas(ValueError):
    """The file is not the official ATLAS data; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Mitigation:
    """A mitigation of one technique, and how it is used against it where that is said."""

    id: str
    name: str
    use: str = ""

    @property
    def control(self) -> tuple[Family, ControlType] | None:
        """The family and kind of control it comes to here; None where none of ours fits."""
        return CONTROLS.get(self.id)


@dataclass(frozen=True, slots=True)
class Table:
    """Techniques by id with their names, and the mitigations of each; `version` is "" for ours."""

    version: str
    names: Mapping[str, str]
    mitigations: Mapping[str, tuple[Mitigation, ...]]


def table() -> Table:
    """The table in use: the official one where it was loaded, else our own."""
    path = _path()
    try:
        written = os.stat(path).st_mtime_ns
    except OSError:
        return OWN
    return _kept(path, written)


@functools.lru_cache(maxsize=1)
def _kept(path: Path, written: int) -> Table:
    """What was loaded, read again when it was written again."""
    return _from_json(json.loads(path.read_text("utf-8")))


def name_of(technique_id: str) -> str:
    """The technique's name; a part of a technique carries both names; empty where it is unknown."""
    names = table().names
    name = names.get(technique_id, "")
    whole = names.get(whole_of(technique_id), "")
    return f"{whole}: {name}" if name and whole and whole != name else name


def whole_of(technique_id: str) -> str:
    """The technique that a part such as AML.T0051.001 belongs to; itself where it is whole."""
    return ".".join(technique_id.split(".")[:2])


def choices() -> list[tuple[str, str]]:
    """Every technique of the table in use, with its name, by id."""
    return [(key, f"{key} {name_of(key)}") for key in sorted(table().names)]


def mitigations_of(technique_id: str) -> tuple[Mitigation, ...]:
    """What ATLAS names against it: its own mitigations, then those of the whole technique."""
    known = table().mitigations
    own = known.get(technique_id, ())
    seen = {one.id for one in own}
    whole = known.get(whole_of(technique_id), ())
    return (*own, *(one for one in whole if one.id not in seen))


def class_of(technique_id: str) -> FindingClass | None:
    """The class of finding the technique usually means; None where it says nothing."""
    return CLASSES.get(technique_id) or CLASSES.get(whole_of(technique_id))


def read_official(text: str) -> Table:
    """The table of an official `ATLAS.yaml`. Raises NotAtlas, saying what is wrong."""
    if len(text) > MAX_BYTES:
        raise NotAtlas(say("The file is larger than any release of ATLAS."))
    try:
        read = yaml.load(text, Loader=_LOADER)  # noqa: S506 - a safe loader, in C where there is one
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise NotAtlas(
            say("This is no YAML: {splitlines}", splitlines=str(error).splitlines()[0])
        ) from error
    if not isinstance(read, dict) or not isinstance(read.get("matrices"), list):
        raise NotAtlas(
            say("There is no list of matrices in it; load dist/ATLAS.yaml of atlas-data.")
        )
    names: dict[str, str] = {}
    against: dict[str, dict[str, Mitigation]] = {}
    for matrix in read["matrices"]:
        for one in _entries(matrix, "techniques"):
            names[one["id"]] = one["name"]
        for one in _entries(matrix, "mitigations"):
            for used in one.get("techniques") or ():
                technique, use = (used.get("id"), used.get("use")) if _is(used) else (used, "")
                if isinstance(technique, str):
                    said = " ".join(str(use or "").split())
                    row = against.setdefault(technique, {})
                    row.setdefault(one["id"], Mitigation(one["id"], one["name"], said))
    if not names:
        raise NotAtlas(say("There is no technique in it."))
    found = {key: tuple(row.values()) for key, row in against.items()}
    return Table(str(read.get("version") or "unknown"), names, found)


def _is(value: object) -> bool:
    return isinstance(value, dict)


def _entries(matrix: Any, key: str) -> Iterator[dict[str, Any]]:
    for one in (matrix.get(key) or ()) if _is(matrix) else ():
        if (
            not _is(one)
            or not isinstance(one.get("id"), str)
            or not isinstance(one.get("name"), str)
        ):
            raise NotAtlas(say("One of its {key} has no id or no name.", key=key))
        yield one


def keep(found: Table) -> None:
    """Use this table from now on, in every process."""
    path = _path()
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = {
        key: [[one.id, one.name, one.use] for one in row] for key, row in found.mitigations.items()
    }
    kept = {"version": found.version, "names": dict(found.names), "mitigations": rows}
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(kept, sort_keys=True), "utf-8")
    fresh.replace(path)


def _from_json(kept: Mapping[str, Any]) -> Table:
    rows = kept["mitigations"].items()
    return Table(
        kept["version"],
        kept["names"],
        {k: tuple(Mitigation(*one) for one in row) for k, row in rows},
    )


def _path() -> Path:
    return Path(settings.VAR_DIR) / "atlas.json"


# --- what the table means here ----------------------------------------------------------------

P, D, C, M = Family.PREVENTIVE, Family.DETECTIVE, Family.CORRECTIVE, Family.COMPENSATING

CONTROLS: Final[Mapping[str, tuple[Family, ControlType]]] = {
    "AML.M0000": (P, ControlType.POLICY),
    "AML.M0001": (P, ControlType.POLICY),
    "AML.M0002": (P, ControlType.CONTENT_FILTER),
    "AML.M0003": (C, ControlType.TRAINING),
    "AML.M0004": (M, ControlType.SESSION_LIMIT),
    "AML.M0005": (P, ControlType.POLICY),
    "AML.M0006": (C, ControlType.TRAINING),
    "AML.M0007": (C, ControlType.TRAINING),
    "AML.M0008": (D, ControlType.EVAL_THRESHOLD),
    "AML.M0010": (P, ControlType.CONTENT_FILTER),
    "AML.M0014": (D, ControlType.EVAL_THRESHOLD),
    "AML.M0015": (D, ControlType.MONITORING),
    "AML.M0016": (D, ControlType.EVAL_THRESHOLD),
    "AML.M0017": (P, ControlType.POLICY),
    "AML.M0018": (M, ControlType.POLICY),
    "AML.M0019": (M, ControlType.SESSION_LIMIT),
    "AML.M0020": (P, ControlType.CONTENT_FILTER),
    "AML.M0021": (P, ControlType.PROMPT_TEMPLATE),
    "AML.M0022": (C, ControlType.TRAINING),
    "AML.M0023": (D, ControlType.LOGGING),
    "AML.M0024": (D, ControlType.LOGGING),
    "AML.M0025": (D, ControlType.LOGGING),
    "AML.M0026": (P, ControlType.POLICY),
    "AML.M0027": (P, ControlType.POLICY),
    "AML.M0028": (P, ControlType.POLICY),
    "AML.M0029": (M, ControlType.INCIDENT_RESPONSE),
    "AML.M0030": (P, ControlType.CONTENT_FILTER),
    "AML.M0031": (C, ControlType.TRAINING),
    "AML.M0033": (P, ControlType.CONTENT_FILTER),
    "AML.M0034": (D, ControlType.MONITORING),
}
"""What each mitigation comes to among our families and kinds of control, by our own reading."""

CLASSES: Final[Mapping[str, FindingClass]] = {
    "AML.T0051": FindingClass.PROMPT_INJECTION,
    "AML.T0070": FindingClass.PROMPT_INJECTION,
    "AML.T0080": FindingClass.PROMPT_INJECTION,
    "AML.T0054": FindingClass.JAILBREAK,
    "AML.T0024": FindingClass.DATA_LEAKAGE,
    "AML.T0056": FindingClass.DATA_LEAKAGE,
    "AML.T0057": FindingClass.DATA_LEAKAGE,
    "AML.T0053": FindingClass.UNSAFE_TOOL_USE,
    "AML.T0086": FindingClass.UNSAFE_TOOL_USE,
    "AML.T0101": FindingClass.UNSAFE_TOOL_USE,
    "AML.T0020": FindingClass.POISONING,
    "AML.T0018": FindingClass.POISONING,
    "AML.T0010": FindingClass.POISONING,
    "AML.T0048": FindingClass.HARMFUL_OUTPUT,
    "AML.T0062": FindingClass.HARMFUL_OUTPUT,
    "AML.T0015": FindingClass.EVALUATION_GAP,
    "AML.T0031": FindingClass.EVALUATION_GAP,
    "AML.T0029": FindingClass.MISUSE_AT_SCALE,
    "AML.T0034": FindingClass.MISUSE_AT_SCALE,
    "AML.T0040": FindingClass.MISUSE_AT_SCALE,
}
"""What a technique usually means, by our own reading; a part of a technique as the whole."""

_NAMES: Final = {
    "AML.T0010": say("AI Supply Chain Compromise"),
    "AML.T0015": say("Evade AI Model"),
    "AML.T0018": say("Manipulate AI Model"),
    "AML.T0020": say("Poison Training Data"),
    "AML.T0024": say("Exfiltration via AI Inference API"),
    "AML.T0029": say("Denial of AI Service"),
    "AML.T0031": say("Erode AI Model Integrity"),
    "AML.T0034": say("Cost Harvesting"),
    "AML.T0040": say("AI Model Inference API Access"),
    "AML.T0043": say("Craft Adversarial Data"),
    "AML.T0048": say("External Harms"),
    "AML.T0048.002": say("Societal Harm"),
    "AML.T0048.003": say("User Harm"),
    "AML.T0051": say("LLM Prompt Injection"),
    "AML.T0051.000": say("Direct"),
    "AML.T0051.001": say("Indirect"),
    "AML.T0051.002": say("Triggered"),
    "AML.T0053": say("AI Agent Tool Invocation"),
    "AML.T0054": say("LLM Jailbreak"),
    "AML.T0056": say("Extract LLM System Prompt"),
    "AML.T0057": say("LLM Data Leakage"),
    "AML.T0062": say("Discover LLM Hallucinations"),
    "AML.T0068": say("LLM Prompt Obfuscation"),
    "AML.T0070": say("RAG Poisoning"),
    "AML.T0080": say("AI Agent Context Poisoning"),
    "AML.T0080.000": say("Memory"),
    "AML.T0086": say("Exfiltration via AI Agent Tool Invocation"),
    "AML.T0101": say("Data Destruction via AI Agent Tool Invocation"),
}
_MITIGATIONS: Final = {
    "AML.M0003": (say("Model Hardening"), "T0015 T0031 T0043"),
    "AML.M0004": (
        say("Restrict Number of AI Model Queries"),
        "T0024 T0029 T0034 T0043 T0062",
    ),
    "AML.M0007": (say("Sanitize Training Data"), "T0020"),
    "AML.M0008": (say("Validate AI Model"), "T0018 T0020 T0043 T0057"),
    "AML.M0015": (say("Adversarial Input Detection"), "T0015 T0029 T0031 T0043"),
    "AML.M0019": (
        say("Control Access to AI Models and Data in Production"),
        "T0024 T0029 T0034 T0040 T0043 T0051",
    ),
    "AML.M0020": (say("Generative AI Guardrails"), "T0010 T0051 T0053 T0054 T0056 T0057 T0062"),
    "AML.M0021": (say("Generative AI Guidelines"), "T0051 T0053 T0054 T0056 T0057 T0062"),
    "AML.M0022": (say("Generative AI Model Alignment"), "T0051 T0053 T0054 T0056 T0057 T0062"),
    "AML.M0024": (say("AI Telemetry Logging"), "T0024 T0040 T0051 T0053 T0086 T0101"),
    "AML.M0025": (say("Maintain AI Dataset Provenance"), "T0020"),
    "AML.M0028": (say("AI Agent Tools Permissions Configuration"), "T0053 T0086 T0101"),
    "AML.M0029": (say("Human In-the-Loop for AI Agent Actions"), "T0053 T0086 T0101"),
    "AML.M0030": (
        say("Restrict AI Agent Tool Invocation on Untrusted Data"),
        "T0053 T0086 T0101",
    ),
    "AML.M0031": (say("Memory Hardening"), "T0080"),
    "AML.M0033": (
        say("Input and Output Validation for AI Agent Components"),
        "T0051 T0053 T0086",
    ),
}


def _own() -> Table:
    against: dict[str, list[Mitigation]] = {}
    for key, (name, techniques) in _MITIGATIONS.items():
        for technique in techniques.split():
            against.setdefault(say("AML.{technique}", technique=technique), []).append(
                Mitigation(key, name)
            )
    return Table("", _NAMES, {key: tuple(row) for key, row in against.items()})


OWN: Final = _own()
"""What is known without the official file."""
