"""The publication day of an article's page: what is believed, what is not, and what contradiction leaves."""

from datetime import UTC, datetime

import pytest

from adapters.articles.article import ArticleRules
from adapters.articles.reading import read_article
from syncd.domain.model import NO_DATE, Precision, ReadDate

VISIT = datetime(2026, 11, 1, 3, 15, tzinfo=UTC)
TITLE = "Hội nghị tổng kết công tác năm của Huyện ủy Ví Dụ"
TEXT = "<p>Sáng nay, Huyện ủy Ví Dụ tổ chức hội nghị tổng kết công tác năm, đại diện các ban dự đông đủ.</p>" * 4
LD = '<script type="application/ld+json">{}</script>'
OCTOBER_30 = datetime(2026, 10, 30, 1, 5, tzinfo=UTC)


def _day(head: str = "", above: str = "", below: str = "", after: str = "", **given: object) -> ReadDate:
    page = (
        f"<html><head><title>{TITLE}</title>{head}</head><body>{above}<div class='tin'><h1>{TITLE}</h1>{below}"
        f"<div class='noi-dung'>{TEXT}</div></div>{after}</body></html>"
    )
    url = str(given.pop("url", "https://huyenuy.vidu.example/tin/77.html"))
    rules = ArticleRules(**given)  # type: ignore[arg-type]  # keywords of the case
    return read_article(page.encode(), content_type="text/html", url=url, rules=rules, fetched_at=VISIT).published


@pytest.mark.parametrize(
    ("head", "below", "origin"),
    [
        (LD.format('{"@type":"NewsArticle","datePublished":"2026-10-30T08:05:00+07:00"}'), "", "jsonld"),
        (LD.format('{"@graph":[{"@type":"WebPage","datePublished":"2026-10-30T01:05:00Z",}]}'), "", "jsonld"),
        ("<meta property='article:published_time' content='2026-10-30T01:05:00Z'>", "", "meta"),
        ("<meta itemprop='datePublished' content='2026-10-30T08:05:00+07:00'>", "", "meta"),
        ("<meta name='DC.date.issued' content='2026-10-30T08:05:00+07:00'>", "", "meta"),
        ("", "<time datetime='2026-10-30T08:05:00+07:00' pubdate>hôm kia</time>", "time"),
        ("", "<span class='x'>Thứ sáu, 30/10/2026 08:05 | 1.320</span>", "byline"),
        ("", "<p>Ngày đăng: 30/10/2026 08:05 - Lượt xem: 12</p>", "byline"),
        ("", "<div><i>Cập nhật lúc: 08:05 |30/10/2026</i></div>", "byline"),
    ],
)
def test_day_counts_from_where_a_page_names_it(head: str, below: str, origin: str) -> None:
    date = _day(head, below=below)
    assert (date.instant, date.origin) == (OCTOBER_30, origin)


@pytest.mark.parametrize(
    "page",
    [
        {"above": "<div class='clock'>Chủ nhật, 01/11/2026</div>"},
        {"above": "<div id='header'><span>Hôm nay, ngày 1 tháng 11 năm 2026</span></div>"},
        {"after": "<div class='tin-lien-quan'><ul><li>Tin khác (30/10/2026)</li></ul></div>"},
        {"after": "<div id='comments'><span class='date'>30/10/2026</span></div>"},
        {"after": "<footer>Bản quyền 2015-2026. Giấy phép ngày 03/03/2015</footer>"},
        {
            "below": "<p>Ngày 27/10/2026, Ban Thường vụ Huyện ủy Ví Dụ đã ban hành kế hoạch tổ chức hội nghị ở các xã.</p>"
        },
        {"below": "<aside><time datetime='2026-10-30'>30/10</time></aside>"},
        {"below": "<span>15-3</span>"},
        {"head": LD.format('{"@type":"NewsArticle","datePublished":null}')},
        {"head": LD.format('{"@type":"Organization","datePublished":"2020-01-01"}')},
        {"head": "<meta property='article:modified_time' content='2026-10-30T01:05:00Z'>"},
        {"head": "<meta property='article:published_time' content='2027-10-30T01:05:00Z'>"},
    ],
)
def test_no_day_is_taken_from_elsewhere(page: dict[str, str]) -> None:
    assert _day(**page).instant is None


def test_days_that_contradict_each_other_leave_none_unless_one_weighs_more() -> None:
    meta = "<meta property='article:published_time' content='2026-10-30T01:05:00Z'>"
    stated = LD.format('{"@type":"NewsArticle","datePublished":"2026-09-01T08:00:00+07:00"}')
    assert _day(meta + stated).instant is None
    assert _day(meta + stated, below="<p class='ngay'>30/10/2026 08:05</p>").instant == OCTOBER_30


