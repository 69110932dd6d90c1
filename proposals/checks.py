"""Plain-language checks before submission: each names the sentence it stumbles on.

Advice, with one exception: where broad access meets an open goal (`overbroad`), the policy asks for
a written justification.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fellowship.kernel.saying import say
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


OPEN_GOAL: Final = ("vague_theme", "no_bounded_question", "no_success_criterion")
BROAD_ACCESS: Final = ("broad_data", "unbounded_data", "unmentioned_data", "unneeded_identifiers")
_LONGEST: Final = 200
_GOAL: Final = ("title", "problem", "question", "hypothesis", "method", "success")

_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")
_VAGUE = re.compile(
    r"\b(improv\w*|enhanc\w*|advanc\w*|promot\w*|ensur\w*|explor\w*|investigat\w*|stud(?:y|ies)|"
    r"better|more)\b[^.!?\n]{0,40}?"
    r"\b(?:(?:ai|model|llm|overall|general)[ -])?"
    r"(?:safety|alignment|robustness|security|trust(?:worth\w*)?)\b",
    re.IGNORECASE,
)
_NUMBERS = (
    r"one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|hundreds?|thousands?|"
    r"millions?|half|quarter|third|fourth|fifth|tenth|decile|percentile"
)
_BOUND = re.compile(
    rf"\d|\b(whether|compar\w*|versus|vs\.?|under|across|between|within|among|against|than|"
    r"when|which|at (?:what|which)|how (?:often|much|many|long|far|large|fast|well|soon)|"
    r"what (?:share|extent|fraction|proportion|rate)|differ\w*|chang\w*|lower\w*|rais\w*|reduc\w*|"
    rf"increas\w*|predict\w*|measure\w*|rates?|shares?|{_NUMBERS})\b",
    re.IGNORECASE,
)
_VERSION = re.compile(
    r"\d|\b(v\w*\d|latest|nightly|preview|beta|alpha|release|checkpoint|snapshot|commit|turbo|"
    r"standard|draft|edition)\b",
    re.IGNORECASE,
)
_MEASURE = re.compile(
    rf"\d|%|\b(at least|at most|fewer|less than|more than|above|below|threshold|intervals?|"
    r"significan\w*|baseline|compar\w*|reproduc\w*|deliver\w*|pass(?:es)?|agree\w*|kappa|"
    r"precision|recall|accuracy|error|rates?|curve|diagram|detect\w*|trials?|tested|tried|"
    r"control (?:task|group|condition)|publish(?:ed)?|complete[ds]?|"
    r"tables?|memos?|datasets?|librar(?:y|ies)|code|software|scripts?|benchmarks?|harness|"
    rf"protocols?|methods?|samples?|checklists?|{_NUMBERS})\b",
    re.IGNORECASE,
)
_BROAD = re.compile(
    r"\b(all|any|every|full|entire|complete|everything|unrestricted|unlimited|unfiltered|"
    r"unredacted|raw|whatever)\b",
    re.IGNORECASE,
)
_EXTENT = re.compile(
    rf"\d|\b(fields?|columns?|variables?|labels?|counts?|totals?|rates?|aggregate\w*|scores?|"
    r"samples?|sampled|subset|records|rows|only|per|days?|weeks?|months?|quarters?|years?|"
    rf"between|since|until|before|after|{_NUMBERS})\b",
    re.IGNORECASE,
)
_IDENTIFIERS = re.compile(
    r"\b(identifiers?|(?:user|account|customer|employee|device)[ -]ids?|(?:user|full|real)[ -]?"
    r"names?|e-?mail addresses|ip addresses|phone numbers?|personal(?: data| information)|pii)\b",
    re.IGNORECASE,
)
_WITHOUT = re.compile(
    r"\b(no|not|without|never|removed|stripped|masked|redacted|hashed|"
    r"de-?identif\w*|anonymi[sz]\w*|pseudonym\w*)\b",
    re.IGNORECASE,
)
_PEOPLE = re.compile(
    r"\b(persons?|people|users?|participants?|individuals?|customers?|employees?|patients?|"
    r"students?|child(?:ren)?|adults?|authors?|raters?|reviewers?|gender|demograph\w*|identit\w*|"
    r"identif\w*|privacy|personal\w*|accounts?)\b",
    re.IGNORECASE,
)
_COMMON = re.compile(
    r"data(?:sets?)?|tables?|files?|from|into|logs|over|records?|rows?|sets?|subset|samples?|that|"
    r"their|these|this|those|with|your|fields?|columns?|months?|weeks?|years?|anonymi[sz]ed|"
    r"deidentified|identified|synthetic|public|internal"
)
"""Words of a dataset's name that say nothing about what it holds."""


def advise(answers: Mapping[str, Any]) -> list[Advice]:
    """What a reader will stumble on. Answers not yet given are not remarked upon."""
    return [advice for check in CHECKS for advice in check(answers)]


