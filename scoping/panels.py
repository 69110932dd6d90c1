"""What other applications add to the pages of a case: panels, pages, next steps, and the banner.

```python
@panels.register                       # on the case page; place="may" for “What may I do?”
def grants(fellowship, user, at):
    yield Panel("access.grants", "Data access", "access/_grants.html", {"grants": …}, order=30)

@panels.register_links
def pages(fellowship, user, at):
    yield Link("Data access", reverse("access:case", args=[fellowship.ref]), count=2)
```

A provider is asked only about fellowships the person may see.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from fellowship.kernel.time import now
from fellowship.web import calendars
from fellowship.web.components import times
from fellowship.web.items import Link
from scoping.models import Fellowship

Place = Literal["case", "may"]
Column = Literal["main", "aside"]
NEAR = dt.timedelta(days=30)
_FAR = dt.datetime.max.replace(tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Panel:
    """One card. `template` is rendered with `context` and `fellowship`; it makes no card itself."""

    key: str
    title: str
    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    order: int = 50
    column: Column = "main"


@dataclass(frozen=True, slots=True)
class NextStep:
    """One line of the card “Next”; `mine` marks what waits for the person who looks."""

    title: str
    due: dt.date | None = None
    url: str = ""
    mine: bool = False

    @property
    def near(self) -> bool:
        """Whether it is close enough for its distance in days to say more than its date."""
        return self.due is not None and times.instant(self.due) < now() + NEAR


@dataclass(frozen=True, slots=True)
class Banner:
    """Who holds the ball, by when, and what their silence means. Tones as in `{% banner %}`."""

    text: str
    by: dt.date | None = None
    silence: str = ""
    detail: str = ""
    tone: str = "wait"
    url: str = ""
    label: str = ""


PanelProvider = Callable[[Fellowship, Any, dt.datetime], Iterable[Panel]]
LinkProvider = Callable[[Fellowship, Any, dt.datetime], Iterable[Link]]
NextProvider = Callable[[Fellowship, Any, dt.datetime], Iterable[NextStep]]
BannerProvider = Callable[[Fellowship, Any, dt.datetime], Banner | None]

_panels: dict[Place, list[PanelProvider]] = {"case": [], "may": []}
_links: list[LinkProvider] = []
_next: list[NextProvider] = []
_banners: list[tuple[int, BannerProvider]] = []


def register(provider: PanelProvider, *, place: Place = "case") -> PanelProvider:
    """Add panels to the case page, or to “What may I do?”."""
    if provider not in _panels[place]:
        _panels[place].append(provider)
    return provider


def register_links(provider: LinkProvider) -> LinkProvider:
    """Add pages to the case's own navigation."""
    if provider not in _links:
        _links.append(provider)
    return provider


def register_next(provider: NextProvider) -> NextProvider:
    """Add lines to the card “Next”."""
    if provider not in _next:
        _next.append(provider)
    return provider


def register_banner(provider: BannerProvider, *, order: int = 50) -> BannerProvider:
    """Say who holds the ball. Asked in rising `order`; the first that answers is shown."""
    if all(known is not provider for _, known in _banners):
        _banners.append((order, provider))
        _banners.sort(key=lambda pair: pair[0])
    return provider


def panels(
    fellowship: Fellowship, user: Any, at: dt.datetime, place: Place = "case"
) -> list[Panel]:
    """The panels of a page, in order."""
    found = [panel for provider in _panels[place] for panel in provider(fellowship, user, at)]
    return sorted(found, key=lambda panel: (panel.order, panel.key))


def links(fellowship: Fellowship, user: Any, at: dt.datetime) -> list[Link]:
    """The pages other applications add to the case."""
    return [link for provider in _links for link in provider(fellowship, user, at)]


def next_steps(fellowship: Fellowship, user: Any, at: dt.datetime) -> list[NextStep]:
    """What comes next, the earliest first."""
    found = [step for provider in _next for step in provider(fellowship, user, at)]
    calendar = calendars.of(fellowship.program_id)

    def order(step: NextStep) -> tuple[dt.datetime, str]:
        return (times.instant(step.due, calendar) if step.due else _FAR, step.title)

    return sorted(found, key=order)


def banner(fellowship: Fellowship, user: Any, at: dt.datetime) -> Banner | None:
    """Who holds the ball, from the first provider that knows."""
    for _, provider in _banners:
        if found := provider(fellowship, user, at):
            return found
    return None
