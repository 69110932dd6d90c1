"""How a released work is cited: CITATION.cff 1.2.0, CSL-JSON and BibTeX.

Each is a pure function of the work, its authors and where it appeared.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import unicodedata
from typing import Any, Final

import yaml

from publications.certificate.facts import released_at
from publications.models import Author, Outcome, Publication
from publications.states import Kind, OutcomeStage

CFF_TYPES: Final[dict[str, str]] = {Kind.DATASET: "dataset"}
"""CITATION.cff knows software and dataset; everything else is cited by its preferred citation."""
CFF_DOI: Final = re.compile(r"^10\.\d{4,9}(\.\d+)?/[A-Za-z0-9:/_;\-.()\[\]\\]+$")
"""The DOIs its schema takes; another one stands in the address alone."""
CFF_REFERENCES: Final[dict[str, str]] = {
    Kind.MANUSCRIPT: "article",
    Kind.PREPRINT: "article",
    Kind.TALK: "slides",
    Kind.BLOG: "blog",
    Kind.CODE: "software",
    Kind.DATASET: "dataset",
    Kind.BENCHMARK: "dataset",
    Kind.MODEL: "generic",
}
CSL_TYPES: Final[dict[str, str]] = {
    Kind.MANUSCRIPT: "article",
    Kind.PREPRINT: "article",
    Kind.TALK: "speech",
    Kind.BLOG: "post-weblog",
    Kind.CODE: "software",
    Kind.DATASET: "dataset",
    Kind.BENCHMARK: "dataset",
    Kind.MODEL: "software",
}
_IN_PRINT: Final = (OutcomeStage.PUBLISHED, OutcomeStage.ACCEPTED)
_ESCAPES: Final = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "%": r"\%",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


def shown(publication: Publication) -> Outcome | None:
    """Where it is cited from: published, else accepted, else preprint."""
    rows = {row.stage: row for row in publication.outcomes.all()}
    for stage in (*_IN_PRINT, OutcomeStage.PREPRINT):
        if stage in rows:
            return rows[stage]
    return None


def _day(publication: Publication) -> dt.date:
    at = shown(publication)
    return at.on if at else publication.program.day(released_at(publication))


def _split(name: str) -> tuple[str, str]:
    """Given and family name: the last word is the family's, with its particles in small letters.

    A name of one word is a family name.
    """
    words = name.split()
    at = len(words) - 1
    while at > 1 and words[at - 1].islower():
        at -= 1
    return " ".join(words[:at]), " ".join(words[at:])


def cff(publication: Publication, url: str) -> str:
    """CITATION.cff 1.2.0 as YAML; `url` is the address of the release certificate."""
    authors = [_cff_author(author) for author in publication.authors.all()]
    at = shown(publication)
    said: dict[str, Any] = {
        "cff-version": "1.2.0",
        "message": "Please cite this work as below.",
        "title": publication.title,
        "authors": authors,
        "date-released": _day(publication).isoformat(),
        "url": url,
    }
    if publication.kind in (*CFF_TYPES, Kind.CODE):
        said["type"] = CFF_TYPES.get(publication.kind, "software")
    if publication.abstract.strip():
        said["abstract"] = publication.abstract
    if at and CFF_DOI.match(at.doi):
        said["doi"] = at.doi
    said["preferred-citation"] = _reference(publication, authors, at, url)
    return str(yaml.safe_dump(said, allow_unicode=True, sort_keys=False, width=10_000))


def _reference(
    publication: Publication, authors: list[dict[str, str]], at: Outcome | None, url: str
) -> dict[str, Any]:
    kind, day = CFF_REFERENCES[publication.kind], _day(publication)
    found: dict[str, Any] = {
        "type": kind,
        "title": publication.title,
        "authors": authors,
        "year": day.year,
        "month": day.month,
        "url": (at.address if at else "") or url,
    }
    if at and CFF_DOI.match(at.doi):
        found["doi"] = at.doi
    if at and at.venue:
        found["journal" if kind == "article" else "publisher"] = (
            at.venue if kind == "article" else {"name": at.venue}
        )
    return found


def _cff_author(author: Author) -> dict[str, str]:
    given, family = _split(author.name)
    found = {"family-names": family, **({"given-names": given} if given else {})}
    return {**found, "orcid": f"https://orcid.org/{author.orcid}"} if author.orcid else found


def csl(publication: Publication, url: str) -> str:
    """CSL-JSON: a list of one item."""
    at, day = shown(publication), _day(publication)
    item: dict[str, Any] = {
        "id": publication.ref,
        "type": _csl_type(publication, at),
        "title": publication.title,
        "author": [_csl_author(author) for author in publication.authors.all()],
        "issued": {"date-parts": [[day.year, day.month, day.day]]},
        "URL": (at.address if at else "") or url,
    }
    if at and at.venue:
        item["container-title"] = at.venue
    if at and at.doi:
        item["DOI"] = at.doi
    if publication.abstract.strip():
        item["abstract"] = publication.abstract
    return json.dumps([item], ensure_ascii=False, indent=2) + "\n"


def _csl_type(publication: Publication, at: Outcome | None) -> str:
    kind = CSL_TYPES[publication.kind]
    printed = kind == "article" and at is not None and at.stage in _IN_PRINT
    return "article-journal" if printed else kind


def _csl_author(author: Author) -> dict[str, str]:
    given, family = _split(author.name)
    return {"family": family, "given": given} if given else {"family": family}


def bibtex(publication: Publication, url: str) -> str:
    """One BibTeX entry: every sign TeX would act on is escaped."""
    at, day = shown(publication), _day(publication)
    printed = at is not None and at.stage in _IN_PRINT
    entry = (
        "article" if printed and publication.kind in (Kind.MANUSCRIPT, Kind.PREPRINT) else "misc"
    )
    fields = {
        "title": f"{{{_tex(publication.title)}}}",
        "author": " and ".join(_bib_author(a) for a in publication.authors.all()),
        "year": str(day.year),
        "month": day.strftime("%b").lower(),
        "journal" if entry == "article" else "howpublished": _tex(at.venue) if at else "",
        "doi": _tex_address(at.doi) if at else "",
        "url": _tex_address((at.address if at else "") or url),
        "note": _tex(f"Release certificate: {publication.ref}"),
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return f"@{entry}{{{_key(publication)},\n" + "\n".join(lines) + "\n}\n"


def _bib_author(author: Author) -> str:
    given, family = _split(author.name)
    return f"{{{_tex(family)}}}, {_tex(given)}" if given else f"{{{_tex(family)}}}"


def _tex(text: str) -> str:
    """Plain text in BibTeX, on one line."""
    return "".join(_ESCAPES.get(sign, sign) for sign in " ".join(text.split()))


def _tex_address(text: str) -> str:
    """An address: signs that would end the field or begin a comment are percent-encoded."""
    return re.sub(r"[{}\\%\s]", lambda m: m[0] if m[0] == "%" else f"%{ord(m[0]):02X}", text)


def _key(publication: Publication) -> str:
    """Family name of the first author, year and reference, in letters and digits alone."""
    first = publication.authors.first()
    family = _split(first.name)[1] if first else "anonymous"
    plain = unicodedata.normalize("NFKD", family).encode("ascii", "ignore").decode()
    letters = re.sub(r"[^A-Za-z]", "", plain).lower() or "work"
    return f"{letters}{_day(publication).year}{re.sub(r'[^0-9]', '', publication.ref)}"


FILES: Final = {
    "CITATION.cff": (cff, "application/yaml"),
    "citation.json": (csl, "application/vnd.citationstyles.csl+json"),
    "citation.bib": (bibtex, "application/x-bibtex"),
}
"""The files by name, each with what writes it and its media type."""
