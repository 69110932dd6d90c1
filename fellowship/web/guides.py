"""The guides of docs/roles as pages: what each role can do, and a tour of five minutes."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from fellowship.accounts import roles
from fellowship.accounts.queries import holds_anywhere
from fellowship.kernel.saying import plain, say
from fellowship.web.items import Link
from fellowship.web.search import Hit, register_pages

TOUR: Final = say("A tour of five minutes")
FOR: Final[dict[str, tuple[str, ...]]] = {
    "applicant-and-fellow": (roles.APPLICANT, roles.FELLOW, roles.COLLABORATOR),
    "mentor": (roles.MENTOR,),
    "reviewer": (roles.REVIEWER,),
    "board-member-and-chair": (roles.BOARD_MEMBER, roles.CHAIR),
    "programme-manager": (roles.MANAGER,),
    "data-steward": (roles.STEWARD,),
    "product-owner": (roles.PRODUCT_OWNER,),
    "security-on-call": (roles.ONCALL,),
    "policy-and-legal-reviewer": (roles.POLICY_REVIEWER, roles.LEGAL_REVIEWER),
    "auditor": (roles.AUDITOR,),
    "sponsor": (roles.SPONSOR,),
    "administrator": (roles.ADMINISTRATOR,),
}
"""Each guide, by the name of its file, and the roles it is for."""
TITLES: Final = {
    "applicant-and-fellow": say("Applicant and fellow"),
    "mentor": say("Mentor"),
    "reviewer": say("Panel reviewer"),
    "board-member-and-chair": say("Board member and chair"),
    "programme-manager": say("Programme manager"),
    "data-steward": say("Data steward"),
    "product-owner": say("Product owner"),
    "security-on-call": say("Security on-call"),
    "policy-and-legal-reviewer": say("Policy reviewer and legal reviewer"),
    "auditor": say("Auditor"),
    "sponsor": say("Sponsor"),
    "administrator": say("Administrator"),
}
"""The heading of each guide, which says itself; the guides are written in English."""
_ADDRESS: Final = re.compile(r"`(/[a-z0-9/_.-]*)`")
_ELSEWHERE: Final = re.compile(r"\[([^\]]+)\]\((?!/|https?:)([^)]*)\)")


@dataclass(frozen=True, slots=True)
class Guide:
    """One guide: its title, what comes before the tour, the tour, and the rest, as Markdown."""

    slug: str
    title: str
    before: str
    tour: str
    rest: str


@functools.cache
def guide(slug: str) -> Guide:
    """The guide of that name. Raises KeyError where there is none."""
    if slug not in FOR:
        raise KeyError(slug)
    text = (settings.BASE_DIR / "docs" / "roles" / f"{slug}.md").read_text(encoding="utf-8")
    _, _, body = text.partition("\n")
    before, _, after = body.partition(f"## {plain(TOUR)}\n")
    tour, mark, rest = after.partition("\n## ")
    rest = f"## {rest}" if mark else ""
    return Guide(slug, TITLES[slug], _linked(before), _linked(tour), _linked(rest))


def _linked(text: str) -> str:
    """Addresses of this site become links; links into the documentation become words."""
    return _ADDRESS.sub(r"[\1](\1)", _ELSEWHERE.sub(r"\1", text))


def mine(user: Any) -> list[Link]:
    """The guides of the roles that the person holds."""
    return [
        Link(guide(slug).title, reverse("web:guide", args=[slug]))
        for slug, keys in FOR.items()
        if holds_anywhere(user, *keys)
    ]


@register_pages
def _found(user: Any) -> Iterable[Hit]:
    for slug in FOR:
        title = guide(slug).title
        yield Hit(
            say("Help: {title}", title=title),
            reverse("web:guide", args=[slug]),
            say("What you can do, and a tour"),
        )


@require_safe
def guides(request: HttpRequest) -> HttpResponse:
    """Every guide, one's own first."""
    own = mine(request.user) if request.user.is_authenticated else []
    urls = {link.url for link in own}
    others = [Link(guide(slug).title, reverse("web:guide", args=[slug])) for slug in FOR]
    context = {"own": own, "others": [link for link in others if link.url not in urls]}
    return render(request, "web/guides.html", context)


@require_safe
def one_guide(request: HttpRequest, slug: str) -> HttpResponse:
    """One guide, its tour first."""
    try:
        found = guide(slug)
    except KeyError:
        raise Http404 from None
    return render(request, "web/guide.html", {"guide": found, "tour": TOUR})
