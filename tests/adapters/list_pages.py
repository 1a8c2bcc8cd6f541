"""Made-up list pages, each hard in a way that real sites are, with what a person reads there: title and day of each post."""

import unicodedata
from dataclasses import dataclass

TITLES = (
    "Hội nghị tổng kết công tác xây dựng Đảng năm 2026",
    "Khai mạc lớp bồi dưỡng nghiệp vụ cho cấp ủy viên cơ sở",
    "Đồng chí Bí thư Huyện ủy thăm và làm việc tại xã Giả Định",
    "Phát động phong trào thi đua chào mừng ngày thành lập ngành",
    "Đoàn công tác kiểm tra việc học tập nghị quyết tại cơ sở",
    "Trao huy hiệu Đảng cho các đảng viên cao tuổi đợt tháng mười",
    "Ban Thường vụ họp phiên thường kỳ cho ý kiến nhiều nội dung",
    "Giao lưu văn nghệ và trao quà cho học sinh vùng khó khăn",
)
DAYS = ("30/10/2026", "29/10/2026", "28/10/2026", "26/10/2026", "24/10/2026", "21/10/2026", "19/10/2026", "15/10/2026")
OTHERS = (
    "Cán bộ trẻ sáng tạo trong công tác dân vận ở cơ sở",
    "Mô hình hay trong học tập và làm theo lời Bác Hồ dạy",
    "Gương sáng đảng viên làm kinh tế giỏi ở vùng cao",
    "Chuyện về người cựu chiến binh giữ rừng ba mươi năm",
    "Nông dân đổi đời nhờ mô hình trồng cây ăn quả sạch",
)
MENU = (
    "<div id='menu'><ul>"
    + "".join(
        f"<li><a href='/muc-{number}'>{name}</a><ul><li><a href='/muc-{number}/con'>{name} và các đơn vị trực thuộc huyện</a></li></ul></li>"
        for number, name in enumerate(
            ("Giới thiệu", "Tin tức sự kiện", "Văn bản chỉ đạo điều hành", "Xây dựng Đảng", "Hỏi đáp")
        )
    )
    + "</ul></div>"
)
CLOCK = "<div class='top-time'>Chủ nhật, ngày 01/11/2026 08:15:22</div>"
FOOTER = "<div class='footer'>Giấy phép số 12/GP-TTĐT ngày 05/06/2019 <a href='/lien-he'>Liên hệ với Ban biên tập trang thông tin</a></div>"


@dataclass(frozen=True)
class ListPage:
    """`days` None: the list prints none."""

    html: str
    titles: tuple[str, ...] = TITLES
    days: tuple[str, ...] | None = DAYS


def page(body: str, *, menu: str = MENU, clock: str = CLOCK) -> str:
    return f"<!doctype html><html><head><meta charset=utf-8><title>Huyện ủy Giả Định</title></head><body>{clock}{menu}{body}{FOOTER}</body></html>"


def each(template: str, titles: tuple[str, ...] = TITLES, days: tuple[str, ...] = DAYS, first: int = 4210) -> str:
    """The template for each post: {title}, {day}, {id}, {n}."""
    return "".join(
        template.replace("{title}", title)
        .replace("{day}", days[n % len(days)])
        .replace("{id}", str(first - n))
        .replace("{n}", str(n))
        for n, title in enumerate(titles)
    )


SIDEBAR = (
    "<div class='sidebar'><h3>Tin đọc nhiều</h3><ul>"
    + each("<li><a href='/doc-nhieu-{id}.html'>{title}</a> <span class='date'>{day}</span></li>", OTHERS, first=900)
    + "</ul></div>"
)

