"""`{% load finding_ui %}`: how findings and controls look."""

from __future__ import annotations

from django.template import Library

from findings import cells, translation_cells

register = Library()
register.simple_tag(cells.severity)
register.simple_tag(cells.verdict)
register.simple_tag(cells.lines, name="finding_lines")
register.simple_tag(translation_cells.test_tag)
register.simple_tag(translation_cells.exception_tag)
register.simple_tag(translation_cells.verdict_counts)
register.simple_tag(cells.outcome, name="outcome_tag")
register.simple_tag(cells.import_meta)
register.simple_tag(cells.harm_means)
register.simple_tag(cells.technique_name)
