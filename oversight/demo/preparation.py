"""A demonstration's folder: told beside its place, moved into place whole."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import connection

from fellowship.kernel.tables import make_at_once
from governance import founding
from governance.states import RuleKind
from oversight.demo.stage import Stage
from oversight.demo.story import Story

DATABASE = "fellowship.sqlite3"
BUILDING = "being-told"
SHAPE = "shape"
"""Names the tables and rules that the folder's data was told for."""
Say = Callable[[str], object]


class NotTold(Exception):
    """The story ended before its end; nothing was kept."""


class OtherShape(Exception):
    """The data was told for other tables or rules than this program has."""


def shape() -> str:
    """A hash of what data must fit: the migrations, and the parameters of every kind of rule."""
    found = hashlib.sha256()
    for app in apps.get_app_configs():
        for path in sorted(Path(app.path).glob("migrations/0*.py")):
            found.update(path.read_bytes())
    rules = {kind: founding.parameters(kind) for kind in RuleKind.values}
    found.update(json.dumps(rules, sort_keys=True).encode())
    return found.hexdigest()


def prepare(folder: Path, tell: Callable[[Path], None]) -> bool:
    """Have `tell` fill a folder beside `folder`'s own things, then move all of it into place.

    The database comes last: where it stands, everything else does. Returns False, having done
    nothing, where it already stands; what an interrupted telling left behind is thrown away.
    Raises OtherShape where what stands there would not be understood.
    """
    if (folder / DATABASE).exists():
        kept = folder / SHAPE
        if not kept.exists() or kept.read_text() != shape():
            raise OtherShape
        return False
    building = folder / BUILDING
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    tell(building)
    if not (building / DATABASE).exists():
        raise NotTold
    (building / SHAPE).write_text(shape())
    for part in sorted(building.iterdir(), key=lambda path: path.name == DATABASE):
        place = folder / part.name
        if place.is_dir():
            shutil.rmtree(place)
        part.replace(place)
    building.rmdir()
    return True


def tell_apart(building: Path) -> None:
    """Tell the story in a process of its own, whose files all lie in `building`."""
    command = [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), "demo", "--tell"]
    env = {**os.environ, "FELLOWSHIP_VAR": str(building), "SECRET_KEY": settings.SECRET_KEY}
    if subprocess.run(command, env=env, check=False).returncode:  # noqa: S603
        raise NotTold


def tell(say: Say) -> None:
    """Fill this process's own, empty database; `say` hears how far the story is."""
    say("Making the tables.")
    make_at_once()
    story = Story()
    story.stage = _Heard(say)
    story.tell()
    with connection.cursor() as cursor:  # one file, without its companions
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


class _Heard(Stage):
    """A stage that says each month it comes to."""

    def __init__(self, say: Say) -> None:
        super().__init__()
        self.say = say
        self.month = ""

    def _timers_until(self, when: object) -> None:
        super()._timers_until(when)  # type: ignore[arg-type]
        month = f"{when:%B %Y}"
        if month != self.month:
            self.month = month
            self.say(f"The story is in {month}.")
