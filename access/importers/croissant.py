"""Croissant 1.0 and 1.1 descriptions of datasets: a lenient reader that touches no database.

What cannot be read is told in words; only a file that is no description at all is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from access.describing import MOST_FIELDS
from fellowship.kernel.saying import joined, say

KNOWN: Final = ("http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/1.1")
_TAKEN: Final = frozenset(
    ("name", "description", "license", "citeAs", "citation", "version", "url", "recordSet")
) | {"conformsTo", "@context", "@type", "@id"}
_EMPTY: Final = ("", "none", "null", "n/a", "unknown")
_PERSONAL: Final = re.compile(
    r"(^|[^a-z])(e?mail|phone|address|birth|dob|gender|sex|race|ethnic\w*|religio\w*|ip|"
    r"user(_?name|_?id)?|person\w*|first_?name|last_?name|surname|full_?name|age|location|lat|"
    r"lon|rater_\w+|annotator\w*|speaker\w*|voice|face)([^a-z]|$)",
    re.IGNORECASE,
)
_SPOKEN: Final = re.compile(r"(conversation|message|prompt|chat|context|utterance)", re.IGNORECASE)
_SHOWN: Final = {"ImageObject": "images", "VideoObject": "video", "AudioObject": "sound"}


@dataclass(frozen=True, slots=True)
class Described:
    """What was read; why each field in `sensitive` was marked so; what of the file was not read."""

    name: str
    slug: str
    description: str
    licence: str
    citation: str
    version: str
    url: str
    fields: list[dict[str, Any]]
    sensitive: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


def read(data: bytes) -> Described:
    """The description in a file. Raises ValueError with the reason where there is none."""
    found = _parsed(data)
    warnings: list[str] = []
    _check_version(found, warnings)
    name = _text(found, "name", 200, warnings)
    if not name:
        raise ValueError("The description gives no name.")
    description = _text(found, "description", 4_000, warnings)
    if not description:
        warnings.append("It has no description: write one.")
    fields, sensitive = _fields(found, warnings)
    return Described(
        name=name,
        slug=slug_of(name),
        description=description,
        licence=_licence(found, warnings),
        citation=_text(found, "citeAs", 4_000, warnings) or _text(found, "citation", 4_000, []),
        version=_text(found, "version", 60, warnings),
        url=_url(found, warnings),
        fields=fields,
        sensitive=sensitive,
        warnings=warnings,
        unread=sorted(key for key in found if key not in _TAKEN),
    )


def slug_of(name: str) -> str:
    """A short name made of the name: small letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:80].strip("-")


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise ValueError("This is not UTF-8 text.") from None
    except RecursionError:
        raise ValueError("This JSON is nested too deeply.") from None
    except ValueError as error:
        raise ValueError(f"This is not JSON: {error}.") from None
    if not isinstance(found, dict):
        raise ValueError("This JSON describes no dataset: it is not an object.")
    kind = found.get("@type")
    kinds = kind if isinstance(kind, list) else [kind]
    if not any(_tail(k) == "Dataset" for k in kinds if isinstance(k, str)):
        said = joined(", ", (str(k)[:60] for k in kinds))
        raise ValueError(f"This describes no dataset: its @type is {said}, not sc:Dataset.")
    return found


def _check_version(found: Mapping[str, Any], warnings: list[str]) -> None:
    said = found.get("conformsTo")
    versions = [str(v) for v in (said if isinstance(said, list) else [said]) if v]
    if not any(version.rstrip("/") in KNOWN for version in versions):
        named = joined(", ", (v[:100] for v in versions)) or "nothing"
        warnings.append(f"It says it conforms to {named}; it was read as Croissant 1.1.")


def _text(found: Mapping[str, Any], key: str, most: int, warnings: list[str]) -> str:
    text = _plain(found.get(key), key, warnings)
    if text.lower() in _EMPTY:
        if text:
            warnings.append(f"Its {key} says “{text}”: left empty.")
        return ""
    if len(text) > most:
        warnings.append(f"Its {key} was cut to {most:,} characters.")
    return text[:most].rstrip()


def _plain(value: Any, key: str, warnings: list[str]) -> str:
    """A text, or that of the first language; control characters and wide gaps fall away."""
    if isinstance(value, Mapping):
        languages = [k for k, v in value.items() if isinstance(v, str)]
        chosen = "en" if "en" in languages else next(iter(languages), None)
        if len(languages) > 1:
            warnings.append(f"Its {key} is given in {', '.join(languages)}; “{chosen}” was read.")
        value = value.get(chosen) if chosen else ""
    if isinstance(value, list):
        value = next((v for v in value if isinstance(v, str)), "")
    if not isinstance(value, (str, int, float)) or isinstance(value, bool):
        return ""
    text = re.sub(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]", "", str(value))
    return re.sub(r"\n\s*\n\s*", "\n\n", re.sub(r"[ \t]+", " ", text)).strip()


