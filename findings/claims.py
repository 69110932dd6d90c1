"""What a finding's page shows of its claim beyond its own columns."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch

from findings.models import FindingDataset, ImportRow


def with_claim(rows: Any) -> Any:
    """Findings with the systems, datasets, acts and imports they name, in one query each."""
    made = ImportRow.objects.select_related("belongs_to").order_by("pk")
    return rows.prefetch_related(
        "also_affects",
        "events",
        Prefetch("rests_on", FindingDataset.objects.select_related("dataset")),
        Prefetch("import_rows", made),
    )
