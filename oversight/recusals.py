"""What a conflict about a case closes here: what the case closes with."""

from __future__ import annotations

from fellowship.accounts.recusals import closes_with
from scoping.recusals import fellowships

for label in ("closeout", "closingtext", "handback", "waiver"):
    closes_with(f"oversight.{label}", "fellowship_id", fellowships)
