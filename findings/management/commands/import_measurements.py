"""Read counts from files of results into a metric of a control."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from fellowship.accounts.models import User
from fellowship.kernel.refusals import Refused
from findings.models import Control, ControlMetric, Measurement
from findings.series import FORMATS
from findings.services import read_series


class Command(BaseCommand):
    """Exit status 1 where a file as a whole cannot be read; refused rows alone do not fail."""

    help = "Read counts from files of results; reading one again records nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        """The files, their format, the control and its metric, and who counted."""
        parser.add_argument("files", type=Path, nargs="+", metavar="FILE")
        parser.add_argument("--format", choices=sorted(FORMATS), required=True)
        parser.add_argument("--control", required=True, metavar="REF")
        parser.add_argument("--metric", type=int, default=1, metavar="NUMBER")
        parser.add_argument("--by", required=True, metavar="LOGIN", help="Who counted.")
        parser.add_argument("--defence", default="", help="The control's name in the file.")
        parser.add_argument("--phase", choices=Measurement.Phase.values, default="")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read each file; name what was refused, and count."""
        metric, by = _metric(options), _person(options["by"])
        for path in options["files"]:
            try:
                report = read_series(
                    metric=metric,
                    data=path.read_bytes(),
                    by=by,
                    **{name: options[name] for name in ("format", "defence", "phase")},
                )
            except OSError as error:
                raise CommandError(f"{path} cannot be read: {error}") from error
            except Refused as refused:
                raise CommandError(f"{path}: {refused.refusal}") from refused
            for bad in report.refused:
                self.stderr.write(f"{bad.row}: {bad.reason}")
            self.stdout.write(str(report))


def _metric(options: dict[str, Any]) -> ControlMetric:
    rows = ControlMetric.objects.select_related("control__finding__fellowship__fellow")
    named = rows.filter(control__ref=options["control"], number=options["metric"]).first()
    if named is None:
        there = Control.objects.filter(ref=options["control"]).exists()
        what = f"no metric {options['metric']}" if there else "no such control"
        raise CommandError(f"{options['control']}: {what}.")
    return named


def _person(login: str) -> User:
    found = User.objects.filter(username=login).first()
    if found is None:
        raise CommandError(f"There is nobody with the login “{login}”.")
    return found
