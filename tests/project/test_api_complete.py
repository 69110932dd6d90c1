"""Whatever a page does or shows, the API does and shows; what it does not has its reason here."""

from __future__ import annotations

import inspect
import re
from typing import Any

from tests.project.pages_by_api import READ
from tests.support.verbs_called import operations, routes, verbs

NOT_BY_API = {
    "access.services.exports.record_export": "The trail is read at access/events, and so recorded.",
    "fellowship.accounts.services.people.create_token": "Made by who has just shown who they are.",
    "fellowship.accounts.services.people.revoke_token": "On the page where they were made.",
    "fellowship.accounts.services.sessions.end_other_sessions": "Of browsers.",
    "fellowship.accounts.services.sessions.end_session": "Of browsers.",
    "findings.services.reports.check_claim": "Shown before a form is sent.",
    "governance.services.log_export.export_log": "The log is read at decision-log/.",
    "oversight.services.auditing.record_file": "Read at audit/…, and each look is recorded.",
    "proposals.services.drafting.save_section": "A section of a form; answers/ saves any.",
    "proposals.services.panel.save_review_draft": "What a page saves while one writes.",
}
"""Verbs that pages perform and the API need not, each with why."""

NO_VERB = {
    "access:import_dataset": "Reads a file into a form; datasets/ takes the same fields.",
    "findings:export": "A form that leads to the file.",
    "publications:check_certificate": "Compares a file; the certificate says its SHA-256.",
    "web:components": "The components of pages.",
    "web:components_draft": "The components of pages.",
    "web:keys": "How pages are used by keyboard.",
    "web:language": "How pages speak to a visitor; profile/ keeps it for a person.",
    "web:theme": "How pages look.",
}
"""Pages that take a form and perform no verb, each with why."""

_TAKES = re.compile(r"\.POST\b|form_verb\(|\"POST\"|require_POST|@verb\b|autosave\.view|posted\(")


def _pages() -> list[tuple[str, Any]]:
    found = [(n, v) for r, n, v in routes() if not r.startswith(("api/", "scim/")) and v.__module__]
    return [(n, v) for n, v in found if not n.endswith(":") and not n.startswith("demo:")]


def _is_verb(name: str) -> bool:
    """Verbs take `by`; what services work out besides is none."""
    module, _, attribute = name.rpartition(".")
    found = getattr(__import__(module, fromlist=[attribute]), attribute, None)
    return found is not None and "by" in inspect.signature(found).parameters


def _by_api() -> set[str]:
    return {name for _, _, function in operations() for name in verbs(function)}


def test_every_verb_of_a_page_is_one_of_the_api() -> None:
    """The same service: so the rules and the refusals are the same as well."""
    known = _by_api()
    missing: dict[str, list[str]] = {}
    for name, view in _pages():
        for one in sorted(verbs(view) - known):
            if _is_verb(one):
                missing.setdefault(one, []).append(name)
    unsaid = {verb: pages for verb, pages in missing.items() if verb not in NOT_BY_API}
    assert not unsaid, "add an operation to the API, or say in NOT_BY_API why there is none"
    assert NOT_BY_API.keys() == missing.keys(), "said to be missing, and is there"


def test_every_page_that_takes_a_form_performs_a_verb() -> None:
    """Otherwise what it does would not be looked for in the API."""
    acting = {name for name, view in _pages() if _TAKES.search(_text(view))}
    silent = {name for name, view in _pages() if name in acting and not verbs(view)}
    assert silent == NO_VERB.keys()
    assert len(acting) > 250


def test_every_page_that_shows_has_its_counterpart_in_the_api() -> None:
    """Each list and each record that a page shows alone, without taking a form."""
    shows = {name for name, view in _pages() if not _TAKES.search(_text(view))}
    assert shows == READ.keys(), "name the address of the API that shows it, or why there is none"
    there = {
        re.sub(r"\(\?P<\w+>(?:\[[^\]]*\]|[^)])*\)|<[^>]+>", "*", path).rstrip("/")
        for method, path, _ in operations()
        if method == "GET"
    }
    named = {name: at.rstrip("/") for name, at in READ.items() if not at.startswith("– ")}
    assert {name: at for name, at in named.items() if at not in there} == {}


def _text(view: Any) -> str:
    return inspect.getsource(inspect.unwrap(view))
