"""Datasets and grants as the search finds them; the papers of access by their reference."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from access.models import (
    AccessRequest,
    AccessSuspension,
    Agreement,
    Classification,
    Dataset,
    DeletionCertificate,
    EscrowDeposit,
    Grant,
    ReleaseRequest,
    TargetSystem,
)
from fellowship.kernel.saying import say
from fellowship.web.search import Hit, Kind, paper, register


def _grants(user: Any) -> QuerySet[Grant]:
    rows: QuerySet[Grant] = Grant.objects.visible_to(user)
    return rows.select_related("dataset", "person")


def _dataset(row: Dataset) -> Hit:
    return Hit(row.name, row.get_absolute_url(), f"{row.ref} · {row.get_tier_display()}")


def _grant(row: Grant) -> Hit:
    return Hit(f"{row.dataset}", row.get_absolute_url(), f"{row.ref} · {row.person}")


register(
    Kind(
        "datasets",
        say("Datasets"),
        Dataset.objects.visible_to,
        _dataset,
        order=30,
        words=("name", "ref", "slug"),
        prefix="DS",
        listed="access:catalogue",
    ),
    Kind(
        "grants",
        say("Grants"),
        _grants,
        _grant,
        order=35,
        words=("dataset__name", "ref"),
        prefix="GRA",
    ),
    *(
        paper(model, prefix)
        for model, prefix in (
            (AccessRequest, "REQ"),
            (Agreement, "AGR"),
            (AccessSuspension, "SUS"),
            (DeletionCertificate, "DEL"),
            (ReleaseRequest, "REL"),
            (EscrowDeposit, "ESW"),
            (Classification, "CLS"),
            (TargetSystem, "TGT"),
        )
    ),
)
