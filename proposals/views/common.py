"""What the pages of proposals share."""

from __future__ import annotations

from typing import Final

from fellowship.accounts import roles

OFFICE: Final = (roles.MANAGER, roles.AUDITOR)
"""Who reads the panel's pages of a programme: they run it, or audit it."""
