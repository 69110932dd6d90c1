"""The verb of anomalies: on-call looked into one."""

from __future__ import annotations

from access import target_policy as policy
from access.anomalies import Anomaly
from access.models import AnomalyReview
from fellowship.accounts.models import User
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, Refused, refuse
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.programs.models import Program
from governance.policy.common import text_given

NOBODY = Refusal("nobody", say("Nobody of ours is known for this; answer its escalation."))


@journal.verb("access.review_anomaly")
def review_anomaly(
    *, anomaly: Anomaly, program: Program, finding: str, by: User, reason: str = ""
) -> AnomalyReview:
    """Say what an anomaly was; the person concerned reads it. One looked into stays as it is."""
    refuse(policy.may_review(program.pk, by))
    refuse(text_given(finding, "finding", say("Say what it was.")))
    if anomaly.person is None:
        raise Refused(NOBODY)
    Program.objects.locked().get(pk=program.pk)
    known = AnomalyReview.objects.filter(program=program, key=anomaly.key).first()
    if known:
        return known
    made = AnomalyReview.objects.create(
        program=program,
        key=anomaly.key,
        kind=anomaly.kind,
        person_id=anomaly.person,
        dataset_id=anomaly.dataset,
        finding=finding.strip(),
        reviewed_at=now(),
        reviewed_by=by,
    )
    journal.record(subject=made, change={"kind": anomaly.kind, "person": anomaly.person})
    return made
