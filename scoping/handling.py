"""Which line of a tier's handling table speaks on which operation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from scoping.states import Operation

COLUMN: Final[Mapping[str, str]] = {
    Operation.VIEW.value: "view_controlled",
    Operation.QUERY.value: "view_controlled",
    Operation.RUN_CODE.value: "view_controlled",
    Operation.MODEL_CALL.value: "view_controlled",
    Operation.NOTEBOOK.value: "notebooks",
    Operation.TRAIN.value: "weights",
    Operation.EXPORT.value: "export",
    Operation.DOWNLOAD.value: "download",
    Operation.PUBLISH.value: "publication",
}
"""The parameter of the data handling standard by operation; sharing is named in an agreement."""
NEVER: Final = "no"
"""The answer of the table to what a tier does not allow at all."""
