"""Files of posts, as fetched and as they stand at the portal, on both databases."""

from datetime import UTC, datetime, timedelta

from syncd.domain.model import UnitId
from syncd.ports.media import FetchedFile, StoredFile
from syncd.storage.engine import SqlDatabase

AT = datetime(2026, 10, 31, 16, 59, 59, tzinfo=UTC)
BAN_A, BAN_B = UnitId("ban-a"), UnitId("ban-b")


def test_a_fetched_file_is_kept_for_its_unit_and_address_and_the_newest_stands(db: SqlDatabase) -> None:
    url = "https://ban-a.vidu.example/anh/1.jpg"
    first = FetchedFile(unit=BAN_A, url=url, fetched_at=AT, trouble="404")
    later = FetchedFile(unit=BAN_A, url=url, fetched_at=AT + timedelta(hours=1), sha256="ab", content_type="image/jpeg")
    marked = FetchedFile(unit=BAN_B, url=url, fetched_at=AT, sha256="cd", size=3, mark="Mật")
    with db.write() as uow:
        uow.media.put_fetched([first, marked])
        uow.media.put_fetched([later])
        uow.commit()
    with db.read() as uow:
        assert uow.media.fetched(BAN_A, [url, "https://khac.example"]) == {url: later}
        assert uow.media.fetched(BAN_B, [url]) == {url: marked}
        assert uow.media.fetched(BAN_A, []) == {}


def test_a_stored_file_is_known_until_it_is_forgotten(db: SqlDatabase) -> None:
    kept = StoredFile(portal="cong", sha256="ab", portal_id="7", url="https://cong.example/7.jpg", placed_at=AT)
    other = StoredFile(portal="khac", sha256="ab", portal_id="8", url="https://khac.example/8.jpg", placed_at=AT)
    with db.write() as uow:
        uow.media.put_stored([kept, other])
        uow.commit()
    with db.read() as uow:
        assert uow.media.stored("cong", ["ab", "cd"]) == {"ab": kept}
    with db.write() as uow:
        uow.media.forget_stored("cong", ["ab"])
        uow.commit()
    with db.read() as uow:
        assert uow.media.stored("cong", ["ab"]) == {}
        assert uow.media.stored("khac", ["ab"]) == {"ab": other}
