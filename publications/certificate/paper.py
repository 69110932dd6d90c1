"""The certificate as one document: an HTML file that opens anywhere, and a tagged PDF."""

from __future__ import annotations

import base64
import datetime as dt
from typing import Any

from django.template.loader import render_to_string

from access.states import Tier
from fellowship.kernel import saying
from fellowship.web import pdf
from publications.certificate import facts
from publications.models import Publication
from publications.states import Ask, Ground, Kind, ReleasedBy, WorkClass


def context(publication: Publication, said: facts.Facts | None = None) -> dict[str, Any]:
    """What every face of the certificate shows: the facts, and words for their keys."""
    said = said or facts.body(publication)
    return {
        "publication": publication,
        "facts": said,
        "sha256": facts.fingerprint(said),
        "file": name(publication, "json"),
        "kind": Kind(said["work"]["kind"]).label,
        "work_class": WorkClass(said["work"]["class"]).label,
        "released_by": ReleasedBy(said["release"]["by"]).label,
        "released_at": facts.released_at(publication),
        "grounds": [
            (ground.label, said["objections"]["by_ground"][ground.value]) for ground in Ground
        ],
        "asks": [(ask.label, said["objections"]["by_ask"][ask.value]) for ask in Ask],
        "tiers": [(_tier(key), n) for key, n in said["access"]["by_tier"].items() if n],
        "windows": [
            {
                **clock,
                "from": _read(clock["from"]),
                "due": _read(clock["due"]),
                "from_said": _instant(clock["from"]),
                "due_said": _instant(clock["due"]),
            }
            for clock in said["review"]["windows"]
        ],
        "withheld": [
            {
                **one,
                "until": _read(one["until"]),
                "until_said": _instant(one["until"]),
                "ground": Ground(one["ground"]).label,
            }
            for one in said["passages"]["withheld"]
        ],
        "submitted_at": publication.submitted_at,
        "released_said": _instant(said["release"]["at"]),
        "submitted_said": _instant(said["review"]["submitted_at"]),
    }


@saying.in_source()
def html(publication: Publication, *, printed: bool = False) -> str:
    """The certificate as one HTML file that asks for nothing else; `printed` for the PDF."""
    said = facts.body(publication)
    data = facts.text(said)
    link = f"data:application/json;base64,{base64.b64encode(data).decode()}"
    return render_to_string(
        "publications/certificate_paper.html",
        {**context(publication, said), "printed": printed, "text_link": link},
    )


def as_pdf(publication: Publication) -> bytes:
    """The certificate as a tagged PDF that carries its facts. The same bytes each time.

    Raises `pdf.Unavailable` where this installation cannot print.
    """
    said = facts.body(publication)
    return pdf.write(
        html(publication, printed=True),
        identifier=facts.fingerprint(said),
        at=facts.released_at(publication),
        attachments={name(publication, "json"): facts.text(said)},
    )


def name(publication: Publication, ending: str) -> str:
    """What the file is called when it is saved."""
    return f"{publication.ref}-release-certificate.{ending}"


def _tier(key: str) -> str:

    return str(Tier(key).label)


def _read(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None


def _instant(text: str | None) -> str:
    """An instant as the document writes it, the same wherever it is printed."""
    if not text:
        return ""
    return f"{dt.datetime.fromisoformat(text).astimezone(dt.UTC):%-d %B %Y, %H:%M} UTC"
