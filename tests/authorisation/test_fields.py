"""Every text field has its line in `fields.toml`: who may read it is said before anybody can."""

from __future__ import annotations

from tests.support import marks


def test_every_text_has_its_readers() -> None:
    listed = [
        f"{model}.{name}"
        for by_model in marks.said().values()
        for model, names in by_model.items()
        for name in names.split(" ")
    ]
    there = marks.there()
    missing = sorted(there - set(listed))
    assert not missing, f"say in tests/authorisation/fields.toml who may read {missing}"
    assert sorted(listed) == sorted(there), "named twice, or gone"


def test_readers_are_people_of_the_cast() -> None:
    known = {*marks.CAST, *marks.GROUPS, "own", "nobody", "names", "public"}
    for readers in marks.said():
        assert set(readers.split(" ")) <= known, readers
