"""Article pages in the manner of the systems that Vietnamese offices run, made up: a clock above, lists of other posts around and below.

All tell the same article. `CLOCK` is the day of the visit, `OTHER` the days of other posts: neither is ever its date.
"""

TITLE = "Huyện ủy Ví Dụ tổng kết công tác xây dựng Đảng năm 2021"
LEAD = (
    "Sáng 24/6, Huyện ủy Ví Dụ tổ chức hội nghị tổng kết công tác xây dựng Đảng năm 2021, triển khai nhiệm vụ trọng tâm "
    "những tháng tiếp theo."
)
PARAGRAPHS = (
    "Dự hội nghị có đồng chí Trần Văn Mẫu, Phó Bí thư Thường trực Huyện ủy; lãnh đạo các ban xây dựng Đảng và bí thư 12 đảng ủy xã, thị trấn.",
    "Theo báo cáo, trong năm 2021 toàn huyện đã kết nạp 156 đảng viên mới, đạt 104% kế hoạch; 98,2% tổ chức cơ sở đảng hoàn thành tốt nhiệm vụ.",
    "Công tác kiểm tra, giám sát được thực hiện đúng kế hoạch ban hành ngày 15/01/2021, không có đơn thư vượt cấp kéo dài trên địa bàn.",
    "Phát biểu kết luận, đồng chí đề nghị các cấp ủy tập trung khắc phục hạn chế, giữ vững đoàn kết và nâng cao chất lượng sinh hoạt chi bộ.",
)
AUTHOR = "Nguyễn Thị Ví Dụ"
CLOCK = "01/11/2026"
OTHER = ("30/10/2026", "29/10/2026", "28/06/2021", "20/06/2021", "19/06/2021")
OTHERS = (
    "Đảng ủy xã Mẫu Một bồi dưỡng cấp ủy viên cơ sở",
    "Hội nghị báo cáo viên tháng mười của Ban Tuyên giáo",
    "Chi bộ thôn Thí Dụ kết nạp ba đảng viên trẻ",
    "Khai mạc giải việt dã chào mừng ngày thành lập Đoàn",
    "Thăm và tặng quà gia đình chính sách nhân ngày 27/7",
)
CAPTION = "Quang cảnh hội nghị. Ảnh: Thí Dụ"


def _links(before: str = "<li>", after: str = "</li>") -> str:
    return "".join(
        f'{before}<a href="/tin/{number}.html">{title}</a> <span class="ngay">({day})</span>{after}'
        for number, (title, day) in enumerate(zip(OTHERS, OTHER, strict=True))
    )


def _around(body: str, head: str = "") -> str:
    menu = "".join(
        f'<li><a href="/{name}">{name}</a></li>'
        for name in ("Trang chủ", "Giới thiệu", "Tin tức", "Văn bản", "Liên hệ")
    )
    return (
        f'<!DOCTYPE html><html lang="vi"><head><meta charset="utf-8"><title>{TITLE} - Huyện ủy Ví Dụ</title>{head}</head><body>'
        f'<div id="header"><div class="banner"><a href="/"><img src="/banner.jpg" width="1000" height="120"></a></div>'
        f'<div class="datetime">Chủ nhật, ngày {CLOCK}, 10:15</div><ul class="menu">{menu}</ul></div>'
        f'<div id="wrapper"><div class="col-left">{body}</div>'
        f'<div class="col-right"><h3>Tin mới nhất</h3><ul class="list-news">{_links()}</ul>'
        "<h3>Thống kê truy cập</h3><p>Đang online: 12. Hôm nay: 345. Tổng: 1.234.567</p></div></div>"
        '<div id="footer"><p>Trang thông tin điện tử Huyện ủy Ví Dụ. Giấy phép số 12/GP-TTĐT ngày 03/03/2015.</p>'
        "<p>Chịu trách nhiệm: Văn phòng Huyện ủy. Bản quyền © 2015-2026</p></div></body></html>"
    )


def _body(tag: str = "p") -> str:
    return "".join(f"<{tag}>{text}</{tag}>" for text in PARAGRAPHS)


NUKEVIET = _around(
    '<div class="news_column panel panel-default" itemtype="http://schema.org/NewsArticle" itemscope><div class="panel-body">'
    f'<h1 class="title margin-bottom-lg" itemprop="headline">{TITLE}</h1>'
    '<span class="hidden hide d-none" itemprop="datePublished">2021-07-02T09:00:00+07:00</span>'
    '<span class="hidden hide d-none" itemprop="dateModified">2021-07-02T09:00:00+07:00</span>'
    '<div class="row"><div class="col-md-12"><em class="fa fa-clock-o"></em> <span class="h5">Thứ năm - 24/06/2021 15:51</span> '
    '<em class="fa fa-eye"></em> 1.320 <em class="fa fa-comment"></em> 0</div>'
    '<ul class="list-inline text-right"><li><a href="/print/bai-77.html">In ra</a></li><li><a href="/savefile/bai-77.html">Lưu bài viết này</a></li></ul></div>'
    f'<div class="hometext m-bottom" itemprop="description">{LEAD}</div>'
    f'<div class="article center"><figure><img src="/uploads/news/2021_06/hoi-nghi.jpg" alt="Hội nghị" width="460"><figcaption>{CAPTION}</figcaption></figure></div>'
    f'<div id="news-bodyhtml" class="bodytext margin-bottom-lg">{_body()}'
    '<p>Toàn văn: <a href="/uploads/news/2021_06/bao-cao-so-77.pdf">Báo cáo số 77</a></p></div>'
    f'<div class="margin-bottom-lg"><p class="text-right"><strong>Tác giả: </strong>{AUTHOR}</p></div></div></div>'
    '<div class="news_column panel"><div class="panel-body"><p>Tổng số điểm của bài viết là: 0 trong 0 đánh giá</p><p>Click để đánh giá bài viết</p></div></div>'
    '<div class="news_column panel"><div class="panel-body"><p>Ý kiến bạn đọc</p><form><textarea></textarea></form></div></div>'
    f'<div class="news_column panel"><div class="panel-body other-news"><p class="h3"><strong>Những tin mới hơn</strong></p><ul class="related list-inline">{_links()}</ul>'
    f'<p class="h3"><strong>Những tin cũ hơn</strong></p><ul class="related list-inline">{_links()}</ul></div></div>',
    head='<meta name="generator" content="NukeViet v4.5"><meta property="og:type" content="article">'
    '<meta property="article:published_time" content="2021-06-24+0715:51:07"><meta property="article:section" content="Xây dựng Đảng">'
    f'<meta property="og:title" content="{TITLE}"><meta name="description" content="{LEAD}">'
    '<link rel="canonical" href="https://huyenuy.vidu.example/vi/news/xay-dung-dang/tong-ket-77.html">',
)

