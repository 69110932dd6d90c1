"""Where oversight appears outside its own pages: navigation, the case page, the ledger's words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.urls import reverse

from fellowship.accounts import roles
from fellowship.accounts.queries import holds_anywhere
from fellowship.kernel.saying import say
from fellowship.web import nav, verbs
from fellowship.web.items import Link
from oversight.models.retention import READERS
from oversight.policy import OFFICE, RISK_READERS
from scoping import panels
from scoping.models import Fellowship
from scoping.states import FellowshipState

nav.register(
    say("Audit room"),
    "oversight:audit",
    visible=lambda user: holds_anywhere(user, roles.AUDITOR),
    section="audit",
    order=22,
)
nav.register(
    say("Office"),
    "oversight:office",
    visible=lambda user: holds_anywhere(user, *OFFICE),
    section="office",
    order=24,
)
nav.register(
    say("Governance health"),
    "oversight:healths",
    visible=lambda user: (
        holds_anywhere(user, roles.BOARD_MEMBER, roles.AUDITOR)
        and not holds_anywhere(user, *OFFICE)
    ),
    section="health",
    order=56,
)
nav.register(
    say("Sponsor’s page"),
    "oversight:sponsors",
    visible=lambda user: holds_anywhere(user, roles.SPONSOR),
    section="office",
    order=25,
)
nav.register(
    say("Personal data"),
    "oversight:due_erasures",
    visible=lambda user: bool(user.is_superuser) or holds_anywhere(user, *READERS),
    section="retention",
    order=90,
)
nav.register(
    say("Risk register"),
    "oversight:risks",
    visible=lambda user: holds_anywhere(user, *RISK_READERS),
    section="board",
    order=52,
)
verbs.register(
    {
        "oversight.close_fellowship": say("closed the case with its package"),
        "oversight.write_closing_text": say("wrote what the case closes with"),
        "oversight.list_handback": say("listed what was handed out"),
        "oversight.settle_handback": say("had back what was handed out"),
        "oversight.except_obligation": say("excepted an obligation of the closeout"),
        "oversight.open_survey": say("opened the survey of a cohort"),
        "oversight.answer_survey": say("answered the survey of a cohort"),
        "oversight.ask_copy": say("asked for a copy of their own data"),
        "oversight.finish_copy": say("made the copy of a person’s data"),
        "oversight.fail_copy": say("could not make the copy of a person’s data"),
        "oversight.ask_erasure": say("asked that a person is forgotten"),
        "oversight.approve_erasure": say("approved that a person is forgotten"),
        "oversight.refuse_erasure": say("refused that a person is forgotten"),
        "oversight.erase_person": say("took what identifies a person out of every record"),
        "oversight.propose_erasure": say("proposed to forget somebody whose days are over"),
        "oversight.end_due_erasure": say("found somebody no longer due to be forgotten"),
        "oversight.ask_due_erasure": say("asked for the erasure that was due"),
        "oversight.hold_data": say("held somebody’s data back"),
        "oversight.lift_hold": say("lifted a hold of somebody’s data"),
        "oversight.seal_survey": say("sealed the answers of a survey"),
        "oversight.recommend": say("recommended something to the next call"),
        "oversight.settle_recommendation": say("settled a recommendation to the next call"),
        "oversight.view": say("looked at the record"),
        "oversight.draw_sample": say("drew a sample"),
        "oversight.test_control": say("tested a control"),
        "oversight.take_file": say("took a list as a file"),
        "oversight.save_scope": say("saved a scope"),
        "oversight.remove_scope": say("removed a saved scope"),
        "oversight.ask_export": say("asked for an export of the record"),
        "oversight.fail_export": say("could not make the export"),
        "oversight.finish_export": say("made the export"),
        "oversight.verify": say("verified the ledger"),
        "oversight.measure_health": say("measured governance health"),
        "oversight.answer_breach": say("wrote down what the board makes of it"),
    }
)
verbs.register_fields({"oversight.scope": say("of what")})


@panels.register_links
def case_pages(fellowship: Fellowship, user: Any, at: dt.datetime) -> Iterator[Link]:
    """The lineage of every case; the closeout of those that are ended."""
    yield Link(say("Lineage"), reverse("oversight:lineage", args=[fellowship.ref]))
    if fellowship.has_entered(FellowshipState.PUBLISH) or fellowship.ended_at:
        yield Link(say("Closeout"), reverse("oversight:closeout", args=[fellowship.ref]))
