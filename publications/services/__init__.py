"""The verbs of publications and of their two reviews."""

from __future__ import annotations

from publications.services.agreements import (
    AGREEMENT_CLOCK,
    AGREEMENT_MEDIATION_CLOCK,
    ask_mediator,
    consent_to_agreement,
    decide_agreement,
    lapse_agreement,
    mediate,
    propose_agreement,
    refer_agreement,
    refuse_agreement,
    withdraw_agreement,
)
from publications.services.authorship import record_outcome, set_authors
from publications.services.disclosure import (
    DISCLOSURE_CLOCK,
    extend_step,
    plan_step,
    record_disclosed,
    release_early,
)
from publications.services.drafts import declare_sources, draft_publication
from publications.services.holds import hold_passage
from publications.services.letters import (
    Letter,
    letter_of,
)
from publications.services.mediation import (
    answer_proposal,
    contest_objection,
    decide_dispute,
    name_mediator,
    propose,
    refer_dispute,
    take_proposal,
)
from publications.services.objections import (
    ANSWER_CLOCK,
    MEDIATION_CLOCK,
    PROPOSAL_CLOCK,
    STEP_CLOCKS,
    WORDING_CLOCK,
    accept_objection,
    agree_wording,
    decline_wording,
    object_to_passage,
    objection_url,
    offer_wording,
    withdraw_objection,
)
from publications.services.prechecks import answer_hit
from publications.services.questions import (
    QUESTION_CLOCK,
    answer_question,
    ask_author,
    question_lapsed,
    withdraw_publication,
)
from publications.services.reviews import (
    assign_reviewer,
    clear_policy_review,
    give_scientific_review,
)
from publications.services.versions import add_version
from publications.services.windows import (
    ADVICE_CLOCK,
    WINDOW_CLOCK,
    escalate_silence,
    extend_window,
    release,
    release_by_exception,
    return_to_review,
    stop_window,
    submit_publication,
)
from publications.services.wordings import (
    retire_wording,
    save_wording,
)
from publications.services.works import (
    locked,
    tell,
)

__all__ = [
    "ADVICE_CLOCK",
    "AGREEMENT_CLOCK",
    "AGREEMENT_MEDIATION_CLOCK",
    "ANSWER_CLOCK",
    "DISCLOSURE_CLOCK",
    "MEDIATION_CLOCK",
    "PROPOSAL_CLOCK",
    "QUESTION_CLOCK",
    "STEP_CLOCKS",
    "WINDOW_CLOCK",
    "WORDING_CLOCK",
    "Letter",
    "accept_objection",
    "add_version",
    "agree_wording",
    "answer_hit",
    "answer_proposal",
    "answer_question",
    "ask_author",
    "ask_mediator",
    "assign_reviewer",
    "clear_policy_review",
    "consent_to_agreement",
    "contest_objection",
    "decide_agreement",
    "decide_dispute",
    "declare_sources",
    "decline_wording",
    "draft_publication",
    "escalate_silence",
    "extend_step",
    "extend_window",
    "give_scientific_review",
    "hold_passage",
    "lapse_agreement",
    "letter_of",
    "locked",
    "mediate",
    "name_mediator",
    "object_to_passage",
    "objection_url",
    "offer_wording",
    "plan_step",
    "propose",
    "propose_agreement",
    "question_lapsed",
    "record_disclosed",
    "record_outcome",
    "refer_agreement",
    "refer_dispute",
    "refuse_agreement",
    "release",
    "release_by_exception",
    "release_early",
    "retire_wording",
    "return_to_review",
    "save_wording",
    "set_authors",
    "stop_window",
    "submit_publication",
    "take_proposal",
    "tell",
    "withdraw_agreement",
    "withdraw_objection",
    "withdraw_publication",
]
