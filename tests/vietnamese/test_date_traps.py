"""The 45 numbered patterns of Vietnamese sites, one by one, and strings that look like dates and are none."""

import unicodedata
from datetime import UTC, datetime, timedelta, timezone

import pytest

from adapters.sources.feed_documents import plain_minutes
from syncd.vietnamese.dates import parse_date
from syncd.vietnamese.page_clocks import is_clock

FETCHED = datetime(2026, 10, 31, 16, 30, tzinfo=UTC)  # 23:30 on the last day of October at +07:00
LOCAL = timezone(timedelta(hours=7))

# number, raw, local wall clock at +07:00 ("" for no instant), precision. 2, 7 and 31 are clocks of a page's head. Only the
# first says so; the others are told by `is_clock`, which knows when the page was fetched.
NUMBERED = [
    (1, "27.8.2014 - 10:45", "2014-08-27T10:45", "minute"),
    (2, "Hôm nay, ngày 20 tháng 2 năm 2019", "", "none"),
    (3, "Tin về hội nghị ngày 19/02/2017)01/03/2017 15:02:43", "2017-03-01T15:02:43", "second"),
    (4, "Thứ năm - 24/06/2021 15:51 1.320 0", "2021-06-24T15:51", "minute"),
    (5, "Thứ 5, Ngày 09/01/2020, 22:00", "2020-01-09T22:00", "minute"),
    (6, "09/01/2020 | Nguyễn Văn Ví Dụ", "2020-01-09", "day"),
    (7, "Chủ nhật, Ngày 04/06/2023 -", "2023-06-04", "day"),
    (8, "Ngày đăng: 19/11/2020  08:33", "2020-11-19T08:33", "minute"),
    (9, "Ngày đăng : 06/09/2017, 04:37 PM | Lượt xem : 1521", "2017-09-06T16:37", "minute"),
    (10, "Thứ Tư, 08/04/2015, 08:11 [GMT+7]", "2015-04-08T08:11", "minute"),
    (11, "Cập nhật, 05:09, Thứ Ba, 29/01/2019 (GMT+7)", "2019-01-29T05:09", "minute"),
    (12, "Cập nhật lúc: 18:00 |22/05/2022", "2022-05-22T18:00", "minute"),
    (13, "Cập nhật: 13-06-2024 | 14:11:52", "2024-06-13T14:11:52", "second"),
    (14, "Ngày phát hành 16:6 | 16/6/2024", "2024-06-16T16:06", "minute"),
    (15, "Thứ ba, 25 Tháng 1 2022 16:22", "2022-01-25T16:22", "minute"),
    (16, "Th6 24, 2016", "2016-06-24", "day"),
    (17, "Thứ tư, 29/03/2023 12:00", "2023-03-29T12:00", "minute"),
    (18, "13:39 - 01/08/2022", "2022-08-01T13:39", "minute"),
    (19, "12/08/2023 20:10", "2023-08-12T20:10", "minute"),
    (20, "27/06/2022 17:40    91", "2022-06-27T17:40", "minute"),
    (21, "01/03/2023 10:25 Số lượt xem: 216", "2023-03-01T10:25", "minute"),
    (22, "04:35 15/03/2016", "2016-03-15T04:35", "minute"),
    (23, "Cập nhật 25/08/2021 09:25", "2021-08-25T09:25", "minute"),
    (24, "Đăng ngày 17 - 05 - 2024", "2024-05-17", "day"),
    (25, "Tin đăng ngày: 6/2/2020 - Xem: 92", "2020-02-06", "day"),
    (26, "15/11/2019 | 604", "2019-11-15", "day"),
    (27, "20/03/2020 00:00", "2020-03-20", "day"),
    (28, "Cập nhật lúc 03:36 ngày 10/10/2015", "2015-10-10T03:36", "minute"),
    (29, "Thu, Day 04/08/2016 09:13 AM", "2016-08-04T09:13", "minute"),
    (30, "08:31, 13/02/2022", "2022-02-13T08:31", "minute"),
    (31, "Thứ ba, 21/05/2024, 16:32|", "2024-05-21T16:32", "minute"),
    (32, "2 tháng 2 tuần trước", "2026-08-18T23:30", "month"),
    (33, "Ngày cập nhật 17/11/2017", "2017-11-17", "day"),
    (34, "ngày 18.6", "", "none"),
    (34, "20.4", "", "none"),
    (34, "15-3", "", "none"),
    (35, "10/24/2026 08:05:00 PM", "2026-10-24T20:05:00", "second"),
    (36, "24-10-2026 - 08:05 PM", "2026-10-24T20:05", "minute"),
    (36, "24/10/2026 08:05 AM", "2026-10-24T08:05", "minute"),
    (37, "20:05' 24/10/2026", "2026-10-24T20:05", "minute"),
    (38, "20:05 ngày 24-10-2026", "2026-10-24T20:05", "minute"),
    (38, "ngày 24 tháng 10 , 2026", "2026-10-24", "day"),
    (38, "NGÀY 24 THÁNG 10, 2026 | 20:05", "2026-10-24T20:05", "minute"),
    (39, "2026-10-24T20:05", "2026-10-24T20:05", "minute"),
    (40, "Thu, 24 Jun 2021 08:06:07 GMT", "2021-06-24T15:06:07", "second"),
    (41, "2021-06-24+0715:51:07", "2021-06-24T15:51:07", "second"),
    (42, "15:51: 24/06/2021", "2021-06-24T15:51", "minute"),
    (43, "2:15 CH", "", "none"),
    (43, "24/10/2026 2:15 CH", "2026-10-24T14:15", "minute"),
    (44, "Thứ Hai, ngày 05 tháng 12 năm 2022", "2022-12-05", "day"),
    (45, "Thứ hai, ngày 05/12/2022 | 14:30 GMT+7", "2022-12-05T14:30", "minute"),
]  # fmt: skip

