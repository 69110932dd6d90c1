"""A passage as the API gives it: what may be a secret is dotted until its author has answered."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from publications import withholding
from publications.models import DisclosureStep, Objection, Publication


class Passage(serializers.Serializer[Any]):
    """The field `passage` of an objection or a step; asks once for all that is shown together."""

    passage = serializers.SerializerMethodField()

    def get_passage(self, one: Objection | DisclosureStep) -> str:
        """The marked words, dotted where they may hold a secret that was not answered."""
        request = self.context.get("request")
        if withholding.wrote(one.publication, request.user if request else None):
            return one.passage
        kept: Any = self.context
        asked: dict[int, Any] = kept.setdefault("unanswered_hits", {})
        if one.version_id not in asked:
            versions = _versions(self.root.instance) | {one.version_id}
            hits = withholding.unanswered(versions)
            asked.update({key: hits.get(key, []) for key in versions})
        return withholding.masked(one.passage, asked[one.version_id], at=one.passage_start)


def _versions(shown: Any) -> set[int]:
    found: set[int] = set()
    for one in shown if isinstance(shown, list | tuple) else [shown]:
        if isinstance(one, Publication):
            found |= {objection.version_id for objection in one.objections.all()}
        elif isinstance(one, Objection | DisclosureStep):
            found.add(one.version_id)
    return found
