"""What people hold of a programme: its sponsorship, and stage standards.

Both are terms of the programme in versions: the manager names others on their own pages.
"""

from __future__ import annotations

from fellowship.accounts import holdings, roles
from fellowship.kernel.saying import say

holdings.register(
    "programs.program",
    "sponsor",
    label=say("Sponsor of the programme"),
    role=roles.SPONSOR,
    realm="pk",
    by_hand=True,
)
holdings.register(
    "programs.stagestandard",
    "owner",
    label=say("Stage standards"),
    role=roles.MANAGER,
    by_hand=True,
)
