"""The date grammar against strings made up after the patterns that Vietnamese sites print, and against the corpus."""

import json
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.vietnamese.date_orders import order_of
from syncd.vietnamese.dates import order_evidence, parse_date
from syncd.vietnamese.page_clocks import is_clock
from syncd.vietnamese.readings import Precision

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
FETCHED = datetime(2026, 10, 31, 16, 30, tzinfo=UTC)  # 23:30 on the last day of October at +07:00

# raw, local wall clock at +07:00 ("" for no instant), precision
PRINTED = [
    ("27.8.2014 - 10:45", "2014-08-27T10:45", "minute"),
    ("Hôm nay, ngày 20 tháng 2 năm 2019", "", "none"),
    ("Tin về hội nghị ngày 19/02/2017)01/03/2017 15:02:43", "2017-03-01T15:02:43", "second"),
    ("Thứ năm - 24/06/2021 15:51 1.320 0", "2021-06-24T15:51", "minute"),
    ("Thứ 5, Ngày 09/01/2020, 22:00", "2020-01-09T22:00", "minute"),
    ("09/01/2020 | Nguyễn Văn Ví Dụ", "2020-01-09", "day"),
    ("Chủ nhật, Ngày 04/06/2023 -", "2023-06-04", "day"),
    ("Ngày đăng: 19/11/2020  08:33", "2020-11-19T08:33", "minute"),
    ("Ngày đăng : 06/09/2017, 04:37 PM | Lượt xem : 1521", "2017-09-06T16:37", "minute"),
    ("Thứ Tư, 08/04/2015, 08:11 [GMT+7]", "2015-04-08T08:11", "minute"),
    ("Cập nhật, 05:09, Thứ Ba, 29/01/2019 (GMT+7)", "2019-01-29T05:09", "minute"),
    ("Cập nhật lúc: 18:00 |22/05/2022", "2022-05-22T18:00", "minute"),
    ("Cập nhật: 13-06-2024 | 14:11:52", "2024-06-13T14:11:52", "second"),
    ("Ngày phát hành 16:6 | 16/6/2024", "2024-06-16T16:06", "minute"),
    ("Thứ ba, 25 Tháng 1 2022 16:22", "2022-01-25T16:22", "minute"),
    ("Th6 24, 2016", "2016-06-24", "day"),
    ("05 Th12 2022", "2022-12-05", "day"),
    ("Tháng Sáu 24, 2016", "2016-06-24", "day"),
    ("Tháng M. một 5, 2022", "2022-11-05", "day"),
    ("5 Tháng M. hai 2022 07:05", "2022-12-05T07:05", "minute"),
    ("ngày 5 tháng mười một năm 2022", "2022-11-05", "day"),
    ("ngày 15 tháng Giêng năm 2023", "2023-01-15", "day"),
    ("ngày 15 tháng năm năm 2023", "2023-05-15", "day"),
    ("24 T02 2016", "2016-02-24", "day"),
    ("T2, 05/12/2022", "2022-12-05", "day"),
    ("Thứ tư, 29/03/2023 12:00", "2023-03-29T12:00", "minute"),
    ("13:39 - 01/08/2022", "2022-08-01T13:39", "minute"),
    ("13:39-01/08/2022", "2022-08-01T13:39", "minute"),
    ("12/08/2023 20:10", "2023-08-12T20:10", "minute"),
    ("27/06/2022 17:40    91", "2022-06-27T17:40", "minute"),
    ("01/03/2023 10:25 Số lượt xem: 216", "2023-03-01T10:25", "minute"),
    ("04:35 15/03/2016", "2016-03-15T04:35", "minute"),
    ("Đăng ngày 17 - 05 - 2024", "2024-05-17", "day"),
    ("Tin đăng ngày: 6/2/2020 - Xem: 92", "2020-02-06", "day"),
    ("15/11/2019 | 604", "2019-11-15", "day"),
    ("20/03/2020 00:00", "2020-03-20", "day"),
    ("Cập nhật lúc 03:36 ngày 10/10/2015", "2015-10-10T03:36", "minute"),
    ("Thu, Day 04/08/2016 09:13 AM", "2016-08-04T09:13", "minute"),
    ("Fri, 04/08/2016 09:13 AM", "2016-04-08T09:13", "minute"),
    ("08:31, 13/02/2022", "2022-02-13T08:31", "minute"),
    ("Thứ ba, 21/05/2024, 16:32|", "2024-05-21T16:32", "minute"),
    ("Ngày cập nhật 17/11/2017", "2017-11-17", "day"),
    ("ngày 18.6", "", "none"),
    ("15-3", "", "none"),
    ("12/31/2025 11:59:59 PM", "2025-12-31T23:59:59", "second"),
    ("31-12-2025 - 11:59 PM", "2025-12-31T23:59", "minute"),
    ("13:39' 01/08/2022", "2022-08-01T13:39", "minute"),
    ("13:39 ngày 01-08-2022", "2022-08-01T13:39", "minute"),
    ("ngày 5 tháng 12 , 2022", "2022-12-05", "day"),
    ("NGÀY 5 THÁNG 12, 2022 | 14:30", "2022-12-05T14:30", "minute"),
    ("2022-12-05T14:30", "2022-12-05T14:30", "minute"),
    ("Thu, 24 Jun 2021 08:06:07 GMT", "2021-06-24T15:06:07", "second"),
    ("2021-06-24+0715:51:07", "2021-06-24T15:51:07", "second"),
    ("15:51: 24/06/2021", "2021-06-24T15:51", "minute"),
    ("5/12/2022 2:15 CH", "2022-12-05T14:15", "minute"),
    ("5/12/2022 2:30:00 CH", "2022-12-05T14:30:00", "second"),
    ("5/12/2022 12:05 SA", "2022-12-05T00:05", "minute"),
    ("Thứ Hai, ngày 05 tháng 12 năm 2022", "2022-12-05", "day"),
    ("Thứ hai, ngày 05/12/2022 | 14:30 GMT+7", "2022-12-05T14:30", "minute"),
    ("Ngày 5 tháng 12 năm 2022, 14 giờ 30", "2022-12-05T14:30", "minute"),
    ("14 giờ 30 phút ngày 5/12/2022", "2022-12-05T14:30", "minute"),
    ("14h30 ngày 05/12/2022", "2022-12-05T14:30", "minute"),
    ("14h 05/12/2022", "2022-12-05T14:00", "hour"),
    ("5 tháng 12, 2022 lúc 2:30 chiều", "2022-12-05T14:30", "minute"),
    ("chiều 05/12/2022", "2022-12-05", "day"),
    ("8 giờ tối 05/12/2022", "2022-12-05T20:00", "hour"),
    ("05/12/2022 12 giờ trưa", "2022-12-05T12:00", "hour"),
    ("05/12/202214:30", "2022-12-05T14:30", "minute"),
    ("14:3005/12/2022", "2022-12-05T14:30", "minute"),
    ("HàNội,ngày31tháng 07năm 2009", "2009-07-31", "day"),
    ("Tỉnh Ví Dụ, ngày 5/12, năm 2022", "2022-12-05", "day"),
    ("Đăng ngày 05/12/2022 lúc 14:30 | Cập nhật 06/12/2022 08:00", "2022-12-05T14:30", "minute"),
    ("Cập nhật 06/12/2022 08:00 - Ngày đăng 05/12/2022", "2022-12-05", "day"),
    ("31/02/2022", "", "none"),
    ("2022-13-40", "", "none"),
    ("tháng 10 năm 2026", "2026-10-01", "month"),
    ("2026-10", "2026-10-01", "month"),
    ("20260115T101500Z", "2026-01-15T17:15:00", "second"),
    ("20260115", "2026-01-15", "day"),
    ("2026-01-15T10:15:00.123456789Z", "2026-01-15T17:15:00", "second"),
    ("2026-01-15T10:15:00+0700", "2026-01-15T10:15:00", "second"),
    ("2026-01-15T10:15:00+7", "2026-01-15T10:15:00", "second"),
    ("2026-01-15+07:00", "2026-01-15", "day"),
    ("2026/01/15 10:15:07", "2026-01-15T10:15:07", "second"),
    ("2026-01-15 10:15:07 UTC", "2026-01-15T17:15:07", "second"),
    ("Wed Oct 22 19:25:52 GMT 2025", "2025-10-23T02:25:52", "second"),
    ("Wed Oct 22 2025 19:25:52 GMT+0700 (Indochina Time)", "2025-10-22T19:25:52", "second"),
    ("Wednesday, October 22, 2025 7:25 PM", "2025-10-22T19:25", "minute"),
    ("22nd October 2025", "2025-10-22", "day"),
    ("22-Oct-2025 19:25", "2025-10-22T19:25", "minute"),
    ("mercredi 22 octobre 2025 à 19:25 +0700", "2025-10-22T19:25", "minute"),
    ("Mi, 22 Okt 2025 19:25:00 +0200", "2025-10-23T00:25:00", "second"),
    ("Wed, 22 Oct 2025 19:25:00 XYZ", "", "none"),
    ("Wed, 22 Oct 2025 19:25:00 -0000", "2025-10-23T02:25:00", "second"),
    ("Wed, 22 Oct 2025 24:00:00 +0700", "2025-10-23T00:00:00", "second"),
    ("Sat, 31 Dec 2016 23:59:60 GMT", "2017-01-01T06:59:59", "second"),
    ("Thu, 01 Jan 1970 00:00:00 GMT", "", "none"),
    ("01/01/1970 07:00", "", "none"),
    ("01/01/0001 12:00:00 AM", "", "none"),
    ("1/1/1900", "", "none"),
    ("29/02/2024", "2024-02-29", "day"),
    ("29/02/2023", "", "none"),
    ("2 tháng 2 tuần trước", "2026-08-18T23:30", "month"),
    ("3 giờ trước", "2026-10-31T20:30", "hour"),
    ("45 phút trước", "2026-10-31T22:45", "minute"),
    ("2 ngày trước", "2026-10-29", "day"),
    ("hôm qua 14:30", "2026-10-30T14:30", "minute"),
    ("Hôm nay, 08:05", "2026-10-31T08:05", "minute"),
    ("5 minutes ago", "2026-10-31T23:25", "minute"),
    ("1793349000", "2026-10-30T15:30:00", "second"),
    ("/Date(1793349000000)/", "2026-10-30T15:30:00", "second"),
    ("08h:30 - 30/10/2026", "2026-10-30T08:30", "minute"),
    ("30/10/26 08g30", "2026-10-30T08:30", "minute"),
    ("30/10/2026-08:30", "2026-10-30T08:30", "minute"),
    ("30/Oct/2026:08:30:00 +0700", "2026-10-30T08:30:00", "second"),
    ("Fri Oct 30 08:30:00 ICT 2026", "2026-10-30T08:30:00", "second"),
    ("Đăng lúc: 30/10/2026 20:30 - Đã xem: 1.234", "2026-10-30T20:30", "minute"),
    ("30 thg 10, 2026", "2026-10-30", "day"),
    ("", "", "none"),
    ("604", "", "none"),
    ("Đang cập nhật", "", "none"),
]  # fmt: skip
LOCAL = timezone(timedelta(hours=7))


