"""What access consists of: datasets, requests, agreements and grants, the trail, and the end."""

from __future__ import annotations

from access.models.datasets import Dataset
from access.models.endings import DeletionCertificate
from access.models.events import AccessEvent, EventBatch
from access.models.grants import Agreement, Grant
from access.models.requests import AccessRequest

__all__ = [
    "AccessEvent",
    "AccessRequest",
    "Agreement",
    "Dataset",
    "DeletionCertificate",
    "EventBatch",
    "Grant",
]
