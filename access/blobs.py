"""Every kept file that a record of data access names: none of these is ever cleaned away."""

from __future__ import annotations

from collections.abc import Iterator

from access.models import DeletionCertificate, EscrowDeposit, Output
from fellowship.kernel import blobs


@blobs.referenced_by
def named() -> Iterator[str]:
    """The hashes of outputs, deposits and evidence of deletion."""
    yield from Output.objects.order_by().values_list("sha256", flat=True)
    yield from EscrowDeposit.objects.order_by().values_list("sha256", flat=True)
    evidence = DeletionCertificate.objects.exclude(evidence_sha256="").order_by()
    yield from evidence.values_list("evidence_sha256", flat=True)
