"""What access consists of: datasets, requests, grants, suspensions, the trail, and the end."""

from __future__ import annotations

from access.models.anomalies import AnomalyReview
from access.models.classification import Classification, ClassificationAnswers
from access.models.datasets import Dataset
from access.models.endings import DeletionCertificate
from access.models.escrow import EndingTerm, EscrowDeposit, EscrowOpening, EscrowWaiver
from access.models.events import AccessEvent, EventBatch, EventKey, event_key
from access.models.grants import Agreement, Grant, GrantReminder
from access.models.release_reviews import ReleaseAnswer, ReleaseReview, SealedReview
from access.models.releases import Output, Release, ReleaseRequest, ReleaseSource
from access.models.requests import AccessRequest
from access.models.sources import SourceIdentity
from access.models.suspensions import AccessSuspension
from access.models.targets import Assignment, TargetDataset, TargetSystem

__all__ = [
    "AccessEvent",
    "AccessRequest",
    "AccessSuspension",
    "Agreement",
    "AnomalyReview",
    "Assignment",
    "Classification",
    "ClassificationAnswers",
    "Dataset",
    "DeletionCertificate",
    "EndingTerm",
    "EscrowDeposit",
    "EscrowOpening",
    "EscrowWaiver",
    "EventBatch",
    "EventKey",
    "Grant",
    "GrantReminder",
    "Output",
    "Release",
    "ReleaseAnswer",
    "ReleaseRequest",
    "ReleaseReview",
    "ReleaseSource",
    "SealedReview",
    "SourceIdentity",
    "TargetDataset",
    "TargetSystem",
    "event_key",
]
