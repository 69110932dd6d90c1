"""The service verb, and the port through which it writes the ledger.

A verb is a keyword-only function that takes `by`. It runs in one transaction, inside a scope that
carries who acts and why; every history row written in it is bound to the one event it records. The
history application installs the recorder, so that what stands above it can be recorded as well.

Why it is so: docs/adr/0002-service-verbs-bound-to-one-event.md.
"""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeAlias, TypeVar

from django.db import transaction

from fellowship.kernel import logs, saying
from fellowship.kernel.refusals import Refused

if TYPE_CHECKING:
    from django.db.models import Model

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class System:
    """A service account: the sweep, an importer, a command."""

    name: str
    kind: str = "service"


@dataclass(frozen=True, slots=True)
class RuleActor:
    """A rule that acts by itself, named with its version: “publication policy v3”."""

    name: str
    kind: str = "rule"


class OutsideVerb(RuntimeError):
    """A tracked record was written outside a service verb, so nobody would answer for it."""


class Unrecorded(RuntimeError):
    """A verb changed tracked records and recorded no event."""


@dataclass
class Scope:
    """One verb under way: its event's identity, who acts and why, and the history rows it wrote."""

    verb: str
    by: Any
    reason: str
    uid: uuid.UUID = field(default_factory=uuid.uuid4)
    rows: list[Model] = field(default_factory=list)

    @property
    def actor_id(self) -> int | None:
        """The acting person's id; None for a service or a rule."""
        return getattr(self.by, "pk", None)


class Recorder(Protocol):
    """What the history application installs."""

    def __call__(
        self,
        scope: Scope,
        *,
        subject: Model,
        realm_id: int | None,
        change: Mapping[str, Any],
    ) -> Any: ...


_scope: ContextVar[Scope | None] = ContextVar("fellowship_scope", default=None)
_recorder: list[Recorder] = []
Listener: TypeAlias = "Callable[[Sequence[Model]], None]"
_listeners: list[Listener] = []


def install(recorder: Recorder) -> None:
    """Name the one recorder. Called once, when the history application is ready."""
    _recorder[:] = [recorder]


def listen(listener: Listener) -> Listener:
    """Let `listener` hear the history rows of each event, in the transaction that wrote them.

    For what must follow a change wherever it was made. A listener judges nothing and refuses
    nothing; one that writes tracked records does so by a verb of its own.
    """
    if listener not in _listeners:
        _listeners.append(listener)
    return listener


def current() -> Scope | None:
    """The scope of the verb under way in this context."""
    return _scope.get()


def require() -> Scope:
    """The scope under way; raises OutsideVerb where there is none."""
    scope = _scope.get()
    if scope is None:
        raise OutsideVerb("Tracked records are written by service verbs only.")
    return scope


def record(
    *,
    subject: Model,
    realm_id: int | None = None,
    change: Mapping[str, Any] | None = None,
) -> Any:
    """Write the verb's one event, binding to it every history row of the scope. Returns the event.

    `realm_id` defaults to the subject's own `realm_id` or `program_id`; `change` is JSON-able and
    holds no personal data in clear.
    """
    scope = require()
    if realm_id is None:
        realm_id = getattr(subject, "realm_id", None) or getattr(subject, "program_id", None)
    event = _recorder[0](scope, subject=subject, realm_id=realm_id, change=change or {})
    written, scope.rows = scope.rows, []
    scope.uid = uuid.uuid4()
    for listener in _listeners:
        listener(written)
    return event


def moved(before: Any, after: Any) -> dict[str, Any]:
    """A change that tells what was before as well; a plain list is a list, however long."""
    return {"from": before, "to": after}


@contextmanager
def acting(verb_name: str, *, by: Any, reason: str = "") -> Iterator[Scope]:
    """A verb as a block: one transaction, one scope. Prefer `verb`.

    It works in the source language: what it records does not depend on who acts.
    """
    with saying.in_source(), transaction.atomic():
        scope = Scope(verb=verb_name, by=by, reason=str(reason))
        token = _scope.set(scope)
        try:
            yield scope
            if scope.rows:
                labels = sorted({row._meta.label for row in scope.rows})
                raise Unrecorded(f"{verb_name} wrote {', '.join(labels)} and recorded no event")
        except Refused as refused:
            logs.refused(refused.refusal.code, verb=verb_name)
            raise
        finally:
            _scope.reset(token)


def verb(name: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Make a keyword-only function a service verb named `name` (“app.verb_phrase”)."""

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        @functools.wraps(function)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
            by: Any = kwargs["by"]
            reason: Any = kwargs.get("reason")
            with acting(name, by=by, reason=reason or ""):
                return function(*args, **kwargs)

        wrapper.verb_name = name  # type: ignore[attr-defined]
        return wrapper

    return decorate


def after_commit(function: Callable[[], Any]) -> None:
    """Run `function` once the transaction has committed; a hint to hurry, never the only way."""
    transaction.on_commit(function)
