"""Publications as the search finds them; objections by their reference."""

from __future__ import annotations

from fellowship.kernel.saying import say
from fellowship.web.search import Kind, by_state, paper, register
from publications.models import Objection, Publication

register(
    Kind(
        "publications",
        say("Publications"),
        Publication.objects.visible_to,
        by_state,
        order=50,
        words=("title", "ref"),
        prefix="PUB",
        listed="publications:index",
    ),
    paper(Objection, "OBJ"),
)
