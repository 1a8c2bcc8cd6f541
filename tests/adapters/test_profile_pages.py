"""Each kind of site as its software lays it out (made up after its default templates, with its traps): list and article read by the profile alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from adapters.articles.reading import DirectReader
from adapters.http.client import HttpSettings, PoliteClient
from adapters.sources.page import PageSettings, PageSource
from syncd.domain.model import SourceId, UnitId
from syncd.ports.source import Known
from syncd.testing.clock import FakeClock
from syncd.testing.local_site import LocalSite

NOW = datetime(2026, 11, 1, 3, tzinfo=UTC)
TEXT = "<p>Sáng 29/10/2026, Đảng ủy xã Ví Dụ họp phiên thường kỳ.</p><p>Hội nghị thống nhất ba nội dung.</p>"
WHEN = datetime(2026, 10, 30, 8, 51, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A site: its list (two posts, the newer first), and the page of the first one."""

    name: str
    list_path: str
    list_page: str
    article_path: str
    article: str
    stable_id: str
    second_path: str
    list_date: bool = True
    attachment: str = ""


KINDS = [
    Kind(
        name="nukeviet",
        list_path="/vi/news/tin-tuc/",
        list_page="""<head><meta name="generator" content="NukeViet v4.5"></head><body><header>Chủ nhật, 01/11/2026, 10:00</header>
<div class="news_column"><div class="panel panel-default"><div class="panel-body featured"><a href="/vi/news/tin-tuc/hop-phien-12.html"><img src="/uploads/news/1.jpg"></a>
<h2><a href="/vi/news/tin-tuc/hop-phien-12.html" title="x">Họp phiên thường kỳ</a></h2><div class="text-muted"><ul class="list-inline"><li><em class="fa fa-clock-o">&nbsp;</em> 30/10/2026 15:51</li>
<li><em class="fa fa-eye">&nbsp;</em> Đã xem: 1.320</li></ul></div><p>Tóm tắt</p></div></div>
<div class="panel panel-default"><div class="panel-body"><h3><a href="/vi/news/tin-tuc/tap-huan-11.html">Tập huấn</a></h3>
<div class="text-muted"><ul class="list-inline"><li><em class="fa fa-clock-o">&nbsp;</em> 28/10/2026 07:00</li></ul></div></div></div></div>
<ul class="related"><li><a href="/vi/news/savefile/tin-tuc/cu-3.html">Tin cũ</a></li></ul></body>""",
        article_path="/vi/news/tin-tuc/hop-phien-12.html",
        article=f"""<head><meta name="generator" content="NukeViet v4.5"><meta property="article:published_time" content="2026-10-30+0715:51:07">
<script type="application/ld+json">{{"@type":"NewsArticle","headline":"Họp","datePublished":"2026-10-31T09:00:00+07:00"}}</script></head>
<body><header>Chủ nhật, 01/11/2026, 10:00</header><div class="news_column panel panel-default"><div class="panel-body"><h1 class="title margin-bottom-lg">Họp phiên thường kỳ</h1>
<span class="h5">Thứ sáu - 30/10/2026 15:51</span><div class="hometext">Tóm tắt</div><div id="news-bodyhtml" class="bodytext margin-bottom-lg">{TEXT}</div>
<div class="list-group news-download-file"><div class="list-group-item"><a href="/vi/news/download/?f=1.pdf">Tệp: kế hoạch</a></div></div>
<p class="h5 text-right"><strong>Tác giả bài viết: </strong>Nguyễn Văn A</p></div></div>
<div class="other-news"><ul class="related"><li><a href="/x">Tin khác</a> <em>(01/11/2026)</em></li></ul></div></body>""",
        stable_id="nukeviet:news/12",
        second_path="/vi/news/tin-tuc/tap-huan-11.html",
        attachment="/vi/news/download/?f=1.pdf",
    ),
    Kind(
        name="sharepoint",
        list_path="/tin-tuc",
        list_page="""<head><meta name="GENERATOR" content="Microsoft SharePoint"></head><body><div id="s4-titlerow">Hôm nay 01/11/2026</div>
<div id="s4-workspace"><ul class="dfwp-list"><li class="dfwp-item"><div class="item link-item"><a href="/Pages/chi-tiet.aspx?ItemID=12">Họp phiên thường kỳ</a></div><span class="date">30/10/2026 3:51 CH</span></li>
<li class="dfwp-item"><div class="item link-item"><a href="/Pages/chi-tiet.aspx?ItemID=11">Tập huấn</a></div><span class="date">28/10/2026</span></li></ul></div></body>""",
        article_path="/Pages/chi-tiet.aspx",
        article=f"""<head><meta name="GENERATOR" content="Microsoft SharePoint"></head><body><div class="header">01/11/2026</div><h1>Họp phiên thường kỳ</h1>
<div class="article-date">Thứ 6, Ngày 30/10/2026, 15:51</div><div class="ms-rtestate-field">{TEXT}</div><a href="/Lists/TinTuc/Attachments/12/kh.pdf">Kế hoạch</a>
<div class="tin-khac"><span class="date">31/10/2026</span></div></body>""",
        stable_id="sharepoint:pages/chi-tiet.aspx/12",
        second_path="/Pages/chi-tiet.aspx?ItemID=11",
        attachment="/Lists/TinTuc/Attachments/12/kh.pdf",
    ),
    Kind(
        name="dotnetnuke",
        list_path="/Trang-chu",
        list_page="""<body id="Body"><form id="Form"><div class="header" id="dnn_HeaderPane"><ul class="mega-menu"><li><a href="/Trang-chu/post/1/gioi-thieu">Giới thiệu</a></li></ul>
<span class="date">Chủ nhật, 01/11/2026</span></div><div id="dnn_ctr432_ContentPane"><ul><li><h3><a href="/Các-Ban/post/218187/hop-phien">Họp phiên thường kỳ</a></h3>
<span class="date">30/10/2026 15:51</span></li><li><h3><a href="/Trang-chu/post/218180/tap-huan.aspx">Tập huấn</a></h3><span class="date">28/10/2026 07:00</span></li></ul></div>
<img src="/portals/1013/a.png"></form></body>""",
        article_path="/Các-Ban/post/218187/hop-phien",
        article=f"""<body><form id="Form"><div class="header">Chủ nhật, 01/11/2026</div><div id="dnn_ctr432_ViewPost"><h1 id="dnn_ctr432_View_lblTitle">Họp phiên thường kỳ</h1>
<span id="dnn_ctr432_View_lblPostDate">30/10/2026 15:51</span><div id="dnn_ctr432_View_lblContent">{TEXT}</div></div><div class="tin-lien-quan"><i class="date">01/11/2026</i></div><img src="/portals/1013/a.png"></form></body>""",
        stable_id="dotnetnuke:218187",
        second_path="/Trang-chu/post/218180/tap-huan.aspx",
    ),
    Kind(
        name="wordpress",
        list_path="/tin-tuc/",
        list_page="""<head><meta name="generator" content="WordPress 6.6.2"></head><body><header id="masthead"><time>01/11/2026</time></header><main><article class="post-12 post type-post">
<header class="entry-header"><h2 class="entry-title"><a href="/2026/10/hop-phien/" rel="bookmark">Họp phiên thường kỳ</a></h2><div class="entry-meta"><time class="entry-date published" datetime="2026-10-30T15:51:00+07:00">30 Th10 2026</time>
<time class="updated" datetime="2026-10-31T15:51:00+07:00">31 Th10 2026</time></div></header></article>
<article class="post-11 post"><h2 class="entry-title"><a href="/2026/10/tap-huan/">Tập huấn</a></h2><time class="entry-date" datetime="2026-10-28T07:00:00+07:00">28</time></article></main></body>""",
        article_path="/2026/10/hop-phien/",
        article=f"""<head><meta name="generator" content="WordPress 6.6.2"><meta property="article:published_time" content="2026-10-30T08:51:00+00:00">
<meta property="article:modified_time" content="2026-10-31T08:51:00+00:00"></head><body><header id="masthead"><time>01/11/2026</time></header><article class="post"><h1 class="entry-title">Họp phiên thường kỳ</h1>
<div class="entry-content">{TEXT}<div class="sharedaddy">Chia sẻ</div></div></article></body>""",
        stable_id="",
        second_path="/2026/10/tap-huan/",
    ),
    Kind(
        name="joomla",
        list_path="/index.php/tin-tuc",
        list_page="""<head><meta name="generator" content="Joomla! - Open Source Content Management"></head><body><div class="itemListView"><div class="itemContainer"><div class="catItemView groupLeading">
<div class="catItemHeader"><span class="catItemDateCreated">Thứ sáu, 30 Tháng 10 2026 15:51</span><h3 class="catItemTitle"><a href="/index.php/tin-tuc/item/4003-hop-phien.html">Họp phiên thường kỳ</a></h3></div></div></div>
<div class="itemContainer"><div class="catItemView"><span class="catItemDateCreated">Thứ tư, 28 Tháng 10 2026 07:00</span><h3 class="catItemTitle"><a href="/index.php/tin-tuc/item/4002-tap-huan.html">Tập huấn</a></h3></div></div></div></body>""",
        article_path="/index.php/tin-tuc/item/4003-hop-phien.html",
        article=f"""<head><meta name="generator" content="Joomla! - Open Source Content Management"></head><body><div class="itemView"><span class="itemDateCreated">Thứ sáu, 30 Tháng 10 2026 15:51</span>
<h2 class="itemTitle">Họp phiên thường kỳ</h2><div class="itemBody"><div class="itemFullText">{TEXT}</div><span class="itemDateModified">01/11/2026</span></div><div class="itemRelated">Tin khác 31/10/2026</div></div></body>""",
        stable_id="joomla:4003",
        second_path="/index.php/tin-tuc/item/4002-tap-huan.html",
    ),
    Kind(
        name="drupal",
        list_path="/tin-tuc",
        list_page="""<head><meta name="Generator" content="Drupal 7 (http://drupal.org)"></head><body><div class="view-content"><div class="views-row views-row-1"><div class="views-field views-field-title"><span class="field-content"><a href="/node/195660">Họp phiên thường kỳ</a></span></div>
<div class="views-field views-field-created"><span>30/10/2026 - 15:51</span></div></div><div class="views-row"><div class="views-field-title"><a href="/node/195650">Tập huấn</a></div><div class="views-field-created">28/10/2026 - 07:00</div></div></div></body>""",
        article_path="/node/195660",
        article=f"""<head><meta name="Generator" content="Drupal 7 (http://drupal.org)"></head><body><h1 class="title" id="page-title">Họp phiên thường kỳ</h1><div class="node"><div class="submitted">Đăng bởi <span class="username">bientap</span> vào 30/10/2026 - 15:51</div>
<div class="content"><div class="field field-name-body"><div class="field-item">{TEXT}</div></div></div></div><div class="sidebar">01/11/2026</div></body>""",
        stable_id="drupal:195660",
        second_path="/node/195650",
    ),
    Kind(
        name="webcenter",
        list_path="/webcenter/portal/xavidu",
        list_page="""<body><div class="header">01/11/2026</div><ul class="dropdown-menu"><li><a href="/webcenter/portal/xavidu/gioi-thieu?dDocName=PORTAL000001">Giới thiệu</a></li></ul>
<ul class="ds"><li><a href="/webcenter/portal/xavidu/tin?dDocName=PORTAL353912&amp;_afrLoop=77">Họp phiên thường kỳ</a><span class="date">30/10/2026 15:51</span></li>
<li><a href="/webcenter/portal/xavidu/tin?dDocName=PORTAL353900">Tập huấn</a><span class="date">28/10/2026</span></li></ul></body>""",
        article_path="/webcenter/portal/xavidu/tin",
        article=f"""<body><div class="header">01/11/2026</div><h1>Họp phiên thường kỳ</h1><div class="article-date">30/10/2026 15:51</div><div class="article-content">{TEXT}</div></body>""",
        stable_id="webcenter:portal353912",
        second_path="/webcenter/portal/xavidu/tin?dDocName=PORTAL353900",
    ),
    Kind(
        name="websphere",
        list_path="/wps/portal/xavidu",
        list_page="""<body><div class="wpthemeBanner">01/11/2026</div><table><tr><td><a href="/wps/portal/xavidu/!ut/p/c4/04_SB8K8xLLM9MSSzPy8xBz9CP0os3j/?cur_id=hop-phien-12">Họp phiên thường kỳ</a></td><td>30/10/2026 15:51</td></tr>
<tr><td><a href="/wps/portal/xavidu/!ut/p/c4/04_XX/?cur_id=tap-huan-11">Tập huấn</a></td><td>28/10/2026</td></tr></table></body>""",
        article_path="/wps/portal/xavidu/!ut/p/c4/04_SB8K8xLLM9MSSzPy8xBz9CP0os3j/",
        article=f"""<body><div class="wpthemeBanner">01/11/2026</div><h1>Họp phiên thường kỳ</h1><div class="date">30/10/2026 15:51</div><div class="news-content">{TEXT}</div></body>""",
        stable_id="websphere:hop-phien-12",
        second_path="/wps/portal/xavidu/!ut/p/c4/04_XX/?cur_id=tap-huan-11",
    ),
]  # fmt: skip


