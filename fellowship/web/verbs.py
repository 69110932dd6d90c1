"""How a verb of the ledger reads in a sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fellowship.accounts import roles
from fellowship.accounts.models import Conflict
from fellowship.clocks import registry as clocks
from fellowship.programs.states import CallState, LaunchItem, Stage

Words = Callable[[str], str | None]
"""A recorded key in words; None for one it does not know."""

# The verbs of the foundation, which stands below this module; every other app registers its own.
_labels: dict[str, str] = {
    "accounts.change_by_directory": "took over what the directory says",
    "accounts.come_back": "opened the account again",
    "accounts.create_token": "made an API token",
    "accounts.declare_conflict": "declared about a conflict of interest",
    "accounts.end_role": "ended the role",
    "accounts.end_other_sessions": "signed out everywhere else",
    "accounts.end_session": "signed one browser out",
    "accounts.end_sessions": "signed the person out everywhere",
    "accounts.grant_role": "granted the role",
    "accounts.hand_over": "handed it to another person",
    "accounts.leave": "ended the account of somebody who left",
    "accounts.note_factor": "changed a second factor of sign-in",
    "accounts.provision": "made an account, as the directory says",
    "accounts.register": "registered the person",
    "accounts.remove_by_directory": "left, as the directory says for good",
    "accounts.reset_factors": "took the second factors away",
    "accounts.revoke_token": "revoked the API token",
    "accounts.settle_hand_over": "settled who has it now",
    "accounts.update_profile": "changed their details",
    "clocks.breach": "recorded that the clock ran out",
    "clocks.extend": "extended the clock",
    "clocks.pause": "paused the clock",
    "clocks.resume": "let the clock run on",
    "clocks.start": "started the clock",
    "clocks.stop": "stopped the clock",
    "notices.add_endpoint": "set up the endpoint",
    "notices.change_endpoint": "changed the endpoint",
    "notices.close_calendar": "closed the calendar feed",
    "notices.note_failing": "found that no message arrives",
    "notices.open_calendar": "opened the calendar feed",
    "notices.replay": "had the messages of a period sent again",
    "notices.rotate_secret": "made a new signing secret",
    "notices.send_again": "had the message sent again",
    "notices.switch_endpoint": "switched the endpoint on or off",
    "notices.test_endpoint": "sent a test message",
    "programs.close_call": "closed the call",
    "programs.complete_checklist_item": "completed a launch item",
    "programs.draft_call": "drafted the call",
    "programs.edit_call": "edited the call",
    "programs.extend_call": "extended the call",
    "programs.found_program": "founded the programme",
    "programs.furnish": "set up tracks, models and outputs",
    "programs.name_sponsor": "named the sponsor",
    "programs.offer_again": "offered it again",
    "programs.open_cohort": "opened the cohort",
    "programs.publish_call": "published the call",
    "programs.reopen_call": "opened the call again",
    "programs.retire_offer": "offers it no more",
    "programs.revise_terms": "changed the terms",
}


_actors: dict[str, str] = {
    "access.collaborators": "The course of the fellowship",
    "access.deletions": "The system",
    "access.reminders": "The clock",
    "release desk": "The release desk",
    "access enforcement": "The enforcement of access",
    "access review": "The access review",
    "access trail": "The check of accesses",
    "board decision": "The board’s decision",
    "erasure": "The erasure of a person",
    "export_poam": "The export of a plan of action",
    "import_people": "The command import_people",
    "import_rule_history": "The import of a rule’s history",
    "leaving": "The leaving of a person",
    "lineage": "The drawing of a lineage",
    "oversight.health": "The measuring of governance health",
    "oversight.retention": "The retention rule",
    "tracker": "The tracker",
    "webhooks": "The sending of messages",
    "oversight.copies": "The copy of what is held of a person",
    "oversight.exports": "The export of the record",
    "publications": "The course of a publication",
    "call rules": "The publication of the call",
    "clocks.sweep": "The clock",
    "create_token": "The command create_token",
    "demonstration": "The demonstration",
    "export_history": "The command export_history",
    "end_sessions": "The command end_sessions",
    "first grant": "The first grant of data",
    "governance.exceptions": "The clock",
    "governance.acknowledgements": "The clock",
    "oversight.cohorts": "The clock",
    "governance.cadence": "The cadence of the board",
    "governance.oncall": "The on-call rota",
    "governance.paging": "The pager",
    "import_call": "The command import_call",
    "import_dataset": "The command import_dataset",
    "import_findings": "The command import_findings",
    "import_proposals": "The command import_proposals",
    "independent review": "The independent review",
    "ingest_events": "The command ingest_events",
    "programs.founding": "The founding of the programme",
    "proposals service": "The course of the proposal",
    "scope of work narrowed": "The narrowed scope of work",
    "scoping": "The course of the fellowship",
    "scoping.collaborators": "The course of the fellowship",
    "sign-up": "Sign-up",
}
_fields: dict[str, str] = {
    "acknowledge_by": "acknowledged by",
    "accounts.from": "since",
    "closes_at": "closes",
    "doi": "DOI",
    "due_at": "due",
    "email_hash": "address (SHA-256)",
    "ended_at": "ended",
    "first_at": "first act",
    "hash": "text (SHA-256)",
    "last_at": "last act",
    "max_tier": "highest tier",
    "package_sha256": "package (SHA-256)",
    "program": "programme",
    "realm": "programme",
    "ref": "reference",
    "released_at": "released",
    "sha256": "SHA-256",
    "slug": "short name",
    "starts_at": "starts",
    "text_hash": "text (SHA-256)",
    "window_ends_at": "window ends",
}
_values: dict[str, list[Words]] = {}


def register(labels: Mapping[str, str]) -> None:
    """Name verbs in the past tense: `{"proposals.submit": "submitted the proposal"}`."""
    _labels.update(labels)


def register_values(choices: Mapping[str, Iterable[tuple[str, Any]]]) -> None:
    """Name the recorded values of changes: `register_values({"tier": Tier.choices})`.

    A name that means different things is led by the app, `"findings.state"`, or by the verb.
    """
    for name, pairs in choices.items():
        named: dict[str, str] = {key: str(words) for key, words in pairs}
        register_words(name, named.get)


def register_words(name: str, words: Words) -> None:
    """As `register_values`, for what is no closed list."""
    _values.setdefault(name, []).append(words)


def register_fields(names: Mapping[str, str]) -> None:
    """Name what changed: `{"findings.mapping": "turns into"}`; led by a verb, an app or nothing."""
    _fields.update(names)


def value(name: str, recorded: str, scope: str = "") -> str | None:
    """The registered words of a change's value; `scope` is the verb or the app that recorded it."""
    known = (words for key in _keys(name, scope) for words in _values.get(key, []))
    return next((found for words in known if (found := words(recorded))), None)


