"""Which gate of findings asks for an exception, and what opens again when it ends."""

from __future__ import annotations

from fellowship.kernel.saying import say
from governance import rearming
from governance.states import ExceptionKind

rearming.register(
    ExceptionKind.CONTROL_NOT_IMPLEMENTED,
    opens=say("A finding may be closed, and stays closed, without a control."),
    again=say("A finding closed on it is open again, with its owner, and its clock runs."),
)
