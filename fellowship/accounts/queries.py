"""Who holds which role, who declared what: the questions every policy and every list asks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL

from fellowship.accounts import roles
from fellowship.accounts.models import Conflict, Realm, RoleAssignment, User
from fellowship.kernel.prepared import prepared, read
from fellowship.kernel.time import now

M = TypeVar("M", bound=Model)

if TYPE_CHECKING:
    AnyUser = User | AnonymousUser


def label_of(subject: Model | type[Model]) -> str:
    """How records name a model: `"proposals.proposal"`."""
    return subject._meta.label_lower


def has_role(
    user: Any, realm: Model | int | None, *role_keys: str, at: dt.datetime | None = None
) -> bool:
    """Whether the person holds any of the roles in the realm at `at`; never for an inactive one."""
    pk = realm.pk if isinstance(realm, Model) else realm
    return bool(role_keys) and any(a.realm_id == pk for a in _assignments(user, at, role_keys))


def holds_anywhere(user: Any, *role_keys: str, at: dt.datetime | None = None) -> bool:
    """Whether the person holds any of the roles in any realm."""
    return bool(role_keys) and bool(_assignments(user, at, role_keys))


def realm_ids_where(user: Any, *role_keys: str, at: dt.datetime | None = None) -> list[int]:
    """Keys of the realms in which the person holds any of the roles; no query when cached."""
    return sorted({a.realm_id for a in _assignments(user, at, role_keys)}) if role_keys else []


def realms_where(user: Any, *role_keys: str, at: dt.datetime | None = None) -> QuerySet[Realm]:
    """The realms in which the person holds any of the roles."""
    return Realm.objects.filter(pk__in=realm_ids_where(user, *role_keys, at=at))


def roles_of(user: Any, realm: Model | int, at: dt.datetime | None = None) -> set[str]:
    """Keys of the roles the person holds in the realm."""
    pk = realm.pk if isinstance(realm, Model) else realm
    return {a.role for a in _assignments(user, at) if a.realm_id == pk}


def seat_of(user: Any, realm: Model | int, at: dt.datetime | None = None) -> str | None:
    """The board seat the person holds in the realm."""
    pk = realm.pk if isinstance(realm, Model) else realm
    return next((a.seat for a in _assignments(user, at) if a.realm_id == pk and a.seat), None)


def held_by(user: Any, at: dt.datetime | None = None) -> list[RoleAssignment]:
    """Every role the person holds, in any realm; no query when cached."""
    return _assignments(user, at)


def holders(realm: Model | int, *role_keys: str, at: dt.datetime | None = None) -> QuerySet[User]:
    """The people who hold any of the roles in the realm (or the programme of the same key)."""
    pk = realm.pk if isinstance(realm, Model) else realm
    live = RoleAssignment.objects.live(at).filter(realm_id=pk, role__in=role_keys)
    return User.objects.filter(pk__in=live.values("user_id"))


def with_names(rows: QuerySet[M], person: str) -> QuerySet[M]:
    """The rows with a person each, of whom the name is shown and nothing else is read."""
    own = [field.name for field in rows.model._meta.concrete_fields]
    return rows.select_related(person).only(*own, f"{person}__name", f"{person}__email")


def known_in(realm: Model | int) -> QuerySet[User]:
    """The people who hold or ever held a role in the realm: all whom its pages may name."""
    pk = realm.pk if isinstance(realm, Model) else realm
    return User.objects.filter(pk__in=RoleAssignment.objects.filter(realm_id=pk).values("user_id"))


def colleagues_of(user: Any) -> QuerySet[User]:
    """The company's people in programmes where the person holds a role: whom one may name there.

    What somebody names is looked up among these, or an answer would tell who has an account.
    """
    realms = [held.realm_id for held in held_by(user)]
    live = RoleAssignment.objects.live().filter(realm_id__in=realms, role__in=roles.STAFF)
    return User.objects.filter(pk__in=live.values("user_id"))


def nameable_by(user: Any) -> QuerySet[User]:
    """Whom the person may name: an answer about anybody else is that about nobody.

    An administrator gives roles to newcomers and so names whoever has an account; the company's
    people name whom their programmes know, everyone else the company's people there.
    """
    active = User.objects.filter(is_active=True)
    if holds_anywhere(user, roles.ADMINISTRATOR) or _runs_it(user):
        return active
    staffed = realm_ids_where(user, *roles.STAFF)
    known = RoleAssignment.objects.filter(realm_id__in=staffed)
    return active.filter(
        Q(pk__in=known.values("user_id")) | Q(pk__in=colleagues_of(user).values("pk"))
    )


def _runs_it(user: Any) -> bool:
    return bool(getattr(user, "is_superuser", False) and user.is_active)


def conflict_of(user: Any, subject: Model) -> Conflict | None:
    """What the person declared about the subject."""
    if not getattr(user, "pk", None):
        return None
    return next(iter(_declared(user.pk, label_of(subject), subject.pk)), None)


@read
def _declared(key: int, subject_type: str, subject_id: int) -> QuerySet[Conflict]:
    rows = Conflict.objects.filter(user_id=key, subject_type=subject_type, subject_id=subject_id)
    return rows.order_by("pk")[:1]


def declared(user: Any, subject: Model) -> bool:
    """Whether the person declared anything, be it that there is no conflict."""
    return conflict_of(user, subject) is not None


def recused(user: Any, subject: Model) -> bool:
    """Whether a conflict the person declared about the subject keeps them from it."""
    if not getattr(user, "pk", None):
        return False
    return bool(_recusing(user.pk, label_of(subject), subject.pk))


@read
def _recusing(key: int, subject_type: str, subject_id: int) -> QuerySet[Conflict, int]:
    rows = Conflict.objects.recusing().filter(user_id=key, subject_type=subject_type)
    return rows.filter(subject_id=subject_id).order_by().values_list("pk", flat=True)[:1]


def read_along(name: str, rows: Callable[[OuterRef], QuerySet[Any, Any]]) -> None:
    """Let roles be read together with whether the person has any of `rows`, for `may_have`.

    `rows` takes the person's key. For what nearly nobody has and many pages would ask about:
    planning such a subquery costs more on every page than asking once.
    """
    _ALONG[name] = rows


def may_have(user: Any, name: str) -> bool:
    """Whether the person may have any of what is `read_along`: not once it is known that not."""
    return getattr(user, "_held_along", {}).get(name) is not False


def may_be_recused(user: Any) -> bool:
    """Whether the person may be recused from anything: they may ever have declared a conflict."""
    return may_have(user, "conflicts")


def known_of(user: Any) -> dict[str, bool]:
    """What is known to `may_have` of the person, by name; nothing before their roles were read."""
    return dict(getattr(user, "_held_along", {}))


def read_what_is_held(user: Any) -> None:
    """Read roles now: where a page needs them anyway, its lists ask less for what comes along."""
    _assignments(user, None)


def forget_what_is_held(user: User) -> None:
    """Roles, and what is read along, are read anew when this object is asked for them next."""
    for name in ("_roles_held", "_held_along"):
        if hasattr(user, name):
            delattr(user, name)


def conflicted_ids(user: Any, model: type[Model]) -> RawSQL | list[int]:
    """Keys of the model's records the person is recused from, for use behind `__in`."""
    return conflicted_keys(user.pk or 0, label_of(model)) if may_be_recused(user) else []


