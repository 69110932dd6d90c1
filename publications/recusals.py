"""What a conflict about a case closes of its publications."""

from __future__ import annotations

from fellowship.accounts.recusals import closes_with
from scoping.recusals import fellowships

publications = closes_with("publications.publication", "fellowship_id", fellowships)
closes_with("publications.objection", "publication_id", publications)
