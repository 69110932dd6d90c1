"""Which gate of findings asks for an exception, and what opens again when it ends."""

from __future__ import annotations

from governance import rearming
from governance.states import ExceptionKind

rearming.register(
    ExceptionKind.CONTROL_NOT_IMPLEMENTED,
    opens="A finding may be closed, and stays closed, without a control.",
    again="A finding closed on it is open again, with its owner, and its clock runs.",
)
