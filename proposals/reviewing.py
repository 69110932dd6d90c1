"""Reading a review: what a draft may hold, and what a sent one must."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.core.exceptions import ValidationError

from fellowship.kernel.saying import say
from governance.rulekinds import ReviewRubric
from proposals.sections import normal

NOT_APPLICABLE: Final = "na"
COMMENT_MAX: Final = 20_000
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_COMMENTS: Final = ("comment_applicant", "comment_board")


@dataclass(frozen=True, slots=True)
class Findings:
    """A complete review. A score of None is “not applicable”."""

    scores: dict[str, int | None]
    confidence: int
    comment_applicant: str
    comment_board: str


def field_of(criterion: str) -> str:
    """The name of a criterion's field."""
    return f"score-{criterion}"


def clean_draft(raw: Mapping[str, Any], rubric: ReviewRubric) -> dict[str, str]:
    """What is kept of a review, unfinished or not. Raises ValidationError by field."""
    found, errors = _read(raw, rubric)
    if errors:
        raise ValidationError(errors)
    return found


def clean(raw: Mapping[str, Any], rubric: ReviewRubric) -> Findings:
    """A review ready to be sent. Raises ValidationError by field for what is missing or wrong."""
    found, errors = _read(raw, rubric)
    missing = {
        **dict.fromkeys(_fields(rubric), say("Score this, or say that it does not apply.")),
        "confidence": say("Say how sure you are."),
        "comment_applicant": say("Write what would help the applicant, whatever the outcome."),
    }
    for name, text in missing.items():
        if name not in found:
            errors.setdefault(name, text)
    for name in raw:
        if name.startswith("score-") and name not in missing:
            errors[name] = say("The rubric has no such criterion.")
    if errors:
        raise ValidationError(errors)
    return Findings(
        scores={c.key: _value(field_of(c.key), found[field_of(c.key)]) for c in rubric.criteria},
        confidence=_value("confidence", found["confidence"]) or 0,
        comment_applicant=found["comment_applicant"],
        comment_board=found.get("comment_board", ""),
    )


def total(scores: Mapping[str, int | None], rubric: ReviewRubric) -> Decimal | None:
    """The mean of the scores by the criteria's weights, in points to two places.

    A criterion that does not apply is left out, its weight too; None where none applies.
    """
    given = [(c.weight, value) for c in rubric.criteria if (value := scores.get(c.key)) is not None]
    weights = sum(weight for weight, _ in given)
    if not weights:
        return None
    mean = Decimal(sum(weight * value for weight, value in given)) / weights
    return mean.quantize(Decimal("0.01"))


def _read(raw: Mapping[str, Any], rubric: ReviewRubric) -> tuple[dict[str, str], dict[str, Any]]:
    """What can be kept, and what cannot, by field."""
    found: dict[str, str] = {}
    errors: dict[str, Any] = {}
    for name in (*_fields(rubric), "confidence", *_COMMENTS):
        try:
            text = _text(raw.get(name) or "")
            if name not in _COMMENTS and text:
                _value(name, text)
        except ValidationError as error:
            errors[name] = error
        else:
            if text:
                found[name] = text
    return found, errors


def _fields(rubric: ReviewRubric) -> list[str]:
    return [field_of(c.key) for c in rubric.criteria]


def _value(name: str, text: str) -> int | None:
    highest = 3 if name == "confidence" else 5
    if text == NOT_APPLICABLE and name != "confidence":
        return None
    if text.isascii() and text.isdigit() and len(text) == 1 and 1 <= int(text) <= highest:
        return int(text)
    raise ValidationError(
        say("Choose one of 1 to {highest}.", highest=highest), code="invalid_choice"
    )


def _text(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise ValidationError(say("Give text."), code="invalid")
    if _CONTROL.search(value):
        raise ValidationError(
            say("Remove the invisible control characters from this text."),
            code="control_characters",
        )
    text = normal(value)
    if len(text) > COMMENT_MAX:
        raise ValidationError(
            say("Shorten this to {COMMENT_MAX:,} characters.", COMMENT_MAX=COMMENT_MAX),
            code="max_length",
        )
    return text