def _licence(found: Mapping[str, Any], warnings: list[str]) -> str:
    value = found.get("license")
    first = value[0] if isinstance(value, list) and value else value
    if isinstance(first, Mapping):
        first = first.get("url") or first.get("@id") or first.get("name")
    licence = _text({"license": first}, "license", 300, warnings)
    if not licence:
        warnings.append("It names no licence: find out under which terms it may be used.")
    return licence


def _url(found: Mapping[str, Any], warnings: list[str]) -> str:
    url = _text(found, "url", 10_000, warnings)
    if url and (len(url) > 500 or not re.match(r"https?://[^\s/]+\.", url)):
        warnings.append("Its url is no web address that could be kept: left empty.")
        return ""
    return url


# --- fields ------------------------------------------------------------------------------------


def _fields(
    found: Mapping[str, Any], warnings: list[str]
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    sets = [one for one in _listed(found.get("recordSet")) if isinstance(one, Mapping)]
    kept = [one for one in sets if not _only_values(one)]
    warnings.extend(
        f"Record set “{_name(one)}” lists values, not fields: left out."
        for one in sets
        if _only_values(one)
    )
    if not any(_listed(one.get("field")) for one in kept):
        warnings.append("It names no fields: write them, or the whole is asked for.")
    rows: dict[str, dict[str, Any]] = {}
    sensitive: dict[str, str] = {}
    for prefix, one in _every_field(kept, warnings):
        row = _field(prefix, one, warnings)
        if row["name"] in rows:
            warnings.append(f"Field “{row['name']}” stands twice: the first was read.")
            continue
        if why := _why_sensitive(row):
            row["sensitive"], sensitive[row["name"]] = True, why
        rows[row["name"]] = row
    if len(rows) > MOST_FIELDS:
        warnings.append(f"It names {len(rows):,} fields; the first {MOST_FIELDS} were read.")
    return list(rows.values())[:MOST_FIELDS], sensitive


def _every_field(
    sets: list[Mapping[str, Any]], warnings: list[str]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for one in sets:
        prefix = f"{_name(one)}/" if len(sets) > 1 else ""
        for row in _listed(one.get("field")):
            if not isinstance(row, Mapping):
                warnings.append(f"Record set “{_name(one)}” has a field that is none: left out.")
                continue
            yield prefix, row
            inner = f"{prefix}{_short(row)}/"
            yield from ((inner, sub) for sub in _listed(row.get("subField")) if _is_field(sub))


def _is_field(value: Any) -> bool:
    return isinstance(value, Mapping)


def _field(prefix: str, one: Mapping[str, Any], warnings: list[str]) -> dict[str, Any]:
    types = [_tail(t) for t in _listed(one.get("dataType")) if isinstance(t, str)]
    plain = [t for t in types if not re.match(r"Q\d+\Z", t)]
    name = f"{prefix}{_short(one)}"
    description = _plain(one.get("description"), "fields", [])
    if len(description) > 300:
        warnings.append(f"What field “{name[:60]}” holds was cut to 300 characters.")
    return {
        "name": name[:100],
        "description": description[:300],
        "sensitive": False,
        "type": joined(", ", plain)[:100],
    }


def _short(one: Mapping[str, Any]) -> str:
    return _name(one).rsplit("/", 1)[-1]


def _name(one: Mapping[str, Any]) -> str:
    return _plain(one.get("name"), "name", []) or _plain(one.get("@id"), "@id", []) or "unnamed"


def _why_sensitive(row: Mapping[str, Any]) -> str:
    short = row["name"].rsplit("/", 1)[-1]
    shown = next((words for t, words in _SHOWN.items() if t in row.get("type", "")), "")
    if shown:
        return say("It holds {shown}, which may show people.", shown=shown)
    if _PERSONAL.search(short):
        return say("Its name points to a person.")
    if _SPOKEN.search(short):
        return say("It may hold what people wrote.")
    return ""


def _only_values(one: Mapping[str, Any]) -> bool:
    """Whether a record set lists the values of another's field: splits, enumerations."""
    types = [_tail(t) for t in _listed(one.get("dataType")) if isinstance(t, str)]
    return "Enumeration" in types or "Split" in types or _name(one).endswith("_splits")


def _tail(name: str) -> str:
    return re.split(r"[:/#]", name)[-1]


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
