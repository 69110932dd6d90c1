"""Reading what a person, a client or an importer answered: one set of rules for all of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from django.core.exceptions import ValidationError

from fellowship.accounts.orcid import normalise_orcid
from fellowship.kernel.saying import joined, say
from proposals.sections import (
    BY_KEY,
    CELL_MAX,
    FIELDS,
    LINE_MAX,
    ROWS_MAX,
    TEXT_MAX,
    Answers,
    Column,
    Field,
    Section,
    normal,
)

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
Errors = dict[str, list[ValidationError]]
Offers = Mapping[str, Mapping[str, str]]
Unfinished = tuple[Section, Field, str]


def clean(section: Section, raw: Mapping[str, Any], offers: Offers) -> Answers:
    """The section's answers as they are kept. Fields not sent are left out of the result.

    Nothing is required here: a draft may be unfinished. Raises ValidationError by field (for a cell
    of a row: `team-2-orcid`) for what cannot be kept.
    """
    found: Answers = {}
    errors: Errors = {}
    for f in section.fields:
        if f.key in raw:
            try:
                found[f.key] = _clean(f, raw[f.key], offers, errors)
            except ValidationError as error:
                errors[f.key] = [error]
    if errors:
        raise ValidationError(errors)
    return found


def keep(section: Section, raw: Mapping[str, Any]) -> Answers:
    """The section's answers as they were typed, for a draft still being written.

    A half-typed row or ORCID iD is kept as it is; `clean` judges it later. Raises ValidationError
    by field only for what cannot be stored: too long, or with control characters.
    """
    found: Answers = {}
    errors: Errors = {}
    for f in section.fields:
        if f.key not in raw:
            continue
        try:
            found[f.key] = _kept_rows(f, raw[f.key], errors) if f.kind == "rows" else _kept(f, raw)
        except ValidationError as error:
            errors[f.key] = [error]
    if errors:
        raise ValidationError(errors)
    return found


def unfinished(answers: Mapping[str, Any], offers: Offers) -> list[Unfinished]:
    """What a kept draft holds that cannot be submitted as it is, with the reason."""
    found = []
    for section in BY_KEY.values():
        try:
            clean(section, answers, offers)
        except ValidationError as error:
            for name, reasons in error.message_dict.items():
                found.append((section, FIELDS[name.split("-")[0]], " ".join(reasons)))
    return found


def clean_all(raw: Mapping[str, Any], offers: Offers) -> dict[str, Answers]:
    """Answers to any questions, by section. Raises ValidationError, also for unknown fields."""
    unknown = [key for key in raw if key not in FIELDS]
    if unknown:
        raise ValidationError({key: [say("There is no such question.")] for key in unknown})
    errors: dict[str, Any] = {}
    found: dict[str, Answers] = {}
    for section in BY_KEY.values():
        try:
            cleaned = clean(section, raw, offers)
        except ValidationError as error:
            errors |= error.error_dict
        else:
            if cleaned:
                found[section.key] = cleaned
    if errors:
        raise ValidationError(errors)
    return found


def _kept(f: Field, raw: Mapping[str, Any]) -> str:
    return _text(raw[f.key], TEXT_MAX if f.kind == "text" else LINE_MAX, one_line=f.kind == "line")


def _kept_rows(f: Field, value: Any, errors: Errors) -> list[dict[str, str]]:
    rows = []
    for number, row in enumerate(_rows(f, value)):
        cells: dict[str, str] = {}
        for column in f.columns:
            limit = CELL_MAX if column.long else LINE_MAX
            try:
                text = _text(row.get(column.key, ""), limit, one_line=not column.long)
            except ValidationError as error:
                errors[f"{f.key}-{number}-{column.key}"] = [error]
            else:
                cells |= {column.key: text} if text else {}
        rows += [cells] if cells else []
    return rows


def _clean(f: Field, value: Any, offers: Offers, errors: Errors) -> Any:
    if f.kind == "rows":
        return _clean_rows(f, value, errors)
    limit = TEXT_MAX if f.kind == "text" else LINE_MAX
    text = _text(value, limit, one_line=f.kind == "line")
    if not text:
        return ""
    if f.kind == "choice" and text not in dict(f.choices):
        raise ValidationError(say("Choose one of the answers given."), code="invalid_choice")
    if f.kind == "offer" and text not in offers.get(f.offer, {}):
        raise ValidationError(
            say("Choose one of those this programme offers."), code="invalid_choice"
        )
    return text


def _clean_rows(f: Field, value: Any, errors: Errors) -> list[dict[str, str]]:
    rows = [_clean_row(f, number, row, errors) for number, row in enumerate(_rows(f, value))]
    return [row for row in rows if row]


def _rows(f: Field, value: Any) -> list[Mapping[str, Any]]:
    """The rows as they were sent, if they are rows of this question."""
    if not isinstance(value, (list, tuple)):
        raise ValidationError(say("Give a list of rows."), code="invalid")
    if len(value) > ROWS_MAX:
        raise ValidationError(
            say("Give at most {ROWS_MAX} rows.", ROWS_MAX=ROWS_MAX), code="too_many"
        )
    for number, row in enumerate(value, 1):
        if not isinstance(row, Mapping) or set(row) - {c.key for c in f.columns}:
            keys = joined(", ", (c.key for c in f.columns))
            raise ValidationError(
                say("Row {number} must have the columns {keys}.", number=number, keys=keys),
                code="invalid",
            )
    return list(value)


def _clean_row(f: Field, number: int, row: Mapping[str, Any], errors: Errors) -> dict[str, str]:
    cells: dict[str, str] = {}
    for column in f.columns:
        try:
            cells[column.key] = _cell(column, row.get(column.key, ""))
        except ValidationError as error:
            errors[f"{f.key}-{number}-{column.key}"] = [error]
    if not any(cells.values()):
        return {}
    for column in f.columns:
        if column.required and cells.get(column.key) == "":
            problem = ValidationError(
                say("Fill in “{label}” of this row.", label=column.label), code="required"
            )
            errors.setdefault(f"{f.key}-{number}-{column.key}", [problem])
    return {key: text for key, text in cells.items() if text}


def _cell(column: Column, value: Any) -> str:
    text = _text(value, CELL_MAX if column.long else LINE_MAX, one_line=not column.long)
    if column.orcid and text:
        try:
            return normalise_orcid(text)
        except ValueError as error:
            raise ValidationError(str(error), code="orcid") from error
    return text


def _text(value: Any, limit: int, *, one_line: bool) -> str:
    if not isinstance(value, str):
        raise ValidationError(say("Give text."), code="invalid")
    if _CONTROL.search(value):
        raise ValidationError(
            say("Remove the invisible control characters from this text."),
            code="control_characters",
        )
    text = normal(value)
    if one_line and "\n" in text:
        raise ValidationError(say("Write this on one line."), code="line_break")
    if len(text) > limit:
        raise ValidationError(
            say("Shorten this to {limit:,} characters; it has {n:,}.", limit=limit, n=len(text)),
            code="max_length",
        )
    return text
