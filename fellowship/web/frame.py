"""The frame of every page: its assets, its head with the navigation, its messages, its foot.

Written in Python, since every page pays for it: the same as a template took longer than most pages
take to read their rows. What is the same for everybody is worked out once.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from urllib.parse import quote

from django.conf import settings
from django.contrib.messages import get_messages
from django.http import HttpRequest
from django.template import Context, Library
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils.safestring import SafeString

from fellowship.kernel.saying import kept, language, say
from fellowship.web import scripted
from fellowship.web.components import marks, ways
from fellowship.web.context import Layout
from fellowship.web.markup import escaped, markup

_Part = Callable[[HttpRequest, Layout], SafeString]


def register(library: Library) -> None:
    """Add the parts of the frame to the library `ui`."""
    library.simple_tag(assets, name="page_assets")
    library.simple_tag(search, name="search_form")
    library.simple_tag(brand)
    library.simple_tag(scripted.words, name="page_words")
    for name, part in {"page_top": top, "page_messages": messages, "page_foot": foot}.items():
        library.simple_tag(_in_context(part), takes_context=True, name=name)


def _in_context(part: _Part) -> Callable[[Context], SafeString]:
    def tag(context: Context) -> SafeString:
        return part(context["request"], context["layout"])

    return tag


_SHEETS = ("tokens", "base", "components")


@functools.cache
def assets() -> SafeString:
    """Styles, scripts and the mark, which every page loads."""
    sheets = "".join(
        markup('<link rel="stylesheet" href="{}">\n', static(f"css/{name}.css")) for name in _SHEETS
    )
    return markup(
        '<link rel="icon" href="{}" type="image/svg+xml">\n'
        '<link rel="preload" href="{}" as="font" type="font/woff2" crossorigin>\n{}'
        '<link rel="stylesheet" href="{}" media="print">\n'
        '<script src="{}" defer></script>\n<script type="module" src="{}"></script>',
        *(static("favicon.svg"), static("fonts/inter-latin-wght-normal.woff2")),
        *(SafeString(sheets), static("css/print.css")),
        *(static("vendor/htmx.min.js"), static("js/main.js")),
    )


def top(request: HttpRequest, layout: Layout) -> SafeString:
    """The demonstration's bar where there is one, and the head of the page."""
    return SafeString(
        f'{_demo(layout)}<header class="top"><div class="top-in">\n  {_BRAND}\n'
        f'  <nav class="main-nav" aria-label="{escaped(say("Main"))}">{_main(layout)}</nav>\n'
        f'  <div class="top-end">{_end(request, layout)}</div>\n</div></header>'
    )


def messages(request: HttpRequest, layout: Layout) -> SafeString:
    """What the last act has to say; read, it is gone."""
    given = get_messages(request)
    if not given:
        return SafeString("")
    items = "".join(
        markup(
            '<li class="{}">{}<span>{}</span></li>',
            message.level_tag,
            marks.icon("alert" if message.level_tag in ("error", "warning") else "check"),
            message,
        )
        for message in given
    )
    return SafeString(f'<div role="status"><ul class="messages">{items}</ul></div>')


def foot(request: HttpRequest, layout: Layout) -> SafeString:
    """The foot of the page: rules, help, keys, zone, version, colours."""
    signed_in = bool(layout.user) and layout.user.is_authenticated
    entries = [
        _link("governance:rules", say("Rules in force")),
        _link("web:guides", say("Help")),
        _link("web:keys", say("Keyboard shortcuts")) if signed_in else "",
        _link("web:reference", say("API")),
        escaped(say("Times in {zone}", zone=layout.zone)),
        escaped(say("Version {version}", version=layout.version)) if layout.version else "",
    ]
    listed = "".join(f"<li>{entry}</li>" for entry in entries if entry)
    return SafeString(
        f'<footer class="foot"><div class="foot-in">\n  <ul>{listed}</ul>\n'
        f"  {_languages(request)}{_scheme(request, layout)}\n</div></footer>"
    )


def search(id: str, text: str = "", hint: str = "", label: str = "") -> SafeString:
    """The form of the one search; `label` tells two on a page apart."""
    return markup(
        '<form method="get" action="{}" role="search" aria-label="{}" class="seek">'
        '<label class="visually-hidden" for="{}">{}</label>'
        '<input type="search" id="{}" name="q" value="{}" maxlength="100" placeholder="{}"'
        ' autocomplete="off"><button class="btn quiet">{}</button></form>',
        *(_url("web:search"), label or say("Everything"), id, say("Search everything")),
        *(id, text, hint, say("Search")),
    )


@kept(64)
def _seek() -> str:
    pattern = (
        '{}<a class="seek-link" data-key="/" data-key-label="{}" href="{}">{}'
        '<span class="word">{}</span></a>\n    '
    )
    field = search("search-all", hint=say("Search"))
    return markup(
        *(pattern, field, say("search"), _url("web:search")), marks.icon("search"), say("Search")
    )


def brand() -> SafeString:
    """The mark and the name, which lead home."""
    return SafeString(_BRAND)


_BRAND = (
    '<a class="brand" href="/"><svg viewBox="0 0 26 26" aria-hidden="true" focusable="false">'
    '<path class="lens" d="M13 6.2a8 8 0 010 13.6 8 8 0 010-13.6z"/>'
    '<circle class="ring" cx="9" cy="13" r="7.6"/><circle class="ring" cx="17" cy="13" r="7.6"/>'
    "</svg>Fellowship</a>"
)


