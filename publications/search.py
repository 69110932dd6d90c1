"""Publications as the search finds them; objections by their reference."""

from __future__ import annotations

from fellowship.web.search import Hit, Kind, paper, register
from publications.models import Objection, Publication


def _publication(row: Publication) -> Hit:
    return Hit(row.title, row.get_absolute_url(), f"{row.ref} · {row.get_state_display()}")


register(
    Kind(
        "publications",
        "Publications",
        Publication.objects.visible_to,
        _publication,
        order=50,
        words=("title", "ref"),
        prefix="PUB",
        listed="publications:index",
    ),
    paper(Objection, "OBJ"),
)
