"""What the fellow and the owner say to each other about a disposition."""

from __future__ import annotations

from fellowship.accounts.models import User
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from findings import policy
from findings.models import Finding, Reply
from findings.services.common import lock, tell
from findings.services.segments import end_pause
from findings.states import WaitsOn


@journal.verb("findings.reply")
def reply(*, finding: Finding, text: str, by: User) -> Reply:
    """Say something about the disposition, for both sides to read.

    It starts no clock and moves none, but for one: a clock that stands still for the fellow runs
    again as soon as they reply. The same text sent twice in a row stands once.
    """
    finding = lock(finding)
    refuse(policy.may_reply(finding, by))
    text = text.strip()
    refuse(policy.says_something(text))
    last = finding.replies.order_by("-said_at", "-id").first()
    if last and last.author == by and last.text == text:
        return last
    said = Reply.objects.create(finding=finding, author=by, text=text, said_at=now())
    pause = finding.standing_still(now())
    runs_again = bool(
        pause and pause.waits_on == WaitsOn.FELLOW and by == finding.fellowship.fellow
    )
    if runs_again:
        end_pause(finding, by, now())
    change = {"finding": finding.ref, **({"due_at": finding.due_at} if runs_again else {})}
    journal.record(subject=said, realm_id=finding.program_id, change=change)
    others = {finding.fellowship.fellow, finding.product_owner} - {by, None}
    tell(
        finding,
        others,
        say("{by} replied about {ref}", by=by, ref=finding.ref),
        body=say("The clock runs again.") if runs_again else "",
    )
    return said