# strings made up after the same patterns, with other numbers, labels and spacing; 0: a mixture
HELD_OUT = [
    (1, '3.11.2015 - 7:05', "2015-11-03T07:05", "minute"),
    (1, '03.11.2015-07h05', "2015-11-03T07:05", "minute"),
    (3, 'Kết quả kỳ họp ngày 05/06/2018)07/08/2019 09:10:11', "2019-08-07T09:10:11", "second"),
    (3, 'Báo cáo quý I/2019 (số 12/BC ngày 02/04/2019)05/04/2019 16:45:09', "2019-04-05T16:45:09", "second"),
    (3, 'Kế hoạch giai đoạn 2021-202502/03/2021 08:09:10', "2021-03-02T08:09:10", "second"),
    (4, 'Chủ nhật - 05/09/2021 06:07 12.045 3', "2021-09-05T06:07", "minute"),
    (4, 'THỨ BẢY - 28/02/2026 21:59 7 0', "2026-02-28T21:59", "minute"),
    (5, 'Thứ 2, Ngày 07/03/2022, 06:30', "2022-03-07T06:30", "minute"),
    (5, 'thứ 7 ngày 12/03/2022 06:30', "2022-03-12T06:30", "minute"),
    (6, '02/12/2025 | Trần Thị Thử', "2025-12-02", "day"),
    (6, 'Trần Thị Thử | 02/12/2025', "2025-12-02", "day"),
    (8, 'NGÀY ĐĂNG:  01/02/2021   7:08', "2021-02-01T07:08", "minute"),
    (9, 'Ngày đăng : 12/11/2018, 12:07 AM | Lượt xem : 20', "2018-11-12T00:07", "minute"),
    (9, 'Ngày đăng : 12/11/2018, 12:07 PM | Lượt xem : 2018', "2018-11-12T12:07", "minute"),
    (10, 'Chủ Nhật, 31/10/2021, 23:58 [GMT+7]', "2021-10-31T23:58", "minute"),
    (10, 'Thứ Hai, 01/11/2021, 00:02 (UTC+7)', "2021-11-01T00:02", "minute"),
    (11, 'Cập nhật, 17:40, Thứ Sáu, 02/10/2020 (GMT+7)', "2020-10-02T17:40", "minute"),
    (12, 'Cập nhật lúc: 7:05 | 3/4/2023', "2023-04-03T07:05", "minute"),
    (13, 'Cập nhật: 30-09-2025 | 23:59:59', "2025-09-30T23:59:59", "second"),
    (14, 'Ngày phát hành 9:3 | 1/7/2025', "2025-07-01T09:03", "minute"),
    (15, 'Thứ sáu, 31 Tháng 12 2021 07:00', "2021-12-31T07:00", "minute"),
    (15, 'Thứ ba, 01 Tháng Sáu 2021 07:00', "2021-06-01T07:00", "minute"),
    (16, 'Th12 3, 2018', "2018-12-03", "day"),
    (16, 'Th2 29, 2024', "2024-02-29", "day"),
    (16, 'Tháng Mười Hai 3, 2018', "2018-12-03", "day"),
    (17, 'Thứ hai, 01/01/2024 00:30', "2024-01-01T00:30", "minute"),
    (18, '7:09 - 31/12/2019', "2019-12-31T07:09", "minute"),
    (19, '1/9/2025 6:05', "2025-09-01T06:05", "minute"),
    (20, '30/04/2025 11:30    1975', "2025-04-30T11:30", "minute"),
    (20, '30/04/2025 11:30 1.975', "2025-04-30T11:30", "minute"),
    (21, '02/09/2023 19:45 Số lượt xem: 1945', "2023-09-02T19:45", "minute"),
    (22, '11:05 01/12/2017', "2017-12-01T11:05", "minute"),
    (23, 'CẬP NHẬT 05/05/2020 23:05', "2020-05-05T23:05", "minute"),
    (24, 'Đăng ngày 3 - 2 - 2023', "2023-02-03", "day"),
    (24, 'Đăng ngày 17 – 05 – 2024', "2024-05-17", "day"),
    (25, 'Tin đăng ngày: 12/11/2019 - Xem: 2019', "2019-11-12", "day"),
    (26, '31/10/2018 | 1205', "2018-10-31", "day"),
    (26, '31/10/2018 | 12:05', "2018-10-31T12:05", "minute"),
    (26, '31/10/2018 | 2359 lượt xem', "2018-10-31", "day"),
    (27, '01/11/2022 00:00', "2022-11-01", "day"),
    (27, '01/11/2022 0:00:00', "2022-11-01", "day"),
    (28, 'Cập nhật lúc 15:04 ngày 1/2/2016', "2016-02-01T15:04", "minute"),
    (29, 'Thu, Day 05/09/2019 10:00 PM', "2019-09-05T22:00", "minute"),
    (29, 'Mon, Day 05/09/2016 10:00 PM', "2016-09-05T22:00", "minute"),
    (30, '23:59, 31/12/2021', "2021-12-31T23:59", "minute"),
    (32, '1 tháng 3 tuần trước', "2026-09-10T23:30", "month"),
    (32, '3 tuần 2 ngày trước', "2026-10-08", "day"),
    (32, '5 tháng trước', "2026-06-03T23:30", "month"),
    (33, 'Ngày cập nhật: 1/8/2019', "2019-08-01", "day"),
    (34, 'ngày 2.9', "", "none"),
    (34, '31.12', "", "none"),
    (34, '1-5', "", "none"),
    (34, 'Ngày 30/4', "", "none"),
    (34, 'sáng 2/9', "", "none"),
    (35, '12/25/2021 11:05:09 AM', "2021-12-25T11:05:09", "second"),
    (36, '01-02-2022 - 01:02 PM', "2022-02-01T13:02", "minute"),
    (36, '01/02/2022 12:02 AM', "2022-02-01T00:02", "minute"),
    (37, "6:05' 2/3/2020", "2020-03-02T06:05", "minute"),
    (37, '06:05’ 02/03/2020', "2020-03-02T06:05", "minute"),
    (38, '9:5 ngày 1-2-2021', "2021-02-01T09:05", "minute"),
    (38, 'ngày 1 tháng 2 , 2021', "2021-02-01", "day"),
    (38, 'NGÀY 1 THÁNG 2, 2021 | 9:05', "2021-02-01T09:05", "minute"),
    (39, '2021-12-31T23:59', "2021-12-31T23:59", "minute"),
    (40, 'Fri, 1 Oct 2021 17:10:00 GMT', "2021-10-02T00:10:00", "second"),
    (41, '2022-01-31+0723:05:06', "2022-01-31T23:05:06", "second"),
    (42, '7:05: 1/2/2022', "2022-02-01T07:05", "minute"),
    (43, '11:59 SA', "", "none"),
    (43, '1/2/2022 11:59 SA', "2022-02-01T11:59", "minute"),
    (43, '1/2/2022 12:00 CH', "2022-02-01T12:00", "minute"),
    (44, 'Chủ Nhật, ngày 01 tháng 05 năm 2022', "2022-05-01", "day"),
    (44, 'Thứ Năm, ngày 5 tháng năm năm 2022', "2022-05-05", "day"),
    (45, 'Thứ tư, ngày 1/6/2022 | 7:30 GMT+7', "2022-06-01T07:30", "minute"),
    (45, 'Thứ tư, ngày 01/06/2022 | 07:30 (GMT+07:00)', "2022-06-01T07:30", "minute"),
    (0, '<span>Ngày đăng:</span> <b>12/08/2023</b> 20:10', "2023-08-12T20:10", "minute"),
    (0, '<time datetime="2023-08-12">12/08/2023</time>', "2023-08-12", "day"),
    (0, '&nbsp;12/08/2023&nbsp;-&nbsp;20:10&nbsp;', "2023-08-12T20:10", "minute"),
    (0, 'Ngày đăng: 12/08/2023 20:10 | Lượt xem: 2024 | Cập nhật: 13/08/2023 08:00', "2023-08-12T20:10", "minute"),
    (0, 'Cập nhật: 13/08/2023 08:00 | Ngày đăng: 12/08/2023 20:10 | Xem: 12', "2023-08-12T20:10", "minute"),
    (0, 'Ngày ban hành: 01/08/2023 - Ngày đăng: 12/08/2023', "2023-08-12", "day"),
    (0, 'Ngày hiệu lực: 01/09/2023 Ngày ban hành: 01/08/2023', "", "none"),
    (0, 'Hạn nộp hồ sơ: 30/09/2023', "", "none"),
    (0, '20:10 | 12/08/2023 | 1.234 lượt xem | 05 bình luận', "2023-08-12T20:10", "minute"),
    (0, 'Đăng bởi Nguyễn Văn Ví Dụ lúc 20 giờ 10 phút, ngày 12 tháng 8 năm 2023', "2023-08-12T20:10", "minute"),
    (0, 'Lượt xem: 12345 | 12/08/2023', "2023-08-12", "day"),
    (0, 'Số 123/QĐ-UBND ngày 12/08/2023', "2023-08-12", "day"),
    (0, '１２／０８／２０２３\u3000２０：１０', "2023-08-12T20:10", "minute"),
    (0, 'ngày 12 tháng 08 năm 2023 lúc 8:10:05 CH', "2023-08-12T20:10:05", "second"),
    (0, 'T7, 12/08/2023 - 20:10', "2023-08-12T20:10", "minute"),
    (0, 'CN, 13/08/2023 - 20:10', "2023-08-13T20:10", "minute"),
    (0, '12-08-2023 20:10:05 PM', "2023-08-12T20:10:05", "second"),
    (0, '12 Tháng Tám, 2023', "2023-08-12", "day"),
    (0, '12/Thg 8/2023', "2023-08-12", "day"),
    (0, '12 thg 8, 2023 20:10', "2023-08-12T20:10", "minute"),
    (0, 'Aug 12, 2023 8:10:05 PM', "2023-08-12T20:10:05", "second"),
    (0, 'Saturday, 12 August 2023 20:10', "2023-08-12T20:10", "minute"),
    (0, '12.08.2023 20.10', "2023-08-12", "day"),
    (0, "12.08.2023, 20h10'", "2023-08-12T20:10", "minute"),
    (0, '2023/8/12', "2023-08-12", "day"),
    (0, '2023.08.12 20:10', "2023-08-12T20:10", "minute"),
    (0, '20230812201005', "2023-08-12T20:10:05", "second"),
    (0, '12/8/2023 lúc 8 giờ 10 phút tối', "2023-08-12T20:10", "minute"),
    (0, '8 giờ 10 sáng 12/8/2023', "2023-08-12T08:10", "minute"),
    (0, '31/04/2023', "", "none"),
    (0, '00/08/2023', "", "none"),
    (0, '12/13/2023 13/12/2023', "2023-12-13", "day"),
    (0, '99/99/9999', "", "none"),
    (0, "Ngày ký: 01/08/2023 | Ngày đăng: 02/08/2023", "2023-08-02", "day"),
    (0, "Ngày ban hành 01/08/2023", "", "none"),
    (3, "Công bố quyết định ban hành Quy chế mẫu01/03/2017 15:02:43", "2017-03-01T15:02:43", "second"),
]  # fmt: skip

