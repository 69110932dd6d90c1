"""How our templates are loaded: with their words found."""

from __future__ import annotations

from django.template import Origin
from django.template.loaders.filesystem import Loader as FromFiles

from fellowship.web import prose


class Loader(FromFiles):
    """Templates of the house. Those of packages mark their words themselves."""

    def get_contents(self, origin: Origin) -> str:
        """The template with each sentence wrapped, and each literal that is read marked."""
        return prose.said(super().get_contents(origin), html=str(origin.name).endswith(".html"))
