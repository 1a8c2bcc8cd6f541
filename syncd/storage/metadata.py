"""What all our tables belong to, how their constraints are named, and indexes over some rows only."""

from typing import Any

from sqlalchemy import Connection, Index, MetaData, event, text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def partial_index(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """An index over the rows that meet a condition, the same on both databases."""
    index = Index(name, *columns, unique=unique, sqlite_where=text(where))
    event.listen(index, "before_create", _say_it_to_postgresql)
    return index


def _say_it_to_postgresql(index: Index, connection: Connection, **_: Any) -> None:
    # said when it is needed: to name an option of a dialect loads the dialect, PostgreSQL's costs every start 25 ms
    if connection.dialect.name == "postgresql":
        index.dialect_options["postgresql"]["where"] = index.dialect_options["sqlite"]["where"]