# raw, when the page was fetched (local), whether it is a clock in a page's head
CLOCKS = [
    ("Hôm nay, ngày 20 tháng 2 năm 2019", "2019-02-20T09:00", True),
    ("Hôm nay: Thứ tư, ngày 20/02/2019", "2026-10-31T09:00", True),  # kept by a cache for years
    ("Hôm nay là thứ 4, 20-02-2019 10:11:12", "2026-10-31T09:00", True),
    ("Chủ nhật, Ngày 04/06/2023 -", "2023-06-04T09:00", True),
    ("Chủ nhật, Ngày 04/06/2023 -", "2023-06-05T00:01", False),
    ("Thứ ba, 21/05/2024, 16:32|", "2024-05-21T16:33", True),
    ("Thứ ba, 21/05/2024, 16:32|", "2024-05-21T23:33", False),
    ("Thứ sáu, ngày 26 tháng 04 năm 2024", "2024-04-26T23:59", True),
    ("26/04/2024 10:11:12", "2024-04-26T10:11", True),
    ("26/04/2024 10:11", "2024-04-26T10:11", False),
    ("26/04/2024", "2024-04-26T10:11", False),
    ("Hôm nay, 08:05", "2024-04-26T10:11", False),
    ("Ngày đăng: Thứ sáu, 26/04/2024", "2024-04-26T10:11", False),
    ("Đang cập nhật", "2024-04-26T10:11", False),
]  # fmt: skip