@functools.cache
def _url(name: str) -> str:
    """A route's address; empty where this site has none of the name."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


@kept(64)
def _link(name: str, label: str) -> SafeString | str:
    return markup('<a href="{}">{}</a>', url, label) if (url := _url(name)) else ""


def _demo(layout: Layout) -> str:
    if not layout.demo:
        return ""
    way = _link("oversight:demo", say("Try it as someone else"))
    return markup(
        '<div class="demo-bar" role="region" aria-label="{}">{}{}{}</div>\n',
        *(say("Demonstration"), say("A demonstration with invented people and cases.")),
        *(" " if way else "", way),
    )


def _main(layout: Layout) -> str:
    near = ways.links(layout.near)
    if not layout.far:
        return near
    current = ' class="current"' if layout.far_current else ""
    return (
        f'{near}<details class="menu more"><summary{current}>{escaped(say("More"))}</summary>'
        f'<div class="menu-panel">{ways.links(layout.far)}</div></details>'
    )


def _end(request: HttpRequest, layout: Layout) -> str:
    user = layout.user
    if not user or not user.is_authenticated:
        parts = [_link("account_login", say("Sign in"))]
        if layout.nav:
            parts.append(_phone(layout, ""))
        return "".join(parts)
    person = _person(request, layout)
    return "".join((
        _seek(),
        _alarm(request, layout),
        _inbox(layout),
        f'<details class="menu desk"><summary>{marks.icon("person")}'
        f'<span class="menu-name">{escaped(user)}</span></summary>'
        f'<div class="menu-panel">{person}</div></details>',
        _phone(layout, person),
    ))  # fmt: skip


def _phone(layout: Layout, person: str) -> str:
    seek = ""
    if person:
        seek = markup('<a class="only-phone" href="{}">{}</a>', _url("web:search"), say("Search"))
    rail = f"<hr>{ways.links(layout.rail)}" if layout.rail else ""
    below = f"<hr>{person}" if person else ""
    menu = escaped(say("Menu"))
    return (
        f'<details class="menu phone"><summary>{marks.icon("menu")}{menu}</summary>'
        f'<div class="menu-panel"><nav aria-label="{menu}">{seek}{ways.links(layout.nav)}'
        f"{rail}</nav>{below}</div></details>"
    )


def _alarm(request: HttpRequest, layout: Layout) -> str:
    url = _url("governance:escalation_new")
    if not url or request.path == url or not layout.takes_part:
        return ""
    return markup(
        '<a class="alarm" href="{}?from={}">{}<span class="word">{}</span></a>\n    ',
        *(url, quote(request.path), marks.icon("alert"), say("Raise an alarm")),
    )


def _inbox(layout: Layout) -> str:
    url = _url("notices:inbox")
    if not url:
        return ""
    count: SafeString | str = ""
    if layout.unread:
        pattern = ' <span class="count">{}<span class="visually-hidden"> {}</span></span>'
        count = markup(pattern, layout.unread, say("unread"))
    pattern = '<a href="{}">{}<span class="word">{}</span>{}</a>\n    '
    return markup(pattern, url, marks.icon("inbox"), say("Inbox"), count)


def _person(request: HttpRequest, layout: Layout) -> str:
    user = layout.user
    email = markup("<br>{}", user.email) if user.email else ""
    out = _url("account_logout")
    way_out = (
        f'<form method="post" action="{out}">{marks.csrf(request)}'
        f'<button class="as-link">{escaped(say("Sign out"))}</button></form>'
    )
    return "\n".join((
        markup('<p class="who meta">{}{}</p>', user, email),
        _link("accounts:profile", say("Your details")),
        _link("accounts:tokens", say("API tokens")),
        _link("accounts:sessions", say("Sign-in security")),
        way_out if out else "",
    ))  # fmt: skip


def _languages(request: HttpRequest) -> str:
    """The languages to choose from, for visitors: who is signed in has theirs in their details."""
    if len(settings.LANGUAGES) < 2 or request.user.is_authenticated:
        return ""
    choices = "".join(
        markup(
            '<button name="language" value="{}" lang="{}" aria-pressed="{}">{}</button>',
            *(code, code, "true" if code == language() else "false", name),
        )
        for code, name in settings.LANGUAGES
    )
    return markup(
        '<form method="post" action="{}">{}<input type="hidden" name="next" value="{}">'
        '<div class="scheme" role="group" aria-label="{}">{}</div></form>',
        *(_url("web:language"), marks.csrf(request), request.get_full_path()),
        *(say("Language"), SafeString(choices)),
    )


def _scheme(request: HttpRequest, layout: Layout) -> str:
    choices = "".join(
        f'<button name="scheme" value="{value}"'
        f' aria-pressed="{"true" if layout.scheme == value else "false"}">{icon}{label}</button>'
        for value, icon, label in (
            ("", "", escaped(say("Device"))),
            ("light", marks.icon("sun"), escaped(say("Light"))),
            ("dark", marks.icon("moon"), escaped(say("Dark"))),
        )
    )
    return markup(
        '<form method="post" action="{}">{}<input type="hidden" name="next" value="{}">'
        '<div class="scheme" role="group" aria-label="{}">{}</div></form>',
        *(_url("web:theme"), marks.csrf(request), request.get_full_path()),
        *(say("Colours"), SafeString(choices)),
    )
