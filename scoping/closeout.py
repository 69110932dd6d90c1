"""What must be done before a fellowship may close: each application registers its obligations.

```python
@closeout.register
def deletions(fellowship, at):
    yield Obligation("access.deletion", "Data deleted", met=False, detail="Two datasets …", url="…")
```
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from fellowship.kernel.refusals import Refusal
from fellowship.kernel.saying import joined, say
from fellowship.kernel.time import now
from scoping.models import Fellowship


@dataclass(frozen=True, slots=True)
class Excuse:
    """That a person, by name and key, excepted an obligation of one case, and why."""

    reason: str
    by: str
    at: dt.datetime
    person: int


@dataclass(frozen=True, slots=True)
class Obligation:
    """One thing to do before closing. Where `required` is False it is shown and does not hold.

    `opens` says whether a person may open `url`; without it, whoever reads the case may. One that
    is `waivable` may be excepted by a person: it then counts as met, and `excuse` says by whom.
    Nobody excepts the others, such as the deletion of data, which only an exception keeps.
    """

    key: str
    label: str
    met: bool
    detail: str = ""
    url: str = ""
    required: bool = True
    opens: Callable[[Any], bool] | None = None
    waivable: bool = False
    excuse: Excuse | None = None

    def url_for(self, user: Any) -> str:
        """Where `user` does it or reads of it; empty where they may not open it."""
        return self.url if self.opens is None or self.opens(user) else ""


Excuses = Callable[[Fellowship], Mapping[str, Excuse]]
Provider = Callable[[Fellowship, dt.datetime], Iterable[Obligation]]
_providers: list[Provider] = []
_excuses: list[Excuses] = []


def register(provider: Provider) -> Provider:
    """Add a provider; usable as a decorator. Registering it again changes nothing."""
    if provider not in _providers:
        _providers.append(provider)
    return provider


def register_excuses(source: Excuses) -> Excuses:
    """Add a source of what was excepted in a case, by the obligations' keys."""
    if source not in _excuses:
        _excuses.append(source)
    return source


def obligations(fellowship: Fellowship, at: dt.datetime | None = None) -> list[Obligation]:
    """Every obligation of the fellowship at `at`, in the order of registration."""
    at = at or now()
    excused = {key: why for source in _excuses for key, why in source(fellowship).items()}
    found = [item for provider in _providers for item in provider(fellowship, at)]
    return [_excepted(item, excused.get(item.key)) for item in found]


def _excepted(item: Obligation, excuse: Excuse | None) -> Obligation:
    if excuse is None or item.met or not item.waivable:
        return item
    return replace(item, met=True, excuse=excuse)


def still_open(
    fellowship: Fellowship,
    at: dt.datetime | None = None,
    known: Iterable[Obligation] | None = None,
) -> list[Obligation]:
    """The required obligations not met. `known`: its obligations, asked already."""
    items = obligations(fellowship, at) if known is None else known
    return [o for o in items if o.required and not o.met]


def refusal(
    fellowship: Fellowship,
    at: dt.datetime | None = None,
    known: Iterable[Obligation] | None = None,
) -> Refusal | None:
    """Why the fellowship cannot close yet, or None. `known`: its obligations, asked already."""
    missing = still_open(fellowship, at, known)
    if not missing:
        return None
    names = joined("; ", (o.label for o in missing))
    return Refusal(
        "obligations_open",
        say("It cannot close while this is open: {names}.", names=names),
        rule=say("closeout requirements"),
    )
