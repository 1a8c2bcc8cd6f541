"""Reasons, causes and states in words, Vietnamese and English: one catalogue for pages, mail, documents and the command line.

Every text stands alone, in the register of an office. `{n}` is the number of a cause.
"""

from collections.abc import Mapping
from datetime import datetime

from syncd.domain.model import LOCAL, Cause, CauseOwner, Delivery, Period, Status

LANGUAGES = ("vi", "en")

STATUS: Mapping[str, tuple[str, str]] = {
    Status.MET: ("Đạt", "met"),
    Status.MISSING: ("Thiếu", "missing"),
    Status.UNDETERMINED: ("Chưa xác định", "undetermined"),
    Status.EXEMPT: ("Được miễn", "exempt"),
    Status.OPEN: ("Đang trong kỳ", "open"),
}

OWNER: Mapping[str, tuple[str, str]] = {
    CauseOwner.UNIT: ("đơn vị", "the unit"),
    CauseOwner.OFFICE: ("Văn phòng, Ban Biên tập Cổng", "the office"),
    CauseOwner.OURS: ("hệ thống liên thông", "this system"),
    CauseOwner.EVIDENCE: ("theo minh chứng", "by evidence"),
}

DELIVERY: Mapping[str, tuple[str, str]] = {
    Delivery.NONE: ("chưa được chuyển lên Cổng", "not carried to the portal"),
    Delivery.QUEUED: ("đang chờ chuyển lên Cổng", "waiting to be sent to the portal"),
    Delivery.UNKNOWN: ("đã gửi, chưa rõ Cổng có nhận hay không", "sent, not known whether the portal took it"),
    Delivery.FAILED: ("gửi lên Cổng không thành công", "could not be delivered to the portal"),
    Delivery.QUARANTINED: ("tạm giữ để kiểm tra dấu hiệu tài liệu mật, nội bộ", "withheld: marked secret or internal"),
    Delivery.HELD: ("Cổng đã nhận, đang chờ duyệt đăng", "accepted, waiting for the portal's editors"),
    Delivery.ACCEPTED: ("Cổng đã nhận đăng, chưa rà soát lại", "accepted as public, not looked at since"),
    Delivery.VISIBLE: ("đang hiển thị trên Cổng", "public on the portal"),
    Delivery.REMOVED: ("đã được Cổng nhận nhưng hiện không còn hiển thị", "accepted once, no longer public"),
}

