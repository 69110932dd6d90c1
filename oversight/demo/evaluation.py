"""Two evaluations that a lab elsewhere made of delivered work: one with a verdict, one without."""

from __future__ import annotations

import hashlib
from typing import Final

from fellowship.accounts.models import User
from proposals.importers import evaluation
from proposals.importers.services import import_evaluation
from proposals.models import Proposal

FILES: Final = {
    "contamination_1_replication-desk.md": """# Evaluation

- **Status:** Accepted
- **Milestone:** 1

| Number | Deliverable | Accepted | Link | Evaluation Notes |
| --- | --- | --- | --- | --- |
| 1. | Harness | [x] | | Runs on a clean machine in nine minutes. |
| 2. | Item list with its licences | [x] | | Two licences were missing and were added. |
| 3. | Tutorial | [ ] | | Not looked at: it needs an account we do not have. |

## General notes

We ran every step twice. The first run failed for want of a pinned version; that was mended
the same day.
""",
    "contamination_2_replication-desk.md": """# Evaluation

- **Status:** In progress
- **Milestone:** 2

| Number | Deliverable | Accepted | Link | Evaluation Notes |
| --- | --- | --- | --- | --- |
| 1. | Results for four model families | [ ] | | Three of four arrived. |
""",
}


def bring(proposal: Proposal, by: User) -> None:
    """Import both, as the manager of the programme would."""
    for name, text in FILES.items():
        import_evaluation(
            proposal=proposal,
            parsed=evaluation.parse(text, name=name.removesuffix(".md")),
            source=name,
            source_hash=hashlib.sha256(text.encode()).hexdigest(),
            by=by,
        )
