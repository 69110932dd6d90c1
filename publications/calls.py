"""What publications bring to the page of a call: the policy in short, and what became of works."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fellowship.kernel.saying import say
from fellowship.programs import parts
from fellowship.programs.models import Call
from governance import rules
from governance.states import RuleKind
from publications import statistics
from publications.views.terms import classes


@parts.register
def call_parts(call: Call, user: Any) -> Iterator[parts.Part]:
    """Windows and silence of each class of work, the way to the whole policy, and past figures."""
    held = rules.pins(call).get(RuleKind.PUBLICATION_POLICY)
    rule = held or rules.all_in_force(call.program_id).get(RuleKind.PUBLICATION_POLICY)
    if rule is None:
        return
    yield parts.Part(
        say("Publishing what you find"),
        "publications/parts/policy.html",
        {"rule": rule, "policy": rule.params, "classes": classes(rule.params)},
        order=25,
        anchor="publishing",
    )
    yield parts.Part(
        say("Past publications"),
        "publications/parts/figures.html",
        {"figures": statistics.past(call.program_id)},
        order=62,
        aside=True,
    )