REASON: Mapping[str, tuple[str, str]] = {
    "counted": ("Được tính", "counts"),
    "counted_late": (
        "Được tính: đơn vị đăng đúng kỳ, lên Cổng chậm không do đơn vị",
        "counts: in time on the unit's site, late on the portal through no fault of the unit",
    ),
    "make_up": (
        "Tin, bài bổ sung: lên Cổng sau kỳ, khi chưa có liên thông trong kỳ",
        "make-up post: nothing carried it in its period, it reached the portal later",
    ),
    "not_carried": (
        "Chưa tính: có trên Trang của đơn vị nhưng chưa được chuyển lên Cổng",
        "does not count: on the unit's site, but nothing carried it to the portal",
    ),
    "same_post": ("Không tính lặp: trùng với một tin, bài đã tính", "the same post is counted once already"),
    "other_period": ("Thuộc kỳ khác", "belongs to another period"),
    "waiting:queued": ("Chưa tính: đang chờ hệ thống chuyển lên Cổng", "waits: still to be sent by this system"),
    "waiting:unknown": (
        "Chưa tính: đã gửi, đang xác minh Cổng đã nhận hay chưa",
        "waits: sent, and it is not known yet whether the portal took it",
    ),
    "waiting:failed": (
        "Chưa tính: gửi lên Cổng không thành công, chờ cán bộ xử lý",
        "waits: delivery failed and awaits a person",
    ),
    "waiting:quarantined": (
        "Chưa tính: tạm giữ vì có dấu hiệu tài liệu mật hoặc nội bộ, chờ cán bộ xem xét",
        "waits: withheld because it is marked secret or internal",
    ),
    "waiting:held": ("Chưa tính: đang chờ Ban Biên tập Cổng duyệt đăng", "waits for the portal's editors"),
    "waiting:removed": (
        "Chưa tính: Cổng đã nhận nhưng hiện không còn hiển thị, chờ Văn phòng xem xét",
        "waits: it was on the portal and is no longer public; the office has to decide",
    ),
    "waiting:date_in_doubt": (
        "Chưa tính: ngày đăng chưa chắc chắn, chờ cán bộ xác nhận",
        "waits: its date is in doubt and has to be confirmed",
    ),
    "waiting:no_date": (
        "Chưa tính: không đọc được ngày đăng, chờ cán bộ xác nhận",
        "waits: no date could be read",
    ),
    "waiting:duplicate": (
        "Chưa tính: trùng với tin, bài của đơn vị khác, chờ cán bộ xem xét",
        "waits: flagged as a duplicate of another unit's post",
    ),
    "waiting:twin": (
        "Chưa tính: cùng nội dung với một tin, bài khác của đơn vị nhưng khác tiêu đề, chờ cán bộ xem xét",
        "waits: the same text as another post of the unit under another title",
    ),
    "waiting:reprint": ("Chưa tính: có dấu hiệu tin dẫn lại, chờ cán bộ xem xét", "waits: flagged as a reprint"),
    "waiting:back_dated": (
        "Chưa tính: có dấu hiệu ghi lùi ngày đăng, chờ cán bộ xem xét",
        "waits: flagged as back-dated",
    ),
    "excluded:duplicate": ("Không tính: trùng với tin, bài của đơn vị khác", "does not count: duplicate"),
    "excluded:reprint": ("Không tính: tin dẫn lại từ nguồn khác", "does not count: reprint"),
    "excluded:back_dated": ("Không tính: ghi lùi ngày đăng", "does not count: back-dated"),
    "excluded:too_short": ("Không tính: ngắn hơn số chữ quy định", "does not count: shorter than the rule asks"),
    "excluded:decision": ("Không tính: theo kết luận của cán bộ thẩm định", "does not count: decided by a person"),
}

CAUSE: Mapping[str, tuple[str, str]] = {
    "not_written": ("Đơn vị còn thiếu {n} tin, bài", "{n} posts were not written"),
    "not_carried": (
        "{n} tin, bài có trên Trang của đơn vị nhưng trong kỳ chưa có liên thông lên Cổng",
        "{n} posts stand on the unit's site, but nothing carried them in the period",
    ),
    "excluded:duplicate": ("{n} tin, bài trùng, không tính", "{n} duplicates do not count"),
    "excluded:reprint": ("{n} tin, bài dẫn lại, không tính", "{n} reprints do not count"),
    "excluded:back_dated": ("{n} tin, bài ghi lùi ngày, không tính", "{n} back-dated posts do not count"),
    "excluded:too_short": ("{n} tin, bài ngắn hơn quy định, không tính", "{n} posts are too short to count"),
    "excluded:decision": ("{n} tin, bài không tính theo kết luận thẩm định", "{n} posts were excluded by decision"),
    "portal_down": ("Cổng không hoạt động trong {n} ngày", "the portal was down on {n} days"),
    "held_for_review": ("{n} tin, bài đang chờ Cổng duyệt đăng", "{n} posts wait for the portal's editors"),
    "removed_on_portal": (
        "{n} tin, bài đã lên Cổng nhưng hiện không còn hiển thị",
        "{n} posts were on the portal and are no longer public",
    ),
    "quarantined": ("{n} tin, bài đang tạm giữ để kiểm tra độ mật", "{n} posts are withheld for a secrecy check"),
    "awaiting_decision": (
        "{n} tin, bài đang chờ cán bộ xem xét, kết luận",
        "{n} posts await a person's decision",
    ),
    "unattributed": ("{n} tin, bài trên Cổng chưa rõ của đơn vị nào", "{n} portal posts belong to no known unit"),
    "no_census": (
        "Cổng chưa được rà soát trọn vẹn sau khi hết kỳ ({n} ngày của kỳ chưa đối chiếu)",
        "no complete census after the period's end ({n} days of it not checked)",
    ),
    "not_read": ("Chưa đọc được Trang của đơn vị trong {n} ngày", "{n} days of the unit's site were not read"),
    "push_failed": ("{n} tin, bài gửi lên Cổng không thành công", "{n} posts could not be delivered"),
    "push_pending": ("{n} tin, bài đang được chuyển lên Cổng", "{n} posts are on their way to the portal"),
    "source_down": ("Trang của đơn vị không truy cập được trong {n} ngày", "the unit's site was down on {n} days"),
    "late": ("{n} tin, bài lên Cổng chậm", "{n} posts reached the portal late"),
}

