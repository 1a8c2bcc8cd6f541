"""Sites in old encodings and with doubtful dates, from their bytes to what is counted."""

from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.articles.article import ArticleRules
from adapters.articles.reading import DirectReader
from adapters.http.client import HttpSettings, PoliteClient
from adapters.sources.feed_documents import parse_feed
from adapters.sources.page import PageSettings, PageSource
from syncd.domain.model import SourceId, UnitId
from syncd.ports.source import Known, Reading
from syncd.testing.clock import FakeClock
from syncd.testing.local_site import LocalSite
from tests.domain.facts import facts, judged, post, reasons, rules

BODY = (
    "Chiều 5-10, Uỷ ban nhân dân xã Mẫu tổ chức hội nghị triển khai nhiệm vụ những tháng cuối năm. "
    "Các đại biểu đã thảo luận về sản xuất vụ đông, sửa đường thôn và phòng, chống lũ quét trên địa bàn. "
)
# the same as TCVN3 fonts write it
OLD_BODY = (
    "ChiÒu 5-10, Uû ban nh©n d©n x· MÉu tæ chøc héi nghÞ triÓn khai nhiÖm vô nh÷ng th¸ng cuèi n¨m. "
    "C¸c ®¹i biÓu ®· th¶o luËn vÒ s¶n xuÊt vô ®«ng, söa ®\xadêng th«n vµ phßng, chèng lò quÐt trªn ®Þa bµn. "
)
OLD_LIST = """<html><head><meta http-equiv=Content-Type content="text/html; charset=windows-1252"><title>Tin tøc</title></head><body>
<li><a href=/1>Héi nghÞ triÓn khai nhiÖm vô</a> <i>Ngµy 5 th¸ng 10 n¨m 2026</i></li>
<li><a href=/2>TËp huÊn c¸n bé th«n</a> <i>Ngµy 4 th¸ng 10 n¨m 2026</i></li></body></html>"""


def read(site: LocalSite, **settings: Any) -> Reading:
    clock = FakeClock(datetime(2026, 11, 1, tzinfo=UTC))
    http = PoliteClient(HttpSettings(spacing_s=0, allow_addresses=("127.0.0.0/8",)), clock=clock)
    chosen = {"item": "li", "link": "a", "title": "a", "date": "i", "article": "none"} | settings
    source = PageSource(
        PageSettings(url=site.url("/tin"), **chosen),
        id=SourceId("ban-b/1"),
        unit=UnitId("ban-b"),
        http=http,
        clock=clock,
        articles=DirectReader(),
    )
    return source.read(Known())


def test_list_page_in_tcvn3_is_read_with_titles_and_dates_and_says_so(local_site: LocalSite) -> None:
    local_site.page("/tin", OLD_LIST.encode("cp1252"), content_type="text/html")
    reading = read(local_site)
    assert [entry.title for entry in reading.posts] == ["Hội nghị triển khai nhiệm vụ", "Tập huấn cán bộ thôn"]
    assert [entry.published.instant for entry in reading.posts] == [
        datetime(2026, 10, 4, 17, tzinfo=UTC),
        datetime(2026, 10, 3, 17, tzinfo=UTC),
    ]
    assert "converted from TCVN3" in reading.notes
    assert reading.exchange.body == OLD_LIST.encode("cp1252")


def test_article_in_tcvn3_is_read_in_unicode_and_its_bytes_stay() -> None:
    page = f"""<html><head><title>Héi nghÞ triÓn khai nhiÖm vô</title></head><body><h1>Héi nghÞ triÓn khai nhiÖm vô</h1>
    <div class=noidung><p>{OLD_BODY}</p><p>{OLD_BODY}</p></div></body></html>"""
    article = DirectReader().read(
        page.encode("cp1252"),
        content_type="text/html; charset=iso-8859-1",
        url="https://ban-b.vidu.example/1",
        rules=ArticleRules(content=(".noidung",)),
        fetched_at=datetime(2026, 11, 1, tzinfo=UTC),
    )
    assert article.title == "Hội nghị triển khai nhiệm vụ"
    assert " ".join(article.text.split()) == " ".join((BODY + BODY).split())
    assert "converted from TCVN3" in article.notes


