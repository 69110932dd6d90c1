"""What a certificate of deletion says, and its hash: the same for page, print, API and package."""

from __future__ import annotations

from typing import Any

from access.models import DeletionCertificate
from fellowship.kernel import saying
from fellowship.kernel.canonical import digest, plain


@saying.in_source()
def facts(certificate: DeletionCertificate) -> dict[str, Any]:
    """Everything the certificate states, as JSON's own types."""
    said: dict[str, Any] = plain(
        {
            "certificate": certificate.ref,
            "fellowship": certificate.fellowship.ref,
            "dataset": certificate.dataset.ref,
            "variant": certificate.dataset.variant,
            "tier": certificate.dataset.tier,
            "method": certificate.method,
            "tool": certificate.tool,
            "scope": certificate.scope,
            "performed_by": str(certificate.performed_by),
            "performed_at": certificate.performed_at,
            "evidence_sha256": certificate.evidence_sha256,
            "verified_by": str(certificate.verified_by or ""),
            "verified_at": certificate.verified_at,
            "verified_how": certificate.verified_how,
        }
    )
    return said


def fingerprint(certificate: DeletionCertificate) -> str:
    """The SHA-256 of what it states, in canonical JSON."""
    return digest(facts(certificate))
