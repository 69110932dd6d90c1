"""`{% load finding_ui %}`: how findings and controls look."""

from __future__ import annotations

from django.template import Library

from findings import cells

register = Library()
register.simple_tag(cells.severity)
register.simple_tag(cells.verdict)
register.simple_tag(cells.lines, name="finding_lines")