OLD_FEED = f"""<?xml version="1.0" encoding="windows-1252"?><rss version="2.0"><channel><title>Tin tøc</title>
<item><title>TËp huÊn</title><link>https://ban-b.vidu.example/1</link><category>Tin tøc</category><author>NguyÔn V¨n VÝ Dô</author>
<description><![CDATA[<p><img src="/v¨n.jpg" alt="®ång bµo">{OLD_BODY}</p>]]></description></item>
<item><title>Hội nghị “mới”</title><link>https://ban-b.vidu.example/2</link><description>Le café «fermé»</description></item>
<item><title>X©y dùng</title><link>https://ban-b.vidu.example/3</link>
<description>Uû ban nh©n d©n x&#227; &amp;reg;&amp;#183; c&amp;ocirc;</description></item></channel></rss>"""


def test_entries_of_a_feed_in_tcvn3_are_read_in_unicode_and_the_others_as_they_are() -> None:
    body = OLD_FEED.replace("ộ", "&#7897;").replace("ị", "&#7883;").replace("ớ", "&#7899;").encode("cp1252")
    feed = parse_feed(body, base_url="https://ban-b.vidu.example/rss")
    old, new, third = feed.posts
    assert (old.title, old.categories, old.author) == ("Tập huấn", ("Tin tức",), "Nguyễn Văn Ví Dụ")
    assert BODY.strip() in old.summary
    assert [(image.url, image.alt) for image in old.images] == [("https://ban-b.vidu.example/v¨n.jpg", "đồng bào")]
    assert (new.title, new.summary) == ("Hội nghị “mới”", "Le café «fermé»")
    assert third.title == "Xây dựng"
    assert "2 entries converted from TCVN3" in feed.notes


@pytest.mark.parametrize(("clock", "day"), [("Thứ sáu, ngày 30/10/2026", None), ("Thứ năm, ngày 29/10/2026", 28)])
def test_clock_above_the_heading_is_no_publication_day(clock: str, day: int | None) -> None:
    page = f"<html><body><article><p class=date>{clock}</p><h1>Hội nghị triển khai</h1><div><p>{BODY}</p><p>{BODY}</p></div></article></body></html>"
    article = DirectReader().read(
        page.encode(),
        content_type="text/html",
        url="https://ban-b.vidu.example/1",
        rules=ArticleRules(),
        fetched_at=datetime(2026, 10, 30, 3, tzinfo=UTC),
    )
    assert (article.published.instant.day if article.published.instant else None) == day


@pytest.mark.parametrize(
    ("dates", "reason"),
    [
        (("10/9/2026 8:05:00 AM", "9/9/2026 8:05:00 AM"), "waiting:date_in_doubt"),  # 10 September or 9 October
        (("10/10/2026 8:05:00 AM", "9/9/2026 8:05:00 AM"), "counted"),
        (("9/10/2026", "30/10/2026", "10/30/2026"), "waiting:date_in_doubt"),
        (("9/10/2026", "30/10/2026"), "counted"),
    ],
)
def test_date_that_may_lie_in_another_period_waits_for_a_person(
    local_site: LocalSite, dates: tuple[str, ...], reason: str
) -> None:
    entries = "".join(f"<li><a href=/{n}>Bài số {n}</a> <i>{date}</i></li>" for n, date in enumerate(dates))
    local_site.page("/tin", f"<ul>{entries}</ul>")
    first = read(local_site).posts[0].published
    given = post("p", source_instant=first.instant, date_doubt=first.doubt, precision=first.precision)
    assert reasons(judged(facts(given), rules())) == {"p": reason}
