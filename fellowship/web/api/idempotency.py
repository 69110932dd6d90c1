"""The same answer for the same request, however often it is sent: `Idempotency-Key`.

The key is written down before the work and locked during it; the answer is kept in the work's own
transaction. Of two at once the second is told to come back (409). Where a worker is killed midway,
neither work nor answer is there, and the next one does the work. Only an answer to something done
is kept: what was refused did nothing, and is judged anew.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, cast

from django.db import OperationalError, connection, transaction
from django.http import QueryDict
from rest_framework.exceptions import APIException, ParseError
from rest_framework.response import Response

from fellowship.kernel import sealed
from fellowship.kernel.time import now
from fellowship.web.bodies import JSONRenderer
from fellowship.web.models import KeptAnswer

if TYPE_CHECKING:
    from rest_framework.request import Request

    from fellowship.accounts.models import User

HEADER: Final = "Idempotency-Key"
KEPT: Final = dt.timedelta(hours=24)
"""How long an answer is kept."""
_PURPOSE: Final = "kept answer"
_KEY: Final = re.compile(r"[ -~]{1,200}")


class KeyUsed(APIException):
    """The key came before with another request."""

    status_code = 422
    default_code = "key_used"
    default_detail = (
        "This Idempotency-Key was used for another request within a day. Use a new one for each."
    )


class KeyInUse(APIException):
    """The first request with the key is still being worked on."""

    status_code = 409
    default_code = "key_in_use"
    default_detail = "The first request with this key is still worked on. Send it again."
    wait = 1


def once(request: Request, work: Callable[[], Response]) -> Response:
    """The answer of `work`, done once for this person's key; without a key, simply done."""
    key = _key(request)
    if not key:
        return work()
    user = cast("User", request.user)
    mine = KeptAnswer.objects.filter(user=user, key=key)
    mine.filter(made_at__lte=now() - KEPT).delete()
    sent = _fingerprint(request)
    mine.get_or_create(user=user, key=key, defaults={"fingerprint": sent, "made_at": now()})
    with transaction.atomic():
        kept = _locked(mine)
        if kept.sealed:
            if kept.fingerprint != sent:
                raise KeyUsed
            return _again(kept)
        answer = work()
        kept.fingerprint = sent
        if answer.status_code < 400:
            kept.sealed = _sealed(answer)
        kept.save(update_fields=["fingerprint", "sealed"])
    return answer


def forget(at: dt.datetime) -> int:
    """Remove the answers whose time is over; returns how many."""
    return KeptAnswer.objects.filter(made_at__lte=at - KEPT).delete()[0]


def _locked(mine: Any) -> KeptAnswer:
    nowait = connection.features.has_select_for_update_nowait
    try:
        found: KeptAnswer = mine.select_for_update(nowait=nowait).get()
    except (OperationalError, KeptAnswer.DoesNotExist) as error:
        raise KeyInUse from error
    return found


def _key(request: Request) -> str:
    """The key as sent, with or without the quotes of a structured field."""
    given = str(request.headers.get(HEADER, "")).strip()
    if len(given) > 1 and given[0] == given[-1] == '"':
        given = given[1:-1]
    if (given or HEADER in request.headers) and not _KEY.fullmatch(given):
        raise ParseError("An Idempotency-Key has 1 to 200 printable ASCII characters.")
    return given


def _sealed(answer: Response) -> str:
    text = JSONRenderer().render({"status": answer.status_code, "data": answer.data}).decode()
    return sealed.seal(text, purpose=_PURPOSE)


def _again(kept: KeptAnswer) -> Response:
    answer = json.loads(sealed.unseal(kept.sealed, purpose=_PURPOSE))
    return Response(
        answer["data"], status=answer["status"], headers={"Idempotency-Replayed": "true"}
    )


def _fingerprint(request: Request) -> str:
    """Method, address and content as they were understood: a multipart boundary is no content."""
    found = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    for part in _parts(request.data):
        found.update(hashlib.sha256(part).digest())
    return found.hexdigest()


def _parts(data: Any) -> Iterator[bytes]:
    if isinstance(data, bytes):
        yield data
    elif isinstance(data, QueryDict):
        for name, values in sorted(data.lists()):
            for value in values:
                yield name.encode()
                yield from _value(value)
    else:
        yield json.dumps(data, sort_keys=True, default=str).encode()


def _value(value: Any) -> Iterator[bytes]:
    """A field's text, or a file's name and content."""
    if not hasattr(value, "chunks"):
        yield str(value).encode()
        return
    yield str(value.name).encode()
    found = hashlib.sha256()
    for chunk in value.chunks():
        found.update(chunk)
    value.seek(0)
    yield found.digest()
