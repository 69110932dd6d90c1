"""Every kept file that a record of findings names: none of these is ever cleaned away."""

from __future__ import annotations

from collections.abc import Iterator

from fellowship.kernel import blobs
from findings.models import FindingImport


@blobs.referenced_by
def named() -> Iterator[str]:
    """The hashes of imported files."""
    yield from FindingImport.objects.order_by().values_list("sha256", flat=True)
