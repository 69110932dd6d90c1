"""Compare a share before with a share after, as the pages do."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from findings.statistics import Share, compare


class Command(BaseCommand):
    """Prints the verdict, the difference and its interval as JSON; shares as 0…1."""

    help = "Compare two shares: measure --before 41/60 --after 4/60."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """The two shares, and what was agreed beforehand."""
        parser.add_argument("--before", required=True, metavar="K/N")
        parser.add_argument("--after", required=True, metavar="K/N")
        parser.add_argument(
            "--threshold", type=float, default=0.0, help="Least improvement, a share 0…1."
        )
        parser.add_argument("--minimum", type=int, default=30, help="Least trials on either side.")
        parser.add_argument("--higher-is-better", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Compare, or say what is wrong with the input."""
        before, after = _share(options, "before"), _share(options, "after")
        if not 0 <= options["threshold"] < 1:
            raise CommandError("--threshold is a share from 0 to under 1, such as 0.1.")
        if options["minimum"] < 1:
            raise CommandError("--minimum is one or more.")
        found = compare(
            before,
            after,
            threshold=options["threshold"],
            minimum=options["minimum"],
            higher_is_better=options["higher_is_better"],
        )
        said = {
            "verdict": found.verdict.value,
            "difference": found.difference,
            "interval": list(found.interval),
            "level": 0.95,
            "before": _side(before),
            "after": _side(after),
            "threshold": options["threshold"],
            "minimum": options["minimum"],
            "minimum_detectable": found.detectable,
            "p_value": found.p_value,
            "warnings": list(found.warnings),
        }
        self.stdout.write(json.dumps(said, ensure_ascii=False, indent=2))


def _share(options: dict[str, Any], name: str) -> Share:
    try:
        return Share.parse(options[name])
    except ValueError as error:
        raise CommandError(f"--{name}: {error}.") from error


def _side(share: Share) -> dict[str, Any]:
    return {
        "hits": share.hits,
        "trials": share.trials,
        "share": share.rate,
        "interval": list(share.interval()),
    }