MORE = [
    ("Ngày sửa: 20/03/2023 - Ngày tạo: 15/03/2023", "2023-03-15", "day"),
    ("Friday, 12th November 2021 at 10 a.m. (GMT+7)", "2021-11-12T10:00", "hour"),
    ("cách đây khoảng 2 giờ", "2026-10-31T21:30", "hour"),
    ("Thứ tư ngày 15.03.2023 | 16.30", "2023-03-15", "day"),
    ("30/10/2026 0:00:00", "2026-10-30", "day"),
    ("30/10/2026 12:00:00 AM", "2026-10-30", "day"),
    ("2026-10-30T00:00:00+07:00", "2026-10-30", "day"),
    ("2026-10-29T00:00:00Z", "2026-10-29T07:00:00", "second"),
    ("8h30' ngày 30/10/2026", "2026-10-30T08:30", "minute"),
    ("8 giờ 30 phút, ngày 30/10/2026", "2026-10-30T08:30", "minute"),
    ("lúc 20 giờ ngày 30/10/2026", "2026-10-30T20:00", "hour"),
    ("Thứ 2, 28/10/2024 - 10:20 (GMT+7)", "2024-10-28T10:20", "minute"),
    ("Thursday, October 24, 2024 - 08:00", "2024-10-24T08:00", "minute"),
    ("24 Oct 2024 08:00:00 +0700", "2024-10-24T08:00:00", "second"),
    ("Gửi bởi quản trị vào T5, 24/10/2024 - 08:00", "2024-10-24T08:00", "minute"),
    ("Submitted by admin on Thu, 10/24/2024 - 08:00", "2024-10-24T08:00", "minute"),
    ("Được đăng: Thứ năm, 24 Tháng 10 2024 08:00", "2024-10-24T08:00", "minute"),
    ("10/24/2024 8:00 AM", "2024-10-24T08:00", "minute"),
    ("thg 10 24, 2024", "2024-10-24", "day"),
    ("24/Th10/2024 08:00", "2024-10-24T08:00", "minute"),
    ("/Date(1635724800000)/", "2021-11-01T07:00:00", "second"),
    ("/Date(1635724800000+0700)/", "2021-11-01T07:00:00", "second"),
    ("1635724800.123", "2021-11-01T07:00:00", "second"),
    ("2024-10-24T20Z", "2024-10-25T03:00", "hour"),
    ("20241024T0800", "2024-10-24T08:00:00", "second"),
    ("Thu Oct 24 08:00:00 +07 2024", "2024-10-24T08:00:00", "second"),
    ("Thu, 24 Oct 2024 08:00:00 EDT", "2024-10-24T19:00:00", "second"),
    ("2016-12-31T23:59:60Z", "2017-01-01T06:59:59", "second"),
    ("2024-10-24T24:00:00+07:00", "2024-10-25T00:00:00", "second"),
    ("2024-10-24 08:00:00 Asia/Ho_Chi_Minh", "2024-10-24T08:00:00", "second"),
    ("24/10/2024 - 08:00 GMT 7", "2024-10-24T08:00", "minute"),
    ("2024-10-24T08:00:00 09:00", "2024-10-24T06:00:00", "second"),
    ("24/10/2024 25:00", "2024-10-24", "day"),
    ("24/10/2024 | 5 giờ trước", "2024-10-24", "day"),
    ("8 giờ kém 15 ngày 24/10/2024", "2024-10-24", "day"),
    ("7h30 - 11h30, 24/10/2024", "2024-10-24", "day"),
    ("07:30-11:30 24/10/2024", "2024-10-24", "day"),
    ("24/10/2024 07:30-11:30", "2024-10-24", "day"),
    ("2024-10-24 08:00-05:00", "2024-10-24T20:00", "minute"),
    ("Thứ Ba 16,03,2021", "2021-03-16", "day"),
    ("Thứ 2, ngày 30/10/2023 - 11 giờ 25 phút", "2023-10-30T11:25", "minute"),
    ("10:20:30 Giờ Đông Dương Thứ Hai, 28 tháng 10, 2024", "2024-10-28T10:20:30", "second"),
    ("lúc 10:20 Thứ Hai, 28 tháng 10, 2024", "2024-10-28T10:20", "minute"),
    ("28/10/2024 · 5 phút đọc", "2024-10-28", "day"),
    ("2024-10-28 10:20:30.123456+00", "2024-10-28T17:20:30", "second"),
    ("Mon Oct 28 15:04:05 2024 GMT", "2024-10-28T22:04:05", "second"),
    ("15:04 28.10.2024 -0700", "2024-10-29T05:04", "minute"),
    ("Mon, 28 Oct 2024 15:04:05 MST -07:00", "2024-10-29T05:04:05", "second"),
    ("Mon, 28 Oct 2024 15 -0700", "2024-10-29T05:00", "hour"),
    ("2024-10-28 00:00:00.0 15:04:05.0 -0700", "2024-10-29T05:04:05", "second"),
    ("12/2022/NĐ-CP ngày 30/12/2022", "2022-12-30", "day"),
    ("Lịch tuần (21/10 - 27/10/2024) đăng 20/10/2024 08:00", "2024-10-20T08:00", "minute"),
    ("28/10/2024 10:20 (Cập nhật 29/10/2024 11:30)", "2024-10-28T10:20", "minute"),
    ("Đăng ngày 28/10/2024 - Sửa ngày 29/10/2024 10:00", "2024-10-28", "day"),
    ("8 giờ 15 - 24/10/2024", "2024-10-24T08:15", "minute"),
    ("8.30 - 24/10/2024", "2024-10-24", "day"),
    ("Bài 2 - 24/10/2024", "2024-10-24", "day"),
    ("２４/１０/２０２４ ０８：００", "2024-10-24T08:00", "minute"),
    ("24／10／2024", "2024-10-24", "day"),
    ("24\u204410\u20442024", "2024-10-24", "day"),
    ("24\u201110\u20112024", "2024-10-24", "day"),
    ("24\u201410\u20142024", "2024-10-24", "day"),
    ("24\u221210\u22122024", "2024-10-24", "day"),
    ("24\xa0/\xa010\xa0/\xa02024\xa008:00", "2024-10-24T08:00", "minute"),
    ("2\u200b4/10/2024", "2024-10-24", "day"),
    ("24\u2060/10/2024 08:00", "2024-10-24T08:00", "minute"),
    ("24\xad/10/2024", "2024-10-24", "day"),
    ("\u202a24/10/2024\u202c", "2024-10-24", "day"),
    ("24\x00/10/2024", "2024-10-24", "day"),
    ("24&nbsp;Oct&nbsp;2024 08:00&#58;07", "2024-10-24T08:00:07", "second"),
]  # fmt: skip