def _instant(wall: str) -> datetime | None:
    return datetime.fromisoformat(wall).replace(tzinfo=LOCAL).astimezone(UTC) if wall else None


@pytest.mark.parametrize(("raw", "wall", "precision"), PRINTED, ids=[case[0] or "empty" for case in PRINTED])
def test_printed_date_is_read(raw: str, wall: str, precision: str) -> None:
    read = parse_date(raw, fetched_at=FETCHED, origin="list")
    assert (read.instant, read.precision) == (_instant(wall), precision)
    assert read.raw == raw.strip()


def test_every_date_of_the_corpus_is_read_as_by_eye() -> None:
    path = CORPUS / "expected" / "dates.json"
    if not path.exists():
        pytest.skip(f"the corpus is not beside this checkout: {path}")
    wrong = []
    cases = json.loads(path.read_text())
    for case in cases:
        origin = "list" if case["source"].startswith("html") else "feed"
        hint = case.get("hint", {})
        read = parse_date(case["raw"], origin=origin, default_zone=None if "tz" in hint else LOCAL)
        expected = datetime.fromisoformat(case["iso"]) if case["iso"] else None
        if read.instant != expected or (expected and read.precision != case["precision"]):
            wrong.append((case["raw"], case["iso"], str(read.instant), read.precision))
    assert wrong == []
    assert len(cases) >= 64


