"""The made-up province "Ví Dụ": eight units, what each wrote from January to June 2026, and what went wrong.

Nothing here is real: names, numbers and texts are invented, and the quota is small so that a page holds the story.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from syncd.domain.model import LOCAL

QUOTA = 6  # posts a month
YEAR = 2026
MONTHS = (1, 2, 3, 4, 5, 6)
BEGIN = datetime(YEAR, 1, 1, 6, tzinfo=LOCAL)
NOW = datetime(YEAR, 7, 7, 9, tzinfo=LOCAL)  # after June's grace

# The site of one unit was down for ten days while it wrote more than its feed holds.
DOWN_FROM = datetime(YEAR, 3, 10, tzinfo=LOCAL)
DOWN_UNTIL = datetime(YEAR, 3, 20, tzinfo=LOCAL)
# One unit's site was not carried at all before this day: the story of 2020.
CONNECTED = datetime(YEAR, 4, 1, tzinfo=LOCAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoUnit:
    """One unit. `posts` says how many it writes each month of `MONTHS`; `site` names the kind of its website."""

    id: str
    name: str
    group: str
    site: str  # feed | nukeviet | page
    posts: tuple[int, ...]
    score: float
    quota: int = QUOTA
    window: int = 10  # entries its feed or list shows
    story: str


UNITS: tuple[DemoUnit, ...] = (
    DemoUnit(
        id="van-phong", name="Văn phòng Tỉnh ủy Ví Dụ", group="van-phong", site="feed",
        posts=(8, 7, 9, 7, 8, 7), score=768, story="feed tốt",
    ),
    DemoUnit(
        id="ban-mau", name="Ban Mẫu Tỉnh ủy Ví Dụ", group="ban", site="nukeviet",
        posts=(7, 6, 7, 8, 6, 7), score=462, story="feed NukeViet ghi sai phút",
    ),
    DemoUnit(
        id="huyen-thu-nghiem", name="Huyện ủy Thử Nghiệm", group="huyen-uy", site="page",
        posts=(6, 7, 6, 6, 7, 8), score=731.5, story="trang danh sách, không có feed",
    ),
    DemoUnit(
        id="hoi-im-lang", name="Hội Im Lặng tỉnh Ví Dụ", group="mat-tran-doan-the", site="feed",
        posts=(6, 6, 2, 0, 0, 1), score=655, story="gần như không viết từ tháng 3",
    ),
    DemoUnit(
        id="doan-mat-mang", name="Tỉnh đoàn Mất Mạng", group="mat-tran-doan-the", site="feed",
        posts=(13, 12, 13, 12, 14, 12), score=668, quota=12, window=3,
        story="trang ngừng mười ngày trong tháng 3, danh sách chỉ giữ ba tin",
    ),
    DemoUnit(
        id="bao-trich-dan", name="Trường Chính trị Trích Dẫn", group="truong-chinh-tri", site="feed",
        posts=(6, 7, 6, 7, 6, 6), score=655, story="tháng 5 có một tin dẫn lại báo khác",
    ),
    DemoUnit(
        id="phuong-nghi-tet", name="Đảng ủy phường Nghỉ Tết", group="huyen-uy", site="feed",
        posts=(7, 1, 6, 7, 7, 6), score=712, story="được miễn tháng 2",
    ),
    DemoUnit(
        id="bao-vi-du", name="Báo Ví Dụ", group="bao", site="feed",
        posts=(9, 8, 10, 9, 8, 9), score=612, window=60, story="vượt chỉ tiêu trên trang của mình, ba tháng đầu chưa liên thông",
    ),
)  # fmt: skip

REPRINT = ("bao-trich-dan", 5, 3)  # unit, month, number of the post taken from another paper
EXEMPT = ("phuong-nghi-tet", "2026-02")


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPost:
    """One post as its unit published it."""

    unit: str
    number: int  # unique within the unit
    title: str
    paragraphs: tuple[str, ...]
    published: datetime

    @property
    def slug(self) -> str:
        return f"tin-{self.published:%Y%m%d}-{self.number}"


_TOPICS: tuple[tuple[str, str, str], ...] = (
    ("Khai mạc lớp bồi dưỡng nghiệp vụ công tác đảng", "Lớp học có {n} học viên, kéo dài ba ngày, gồm sáu chuyên đề về công tác đảng ở cơ sở.", "Kết thúc lớp học, mỗi học viên viết một bài thu hoạch và nêu việc sẽ làm ở chi bộ của mình."),
    ("Kiểm tra tiến độ xây dựng đường liên thôn", "Đoàn kiểm tra đi thực địa {n} tuyến đường và nghe báo cáo khó khăn về mặt bằng.", "Đoàn đề nghị đơn vị thi công hoàn thành phần nền trước mùa mưa."),
    ("Tặng quà gia đình chính sách", "Có {n} suất quà được trao tận nhà, mỗi suất gồm gạo, sữa và tiền mặt.", "Các gia đình cảm ơn sự quan tâm và chúc đoàn nhiều sức khỏe."),
    ("Sinh hoạt chuyên đề quý của chi bộ", "Chi bộ có {n} đảng viên dự họp, tập trung bàn việc nêu gương của người đứng đầu.", "Ba ý kiến được đưa vào nghị quyết để theo dõi trong kỳ sau."),
    ("Phát động trồng cây xanh quanh trụ sở", "Trong buổi sáng, mọi người trồng được {n} cây bóng mát dọc hàng rào.", "Mỗi phòng nhận chăm một hàng cây cho đến khi cây bén rễ."),
    ("Đối thoại với thanh niên về khởi nghiệp", "Có {n} câu hỏi được gửi đến, phần lớn về vốn vay và nơi bán sản phẩm.", "Các câu chưa trả lời tại chỗ sẽ được trả lời bằng văn bản trong mười ngày."),
    ("Tổng kết phong trào thi đua tháng", "Đã có {n} sáng kiến đăng ký, trong đó một nửa đã áp dụng.", "Tập thể dẫn đầu nhận cờ luân lưu của cụm thi đua."),
    ("Tập huấn sử dụng văn bản điện tử", "Lớp tập huấn hướng dẫn {n} cán bộ ký số, gửi nhận và lưu trữ văn bản.", "Sau tập huấn, công văn thường sẽ không in giấy."),
    ("Giao lưu bóng chuyền giữa các chi đoàn", "Giải có {n} đội tham gia, thi đấu vòng tròn trong hai ngày cuối tuần.", "Đội nhất dùng tiền thưởng mua sách tặng thư viện xã."),
    ("Khám bệnh miễn phí cho người cao tuổi", "Đoàn y bác sĩ khám và phát thuốc cho {n} người ở hai điểm.", "Những người có bệnh nặng được giới thiệu lên tuyến trên."),
    ("Góp ý dự thảo báo cáo chính trị", "Hội nghị ghi nhận {n} ý kiến góp ý, gửi bằng văn bản và nói trực tiếp.", "Tổ biên tập tiếp thu và giải trình từng ý kiến."),
    ("Ra quân dọn vệ sinh khu dân cư", "Lực lượng tham gia gồm {n} người, dọn ba con hẻm và một đoạn kênh.", "Mỗi cuối tháng khu dân cư sẽ tự tổ chức một buổi như vậy."),
)  # fmt: skip


def posts_of(unit: DemoUnit) -> list[DemoPost]:
    """All posts of a unit, oldest first. The same at every call."""
    posts: list[DemoPost] = []
    for month, count in zip(MONTHS, unit.posts, strict=True):
        for number in range(count):
            # spread over the days 2 to 28; hours differ, so that no two share an instant
            at = datetime(YEAR, month, 2, 8, 12, tzinfo=LOCAL) + timedelta(
                days=number * 26 // max(count - 1, 1), hours=(number * 3 + len(unit.id)) % 9, minutes=(number * 7) % 48
            )
            posts.append(_post(unit, len(posts) + 1, month, number, at))
    return posts


def _post(unit: DemoUnit, serial: int, month: int, number: int, at: datetime) -> DemoPost:
    title, middle, end = _TOPICS[(serial * 5 + len(unit.name)) % len(_TOPICS)]
    amount = 12 + (serial * 17 + len(unit.id)) % 60
    paragraphs = [
        f"Ngày {at:%d/%m}, {unit.name} tổ chức hoạt động “{title.lower()}” theo kế hoạch công tác tháng {month} năm {YEAR}.",
        middle.format(n=amount),
        end,
    ]
    if (unit.id, month, number) == REPRINT:
        paragraphs.append("Theo Báo Tưởng Tượng")
    return DemoPost(
        unit=unit.id,
        number=serial,
        title=f"{title} (đợt {serial}, tháng {month})",
        paragraphs=tuple(paragraphs),
        published=at,
    )


POSTS: Mapping[str, tuple[DemoPost, ...]] = {unit.id: tuple(posts_of(unit)) for unit in UNITS}
