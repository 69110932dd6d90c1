"""What the verbs of works share: telling people, and the locked row."""

from __future__ import annotations

from typing import Any

from fellowship.notices.services import notify
from publications.models import Publication


def tell(publication: Publication, to: Any, title: str, *, body: str = "", url: str = "") -> None:
    """Notify people about the publication, at its page unless `url` leads elsewhere."""
    notify(
        kind="publications.progress",
        to=to,
        subject_obj=publication,
        realm=publication.program.realm,
        title=title,
        body=body,
        url=url or publication.get_absolute_url(),
    )


def locked(publication: Publication) -> Publication:
    """The publication with its people and programme, its row locked until the transaction ends."""
    rows = Publication.objects.locked().select_related("fellowship__fellow", "program__realm")
    return rows.get(pk=publication.pk)
