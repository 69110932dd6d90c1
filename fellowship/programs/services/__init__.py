"""The verbs of a programme: found it, furnish it, keep its terms, run its calls."""

from fellowship.programs.services.calls import (
    close_call,
    draft_call,
    edit_call,
    extend_call,
    publish_call,
    reopen_call,
)
from fellowship.programs.services.founding import (
    complete_checklist_item,
    found_program,
    furnish,
    name_sponsor,
    open_cohort,
)
from fellowship.programs.services.offers import offer_again, retire_offer, revise_terms
from fellowship.programs.services.people import import_people, try_people

__all__ = [
    "close_call",
    "complete_checklist_item",
    "draft_call",
    "edit_call",
    "extend_call",
    "found_program",
    "furnish",
    "import_people",
    "name_sponsor",
    "offer_again",
    "open_cohort",
    "publish_call",
    "reopen_call",
    "retire_offer",
    "revise_terms",
    "try_people",
]
