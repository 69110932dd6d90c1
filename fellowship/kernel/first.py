"""The tables of an app's first migration, made from where its operations end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import CreateModel, SeparateDatabaseAndState
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState


class MakeTables(SeparateDatabaseAndState):
    """Operations that only make models, carried out together.

    Django renders every related model anew for each operation. Some six hundred of them, in a
    schema where everything leads to a person, are two minutes of a first `migrate`. Here the
    state goes through all of them unrendered, and each table is made once, as it stands after
    the last: foreign keys follow at the end of the migration, as they always do.
    """

    reduces_to_sql = True

    def __init__(self, state_operations: Sequence[Operation] = ()) -> None:
        super().__init__(state_operations=list(state_operations))

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Go through the operations; what was rendered before is rendered anew when asked for."""
        state.__dict__.pop("apps", None)
        super().state_forwards(app_label, state)

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Make each table as it stands in the end."""
        for model in self._models(app_label, schema_editor, to_state):
            schema_editor.create_model(model)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Drop the tables, the last first."""
        for model in reversed(self._models(app_label, schema_editor, from_state)):
            schema_editor.delete_model(model)

    def _models(self, app_label: str, schema_editor: Any, state: ProjectState) -> list[Any]:
        made = [op for op in self.state_operations if isinstance(op, CreateModel)]
        models = [state.apps.get_model(app_label, op.name) for op in made]
        alias = schema_editor.connection.alias
        return [model for model in models if self.allow_migrate_model(alias, model)]