@prepared
def conflicted_keys(key: int, subject_type: str) -> QuerySet[Conflict, int]:
    """The same by the person's key and the model's label."""
    rows = Conflict.objects.recusing().filter(user_id=key, subject_type=subject_type)
    return rows.order_by().values_list("subject_id", flat=True)


def recused_ids(subject: Model) -> set[int]:
    """Keys of the people recused from the subject."""
    return set(_recused_from(label_of(subject), subject.pk))


@read
def _recused_from(subject_type: str, subject_id: int) -> QuerySet[Conflict, int]:
    rows = Conflict.objects.recusing().filter(subject_type=subject_type, subject_id=subject_id)
    return rows.order_by().values_list("user_id", flat=True)


def _assignments(
    user: Any, at: dt.datetime | None, role_keys: tuple[str, ...] = ()
) -> list[RoleAssignment]:
    """The person's live assignments, or those of some roles; read once per user object.

    What else is told by them is read along: see `may_have`.
    """
    if not getattr(user, "is_authenticated", False) or not user.is_active:
        return []
    if not hasattr(user, "_roles_held"):
        user._roles_held = _held(user.pk)
        user._held_along = {name: getattr(a, name) for a in user._roles_held[:1] for name in _ALONG}
    found = [a for a in user._roles_held if not role_keys or a.role in role_keys]
    if not found:
        return []
    at = at or now()
    return [a for a in found if a.starts_at <= at and (a.ends_at is None or a.ends_at > at)]


@read
def _held(key: int) -> QuerySet[RoleAssignment]:
    along = {name: Exists(rows(OuterRef("user_id"))) for name, rows in _ALONG.items()}
    return RoleAssignment.objects.filter(user_id=key).annotate(**along)


_ALONG: Final[dict[str, Callable[[OuterRef], QuerySet[Any, Any]]]] = {}
read_along(
    "conflicts",
    lambda key: Conflict.objects.filter(user_id=key).exclude(kind=Conflict.Kind.NONE),
)
