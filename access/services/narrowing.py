"""Narrowing a live grant: no new decision, at once, and on the record.

The narrower grant takes the place of the wider one
(docs/adr/0020-a-grant-narrowed-is-another-grant.md).
"""

from __future__ import annotations

from collections.abc import Sequence

from access import policy
from access.models import Grant
from access.states import Operation
from fellowship.accounts.models import User
from fellowship.history.references import next_reference
from fellowship.kernel import journal
from fellowship.kernel.refusals import Refusal, first, refuse, unchanged
from fellowship.kernel.saying import say
from fellowship.kernel.time import now
from fellowship.notices.services import notify


@journal.verb("access.narrow")
def narrow_grant(
    *,
    grant: Grant,
    operations: Sequence[str],
    by: User,
    reason: str,
    fields: Sequence[str] = (),
    row_filters: Sequence[str] = (),
) -> Grant:
    """Put a narrower grant in the place of a live one: what it leaves out is denied from now on.

    It rests on the same decision and agreement and ends when the wider one would have. The wider
    one ends at this instant, so that both answer for their own time. Narrowed already: the one that
    stands in its place is given again.
    """
    grant = (
        Grant.objects.locked()
        .select_related("dataset", "agreement", "fellowship__fellow", "person", "request")
        .get(pk=grant.pk)
    )
    if there := Grant.objects.filter(narrows=grant).first():
        return unchanged(there, policy.may_narrow(grant, by))
    refuse(policy.may_narrow(grant, by))
    refuse(_narrower(grant, operations, fields, row_filters))
    refuse(policy.reason_given(reason, say("Say why less does from now on.")))
    at = now()
    dataset = grant.dataset
    made = Grant(
        ref=next_reference("GRA"),
        request=grant.request,
        agreement=grant.agreement,
        narrows=grant,
        fellowship=grant.fellowship,
        person=grant.person,
        dataset=dataset,
        operations=[o for o in Operation.values if o in operations],
        fields=[name for name in dataset.field_names if name in fields],
        row_filters=[key for key in dataset.row_filter_keys if key in row_filters],
        purpose=grant.purpose,
        excepted=grant.excepted,
        longest_at=grant.longest_at,
        handling=grant.handling,
        starts_at=max(at, grant.starts_at),
        ends_at=grant.ends_at,
        decision=grant.decision,
        approved_by=grant.approved_by,
    )
    grant.revoked_at, grant.revoked_by = at, by
    grant.revoked_because = say(
        "Narrowed: {ref} stands in its place. {reason}", ref=made.ref, reason=reason
    )
    grant.save()
    made.save()
    notify(
        kind="access.narrowed",
        to={grant.person, grant.fellowship.fellow, dataset.steward},
        subject_obj=made,
        title=say(
            "{ref}, {dataset}: narrowed, now {ref2}", ref=grant.ref, dataset=dataset, ref2=made.ref
        ),
        body=reason,
        url=made.get_absolute_url(),
    )
    change = {
        "narrows": grant.ref,
        "operations": journal.moved(grant.operations, made.operations),
        "fields": journal.moved(grant.fields, made.fields),
        "row_filters": journal.moved(grant.row_filters, made.row_filters),
    }
    journal.record(subject=made, change=change)
    return made


def _narrower(
    grant: Grant, operations: Sequence[str], fields: Sequence[str], row_filters: Sequence[str]
) -> Refusal | None:
    same = (
        set(operations) == set(grant.operations)
        and set(fields) == set(grant.fields)
        and set(row_filters) == set(grant.row_filters)
    )
    dataset = grant.dataset
    strange_fields = set(fields) - set(dataset.field_names)
    strange_rows = set(row_filters) - set(dataset.row_filter_keys)
    return first(
        Refusal(
            "no_operation",
            say("Leave at least one operation, or give it back."),
            field="operations",
        )
        if not operations
        else None,
        _more("operations", bool(set(operations) - set(grant.operations))),
        _more("fields_wanted", bool(strange_fields) or policy.wider(grant.fields, fields)),
        _more("row_filters", bool(strange_rows) or policy.wider(grant.row_filters, row_filters)),
        Refusal("nothing_left_out", say("Leave something out that is granted now."))
        if same
        else None,
    )


def _more(field: str, wider: bool) -> Refusal | None:
    if not wider:
        return None
    return Refusal("wider", say("That is more than is granted: ask for it anew."), field=field)
