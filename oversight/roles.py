"""Which roles read a programme's office: named once, for models and policy alike."""

from __future__ import annotations

from typing import Final

from fellowship.accounts import roles

OFFICE: Final = (roles.MANAGER, roles.SPONSOR, roles.CHAIR)