PAGES: dict[str, ListPage] = {
    "table without classes": ListPage(
        page("<table><tr><th>STT</th><th>Tiêu đề</th><th>Ngày</th></tr>"
             + each("<tr><td>{n}</td><td><a href='Index.aspx?ID={id}&CatID=149'>{title}</a></td><td>{day}</td></tr>") + "</table>")
    ),
    "dates filled by a script": ListPage(
        page("<div class='ms-rtestate-field'><ul class='dfwp-list'>"
             + each("<li class='dfwp-item'><a href='/Lists/TinTuc/DispForm.aspx?ID={id}'>{title}</a><span class='ngay'></span>"
                    "<script>document.write(formatDate('{day}'))</script></li>") + "</ul></div>"),
        days=None,
    ),
    "cards in one link with picture and lead": ListPage(
        page("<div class='row'>" + each(
            "<div class='col-md-4 post-{id}'><a class='card' href='/bai-viet/{id}'><img src='{n}.jpg'><h5 class='card-title'>{title}</h5>"
            "<p class='card-text'>Sáng 12/01/2020, tại hội trường lớn đã diễn ra buổi làm việc quan trọng với sự tham dự của đông đảo đại biểu.</p>"
            "<small class='text-muted'>{day} 08:30</small></a></div>") + "</div>")
    ),
    "beside most read with dates": ListPage(
        page("<div class='main'><div class='list-news'>" + each(
            "<div class='news-item'><div class='thumb'><a href='/tin-{id}.html'><img src='a.jpg'></a></div><div class='info'><h3><a href='/tin-{id}.html'>{title}</a></h3>"
            "<p class='time'>Ngày đăng: {day} | Lượt xem: 1.320</p><div class='desc'>Chiều 02/09/2020, đồng chí Trần Thị Ví Dụ phát biểu.</div></div></div>")
            + "</div></div>" + SIDEBAR)
    ),
    "most read stands first": ListPage(
        page(SIDEBAR + "<div class='content'><ul class='danh-sach'>" + each("<li><a href='/tin-{id}.html'>{title}</a> <i>({day})</i></li>") + "</ul></div>")
    ),
    "every link has a date": ListPage(
        page("<div class='content'>" + each("<div class='tin'><a href='/tin/{id}'>{title}</a><span class='d'>{day}</span></div>") + "</div>",
             menu="<ul class='nav'>" + "".join(f"<li><a href='/m{n}'>Chuyên mục tin tức {n}</a> <span class='d'>01/11/2026</span></li>" for n in range(12)) + "</ul>")
    ),
    "DotNetNuke": ListPage(
        page("<div class='DnnModule DnnModule-1018'><div id='dnn_ctr4213_ModuleContent'>" + each(
            "<div class='news_list_item'><div class='tieude'><a href='/Trang-chu/post/{id}/bai-viet-so'>{title}</a></div>"
            "<span id='dnn_ctr4213_ViewList_rpt_lblDate_{n}' class='ngaydang'>{day} - 10:45</span></div>") + "</div></div>")
    ),
    "NukeViet": ListPage(
        page(each(
            "<div class='news_column panel panel-default'><div class='panel-body'><a href='/vi/news/tin-huyen/bai-viet-{id}.html'><img src='a.jpg' alt='x'></a>"
            "<h3><a href='/vi/news/tin-huyen/bai-viet-{id}.html' title='{title}'>{title}</a></h3><p><em class='fa fa-clock-o'>&nbsp;</em><em>{day} 07:15:00 AM</em></p>"
            "<div class='text-justify'>Đây là phần giới thiệu ngắn của bài viết.</div></div></div>"))
    ),
    "Joomla blog": ListPage(
        page("<div class='blog'><div class='items-leading'>" + each(
            "<div class='leading-{n}'><div class='page-header'><h2 itemprop='name'><a href='/index.php/tin-tuc/{id}-bai-viet'>{title}</a></h2></div>"
            "<dl class='article-info'><dd class='category-name'>Danh mục: <a href='/index.php/tin-tuc'>Tin tức hoạt động của huyện</a></dd>"
            "<dd class='published'>Ngày đăng: {day} 09:20</dd><dd class='hits'>Lượt xem: 12</dd></dl><p>Tóm tắt.</p></div>") + "</div></div>")
    ),
    "nested tables with font tags": ListPage(
        page("<table width=100%><tr><td width=200>" + "".join(f"<table><tr><td><a href='?m={n}'>Mục {n}</a></td></tr></table>" for n in range(6))
             + "</td><td><table cellpadding=2>" + each("<tr><td><font face=Arial><b><a href='chitiet.php?id={id}'>{title}</a></b></font> <font color=gray>({day})</font></td></tr>")
             + "</table></td></tr></table>", menu="")
    ),
    "date beside the link": ListPage(page("<div id='noidung'><ul>" + each("<li><a href='/tin/{id}.htm'>{title}</a> ({day})</li>") + "</ul></div>")),
    "date inside the link": ListPage(page("<div class='box-tin'><ul>" + each("<li><a href='/tin/{id}.htm'>{title} <span class='ngay'>({day})</span></a></li>") + "</ul></div>")),
    "WordPress": ListPage(
        page("<main>" + each(
            "<article id='post-{id}' class='post-{id} post type-post status-publish category-tin-{n} tag-x{n} hentry'><h2 class='entry-title'><a href='/2026/10/bai-viet-cua-don-vi-so-{n}/'>{title}</a></h2>"
            "<div class='entry-meta'><span class='cat'><a href='/category/tin/'>Tin hoạt động của đơn vị</a></span><time class='entry-date' datetime='2026-10-XX'>{day}</time></div><p>Đọc thêm…</p></article>"
        ).replace(" datetime='2026-10-XX'", "") + "</main><aside>" + SIDEBAR + "</aside>")
    ),
    "two dates, the first an update": ListPage(
        page("<div class='ds'>" + each("<div class='it'><h4><a href='/a/{id}'>{title}</a></h4><span class='capnhat'>Cập nhật: 31/10/2026</span><span class='dang'>Ngày đăng: {day}</span></div>") + "</div>")
    ),
    "calendar leaf": ListPage(
        page("<div class='events'>" + "".join(
            f"<div class='ev'><div class='lich'><b>{day[:2]}</b> <i>Tháng {day[3:5]}, {day[6:]}</i></div><a href='/su-kien/{n + 500}'>{title}</a></div>"
            for n, (title, day) in enumerate(zip(TITLES, DAYS, strict=True))) + "</div>")
    ),
    "titles with dates of their own": ListPage(
        page("<div class='ds'>" + each("<div class='it'><a href='/a/{id}'>{title} (từ ngày 01/02/2025 đến 05/02/2025)</a><br><em class='n'>{day}</em></div>") + "</div>"),
        titles=tuple(f"{title} (từ ngày 01/02/2025 đến 05/02/2025)" for title in TITLES),
    ),
    "decomposed letters": ListPage(
        unicodedata.normalize("NFD", page("<div class='ds'>" + each("<div class='it'><a href='/a/{id}'>{title}</a> <em class='n'>Thứ sáu, {day}</em></div>").replace("Thứ sáu, ", "") + "</div>"))
    ),
    "dates only in the leads": ListPage(
        page("<div class='ds'>" + each("<div class='it'><h3><a href='/bai-viet-ve-hoat-dong-{id}.html'>{title}</a></h3><p>Chiều {day}, tại hội trường Huyện ủy đã diễn ra hội nghị với sự tham gia của toàn thể cán bộ, đảng viên trong toàn cơ quan và các đơn vị.</p></div>") + "</div>"),
        days=None,
    ),
    "first post made larger": ListPage(
        page("<div class='col-main'><div class='big'><a href='/tin/9000.html'><img src='x.jpg'></a><h2><a href='/tin/9000.html'>Đại hội đại biểu Đảng bộ huyện Giả Định thành công tốt đẹp</a></h2><span class='date'>31/10/2026</span><p>Tóm tắt</p></div><ul class='small'>"
             + each("<li><h4><a href='/tin/{id}.html'>{title}</a></h4><span class='date'>{day}</span></li>") + "</ul></div>"),
        titles=("Đại hội đại biểu Đảng bộ huyện Giả Định thành công tốt đẹp", *TITLES),
        days=("31/10/2026", *DAYS),
    ),
    "sections of a home page": ListPage(
        page("".join(f"<div class='box box-{name}'><div class='box-title'><a href='/{name}'>{name}</a></div><ul class='lst'>{posts}</ul></div>" for name, posts in (
            ("thoi-su", each("<li><a href='/thoi-su/{id}.html'>{title}</a><span class='ngay'>{day}</span></li>", TITLES[:4])),
            ("doan-the", each("<li><a href='/doan-the/{id}.html'>{title}</a><span class='ngay'>{day}</span></li>", TITLES[4:], DAYS[4:], 3000)))))
    ),
    "one column of links and dates": ListPage(
        page("<table><tr><td>" + each("<a href='/tin/{id}.htm'>{title}</a><br><font color=gray>Ngày đăng: {day}</font><br>") + "</td></tr></table>")
    ),
    "one column of dates and links": ListPage(
        page("<table><tr><td>" + each("<font color=gray>Ngày đăng: {day}</font> <a href='/tin/bai-viet-ve-viec-{id}.htm'>{title}</a><br>") + "</td></tr></table>"),
        days=None,  # which title a date belongs to is read off by eye, not by a selector: its article tells
    ),
    "rows in pairs": ListPage(
        page("<table class='tb'>" + each("<tr><td><a href='/tin/{id}.htm'>{title}</a></td></tr><tr><td>{day} 08:15 - Xem: 12</td></tr>") + "</table>")
    ),
    "date before a lead in the entry's own words": ListPage(
        page("<div class='ds'>" + each("<p class='it'><a href='/tin/{id}.htm'>{title}</a><br>{day} 09:30<br>Chiều 02/09/2020, tại hội trường Huyện ủy đã diễn ra hội nghị với sự tham gia của toàn thể cán bộ, đảng viên trong cơ quan.</p>") + "</div>")
    ),
    "rows that alternate": ListPage(
        page("<div class='list'>" + "".join(
            f"<div class='item {'odd' if n % 2 else 'even'} {'first' if not n else ''} item-{n + 1}'><a class='t' href='/bv?id={n + 70}'>{title}</a><div class='d'>{day}</div></div>"
            for n, (title, day) in enumerate(zip(TITLES, DAYS, strict=True))) + "</div>")
    ),
    "relative addresses under a base": ListPage(
        page("<div class='ds'>" + each("<p class='it'><a href='chi-tiet-{id}.html'>{title}</a> <span>{day}</span></p>") + "</div>").replace("<head>", "<head><base href='/tin/'>")
    ),
}  # fmt: skip

NOTHING: dict[str, tuple[str, str]] = {
    "article": (
        page("<h1>" + TITLES[0] + "</h1><div class='noi-dung'>" + ("<p>" + "Đồng chí Trần Thị Ví Dụ phát biểu tại hội nghị toàn huyện. " * 6 + "</p>") * 9
             + "</div><div class='related'><h3>Tin liên quan</h3><ul>" + each("<li><a href='/tin-{id}.html'>{title}</a> <i>{day}</i></li>", OTHERS) + "</ul></div>"),
        "article",
    ),
    "documents": (
        page("<table class='vb'>" + "".join(f"<tr><td>{n}</td><td><a href='/vb/{n + 100}.pdf'>Quyết định số {n}/QĐ-UBND về việc ban hành quy chế làm việc</a></td></tr>" for n in range(9)) + "</table>"),
        "documents",
    ),
    "error page": ("<html><body><h1>404 Not Found</h1><p>Trang không tồn tại hoặc đã bị xóa khỏi hệ thống.</p></body></html>", "no_links"),
    "menus": (page("<div class='gioi-thieu'>Cơ cấu tổ chức</div>"), "menus"),
    "empty": ("<html><body></body></html>", "empty"),
}  # fmt: skip
