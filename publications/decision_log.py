"""Which verbs of publications decide something, for the decision log."""

from __future__ import annotations

from governance.decision_log import Act, register
from governance.states import RuleKind

register(
    Act.DELEGATED,
    "publications.clear",
    "publications.object",
    "publications.release",
    "publications.release_early",
    "publications.mediate",
    "publications.extend_window",
    "publications.decide_agreement",
    "publications.return_to_review",
    rule=RuleKind.PUBLICATION_POLICY,
)
register(
    Act.AUTOMATED,
    "publications.disclose",
    "publications.escalate",
    "publications.decide_dispute",
    "publications.lapse_agreement",
    "publications.question_lapsed",
    rule=RuleKind.PUBLICATION_POLICY,
)