NONE = [
    ("từ thứ Sáu, 08/03/2024 đến hết Chủ nhật, 07/04/2024", "range"),
    ("Hạn cuối: 17h00 ngày 15/03/2023", "other_date"),
    ("Hạn nhận hồ sơ đến 15/03/2023", "other_date"),
    ("trước ngày 15/03/2023", "other_date"),
    ("Đóng thầu: 09:00 15/03/2023", "other_date"),
    ("Thời gian kết thúc: 15/03/2023", "other_date"),
    ("Sinh ngày 15/03/1980", "other_date"),
    ("TK 15-03-2023-001", "unreadable"),
    ("12/2026", "unreadable"),
    ("10-2024", "unreadable"),
    ("Năm 2024", "unreadable"),
    ("Quý 3/2024", "unreadable"),
    ("Kỳ 2 tháng 10/2024", "unreadable"),
    ("Tuần 43/2024", "unreadable"),
    ("01-05/12/2022", "range"),
    ("ngày 01 - 05/12/2022", "range"),
    ("24, 25/10/2024", "range"),
    ("Từ 21/10 đến 27/10/2024", "range"),
    ("28/10/2024 - 10/11/2024", "range"),
    ("21.10 - 27.10.2024", "range"),
    ("28-10-2024 - 10-11-2024", "range"),
    ("từ ngày 01/12/2022 đến ngày 05/12/2022", "range"),
    ("0252.382.1234", "unreadable"),
    ("ĐT: 02523-822-024", "unreadable"),
    ("192.168.1.2024", "unreadable"),
    ("10.10.2024.5", "unreadable"),
    ("phiên bản 4.5.04", "unreadable"),
    ("v4.5.2022", "unreadable"),
    ("Giá 12.500.000 đồng", "unreadable"),
    ("Số 12/2022/NĐ-CP", "unreadable"),
    ("15/12/2022/QĐ-UBND", "unreadable"),
    ("30/02/2024", "unreadable"),
    ("24/10/2567", "unreadable"),
    ("9999-12-31T23:59:59Z", "unreadable"),
    ("1969-12-31T23:59:59Z", "empty_date"),
    ("0000-00-00 00:00:00", "unreadable"),
    ("2024-W43-4", "unreadable"),
    ("2024-297", "unreadable"),
    ("24 10 2024", "unreadable"),
    ("15 tháng 8 năm 2024 (âm lịch)", "lunar"),
    ("2024-10-24T08:00:00Z07:00", "bad_zone"),
    ("2024-10-24T08:00:00+07:00Z", "bad_zone"),
    ("2024-10-24 08:00:00 America/New_York", "bad_zone"),
    ("2024-10-24 08:00:00-13:00", "bad_zone"),
    ("Mon, 28 Oct 2024 15:04:05 --0700", "bad_zone"),
    ("2024-10-24 08:00:00+15:00", "bad_zone"),
    ("Thu, 24 Oct 2024 08:00:00 A", "bad_zone"),
    ("08:00", "unreadable"),
    ("Thứ Năm", "unreadable"),
]  # fmt: skip