def test_midnight_in_a_feed_with_a_zone_is_a_time() -> None:
    assert parse_date("2026-01-05T00:00+07:00").precision is Precision.MINUTE
    assert parse_date("2026-01-05T00:00+07:00", origin="article").precision is Precision.DAY


def test_date_without_zone_has_no_instant_where_no_zone_is_known() -> None:
    read = parse_date("Sat, Dec 16 2023 02:02:33 PM", default_zone=None)
    assert (read.instant, read.doubt, read.raw) == (None, "no_zone", "Sat, Dec 16 2023 02:02:33 PM")


def test_impossible_zone_never_falls_back_to_the_default() -> None:
    read = parse_date("Fri, 11 Mar 2016 01:15:00 +3000")
    assert (read.instant, read.doubt) == (None, "bad_zone")


def test_month_first_profile_swaps_only_what_can_be_swapped() -> None:
    assert parse_date("9/10/2026 8:05:00 AM", day_order="month-first").instant == _instant("2026-09-10T08:05:00")
    assert parse_date("24/9/2026 8:05:00 AM", day_order="month-first").instant == _instant("2026-09-24T08:05:00")


def test_order_that_only_a_weekday_speaks_for_is_doubted() -> None:
    alone = parse_date("Thứ sáu, 05/10/2024")
    assert (alone.instant, alone.doubt) == (_instant("2024-05-10"), "ambiguous_order")
    assert parse_date("Thứ bảy, 05/10/2024").doubt is None
    assert parse_date("Thứ hai, 05/10/2024").instant == _instant("2024-10-05")  # fits neither: the day comes first
    assert parse_date("Fri, 05/10/2024", day_order="month-first").doubt is None


