"""How acceptance tests, exceptions and counts of verdicts look."""

from __future__ import annotations

from typing import Final

from django.utils.safestring import SafeString

from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.web import cells
from fellowship.web.items import Tone
from findings.change_states import AcceptanceState
from findings.matrix import Shown
from findings.models import AcceptanceTest
from findings.states import Verdict
from governance.models import ExceptionRecord
from governance.states import ExceptionState

_TESTS: Final[dict[str, Tone]] = {
    AcceptanceState.PASSED: "good",
    AcceptanceState.FAILED: "bad",
    AcceptanceState.PLANNED: "warn",
}
_VERDICTS: Final[dict[Verdict, Tone]] = {
    Verdict.REDUCED: "good",
    Verdict.NOT_SHOWN: "warn",
    Verdict.WORSE: "bad",
    Verdict.INSUFFICIENT: "plain",
}


def test_tag(test: AcceptanceTest) -> SafeString:
    """Whether it passed, in a pill."""
    return cells.tag(test.get_state_display(), _TESTS.get(test.state, "plain"))


def exception_tag(exception: ExceptionRecord) -> SafeString:
    """Whether it lets the risk stand now, in a pill."""
    if exception.is_live():
        return cells.tag(say("Live"), "warn")
    if exception.state == ExceptionState.GRANTED:
        over = exception.expires_at <= now()
        return cells.tag(say("Over") if over else say("Not begun"), "plain")
    return cells.tag(exception.get_state_display(), "plain")


def verdict_counts(shown: Shown) -> SafeString:
    """How many controls gave each verdict, in pills; nothing where none was measured."""
    return SafeString(
        "".join(
            f" {cells.tag(f'{verdict.label} {shown.verdicts[verdict]}', tone)}"
            for verdict, tone in _VERDICTS.items()
            if shown.verdicts[verdict]
        )
    )
