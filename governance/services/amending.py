"""Changing a request that is before the board: its dossier is sealed anew in the same act."""

from __future__ import annotations

import datetime as dt

from fellowship.accounts.models import User
from fellowship.kernel import journal
from fellowship.kernel.refusals import refuse
from fellowship.kernel.saying import say
from governance.models import ExceptionRecord, Matter
from governance.policy import exceptions as policy
from governance.policy.common import text_given
from governance.services.exceptions import MATTER_KIND
from governance.services.sealing import reseal_dossier


@journal.verb("governance.amend_exception")
def amend_exception(
    *,
    exception: ExceptionRecord,
    by: User,
    reason: str,
    title: str,
    rationale: str,
    risk: str,
    compensating_measure: str,
    measure_test: str,
    expires_at: dt.datetime,
) -> ExceptionRecord:
    """Change what is asked for while the board has it; votes cast before are to be reaffirmed.

    `reason` says what changed and why; members read it. The same again changes nothing.
    """
    live = Matter.objects.locked().live()  # before its subject: as a decision takes them
    matter = live.filter(kind=MATTER_KIND, subject_id=exception.pk).first()
    exception = ExceptionRecord.objects.locked().select_related("program").get(pk=exception.pk)
    refuse(policy.may_amend(exception, by))
    before = exception.request_hash()
    exception.title, exception.expires_at = title.strip()[:250], expires_at
    exception.rationale, exception.risk = rationale.strip(), risk.strip()
    exception.compensating_measure = compensating_measure.strip()
    exception.measure_test = measure_test.strip()
    if exception.request_hash() == before:
        return exception
    refuse(text_given(reason, "reason", say("Say what changed: members of the board read it.")))
    refuse(
        policy.says_enough(
            title=title,
            rationale=rationale,
            risk=risk,
            measure=compensating_measure,
            measure_test=measure_test,
        )
    )
    term = (exception.program, exception.kind, exception.starts_at, expires_at)
    refuse(policy.fits_its_term(*term))
    exception.save()
    change = {"before": before, "after": exception.request_hash(), "until": expires_at}
    journal.record(subject=exception, change=change)
    if matter:
        reseal_dossier(matter=matter, by=by, reason=reason)
    return exception
