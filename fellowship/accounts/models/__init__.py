"""People, realms, role assignments, conflicts with their overrides, API tokens, departures."""

from fellowship.accounts.models.conflicts import Conflict, RecusalOverride
from fellowship.accounts.models.leaving import Departure, HandOver, HandOverQuerySet
from fellowship.accounts.models.people import (
    SIGN_UP,
    Actor,
    ApiToken,
    Realm,
    RealmGroupPermission,
    RealmUserPermission,
    RoleAssignment,
    RoleQuerySet,
    User,
    UserManager,
    validate_orcid,
    validate_time_zone,
)

__all__ = [
    "SIGN_UP",
    "Actor",
    "ApiToken",
    "Conflict",
    "Departure",
    "HandOver",
    "HandOverQuerySet",
    "Realm",
    "RealmGroupPermission",
    "RealmUserPermission",
    "RecusalOverride",
    "RoleAssignment",
    "RoleQuerySet",
    "User",
    "UserManager",
    "validate_orcid",
    "validate_time_zone",
]
