"""JSON that holds nothing but texts, in lists and by name.

Of such a value the database writes the same characters as we do; of numbers it need not.
"""

from __future__ import annotations

from typing import Any

from django.db import models


class TextsField(models.JSONField):
    """A JSON field whose every leaf is a text; anything else is refused with a TypeError."""

    def get_prep_value(self, value: Any) -> Any:
        """The value as it is stored."""
        _texts_alone(value)
        return super().get_prep_value(value)


def _texts_alone(value: Any) -> None:
    if isinstance(value, dict):
        for key, one in value.items():
            _texts_alone(key)
            _texts_alone(one)
    elif isinstance(value, list):
        for one in value:
            _texts_alone(one)
    elif not (value is None or isinstance(value, str) or hasattr(value, "resolve_expression")):
        raise TypeError(f"texts alone, not {type(value).__name__}")
