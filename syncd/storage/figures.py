"""Statements, adjustments and ranking figures in the database."""

from sqlalchemy import insert, select, update

from syncd.domain.model import Adjustment, PeriodId
from syncd.errors import StorageError
from syncd.ports.records import FigureRecord, StatementRecord
from syncd.storage.tables import adjustments, figures, statements
from syncd.storage.transaction import Transaction, records_of, values_of


class SqlFigureStore:
    """Implements `ports.store.FigureStore`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def add_statement(self, statement: StatementRecord) -> None:
        new = self._transaction.insert_new(statements).returning(statements.c.id)
        if self._transaction.execute(new, values_of(statement)).first() is None:
            raise StorageError(
                f"the statement of {statement.unit} for {statement.period} is closed already",
                subject=statement.unit,
                hint="a closed period is never rewritten: add an adjustment beside it",
            )

    def statements(self, *, period: PeriodId | None = None) -> list[StatementRecord]:
        query = select(statements).order_by(statements.c.period, statements.c.unit)
        if period is not None:
            query = query.where(statements.c.period == period)
        return records_of(StatementRecord, self._transaction.execute(query))

    def add_adjustment(self, adjustment: Adjustment, leaf: int) -> None:
        self._transaction.execute(insert(adjustments), {**values_of(adjustment), "leaf": leaf})

    def adjustments(self) -> list[Adjustment]:
        return records_of(Adjustment, self._transaction.execute(select(adjustments).order_by(adjustments.c.id)))

    def add_figure(self, figure: FigureRecord) -> None:
        self._transaction.execute(insert(figures), values_of(figure))

    def figures(self, assessment: str) -> list[FigureRecord]:
        query = select(figures).where(figures.c.assessment == assessment)
        return records_of(FigureRecord, self._transaction.execute(query.order_by(figures.c.id)))

    def update_figure(self, figure: FigureRecord) -> None:
        statement = update(figures).where(
            figures.c.assessment == figure.assessment,
            figures.c.unit == figure.unit,
            figures.c.version == figure.version,
        )
        if self._transaction.execute(statement, values_of(figure)).rowcount != 1:
            raise StorageError(
                f"there is no figure {figure.version} of {figure.unit} in {figure.assessment} to update",
                subject=figure.unit,
            )