@pytest.fixture
def site() -> Iterator[LocalSite]:
    with LocalSite() as site:
        yield site


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_list_and_an_article_are_read_by_the_profile_alone(site: LocalSite, kind: Kind) -> None:
    site.page(kind.list_path, f"<html>{kind.list_page}</html>")
    site.page(kind.article_path, f"<html>{kind.article}</html>")
    clock = FakeClock(NOW)
    source = PageSource(
        PageSettings(url=site.url(kind.list_path)),
        id=SourceId("xa/1"),
        unit=UnitId("xa"),
        http=PoliteClient(HttpSettings(spacing_s=0, allow_addresses=("127.0.0.0/8",)), clock=clock),
        clock=clock,
        articles=DirectReader(),
    )
    reading = source.read(Known())
    assert f"profile: {kind.name}" in reading.notes
    assert [post.title for post in reading.posts] == ["Họp phiên thường kỳ", "Tập huấn"]
    first, second = reading.posts
    assert (first.stable_id or "") == kind.stable_id
    assert second.url == site.url(kind.second_path)
    assert first.published.instant == WHEN
    whole = source.complete(first)
    assert "Hội nghị thống nhất ba nội dung." in whole.html
    assert "Chia sẻ" not in whole.html
    assert whole.published.instant == WHEN
    assert whole.full_text
    if kind.attachment:
        assert site.url(kind.attachment) in [file.url for file in whole.attachments]
