"""How a verb of the ledger reads in a sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fellowship.accounts import roles
from fellowship.accounts.models import Conflict
from fellowship.clocks import registry as clocks
from fellowship.kernel.saying import say
from fellowship.programs.states import CallState, LaunchItem, Stage

Words = Callable[[str], str | None]
"""A recorded key in words; None for one it does not know."""

# The verbs of the foundation, which stands below this module; every other app registers its own.
_labels: dict[str, str] = {
    "accounts.change_by_directory": say("took over what the directory says"),
    "accounts.come_back": say("opened the account again"),
    "accounts.create_token": say("made an API token"),
    "accounts.declare_conflict": say("declared about a conflict of interest"),
    "accounts.end_role": say("ended the role"),
    "accounts.end_other_sessions": say("signed out everywhere else"),
    "accounts.end_session": say("signed one browser out"),
    "accounts.end_sessions": say("signed the person out everywhere"),
    "accounts.grant_role": say("granted the role"),
    "accounts.hand_over": say("handed it to another person"),
    "accounts.leave": say("ended the account of somebody who left"),
    "accounts.note_factor": say("changed a second factor of sign-in"),
    "accounts.provision": say("made an account, as the directory says"),
    "accounts.register": say("registered the person"),
    "accounts.remove_by_directory": say("left, as the directory says for good"),
    "accounts.reset_factors": say("took the second factors away"),
    "accounts.revoke_token": say("revoked the API token"),
    "accounts.settle_hand_over": say("settled who has it now"),
    "accounts.update_profile": say("changed their details"),
    "clocks.breach": say("recorded that the clock ran out"),
    "clocks.extend": say("extended the clock"),
    "clocks.hand_over": say("handed the clock to another person"),
    "clocks.pause": say("paused the clock"),
    "clocks.resume": say("let the clock run on"),
    "clocks.start": say("started the clock"),
    "clocks.stop": say("stopped the clock"),
    "notices.add_endpoint": say("set up the endpoint"),
    "notices.change_endpoint": say("changed the endpoint"),
    "notices.close_calendar": say("closed the calendar feed"),
    "notices.note_failing": say("found that no message arrives"),
    "notices.open_calendar": say("opened the calendar feed"),
    "notices.replay": say("had the messages of a period sent again"),
    "notices.rotate_secret": say("made a new signing secret"),
    "notices.send_again": say("had the message sent again"),
    "notices.switch_endpoint": say("switched the endpoint on or off"),
    "notices.test_endpoint": say("sent a test message"),
    "programs.close_call": say("closed the call"),
    "programs.complete_checklist_item": say("completed a launch item"),
    "programs.draft_call": say("drafted the call"),
    "programs.edit_call": say("edited the call"),
    "programs.extend_call": say("extended the call"),
    "programs.found_program": say("founded the programme"),
    "programs.furnish": say("set up tracks, models and outputs"),
    "programs.import_people": say("read people from a file"),
    "programs.name_sponsor": say("named the sponsor"),
    "programs.offer_again": say("offered it again"),
    "programs.open_cohort": say("opened the cohort"),
    "programs.publish_call": say("published the call"),
    "programs.reopen_call": say("opened the call again"),
    "programs.retire_offer": say("offers it no more"),
    "programs.revise_terms": say("changed the terms"),
}


_actors: dict[str, str] = {
    "access.collaborators": say("The course of the fellowship"),
    "access.deletions": say("The system"),
    "access.reminders": say("The clock"),
    "release desk": say("The release desk"),
    "access enforcement": say("The enforcement of access"),
    "access review": say("The access review"),
    "access trail": say("The check of accesses"),
    "board decision": say("The board’s decision"),
    "erasure": say("The erasure of a person"),
    "export_poam": say("The export of a plan of action"),
    "import_people": say("The command import_people"),
    "import_rule_history": say("The import of a rule’s history"),
    "leaving": say("The leaving of a person"),
    "lineage": say("The drawing of a lineage"),
    "oversight.health": say("The measuring of governance health"),
    "oversight.retention": say("The retention rule"),
    "tracker": say("The tracker"),
    "webhooks": say("The sending of messages"),
    "oversight.copies": say("The copy of what is held of a person"),
    "oversight.exports": say("The export of the record"),
    "publications": say("The course of a publication"),
    "call rules": say("The publication of the call"),
    "clocks.sweep": say("The clock"),
    "create_token": say("The command create_token"),
    "demonstration": say("The demonstration"),
    "export_history": say("The command export_history"),
    "end_sessions": say("The command end_sessions"),
    "first grant": say("The first grant of data"),
    "governance.exceptions": say("The clock"),
    "governance.acknowledgements": say("The clock"),
    "oversight.cohorts": say("The clock"),
    "governance.cadence": say("The cadence of the board"),
    "governance.oncall": say("The on-call rota"),
    "governance.paging": say("The pager"),
    "import_call": say("The command import_call"),
    "import_dataset": say("The command import_dataset"),
    "import_findings": say("The command import_findings"),
    "import_proposals": say("The command import_proposals"),
    "independent review": say("The independent review"),
    "ingest_events": say("The command ingest_events"),
    "programs.founding": say("The founding of the programme"),
    "proposals service": say("The course of the proposal"),
    "scope of work narrowed": say("The narrowed scope of work"),
    "scoping": say("The course of the fellowship"),
    "scoping.collaborators": say("The course of the fellowship"),
    "sign-up": say("Sign-up"),
}
_fields: dict[str, str] = {
    "acknowledge_by": say("acknowledged by"),
    "accounts.from": say("since"),
    "class": say("class"),
    "closes_at": say("closes"),
    "doi": "DOI",
    "due": say("due"),
    "due_at": say("due"),
    "email_hash": say("address (SHA-256)"),
    "ended_at": say("ended"),
    "first_at": say("first act"),
    "hash": say("text (SHA-256)"),
    "last_at": say("last act"),
    "max_tier": say("highest tier"),
    "page": say("page"),
    "pages": say("pages"),
    "package_sha256": say("package (SHA-256)"),
    "program": say("programme"),
    "realm": say("programme"),
    "ref": say("reference"),
    "released_at": say("released"),
    "sha256": "SHA-256",
    "slug": say("short name"),
    "starts_at": say("starts"),
    "text_hash": say("text (SHA-256)"),
    "window_ends_at": say("window ends"),
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
        named: dict[str, str] = dict(pairs)
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
    return next(known, say(otherwise or name.replace("_", " ")))


def _keys(name: str, scope: str) -> tuple[str, ...]:
    """Where the words of a name are looked for: under the verb, the app, and alone."""
    return tuple(dict.fromkeys((f"{scope}.{name}", f"{scope.partition('.')[0]}.{name}", name)))


def actor(name: str) -> str:
    """Who acted: a person by name, a part of the system by what it is to a reader."""
    return _actors.get(name, name) or say("The system")


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
