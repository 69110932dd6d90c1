"""Which tests are the same on every database: those that are seen to ask for none."""

from __future__ import annotations

import pytest

_DATABASE = {"db", "transactional_db", "live_server"}
_MARKED = ("django_db", "services", "sqlite", "postgresql")


def asks_nothing(item: pytest.Item) -> bool:
    """Whether a test works in Python alone: pytest-django keeps it from the database."""
    if any(item.get_closest_marker(name) for name in _MARKED):
        return False
    return not _DATABASE & set(getattr(item, "fixturenames", ())) and not _unblocks(item)


def _unblocks(item: pytest.Item) -> bool:
    """Whether a fixture of ours lets itself into the database, as a kept thing does."""
    known = getattr(item, "_fixtureinfo", None)
    defined = known.name2fixturedefs.values() if known else ()
    ours = [one for several in defined for one in several if one.baseid.startswith("tests")]
    return any("django_db_blocker" in one.argnames for one in ours)