def test_future_date_is_doubted() -> None:
    assert parse_date("03/11/2026 08:00", fetched_at=FETCHED).doubt == "future"
    assert parse_date("01/11/2026 20:00", fetched_at=FETCHED).doubt is None


@pytest.mark.parametrize(
    ("raw", "order"),
    [
        ("9/24/2026 8:05:00 AM", "month-first"),
        ("24/9/2026", "day-first"),
        ("9/10/2026", "either"),
        ("9/9/2026", None),
        ("Thu, Day 04/08/2016", "day-first"),
        ("Fri, 04/08/2016", "month-first"),
        ("24 Sep 2026", None),
    ],
)
def test_order_evidence_is_what_the_string_alone_shows(raw: str, order: str | None) -> None:
    assert order_evidence(raw) == order


def test_order_of_a_source_is_settled_by_all_its_dates() -> None:
    assert order_of(["9/10/2026", "9/24/2026"]).order == "month-first"
    assert order_of(["9/10/2026", "24/9/2026"]).order == "day-first"
    assert order_of(["9/10/2026", "24 Sep 2026", ""]).doubtful is False
    assert order_of(["9/10/2026", "24/9/2026"], "month-first").order == "day-first"


def test_dates_of_both_orders_and_american_ones_that_fit_both_are_doubtful() -> None:
    for printed in (["9/10/2026", "24/9/2026", "9/24/2026"], ["9/10/2026 8:05:00 AM", "9/9/2026 8:05:00 AM"]):
        found = order_of(printed)
        assert (found.order, found.doubtful) == ("day-first", True)
        assert found.judged(parse_date(printed[0]), printed[0]).doubt == "ambiguous_order"
        assert found.judged(parse_date(printed[1]), printed[1]).doubt is None
    assert not order_of(["09/10/2026 08:05:00 AM", "10/09/2026 08:05:00 AM"]).doubtful
    assert not order_of(["9/10/2026 8:05:00 AM", "24/9/2026 8:05:00 AM"]).doubtful
    assert not order_of(["9/10/2026 8:05:00 AM"], "month-first").doubtful


def test_one_weekday_alone_does_not_turn_a_whole_source_around() -> None:
    found = order_of(["9/10/2026", "Fri, 04/08/2016", "10/9/2026"])
    assert (found.order, found.doubtful) == ("day-first", True)
    assert order_of(["9/10/2026", "Fri, 04/08/2016", "Wed, 05/04/2016"]).order == "month-first"


@pytest.mark.parametrize(
    "raw", ["1/1/" * 12_500, "0" * 50_000, "1 " * 25_000, "thang " * 10_000, "12:" * 20_000, " " * 50_000]
)
def test_hostile_text_is_answered_fast(raw: str) -> None:
    started = time.perf_counter()
    parse_date(raw, fetched_at=FETCHED)
    assert time.perf_counter() - started < 0.5


@given(st.text(max_size=60) | st.from_regex(r"[0-9/:. apmh+-]{0,40}", fullmatch=True))
def test_any_text_is_answered(raw: str) -> None:
    parse_date(raw, fetched_at=FETCHED)
    is_clock(raw, FETCHED)
    order_of([raw, "9/10/2026"]).judged(parse_date(raw), raw)


@given(
    st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2026, 10, 30)),
    st.sampled_from(["%d/%m/%Y %H:%M:%S", "%H:%M:%S %d-%m-%Y", "%d.%m.%Y | %I:%M:%S %p", "%Y-%m-%dT%H:%M:%S+07:00",
                     "ngày %d tháng %m năm %Y lúc %H:%M:%S", "%a, %d %b %Y %H:%M:%S +0700"]),
)  # fmt: skip
def test_what_is_printed_is_read_back(wall: datetime, form: str) -> None:
    wall = wall.replace(microsecond=0)
    assert parse_date(wall.strftime(form)).instant == wall.replace(tzinfo=LOCAL).astimezone(UTC)


def test_every_date_of_the_list_pages_of_the_corpus_is_read() -> None:
    path = CORPUS / "expected" / "html_lists.json"
    if not path.exists():
        pytest.skip(f"the corpus is not beside this checkout: {path}")
    entries = [entry for page in json.loads(path.read_text()).values() for entry in page]
    wrong = [
        (entry["raw_date"], entry["iso"])
        for entry in entries
        if parse_date(entry["raw_date"], origin="list").instant != datetime.fromisoformat(entry["iso"])
    ]
    assert wrong == []
    assert len(entries) > 100
