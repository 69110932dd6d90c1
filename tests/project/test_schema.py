"""The schema of the API says everything by one name, without a warning."""

from __future__ import annotations

from pathlib import Path

from django.core.management import call_command


def test_the_schema_is_made_without_a_warning(db: None, tmp_path: Path) -> None:
    """Raises where two inputs or two lists of choices share a name, or a filter has no type."""
    made = tmp_path / "schema.yml"
    call_command("spectacular", "--fail-on-warn", "--file", str(made))
    text = made.read_text()
    for path in ("authorship-agreements/{id}/consent", "register", "publication-policy"):
        assert f"/api/v1/{path}/:" in text
