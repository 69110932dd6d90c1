"""Proposals as the search finds them."""

from __future__ import annotations

from fellowship.kernel.saying import say
from fellowship.web.search import Hit, Kind, register
from proposals.models import Proposal


def _hit(row: Proposal) -> Hit:
    return Hit(str(row), row.get_absolute_url(), f"{row.ref} · {row.get_state_display()}")


register(
    Kind(
        "proposals",
        say("Proposals"),
        Proposal.objects.visible_to,
        _hit,
        order=10,
        words=("title", "ref"),
        prefix="PROP",
        listed="proposals:list",
    )
)