def _instant(wall: str) -> datetime | None:
    return datetime.fromisoformat(wall).replace(tzinfo=LOCAL).astimezone(UTC) if wall else None


@pytest.mark.parametrize(("number", "raw", "wall", "precision"), NUMBERED, ids=[f"{c[0]}: {c[1]}" for c in NUMBERED])
def test_numbered_pattern_is_read(number: int, raw: str, wall: str, precision: str) -> None:
    origin = "feed" if number in (40, 42) else "article"
    read = parse_date(raw, fetched_at=FETCHED, origin=origin)
    assert (read.instant, read.precision) == (_instant(wall), precision)


def _held_out() -> list[tuple[int, str, str, str]]:
    forms = [
        (number, form, wall, precision)
        for number, raw, wall, precision in HELD_OUT
        for form in (
            raw,
            unicodedata.normalize("NFD", raw),
            raw if "&" in raw or "T" in raw else raw.upper(),
            f"\xa0\n {raw} \t",
        )
    ]
    return list(dict.fromkeys(forms))


@pytest.mark.parametrize(("number", "raw", "wall", "precision"), _held_out(), ids=ascii)
def test_pattern_is_read_in_other_words_and_forms(number: int, raw: str, wall: str, precision: str) -> None:
    read = parse_date(raw, fetched_at=FETCHED, origin="feed" if number == 40 else "article")
    assert (read.instant, read.precision) == (_instant(wall), precision)


