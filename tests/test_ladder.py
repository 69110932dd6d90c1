"""Model relations obey the import ladder too: a foreign key by string escapes the linter."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import models

# Written out, not read from the settings: this is the order that both must keep to.
LADDER = [
    {"fellowship.kernel"},
    {"fellowship.accounts"},
    {"fellowship.history"},
    {"fellowship.clocks", "fellowship.notices"},
    {"fellowship.programs"},
    {"fellowship.web"},
    {"governance"},
    {"proposals"},
    {"scoping"},
    {"access"},
    {"findings"},
    {"publications"},
    {"oversight"},
]
RUNG = {app: height for height, rung in enumerate(LADDER) for app in rung}


def our_models() -> list[type[models.Model]]:
    """Every concrete model of our apps, history models and hidden through models included."""
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if apps.get_app_config(model._meta.app_label).name in RUNG
    ]


@pytest.mark.parametrize("model", our_models(), ids=lambda model: model._meta.label)
def test_relations_point_into_the_same_app_or_up_the_ladder(model: type[models.Model]) -> None:
    own = apps.get_app_config(model._meta.app_label).name
    for field in model._meta.get_fields():
        if not field.is_relation or field.auto_created or field.related_model is None:
            continue
        target = field.related_model._meta
        other = apps.get_app_config(target.app_label).name
        if other in RUNG and other != own:
            assert RUNG[other] < RUNG[own], f"{field.name} points to {target.label}"
