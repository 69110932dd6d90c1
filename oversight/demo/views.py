"""The people of the demonstration, each with one button that signs in as them."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from fellowship.accounts.models import User
from fellowship.accounts.signin import records
from oversight.demo.cast import PASSWORD
from oversight.demo.content.people import SIGN_INS, Person
from oversight.demo.content.sentences import PARTS

PLAYABLE = {person.username: person for person in SIGN_INS}


def _only_in_the_demonstration() -> None:
    """Outside it these pages do not exist, however they came to be routed."""
    if not settings.DEMO:
        raise Http404


def _as(person: Person) -> str:
    """What tells two people of one part from each other."""
    seat = str(getattr(person.seat, "label", person.seat))
    return f"{seat} seat" if seat else person.affiliation


@never_cache
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """Everyone by part, with what the part can do."""
    _only_in_the_demonstration()
    parts = [
        (part, [(PLAYABLE[name], _as(PLAYABLE[name])) for name in part.usernames]) for part in PARTS
    ]
    return render(request, "oversight/demo.html", {"parts": parts, "password": PASSWORD})


@require_POST
def sign_in(request: HttpRequest, username: str) -> HttpResponse:
    """Sign out whoever was signed in, and sign in as this person of the story."""
    _only_in_the_demonstration()
    user = User.objects.filter(username=username, is_active=True).first()
    if username not in PLAYABLE or user is None:
        raise Http404
    logout(request)
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    records.add(request, "demonstration")
    UserSession.objects.create_from_request(request)
    messages.success(request, f"You are {user.name} now.")
    return redirect("web:home")
