"""What bounds a decision in time, in one statement: one row for each fact, whatever it is about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from django.db import connection

from access.models import AccessSuspension, Dataset, Grant
from fellowship.accounts.models import User
from fellowship.kernel.saying import joined
from governance.models import Condition, Decision, ExceptionRecord, Matter
from governance.states import ExceptionKind, ExceptionState
from scoping.models import Fellowship, Suspension, Training
from scoping.states import WORKING, TrainingKind


def asked(**keys: Iterable[int]) -> Iterator[tuple[Any, ...]]:
    """The rows of SPANS for these keys, their instants as Django reads them."""
    lists = {name: sorted(set(ids)) for name, ids in keys.items()}
    marks = {name: joined(", ", ["%s"] * len(ids)) for name, ids in lists.items()}
    params = [pk for name in ASKED for pk in lists[name]]
    convert = getattr(connection.ops, "convert_datetimefield_value", None)
    with connection.cursor() as cursor:
        cursor.execute(SPANS.format(**TABLES, **marks), params)
        for kind, one, two, *read, label, ref in cursor.fetchall():
            instants = [convert(at, None, connection) for at in read] if convert else read
            yield (kind, one, two, *instants, label, ref)


TABLES: Final = {
    str(model._meta.model_name): f'"{model._meta.db_table}"'
    for model in (
        *(Training, ExceptionRecord, Suspension, AccessSuspension, Condition),
        *(Grant, Decision, Matter, User),
        *(Dataset.history.model, Fellowship.history.model, User.history.model),
    )
}
_WORKING: Final = joined(", ", (f"'{state}'" for state in WORKING))
ASKED: Final = (
    *("people", "programs", "fellowships", "requests", "fellowships"),
    *("people", "programs", "datasets", "requests", "fellowships"),
    *("datasets", "datasets", "fellowships", "people", "grants"),
)
"""The lists of keys in the order in which SPANS names them."""
SPANS: Final = f"""
SELECT 'training', person_id, realm_id, completed_at, expires_at, NULL, '', ''
  FROM {{training}}
 WHERE person_id IN ({{people}}) AND realm_id IN ({{programs}}) AND kind = '{TrainingKind.SECURITY}'
UNION ALL
SELECT 'late_training', subject_id, 0, starts_at, expires_at, ended_at, ref, ref
  FROM {{exceptionrecord}}
 WHERE subject_type = 'scoping.fellowship' AND subject_id IN ({{fellowships}})
   AND kind = '{ExceptionKind.LATE_TRAINING}'
   AND state IN ('{ExceptionState.GRANTED}', '{ExceptionState.ENDED}') AND NOT waits
UNION ALL
SELECT 'excepted', subject_id, 0, starts_at, expires_at, ended_at, ref, ref
  FROM {{exceptionrecord}}
 WHERE subject_type = 'access.accessrequest' AND subject_id IN ({{requests}})
   AND kind = '{ExceptionKind.TEMPORARY_ACCESS}'
   AND state IN ('{ExceptionState.GRANTED}', '{ExceptionState.ENDED}') AND NOT waits
UNION ALL
SELECT 'suspension', fellowship_id, 0, starts_at, until, lifted_at, reason, ''
  FROM {{suspension}}
 WHERE fellowship_id IN ({{fellowships}})
UNION ALL
SELECT 'person', person_id, program_id, starts_at, until, lifted_at, reason, ref
  FROM {{accesssuspension}}
 WHERE person_id IN ({{people}}) AND program_id IN ({{programs}})
UNION ALL
SELECT 'dataset', dataset_id, 0, starts_at, until, lifted_at, reason, ref
  FROM {{accesssuspension}}
 WHERE dataset_id IN ({{datasets}})
UNION ALL
SELECT subject_type, subject_id, 0, created_at, settled_at, settled_at, text, CAST(id AS TEXT)
  FROM {{condition}}
 WHERE (subject_type = 'access.accessrequest' AND subject_id IN ({{requests}}))
    OR (subject_type = 'scoping.fellowship' AND subject_id IN ({{fellowships}}))
UNION ALL
SELECT 'tier', id, history_id, history_date, NULL, NULL, tier, ''
  FROM {{historicaldataset}}
 WHERE id IN ({{datasets}})
UNION ALL
SELECT 'name', id, history_id, history_date, NULL, NULL, name, ''
  FROM {{historicaldataset}}
 WHERE id IN ({{datasets}})
UNION ALL
SELECT 'closing', id, 0, MIN(history_date), NULL, NULL, '', ''
  FROM {{historicalfellowship}}
 WHERE id IN ({{fellowships}}) AND state NOT IN ({_WORKING})
 GROUP BY id
UNION ALL
SELECT 'account', id, history_id, history_date, NULL, NULL,
       CASE WHEN is_active THEN 'active' ELSE 'closed' END, ''
  FROM {{historicaluser}}
 WHERE id IN ({{people}})
UNION ALL
SELECT 'decided', g.id, 0, NULL, NULL, NULL, COALESCE(m.ref, NULLIF(u.name, ''), u.email), ''
  FROM {{grant}} g
  LEFT JOIN {{decision}} d ON d.id = g.decision_id
  LEFT JOIN {{matter}} m ON m.id = d.matter_id
  LEFT JOIN {{user}} u ON u.id = g.approved_by_id
 WHERE g.id IN ({{grants}})
"""  # noqa: S608 - names of our own tables and states; keys are parameters
"""Which fact, its two keys, since when, until when or sooner, its words, and its reference.

As text, since putting it together from the models takes longer than all the rest of a decision. A
dataset's class, an account and the end of work are read from the history rows: each is judged by
what it was at the time asked about.
"""
