"""The linter's ladder is the order of the settings; the lifecycles page is current."""

from __future__ import annotations

import tomllib
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.management import call_command

ROOT = Path(__file__).resolve().parent.parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def _ladder() -> list[set[str]]:
    """The rungs from the top of the tree down, as import-linter checks them."""
    contracts = PROJECT["tool"]["importlinter"]["contracts"]
    ladder = next(contract for contract in contracts if contract["id"] == "ladder")
    return [{name.strip() for name in layer.split("|")} for layer in ladder["layers"]]


def _rungs() -> dict[str, int]:
    return {name: rung for rung, names in enumerate(reversed(_ladder())) for name in names}


def test_every_app_of_ours_has_its_rung() -> None:
    ours = {
        config.name
        for config in apps.get_app_configs()
        if Path(config.path).is_relative_to(ROOT) and ".venv" not in Path(config.path).parts
    }
    assert ours == set(_rungs())
    installed = [name for name in settings.INSTALLED_APPS if name in ours]
    assert [_rungs()[name] for name in installed] == sorted(_rungs()[name] for name in installed)


def test_the_diagrams_in_the_documents_are_those_of_the_tables() -> None:
    call_command("write_states", check=True)
    call_command("write_webhooks", check=True)