def overbroad(answers: Mapping[str, Any]) -> list[Advice]:
    """The remarks that together need a justification: broad access and an open goal. Else none."""
    found = [a for a in advise(answers) if a.code in (*OPEN_GOAL, *BROAD_ACCESS)]
    both = {a.code in OPEN_GOAL for a in found} == {True, False}
    return found if both else []


def _vague(answers: Mapping[str, Any]) -> Iterator[Advice]:
    for key in ("title", "problem", "question"):
        for sentence in _sentences(answers, key):
            if _VAGUE.search(sentence) and not re.search(_BOUND, sentence):
                yield Advice(
                    "vague_theme",
                    key,
                    say(
                        "This names a theme, not a problem. Say which behaviour, of which system, "
                        "under which conditions."
                    ),
                    _cut(sentence),
                )
                break


def _unbounded(answers: Mapping[str, Any]) -> Iterator[Advice]:
    text = str(answers.get("question", ""))
    if text.strip() and not _BOUND.search(text):
        yield Advice(
            "no_bounded_question",
            "question",
            say(
                "This question has no bounds. Say what is compared or measured, in which "
                "population."
            ),
            _first(text),
        )


def _no_version(answers: Mapping[str, Any]) -> Iterator[Advice]:
    text = str(answers.get("system_version", ""))
    if text.strip() and not _VERSION.search(text):
        yield Advice(
            "no_target_version",
            "system_version",
            say("This names no version. Say which release or date your results will hold for."),
            _first(text),
        )


def _no_criterion(answers: Mapping[str, Any]) -> Iterator[Advice]:
    text = str(answers.get("success", ""))
    if text.strip() and not _MEASURE.search(text):
        yield Advice(
            "no_success_criterion",
            "success",
            say("Nothing here can be checked. Name a threshold, a comparison or an artefact."),
            _first(text),
        )


def _broad_data(answers: Mapping[str, Any]) -> Iterator[Advice]:
    """Data asked for whole, or without saying anywhere how much of it."""
    for asked, why in _datasets(answers):
        if _BROAD.search(asked):
            message = say(
                "This asks for everything. Name the fields, the period and the number of records "
                "your question needs."
            )
            yield Advice("broad_data", "data_needs", message, asked)
        elif not _EXTENT.search(f"{asked} {why}"):
            message = say(
                "This does not say how much you need. Name the fields, the period or the number "
                "of records."
            )
            yield Advice("unbounded_data", "data_needs", message, asked)


def _unmentioned_data(answers: Mapping[str, Any]) -> Iterator[Advice]:
    """A further dataset whose subject appears nowhere in question, hypothesis and method."""
    rows = answers.get("data_needs") or ()
    said = {word[:5] for key in _GOAL for word in _words(str(answers.get(key, "")))}
    if not said:
        return
    for row in rows if len(rows) > 1 else ():
        name = str(row.get("dataset", ""))
        subject = {word[:5] for word in _words(name) if not _COMMON.fullmatch(word)}
        if subject and not subject & said:
            message = say(
                "Neither your question nor your method mentions this dataset. Say there what it is "
                "for, or leave it out."
            )
            yield Advice("unmentioned_data", "data_needs", message, _cut(name))


def _unneeded_identifiers(answers: Mapping[str, Any]) -> Iterator[Advice]:
    """Identifiers of people asked for, where the question is about none."""
    goal = " ".join(str(answers.get(key, "")) for key in _GOAL)
    if not goal.strip() or _PEOPLE.search(goal):
        return
    for asked, _ in _datasets(answers):
        if _IDENTIFIERS.search(asked) and not _WITHOUT.search(asked):
            message = say(
                "This asks who people are, and your question is not about people. Ask for it "
                "without identifiers, or say in the method what they are for."
            )
            yield Advice("unneeded_identifiers", "data_needs", message, asked)


CHECKS: Final[tuple[Callable[[Mapping[str, Any]], Iterator[Advice]], ...]] = (
    _vague,
    _unbounded,
    _no_version,
    _no_criterion,
    _broad_data,
    _unmentioned_data,
    _unneeded_identifiers,
)


def _datasets(answers: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each dataset as it is asked for, its name and how much of it, and why less would not do."""
    for row in answers.get("data_needs") or ():
        parts = [str(row.get(key, "")).strip() for key in ("dataset", "extent")]
        asked = ": ".join(part for part in parts if part)
        if asked:
            yield _cut(asked), str(row.get("why", ""))


def _words(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]{4,}", text.casefold()))


def _sentences(answers: Mapping[str, Any], key: str) -> Iterator[str]:
    yield from (m.group().strip() for m in _SENTENCE.finditer(str(answers.get(key, ""))))


def _first(text: str) -> str:
    match = _SENTENCE.search(text)
    return _cut(match.group().strip() if match else text.strip())


def _cut(sentence: str) -> str:
    return sentence if len(sentence) <= _LONGEST else f"{sentence[: _LONGEST - 3]}…"
