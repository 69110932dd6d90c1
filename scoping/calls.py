"""The scope of work among what somebody accepted signs: its standing clauses, before they apply."""

from __future__ import annotations

from collections.abc import Iterator

from fellowship.kernel.saying import say
from fellowship.programs import agreements
from fellowship.programs.models import Call
from governance import rules
from governance.states import RuleKind
from scoping import generation


@agreements.register
def scope_of_work(call: Call) -> Iterator[agreements.Agreement]:
    """Drawn up from the accepted proposal; what it says in every case stands here.

    It rests on the fellowship policy: without one, nothing can be said yet.
    """
    rule = rules.held(call).get(RuleKind.FELLOWSHIP_POLICY)
    if rule is None:
        return
    yield agreements.Agreement(
        order=50,
        title=say("Scope of work"),
        about=say(
            "What you do, with what, until when: written from your proposal, changed by consent."
        ),
        binds=say("When both sides sign, after acceptance."),
        text=generation.standing_clauses(call.publication_rules, rule.params),
    )
