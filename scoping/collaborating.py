"""What lower applications do when a collaborator is removed, show them, and say they can reach.

```python
@collaborating.on_removal
def end(collaborator, by, reason): ...  # inside the verb: what they were granted ends with it
```
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence

from fellowship.accounts.models import User
from scoping.models import Collaborator
from scoping.panels import Panel

Removal = Callable[[Collaborator, User, str], object]
Provider = Callable[[Collaborator, dt.datetime], Iterable[Panel]]
Reach = Callable[[Sequence[Collaborator], dt.datetime], Mapping[int, Sequence[str]]]

_removals: list[Removal] = []
_panels: list[Provider] = []
_reaches: list[Reach] = []


def on_removal(handler: Removal) -> Removal:
    """Let `handler` end what hangs on the collaboration, in the transaction that removes."""
    if handler not in _removals:
        _removals.append(handler)
    return handler


def removed(collaborator: Collaborator, by: User, reason: str) -> None:
    """End what every application hangs on the collaboration."""
    for handler in _removals:
        handler(collaborator, by, reason)


def shows(provider: Provider) -> Provider:
    """Add panels to the page a collaborator reads."""
    if provider not in _panels:
        _panels.append(provider)
    return provider


def panels(collaborator: Collaborator, at: dt.datetime) -> list[Panel]:
    """The panels of a collaborator's page, in order."""
    found = [panel for provider in _panels for panel in provider(collaborator, at)]
    return sorted(found, key=lambda panel: (panel.order, panel.key))


def reaches(provider: Reach) -> Reach:
    """Say what people of one case can reach, by the key of the person."""
    if provider not in _reaches:
        _reaches.append(provider)
    return provider


def reach(collaborators: Sequence[Collaborator], at: dt.datetime) -> dict[int, list[str]]:
    """What each person of a case can reach, in words, by their key."""
    found: dict[int, list[str]] = {}
    for provider in _reaches if collaborators else ():
        for person_id, words in provider(collaborators, at).items():
            found.setdefault(person_id, []).extend(words)
    return found
