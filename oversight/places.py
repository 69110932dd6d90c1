"""Where oversight appears outside its own pages: navigation, the case page, the ledger's words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.urls import reverse

from fellowship.accounts import roles
from fellowship.accounts.queries import holds_anywhere
from fellowship.web import nav, verbs
from fellowship.web.items import Link
from oversight.models.retention import READERS
from oversight.policy import OFFICE, RISK_READERS
from scoping import panels
from scoping.models import Fellowship
from scoping.states import FellowshipState

nav.register(
    "Audit room",
    "oversight:audit",
    visible=lambda user: holds_anywhere(user, roles.AUDITOR),
    section="audit",
    order=22,
)
nav.register(
    "Office",
    "oversight:office",
    visible=lambda user: holds_anywhere(user, *OFFICE),
    section="office",
    order=24,
)
nav.register(
    "Governance health",
    "oversight:healths",
    visible=lambda user: (
        holds_anywhere(user, roles.BOARD_MEMBER, roles.AUDITOR)
        and not holds_anywhere(user, *OFFICE)
    ),
    section="health",
    order=56,
)
nav.register(
    "Personal data",
    "oversight:due_erasures",
    visible=lambda user: bool(user.is_superuser) or holds_anywhere(user, *READERS),
    section="retention",
    order=90,
)
nav.register(
    "Risk register",
    "oversight:risks",
    visible=lambda user: holds_anywhere(user, *RISK_READERS),
    section="board",
    order=52,
)
verbs.register(
    {
        "oversight.close_fellowship": "closed the case with its package",
        "oversight.write_closing_text": "wrote what the case closes with",
        "oversight.list_handback": "listed what was handed out",
        "oversight.settle_handback": "had back what was handed out",
        "oversight.except_obligation": "excepted an obligation of the closeout",
        "oversight.open_survey": "opened the survey of a cohort",
        "oversight.answer_survey": "answered the survey of a cohort",
        "oversight.ask_copy": "asked for a copy of their own data",
        "oversight.finish_copy": "made the copy of a person’s data",
        "oversight.fail_copy": "could not make the copy of a person’s data",
        "oversight.ask_erasure": "asked that a person is forgotten",
        "oversight.approve_erasure": "approved that a person is forgotten",
        "oversight.refuse_erasure": "refused that a person is forgotten",
        "oversight.erase_person": "took what identifies a person out of every record",
        "oversight.propose_erasure": "proposed to forget somebody whose days are over",
        "oversight.end_due_erasure": "found somebody no longer due to be forgotten",
        "oversight.ask_due_erasure": "asked for the erasure that was due",
        "oversight.hold_data": "held somebody’s data back",
        "oversight.lift_hold": "lifted a hold of somebody’s data",
        "oversight.seal_survey": "sealed the answers of a survey",
        "oversight.recommend": "recommended something to the next call",
        "oversight.settle_recommendation": "settled a recommendation to the next call",
        "oversight.view": "looked at the record",
        "oversight.draw_sample": "drew a sample",
        "oversight.test_control": "tested a control",
        "oversight.take_file": "took a list as a file",
        "oversight.save_scope": "saved a scope",
        "oversight.remove_scope": "removed a saved scope",
        "oversight.ask_export": "asked for an export of the record",
        "oversight.fail_export": "could not make the export",
        "oversight.finish_export": "made the export",
        "oversight.verify": "verified the ledger",
        "oversight.measure_health": "measured governance health",
        "oversight.answer_breach": "wrote down what the board makes of it",
    }
)
verbs.register_fields({"oversight.scope": "of what"})


@panels.register_links
def case_pages(fellowship: Fellowship, user: Any, at: dt.datetime) -> Iterator[Link]:
    """The lineage of every case; the closeout of those that are ended."""
    yield Link("Lineage", reverse("oversight:lineage", args=[fellowship.ref]))
    if fellowship.has_entered(FellowshipState.PUBLISH) or fellowship.ended_at:
        yield Link("Closeout", reverse("oversight:closeout", args=[fellowship.ref]))
