"""How many rows a query finds, as a value within another query: several counts in one asking."""

from __future__ import annotations

from django.db.models import IntegerField, Subquery


class Length(Subquery):
    """The number of rows of a query set; cut, it is counted no further than that."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()
    empty_result_set_value = 0
