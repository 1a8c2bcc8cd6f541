"""The files of posts, as fetched and as they stand at the portal, in the database."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import delete, select

from syncd.domain.model import UnitId
from syncd.ports.media import FetchedFile, StoredFile
from syncd.storage.tables import fetched_files, stored_files
from syncd.storage.transaction import Transaction, chunks, records_of, values_of


class SqlMediaStore:
    """Implements `ports.media.MediaStore`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def fetched(self, unit: UnitId, urls: Iterable[str]) -> dict[str, FetchedFile]:
        found: dict[str, FetchedFile] = {}
        for chunk in chunks(set(urls)):
            query = select(fetched_files).where(fetched_files.c.unit == unit, fetched_files.c.url.in_(chunk))
            found.update({file.url: file for file in records_of(FetchedFile, self._transaction.execute(query))})
        return found

    def put_fetched(self, files: Sequence[FetchedFile]) -> None:
        if files:
            statement = self._transaction.insert_or_replace(fetched_files, by=("unit", "url"))
            self._transaction.execute(statement, [values_of(file, without=()) for file in files])

    def stored(self, portal: str, sha256: Iterable[str]) -> dict[str, StoredFile]:
        found: dict[str, StoredFile] = {}
        for chunk in chunks(set(sha256)):
            query = select(stored_files).where(stored_files.c.portal == portal, stored_files.c.sha256.in_(chunk))
            found.update({file.sha256: file for file in records_of(StoredFile, self._transaction.execute(query))})
        return found

    def put_stored(self, files: Sequence[StoredFile]) -> None:
        if files:
            statement = self._transaction.insert_or_replace(stored_files, by=("portal", "sha256"))
            self._transaction.execute(statement, [values_of(file, without=()) for file in files])

    def forget_placed_since(self, portal: str, since: datetime) -> None:
        lost = (stored_files.c.portal == portal, stored_files.c.placed_at >= since)
        self._transaction.execute(delete(stored_files).where(*lost))

    def forget_stored(self, portal: str, sha256: Iterable[str]) -> None:
        for chunk in chunks(set(sha256)):
            self._transaction.execute(
                delete(stored_files).where(stored_files.c.portal == portal, stored_files.c.sha256.in_(chunk))
            )
