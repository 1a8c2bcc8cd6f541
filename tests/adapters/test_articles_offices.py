"""Articles on pages in the manner of the systems that Vietnamese offices run, none of which the reader is told about."""

from datetime import UTC, datetime

import pytest

from adapters.articles.article import ArticleData, ArticleRules
from adapters.articles.reading import read_article
from tests.adapters.office_pages import AUTHOR, CAPTION, LEAD, OTHERS, PAGES, PARAGRAPHS, TITLE

URL = "https://huyenuy.vidu.example/vi/news/xay-dung-dang/tong-ket-77.html"
VISIT = datetime(2026, 11, 1, 3, 15, tzinfo=UTC)
NOT_OF_IT = (
    *OTHERS,
    "đánh giá",
    "Ý kiến bạn đọc",
    "Chia sẻ",
    "Đang online",
    "Bản quyền",
    "Tin liên quan",
    "Giấy phép",
    "Facebook",
)


def _read(name: str, rules: ArticleRules | None = None) -> ArticleData:
    return read_article(
        PAGES[name].encode(),
        content_type="text/html; charset=utf-8",
        url=URL,
        rules=rules or ArticleRules(),
        fetched_at=VISIT,
    )


@pytest.mark.parametrize("name", PAGES)
def test_whole_text_with_its_lead_and_nothing_else(name: str) -> None:
    article = _read(name)
    assert article.title == TITLE
    assert [part for part in (LEAD, *PARAGRAPHS) if part not in article.text] == []
    assert [part for part in NOT_OF_IT if part in article.text] == []
    assert article.text.count(LEAD) == 1
    assert article.text.startswith(LEAD)
    assert article.found_by == "generic"


@pytest.mark.parametrize("name", PAGES)
def test_day_printed_beside_the_heading_counts_and_no_other(name: str) -> None:
    published = _read(name).published
    assert published.instant is not None
    assert published.instant.replace(second=0) == datetime(2021, 6, 24, 8, 51, tzinfo=UTC)
    assert published.origin == ("meta" if name == "nukeviet" else "byline")


@pytest.mark.parametrize("name", PAGES)
def test_picture_keeps_its_caption_which_is_no_text(name: str) -> None:
    article = _read(name)
    assert [image.caption for image in article.images] == [CAPTION]
    assert "/hoi-nghi.jpg" in article.images[0].url
    assert f"<figcaption>{CAPTION}</figcaption></figure>" in article.html
    assert CAPTION not in article.text


@pytest.mark.parametrize("name", PAGES)
def test_author_is_found_in_a_byline_or_at_the_end(name: str) -> None:
    assert _read(name).author == AUTHOR


def test_files_are_those_of_the_text_and_of_its_box() -> None:
    assert [(file.title, file.url.rsplit("/", 1)[-1]) for file in _read("nukeviet").attachments] == [
        ("Báo cáo số 77", "bao-cao-so-77.pdf")
    ]
    assert [file.title for file in _read("liferay").attachments] == ["Kế hoạch.docx", "Phụ lục"]
    assert _read("sharepoint").attachments == ()


def test_address_without_a_path_is_no_canonical_one() -> None:
    assert _read("nukeviet").canonical_url == URL
    assert _read("liferay").canonical_url is None


def test_edit_that_nukeviet_states_as_publication_is_not_believed() -> None:
    """Its template prints the time of the last edit in datePublished (2021-07-02 here)."""
    page = PAGES["nukeviet"].replace("article:published_time", "x")
    article = read_article(page.encode(), content_type="text/html", url=URL, rules=ArticleRules(), fetched_at=VISIT)
    assert (article.published.instant, article.published.origin) == (datetime(2021, 6, 24, 8, 51, tzinfo=UTC), "byline")


def test_selectors_of_a_profile_win() -> None:
    rules = ArticleRules(
        content=(".khong-co", "#news-bodyhtml"),
        title=("h1",),
        date=(".h5",),
        author=(".khong-co",),
        remove=("p:last-child",),
        category=(".khong-co",),
        generic=False,
    )
    article = _read("nukeviet", rules)
    assert article.found_by == "selectors"
    assert article.text == "\n".join(PARAGRAPHS)
    assert (article.published.origin, article.published.raw) == ("article", "Thứ năm - 24/06/2021 15:51")
    assert article.categories == ()


def test_nothing_is_guessed_where_only_selectors_may_find_the_text() -> None:
    article = _read("nukeviet", ArticleRules(content=(".khong-co",), generic=False))
    assert (article.found_by, article.html, article.text) == ("nothing", "", "")
    assert article.notes == ("nothing stands where the selectors point",)


def test_image_beside_an_article_of_one_paragraph_is_its_own() -> None:
    body = f"<div><p><img src=/hoi-nghi.jpg></p><p>{' '.join(PARAGRAPHS)}</p></div><div><p><img src=/khac.jpg>Khác</p></div>"
    page = f"<title>{TITLE}</title><div><h1>{TITLE}</h1>{body}</div>"
    article = read_article(page.encode(), content_type="text/html", url=URL, rules=ArticleRules(), fetched_at=VISIT)
    assert [image.url for image in article.images] == ["https://huyenuy.vidu.example/hoi-nghi.jpg"]
    assert article.text == " ".join(PARAGRAPHS)


def test_comments_of_readers_are_no_text() -> None:
    comment = "Bài viết rất hay, xin cảm ơn tòa soạn đã đăng tin kịp thời, mong có thêm nhiều bài như thế này nữa."
    body = f"<div>{''.join(f'<p>{each}</p>' for each in PARAGRAPHS)}</div><div id=idcomment><div id=showcomment><p>{comment}</p></div></div>"
    page = f"<title>{TITLE}</title><div><h1>{TITLE}</h1>{body}</div>"
    article = read_article(page.encode(), content_type="text/html", url=URL, rules=ArticleRules(), fetched_at=VISIT)
    assert article.text == "\n".join(PARAGRAPHS)