def test_stated_articles_of_a_list_are_not_this_one() -> None:
    others = ",".join(
        f'{{"@type":"NewsArticle","headline":"Tin khác","datePublished":"2026-10-{day}"}}' for day in (11, 12)
    )
    own = f'{{"@type":"NewsArticle","headline":"{TITLE}","datePublished":"2026-10-30T08:05:00+07:00"}}'
    assert _day(LD.format(f"[{others}]")).instant is None
    assert _day(LD.format(f"[{others},{own}]")).instant == OCTOBER_30


@pytest.mark.parametrize(
    "path",
    ["/2026/10/30/hoi-nghi.html", "/tin/20261030-hoi-nghi.html", "/30-10-2026/hoi-nghi", "/Pages/2026-10-30/a.aspx"],
)
def test_day_in_the_address_is_one_without_a_time(path: str) -> None:
    date = _day(url=f"https://huyenuy.vidu.example{path}")
    assert (date.instant, date.precision, date.origin) == (
        datetime(2026, 10, 29, 17, tzinfo=UTC),
        Precision.DAY,
        "address",
    )


def test_finer_time_wins_where_days_agree() -> None:
    date = _day(below="<p>30/10/2026 08:05</p>", url="https://huyenuy.vidu.example/2026/10/30/hoi-nghi.html")
    assert (date.instant, date.precision) == (OCTOBER_30, Precision.MINUTE)


def test_rules_of_the_site_decide_zone_order_and_what_is_a_clock() -> None:
    below = "<b class='dong-ho'>01/11/2026 10:15</b><i class='luc'>10/03/2026 08:05</i>"
    assert _day(below=below, date=(".luc",)).instant == datetime(2026, 3, 10, 1, 5, tzinfo=UTC)
    assert _day(below=below, date=(".luc",), day_order="month-first").instant == datetime(2026, 10, 3, 1, 5, tzinfo=UTC)
    assert _day(below=below, date=(".luc",), zone=UTC).instant == datetime(2026, 3, 10, 8, 5, tzinfo=UTC)
    assert _day(below=below, date=(".luc",), zone=None).instant is None
    assert _day(below=below, date=("b", "i"), not_a_date=(".dong-ho",)).instant is not None
    date = _day(below=below, not_a_date=(".dong-ho",))
    assert (date.instant, date.origin) == (datetime(2026, 3, 10, 1, 5, tzinfo=UTC), "byline")


def test_day_that_a_paragraph_links_to_is_none() -> None:
    prose = "Theo kế hoạch đã được Ban Thường vụ thông qua, các chi bộ hoàn thành việc kiểm điểm, báo cáo kết quả về văn phòng"
    assert (
        _day(below=f"<p>{prose}, và <a href='/ke-hoach'>Ngày 30/10/2026</a>, các ban dự đông đủ, {prose}.</p>")
        == NO_DATE
    )


def test_name_of_the_site_as_first_heading_is_not_the_article() -> None:
    other, site = "<div><p>30/9/2020</p></div>", "Trang tin Huyện ủy Ví Dụ"
    page = (
        f"<html><head><title>{TITLE} | {site}</title></head><body><h1>{site}</h1>{other}<div><div><div><div><div>"
        f"<h2>{TITLE}</h2><p>Thứ sáu, 30/10/2026 08:05</p><div>{TEXT}</div></div></div></div></div></div></body></html>"
    )
    article = read_article(
        page.encode(), content_type="text/html", url="https://a.vidu.example/77", rules=ArticleRules(), fetched_at=VISIT
    )
    assert (article.title, article.published.instant) == (TITLE, OCTOBER_30)


@pytest.mark.parametrize(
    "beside",
    [
        "Số: 12-NQ/HU, ngày 30/10/2026",
        "Quyết định số 1639/QĐ-UBND ngày 30/10/2026",
        "Thời gian: 7h30 ngày 30/10/2026",
        "Event date: October 30, 2026",
        "Ảnh chụp ngày 30/10/2026",
    ],
)
def test_day_of_a_document_a_meeting_or_a_picture_is_not_the_articles(beside: str) -> None:
    assert _day(below=f"<p>{beside}</p>") == NO_DATE
    assert _day(below=f"<p>{beside}</p><p>Thứ sáu, 30/10/2026 08:05</p>").instant == OCTOBER_30
