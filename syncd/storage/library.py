"""SQLAlchemy and our tables as the stores use them: loaded with the first statement that is built.

To load both takes a third of the start of a command. What a look asks of SQLite is compiled beforehand (`prepared`), so a poll that asks
no more does without.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlalchemy as sql

    from syncd.storage import tables
else:

    class _Later:
        def __init__(self, module: str) -> None:
            self._module = module

        def __getattr__(self, name: str) -> Any:
            return getattr(import_module(self._module), name)

    sql = _Later("sqlalchemy")
    tables = _Later("syncd.storage.tables")

__all__ = ["sql", "tables"]
