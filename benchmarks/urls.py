"""The site's routes, and beside them the floors: what Django and DRF cost alone."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import path
from rest_framework import generics, serializers

from fellowship.urls import urlpatterns as site
from findings.models import Finding

ROWS = 50
API_ROWS = 100

_TABLE = """<!doctype html><html lang="en"><head><title>Rows</title></head><body>
<p>{{ user.name }}</p><table>
{% for row in rows %}<tr><td><a href="/rows/{{ row.ref }}/">{{ row.ref }}</a></td>
<td>{{ row.title }}</td><td>{{ row.severity }}</td><td>{{ row.state }}</td>
<td>{{ row.system }}</td><td>{{ row.due_at|date:"j F Y" }}</td></tr>
{% endfor %}</table></body></html>"""


def _template() -> object:
    from django.template import engines

    return engines["django"].from_string(_TABLE)


_compiled: list[object] = []


@login_required
def floor_page(request: HttpRequest) -> HttpResponse:
    """The session's user, one query, 50 rows through a template."""
    if not _compiled:
        _compiled.append(_template())
    rows = Finding.objects.order_by("-id")[:ROWS]
    return HttpResponse(_compiled[0].render({"rows": rows, "user": request.user}))  # type: ignore[attr-defined]


class _Plain(serializers.ModelSerializer[Finding]):
    class Meta:
        model = Finding
        fields = "__all__"


class FloorList(generics.ListAPIView[Finding]):
    """The rows of the API's list by DRF's own means."""

    serializer_class = _Plain
    pagination_class = None
    filter_backends = ()

    def get_queryset(self):  # type: ignore[no-untyped-def]  # noqa: ANN201
        """The first hundred."""
        return Finding.objects.order_by("-id")[:API_ROWS]


urlpatterns = [
    path("floor/page/", floor_page),
    path("floor/list/", FloorList.as_view()),
    *site,
]