LIFERAY = _around(
    '<div class="portlet-boundary portlet-asset-publisher"><section class="portlet"><div class="portlet-content"><div class="full-content">'
    f'<div class="asset-full-content"><div class="journal-content-article" data-analytics-asset-id="57300"><div class="news-detail"><h2 class="news-title">{TITLE}</h2>'
    '<div class="news-info"><span class="post-date">24/06/2021 15:51</span> <span>91</span></div>'
    f'<div class="news-summary"><strong>{LEAD}</strong></div><div class="news-content">'
    f'<table class="image" align="center"><tbody><tr><td><img src="/documents/57300/hoi-nghi.jpg" width="600"></td></tr><tr><td class="image_caption"><em>{CAPTION}</em></td></tr></tbody></table>'
    f'{_body()}<p style="text-align:right"><strong>{AUTHOR}</strong></p></div></div></div></div>'
    '<div class="social-share"><a href="https://facebook.example/share">Chia sẻ Facebook</a> <a href="https://zalo.example">Zalo</a></div>'
    '<div class="file-dinh-kem"><span>Tệp đính kèm:</span> <ul><li><a href="/documents/57300/ke-hoach.docx/1b4e28ba-2fa1-11d2-883f-0016d3cca427?version=1.0">Kế hoạch.docx</a></li><li><a href="/documents/57300/phu-luc.xlsx">Phụ lục</a></li></ul></div>'
    f'<div class="tin-lien-quan"><h4>Tin liên quan</h4><ul>{_links()}</ul></div>'
    f'<div class="cac-tin-khac"><h4>Các tin khác</h4><ul>{_links()}</ul></div></div></div></section></div>',
    head=f'<meta property="og:title" content="{TITLE}"><link rel="canonical" href="https://tinhuy.vidu.example/">',
)

SHAREPOINT = _around(
    '<div id="DeltaPlaceHolderMain"><table width="100%" cellpadding="0"><tr><td>'
    f'<div class="newsTitle" id="ctl00_PlaceHolderMain_lblTitle">{TITLE}</div>'
    '<div class="newsDate" id="ctl00_PlaceHolderMain_lblDate">Thứ 5, Ngày 24/06/2021, 15:51</div>'
    f'<div class="ms-rtestate-field" id="ctl00_PlaceHolderMain_lblContent"><div class="ExternalClass0A1B2C3D"><p><strong>{LEAD}</strong></p>'
    + "".join(f'<p style="text-align:justify;"><span style="font-size:12pt;">{text}</span></p>' for text in PARAGRAPHS)
    + f'<p style="text-align:center"><img src="/SiteAssets/hoi-nghi.jpg" alt="Hội nghị"></p><p style="text-align:center"><em class="caption">{CAPTION}</em></p>'
    f'<p style="text-align:right;"><strong>{AUTHOR}</strong></p></div></div>'
    f'<div class="newsOther"><div class="title">Các tin đã đưa</div><table>{_links("<tr><td>", "</td></tr>")}</table></div>'
    "</td></tr></table></div>"
)

DOTNETNUKE = _around(
    '<div id="dnn_ContentPane" class="contentpane"><div class="DnnModule DnnModule-News"><div class="article-detail">'
    f'<h1 class="article-title"><span id="dnn_ctr_lblTitle">{TITLE}</span></h1>'
    f'<div class="article-time"><span>Đăng ngày: 24/06/2021 15:51 | {AUTHOR}</span></div>'
    f'<div class="sapo">{LEAD}</div><div class="article-body" id="dnn_ctr_divContent"><div align="center"><img src="/portals/1013/hoi-nghi.jpg"></div>'
    f'<div align="center"><i>{CAPTION}</i></div>'
    + "<br><br>".join(PARAGRAPHS)
    + f'<br><br><div align="right"><b>{AUTHOR}</b></div></div>'
    '<div class="addthis_toolbox"><a>Facebook</a><a>Twitter</a><a>Gửi email</a></div>'
    f'<div class="article-other"><p><b>CÁC TIN KHÁC:</b></p><ul>{_links()}</ul></div></div></div></div>',
    head=f'<meta id="MetaDescription" name="DESCRIPTION" content="{LEAD}">',
)

PAGES = {"nukeviet": NUKEVIET, "liferay": LIFERAY, "sharepoint": SHAREPOINT, "dotnetnuke": DOTNETNUKE}
