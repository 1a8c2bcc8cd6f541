"""Made-up feeds of thirty items, some 46 KB each, like those that Vietnamese offices and papers serve."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape

ITEMS = 30
START = datetime(2026, 10, 1, 1, 0, tzinfo=UTC)
_SENTENCES = (
    "Sáng nay, Ban Thường vụ Huyện ủy Ví Dụ tổ chức hội nghị học tập, quán triệt nghị quyết của Đảng.",
    "Tham dự có các đồng chí trong Ban Chấp hành Đảng bộ và lãnh đạo các phòng, ban, ngành trực thuộc.",
    "Phát biểu khai mạc, đồng chí chủ trì yêu cầu các chi bộ nghiêm túc thực hiện kế hoạch đã đề ra.",
    "Trong quý, toàn đảng bộ kết nạp thêm nhiều đảng viên mới, vượt chỉ tiêu được giao từ đầu năm.",
    "Hội nghị cũng trao giấy khen cho các tập thể, cá nhân có thành tích xuất sắc trong công tác dân vận.",
)


def feed(site: int, *, newest: int = ITEMS, base: str = "http://vidu.example") -> bytes:
    """The feed of one site: the thirty posts up to number `newest`, newest on top."""
    items = "".join(_item(site, number, base) for number in range(newest, newest - ITEMS, -1))
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0"><channel>'
        f"<title>Huyện ủy Ví Dụ {site}</title><link>{base}/{site}/</link><description>Tin tức</description>"
        f"{items}</channel></rss>"
    ).encode()


def _item(site: int, number: int, base: str) -> str:
    at = START + timedelta(hours=number)
    title = f"Hội nghị lần thứ {number} của đảng bộ cơ sở số {site}"
    picture = f'<p><img src="{base}/{site}/anh-{number}.jpg" alt="Quang cảnh hội nghị"></p>'
    text = f"<p>Đơn vị {site}, tin số {number}.</p>" + "".join(
        f"<p>{_SENTENCES[(number + n) % len(_SENTENCES)]}</p>" for n in range(9)
    )
    return (
        f"<item><title>{title}</title><link>{base}/{site}/bai-{number}.html</link>"
        f"<guid>{base}/{site}/bai-{number}</guid><pubDate>{format_datetime(at)}</pubDate>"
        f"<category>Xây dựng Đảng</category><description>{escape(picture + text)}</description></item>"
    )
