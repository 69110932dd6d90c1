"""The guides of docs/roles as pages: what each role can do, and a tour of five minutes."""

from __future__ import annotations

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
from fellowship.kernel import saying
from fellowship.kernel.saying import plain, say
from fellowship.web import nav
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
"""The heading of each guide, which says itself."""
ABOUT: Final = {
    "applicant-and-fellow": say(
        "You apply from outside with a proposal; once the board accepts it, the same "
        "account carries out the fellowship. You see your own cases and nobody else's."
    ),
    "mentor": say("You accompany the fellows assigned to you and see what blocks them."),
    "reviewer": say(
        "You score proposals on an anchored rubric. You decide nothing alone; your scores "
        "go to the board with the others."
    ),
    "board-member-and-chair": say(
        "A board has five seats: research, product, security, legal and policy. A member "
        "decides matters on one page and on the record. The chair records what the ballot "
        "rule allows, and votes only from a seat also held."
    ),
    "programme-manager": say(
        "You run calls, cohorts, panels, scopes of work and reviews. You propose; "
        "therefore you do not approve."
    ),
    "data-steward": say(
        "You grant the least that serves, see it used, watch it expire, and verify deletion."
    ),
    "product-owner": say(
        "You take a finding with its evidence, give it a disposition, ship a control, and "
        "show whether risk fell."
    ),
    "security-on-call": say(
        "You answer alarms and can suspend everything a fellow can reach, at once."
    ),
    "policy-and-legal-reviewer": say(
        "You may object to a marked passage of a publication, on a listed ground, with "
        "the harm named. You cannot object to “the paper”."
    ),
    "auditor": say(
        "You read the whole record of your programmes as of any date, draw samples, and "
        "take exports that verify without us. You change nothing."
    ),
    "sponsor": say(
        "You answer for the programme and read on one page what risk fell, where it "
        "stalls, and who grew."
    ),
    "administrator": say(
        "You found programmes, set them up, and grant and end roles for others. You see "
        "no case by that alone."
    ),
}
"""What each role is about, as its guide begins; the help says it in the language of the page."""
_ADDRESS: Final = re.compile(r"`(/[a-z0-9/_.<>-]*)`")
_RECORD: Final = re.compile(r"<(\w+)>")
_BY_KEY: Final = {"ref", "number", "id", "key"}
_ELSEWHERE: Final = re.compile(r"\[([^\]]+)\]\((?!/|https?:)([^)]*)\)")


@dataclass(frozen=True, slots=True)
class Told:
    """A guide as the list of guides tells of it: where it is, and what the role is about."""

    link: Link
    about: str


@dataclass(frozen=True, slots=True)
class Guide:
    """One guide: its title, what comes before the tour, the tour, and the rest, as Markdown."""

    slug: str
    title: str
    before: str
    tour: str
    rest: str

    @property
    def told(self) -> Told:
        """Where it is and what it is about."""
        return Told(Link(self.title, reverse("web:guide", args=[self.slug])), ABOUT[self.slug])


@saying.kept(64)
def guide(slug: str) -> Guide:
    """The guide of that name, in the language under way where it is written in it.

    Raises KeyError where there is none.
    """
    if slug not in FOR:
        raise KeyError(slug)
    written = settings.BASE_DIR / "docs" / "roles"
    own = written / saying.language().partition("-")[0] / f"{slug}.md"
    tour_begins = str(TOUR) if own.exists() else plain(TOUR)
    text = (own if own.exists() else written / f"{slug}.md").read_text(encoding="utf-8")
    _, _, body = text.partition("\n")
    before, _, after = body.partition(f"## {tour_begins}\n")
    tour, mark, rest = after.partition("\n## ")
    rest = f"## {rest}" if mark else ""
    return Guide(slug, TITLES[slug], _linked(before), _linked(tour), _linked(rest))


def _linked(text: str) -> str:
    """Addresses of this site become the names of their pages, linked where they lead to one page.

    Links into the documentation become words.
    """
    return _ADDRESS.sub(_place, _ELSEWHERE.sub(r"\1", text))


def _place(found: re.Match[str]) -> str:
    address = found[1]
    return f"*{named(address)}*" if "<" in address else f"[{named(address)}]({address})"


def named(address: str) -> str:
    """What a page is called, by the navigation and its address: “Proposals › one of them › panel”.

    Guides in English name addresses, and so this is English; others write links out.
    """
    places = nav.places()
    begins = [place for place in places if place != "/" and address.startswith(place)]
    nearest = max(begins, key=len, default="")
    below = [_word(part) for part in address[len(nearest) :].split("/") if part]
    if nearest:
        name = plain(places[nearest])
        if not below:
            return name
        name = name.removeprefix("My ").capitalize()
        return " › ".join([name, *below[below[0] == name.lower() :]])  # “Datasets › new”
    return " › ".join(below).capitalize() if below else plain(places["/"])


def _word(part: str) -> str:
    record = _RECORD.fullmatch(part)
    if record is None:
        return part.replace("-", " ").replace("_", " ")
    if record[1] == "programme":
        return "the programme"
    return "one of them" if record[1] in _BY_KEY else f"the {record[1]}"


def mine(user: Any) -> list[Link]:
    """The guides of the roles that the person holds."""
    return [guide(slug).told.link for slug in _held(user)]


def _held(user: Any) -> list[str]:
    return [slug for slug, keys in FOR.items() if holds_anywhere(user, *keys)]


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
    held = _held(request.user) if request.user.is_authenticated else []
    context = {
        "own": [guide(slug).told for slug in held],
        "others": [guide(slug).told for slug in FOR if slug not in held],
    }
    return render(request, "web/guides.html", context)


@require_safe
def one_guide(request: HttpRequest, slug: str) -> HttpResponse:
    """One guide, its tour first."""
    try:
        found = guide(slug)
    except KeyError:
        raise Http404 from None
    return render(request, "web/guide.html", {"guide": found, "tour": TOUR})