WAITS: Mapping[str, tuple[str, str]] = {
    "dead": ("gửi không thành công, đã dừng gửi, chờ cán bộ xử lý", "refused or out of tries: awaits a person"),
    "left": (
        "đã bị sửa hoặc gỡ trên Cổng, chờ quyết định giữ bản nào",
        "changed or removed at the portal: awaits whose version stands",
    ),
    "quarantined": ("tạm giữ để kiểm tra độ mật", "withheld for a secrecy check"),
    "unmapped": ("giữ lại, chờ quy tắc xếp chuyên mục", "held until a rule says under which category it goes"),
    "unknown": (
        "đã gửi, chưa rõ Cổng có nhận hay không, hệ thống tự tra lại",
        "sent, not known whether it was taken: looked up by itself",
    ),
    "queued": ("đang chờ hệ thống gửi", "waits to be sent"),
    "held_back": ("tin, bài cũ, chuyển dần từng ngày", "older posts, sent by turns"),
    "delivered": ("Cổng đã nhận", "taken by the portal"),
}


def withheld_title(ref: str, language: str = "vi") -> str:
    """What stands on paper and in mail for a post that bears a secrecy mark."""
    return say(language, f"bài có dấu mật, {ref}", f"a post with a secrecy mark, {ref}")


def say(language: str, vi: str, en: str) -> str:
    """The sentence in the language asked for; anything but English is Vietnamese."""
    return en if language == "en" else vi


def words(catalogue: Mapping[str, tuple[str, str]], key: str, language: str = "vi") -> str:
    """The text for a key; the key itself where no text is known, so that nothing is hidden."""
    found = catalogue.get(key)
    return key if found is None else found[LANGUAGES.index(language)]


def cause_in_words(cause: Cause, language: str = "vi") -> str:
    return words(CAUSE, cause.name, language).replace("{n}", str(cause.number))


def period_label(period: Period, language: str = "vi") -> str:
    """`tháng 10/2026` for a plain month; other periods by their days."""
    first, last = period.first_day, period.last_day
    if first.day == 1 and (first.year, first.month) == (last.year, last.month) and len(period.id) == 7:
        return f"tháng {first:%m/%Y}" if language == "vi" else f"{first:%B %Y}"
    kind = "kỳ" if language == "vi" else "period"
    between = "từ {} đến {}" if language == "vi" else "{} to {}"
    return f"{kind} {period.id} ({between.format(f'{first:%d/%m/%Y}', f'{last:%d/%m/%Y}')})"


def instant_label(at: datetime, language: str = "vi") -> str:
    """Minute and day at UTC+07:00, as offices write them."""
    local = at.astimezone(LOCAL)
    return f"{local:%H:%M} ngày {local:%d/%m/%Y}" if language == "vi" else f"{local:%Y-%m-%d %H:%M} +07:00"


def day_label(at: datetime, language: str = "vi") -> str:
    local = at.astimezone(LOCAL)
    return f"{local:%d/%m/%Y}" if language == "vi" else f"{local:%Y-%m-%d}"
