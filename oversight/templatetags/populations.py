"""`{% load populations %}`: the records of a population as a list."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django import template
from django.utils.safestring import SafeString

from fellowship.web import cells, columns
from oversight.audit.populations import Column, Population

register = template.Library()
Pair = tuple[Any, list[tuple[Column, Any]]]


@register.simple_tag
def population_table(population: Population, rows: Iterable[Pair]) -> SafeString:
    """The records with the values of the population's columns, as the view pairs them."""
    table = columns.Table(
        caption=population.label,
        columns=[
            columns.Column(
                column.label, _cell(place, column, population.url if not place else None)
            )
            for place, column in enumerate(population.columns)
        ],
        rows=rows,
        dense=True,
        empty="No record in this period.",
    )
    return table.render()


def _cell(place: int, column: Column, url: Callable[[Any], str] | None) -> Callable[[Pair], object]:
    """The value; with `url` it leads to the record's page, where it has one."""

    def cell(pair: Pair) -> object:
        _, value = pair[1][place]
        if url and (to := url(pair[0])):
            return cells.link(to, value)
        return cells.when(value) if value and column.kind == "at" else cells.shown(value)

    return cell