@pytest.mark.parametrize(("raw", "fetched", "clock"), CLOCKS, ids=[f"{case[0]} at {case[1]}" for case in CLOCKS])
def test_clock_of_a_page_is_told_from_the_date_of_a_post(raw: str, fetched: str, clock: bool) -> None:
    at = _instant(fetched)
    assert at is not None
    assert is_clock(raw, at) is clock
    assert is_clock(raw, at, beside_post=True) is (clock and raw.startswith("Hôm nay"))


def test_no_numbered_pattern_is_taken_for_a_clock_later() -> None:
    assert [number for number, raw, _, _ in NUMBERED if is_clock(raw, FETCHED)] == [2]


@pytest.mark.parametrize(("number", "read"), [(35, "2021-05-12T11:05:09"), (40, "2021-06-24T15:00:00")])
def test_pattern_of_a_profile_needs_its_option(number: int, read: str) -> None:
    if number == 35:
        assert parse_date("05/12/2021 11:05:09 AM", day_order="month-first").instant == _instant(read)
    else:
        cut = plain_minutes(parse_date("Thu, 24 Jun 2021 08:06:07 GMT"))
        assert (cut.instant, cut.precision) == (_instant(read), "hour")


@pytest.mark.parametrize(("raw", "wall", "precision"), MORE, ids=[ascii(case[0]) for case in MORE])
def test_odd_print_is_read_with_what_it_really_says(raw: str, wall: str, precision: str) -> None:
    read = parse_date(raw, fetched_at=FETCHED, origin="article")
    assert (read.instant, read.precision, read.doubt) == (_instant(wall), precision, None)


@pytest.mark.parametrize(("raw", "doubt"), NONE)
@pytest.mark.parametrize("origin", ["feed", "article"])
def test_what_looks_like_a_date_and_is_none_has_no_instant(raw: str, doubt: str, origin: str) -> None:
    read = parse_date(raw, fetched_at=FETCHED, origin=origin)
    assert (read.instant, read.doubt, read.raw) == (None, doubt, raw)


def test_midnight_to_the_second_is_a_time_only_where_a_feed_prints_the_zone() -> None:
    assert parse_date("Fri, 30 Oct 2026 00:00:00 +0700").precision == "second"
    assert parse_date("Fri, 30 Oct 2026 00:00:00 +0700", origin="list").precision == "day"
    assert parse_date("2026-10-30 00:00:00").precision == "day"


def test_kept_string_can_be_stored_anywhere() -> None:
    read = parse_date("24/10/2024\x00 \ud800 08:00\x1f")
    assert read.raw == "24/10/2024 \ufffd 08:00"
    assert read.instant == _instant("2024-10-24T08:00")
