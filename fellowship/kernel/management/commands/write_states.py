"""`manage.py write_states`: docs/states.md, generated from every transition table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.module_loading import autodiscover_modules

from fellowship.kernel.moves import TABLES, MoveTable

HEAD = """# Lifecycles

Each lifecycle is one table in its app's `states.py`; this page is generated from them by
`make states`, and a test fails when it has drifted. “Held by” says who acts next: us (those who
run the programme), you (the fellow), the board, a clock, or nobody.
"""


class Command(BaseCommand):
    """Write the page, or say that it has drifted."""

    help = "Write docs/states.md from the transition tables; with --check only compare."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="exit 1 when the page has drifted")

    def handle(self, *, check: bool, **_: Any) -> None:
        """Write or compare; raises CommandError on drift."""
        path = Path(settings.BASE_DIR) / "docs" / "states.md"
        page = render()
        if not check:
            path.write_text(page)
        elif not path.exists() or path.read_text() != page:
            raise CommandError("docs/states.md has drifted from the tables: run `make states`.")


def render() -> str:
    """The whole page, tables in the order of their names."""
    autodiscover_modules("states")
    return "\n".join([HEAD, *(_section(TABLES[name]) for name in sorted(TABLES))])


def _section(table: MoveTable) -> str:
    holders = [
        f"| {table.labels.get(state, state.replace('_', ' '))} | {table.holder(state)} |"
        for state in _in_order(table)
    ]
    return "\n".join(
        [
            f"## {table.name[:1].upper()}{table.name[1:]}",
            "",
            "```mermaid",
            table.diagram(),
            "```",
            "",
            "| state | held by |",
            "|---|---|",
            *holders,
            "",
        ]
    )


def _in_order(table: MoveTable) -> list[str]:
    """States as a reader meets them: the initial one, then by the table's order."""
    met = [table.initial]
    for move in table.moves:
        met += [state for state in (move.source, move.target) if state not in met]
    return met
