"""`{% load access_ui %}`: how datasets look."""

from __future__ import annotations

from django.template import Library

from access import cells

register = Library()
register.simple_tag(cells.tier)