def field(name: str, scope: str = "", otherwise: str = "") -> str:
    """What a change is about: the registered words of its name, or the name made readable."""
    known = (_fields[key] for key in _keys(name, scope) if key in _fields)
    return next(known, otherwise or name.replace("_", " "))


def _keys(name: str, scope: str) -> tuple[str, ...]:
    """Where the words of a name are looked for: under the verb, the app, and alone."""
    return tuple(dict.fromkeys((f"{scope}.{name}", f"{scope.partition('.')[0]}.{name}", name)))


def actor(name: str) -> str:
    """Who acted: a person by name, a part of the system by what it is to a reader."""
    return _actors.get(name, name) or "The system"


def label(verb: str) -> str:
    """The registered words of `verb`, or its key made readable: “proposals.submit” → “submit”."""
    return _labels.get(verb) or verb.rpartition(".")[2].replace("_", " ")


def known() -> dict[str, str]:
    """The verbs that have words, for lists to choose from."""
    return dict(_labels)


register_values(
    {
        "accounts.kind": Conflict.Kind.choices,
        "item": LaunchItem.choices,
        "programs.state": CallState.choices,
        "role": ((key, role.label) for key, role in roles.ROLES.items()),
        "seat": roles.Seat.choices,
        "stage": Stage.choices,
    }
)
register_words("clocks.kind", clocks.label)
