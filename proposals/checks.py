"""Plain-language checks before submission: each names the sentence it stumbles on. Advice only."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from proposals.sections import section_of


@dataclass(frozen=True, slots=True)
class Advice:
    """One remark: which answer, which sentence of it, and what would be stronger."""

    code: str
    field: str
    message: str
    sentence: str = ""

    @property
    def section(self) -> str:
        """The key of the section where it is mended."""
        return section_of(self.field).key


_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")
_VAGUE = re.compile(
    r"\b(improv\w*|enhanc\w*|advanc\w*|promot\w*|ensur\w*|explor\w*|investigat\w*|stud(?:y|ies)|"
    r"better|more)\b[^.!?\n]{0,40}?"
    r"\b(?:(?:ai|model|llm|overall|general)[ -])?"
    r"(?:safety|alignment|robustness|security|trust\w*)\b",
    re.IGNORECASE,
)
_BOUND = re.compile(
    r"\d|\b(whether|compar\w*|versus|vs\.?|under|across|between|within|among|against|"
    r"when|how (?:often|much|many)|which|to what extent|differ\w*|measure\w*|rate)\b",
    re.IGNORECASE,
)
_VERSION = re.compile(
    r"\d|\b(v\w*\d|latest|nightly|preview|beta|alpha|release|checkpoint|snapshot|commit|turbo|"
    r"standard|draft|edition)\b",
    re.IGNORECASE,
)
_MEASURE = re.compile(
    r"\d|%|\b(at least|at most|fewer|less than|more than|above|below|threshold|interval|"
    r"significan\w*|baseline|compared|reproduc\w*|deliver\w*|pass(?:es)?|agree\w*|kappa|"
    r"precision|recall|rate|published?|complete[ds]?)\b",
    re.IGNORECASE,
)
_BROAD = re.compile(r"\b(all|any|every|full|entire|complete|everything|unrestricted)\b", re.I)


def advise(answers: Mapping[str, Any]) -> list[Advice]:
    """What a reader will stumble on. Answers not yet given are not remarked upon."""
    return [advice for check in CHECKS for advice in check(answers)]


def _vague(answers: Mapping[str, Any]) -> Iterator[Advice]:
    for key in ("title", "problem", "question"):
        for sentence in _sentences(answers, key):
            if _VAGUE.search(sentence) and not re.search(_BOUND, sentence):
                yield Advice(
                    "vague_theme",
                    key,
                    "This names a theme, not a problem. Say which behaviour, of which system, "
                    "under which conditions.",
                    sentence,
                )
                break


def _unbounded(answers: Mapping[str, Any]) -> Iterator[Advice]:
    text = str(answers.get("question", ""))
    if text.strip() and not _BOUND.search(text):
        yield Advice(
            "no_bounded_question",
            "question",
            "This question has no bounds. Say what is compared or measured, in which population.",
            _first(text),
        )


def _no_version(answers: Mapping[str, Any]) -> Iterator[Advice]:
    text = str(answers.get("system_version", ""))
    if text.strip() and not _VERSION.search(text):
        yield Advice(
            "no_target_version",
            "system_version",
            "This names no version. Say which release or date your results will hold for.",
            _first(text),
        )


def _no_criterion(answers: Mapping[str, Any]) -> Iterator[Advice]:
    text = str(answers.get("success", ""))
    if text.strip() and not _MEASURE.search(text):
        yield Advice(
            "no_success_criterion",
            "success",
            "Nothing here can be checked. Name a threshold, a comparison or an artefact.",
            _first(text),
        )


def _broad_data(answers: Mapping[str, Any]) -> Iterator[Advice]:
    for row in answers.get("data_needs") or ():
        named = str(row.get("dataset", ""))
        if _BROAD.search(named):
            yield Advice(
                "broad_data",
                "data_needs",
                "This asks for everything. Name the fields, the period and the number of records "
                "your question needs.",
                named,
            )


CHECKS: Final[tuple[Callable[[Mapping[str, Any]], Iterator[Advice]], ...]] = (
    _vague,
    _unbounded,
    _no_version,
    _no_criterion,
    _broad_data,
)


def _sentences(answers: Mapping[str, Any], key: str) -> Iterator[str]:
    yield from (m.group().strip() for m in _SENTENCE.finditer(str(answers.get(key, ""))))


def _first(text: str) -> str:
    match = _SENTENCE.search(text)
    sentence = match.group().strip() if match else text.strip()
    return sentence if len(sentence) <= 200 else f"{sentence[:197]}…"
