"""What every address of the API does alike, whatever it is about."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

from django.db import OperationalError, transaction
from rest_framework.permissions import SAFE_METHODS
from rest_framework.response import Response
from rest_framework.views import APIView

from fellowship.web.api import conditional
from fellowship.web.api.idempotency import once
from fellowship.web.api.throttling import say_limits

if TYPE_CHECKING:
    from rest_framework.request import Request

    _Base = APIView
else:
    _Base = object

Act = Callable[..., Response]
Handler = TypeVar("Handler", bound=Callable[..., Any])
_DEADLOCK = "40P01"


def replaces(handler: Handler) -> Handler:
    """Mark what overwrites a text or a list that others write as well: it takes `If-Match`."""
    handler.replaces = True  # type: ignore[attr-defined]
    return handler


class Endpoint(_Base):
    """Tags on what is read, preconditions and keys on what is done, limits with every answer."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Once the caller is known and allowed, stand before the handler of an act."""
        super().initial(request, *args, **kwargs)
        name = (request.method or "").lower()
        if request.method in SAFE_METHODS or name not in self.http_method_names:
            return
        if handler := getattr(self, name, None):
            setattr(self, name, partial(self._act, handler))

    def _act(self, handler: Act, request: Request, *args: Any, **kwargs: Any) -> Response:
        return once(request, lambda: self._judged(handler, request, *args, **kwargs))

    def _judged(self, handler: Act, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Do it if the record is still as the caller read it, which holds until it is done."""
        given = request.headers.get("If-Match", "").strip()
        if not given and getattr(self._named(), "replaces", False):
            raise conditional.Unread
        if given in ("", conditional.ANY):
            return handler(request, *args, **kwargs)
        try:
            with transaction.atomic():
                if not conditional.matches(given, self._tag(request, *args, **kwargs)):
                    raise conditional.Moved
                return handler(request, *args, **kwargs)
        except OperationalError as error:
            if getattr(error.__cause__, "pgcode", "") == _DEADLOCK:
                raise conditional.Busy from error
            raise

    def _named(self) -> Any:
        return getattr(self, getattr(self, "action", None) or "", None)

    def _tag(self, request: Request, *args: Any, **kwargs: Any) -> str:
        """The tag of the record an act is about, locked; nothing matches where there is none."""
        read = getattr(self, "get", None)
        return conditional.tag_of(read(request, *args, **kwargs).data) if read else ""

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Which methods there are; the description of the API says the rest."""
        return Response(status=204)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Tag what was read, say the limits, keep it out of caches."""
        response = super().finalize_response(request, response, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "no-store")
        say_limits(request._request, response)
        read = request.method in ("GET", "HEAD") and response.status_code == 200
        if isinstance(response, Response) and (read or getattr(response, "is_record", False)):
            response.add_post_render_callback(partial(conditional.tagged, request))
        return response


class RecordEndpoint(Endpoint):
    """The same for viewsets: what an act is about is what `retrieve` shows."""

    def _tag(self, request: Request, *args: Any, **kwargs: Any) -> str:
        view = cast("Any", self)
        if not getattr(view, "detail", False) or not hasattr(view, "retrieve"):
            return ""
        known = {name: kwargs[name] for name in _lookups(view) if name in kwargs}
        action, view.action = view.action, "retrieve"
        try:
            record = view.get_object()
            type(record)._base_manager.select_for_update().filter(pk=record.pk).first()
            return conditional.tag_of(view.retrieve(request, *args, **known).data)
        finally:
            view.action = action


def _lookups(view: Any) -> tuple[str, ...]:
    return (view.lookup_url_kwarg or view.lookup_field,)


class EndpointView(Endpoint, APIView):
    """An address of its own, without a list of records behind it."""
