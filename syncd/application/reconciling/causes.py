"""Why written, delivered and visible differ: every cause there is, with its owner, its words and the way to mend it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from syncd.application.wording import say
from syncd.domain.model import CauseOwner


class Kind(StrEnum):
    """Which two of the three counts differ. `note`: they do not, and it is worth knowing all the same."""

    NOT_DELIVERED = "not_delivered"  # written, and the portal never took it
    NOT_VISIBLE = "not_visible"  # the portal took it, and it is not public there
    NOT_WRITTEN = "not_written"  # public there, and not read on the unit's site
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseWords:
    """`person`: it ends by what a person does. `{ref}` and `{unit}` are those of the post."""

    kind: Kind
    owner: CauseOwner
    person: bool
    told: tuple[str, str]
    mend: tuple[str, str]

    def tell(self, language: str) -> str:
        return say(language, *self.told)

    def way_out(self, language: str, *, ref: str, unit: str) -> str:
        return say(language, *self.mend).replace("{ref}", ref).replace("{unit}", unit)


_NOTHING = ("chưa cần xử lý", "nothing need be done")
_SIGNED = '--reason "…" --by "…"'
_REMOVED = (
    f"hỏi Ban Biên tập Cổng; rồi: syncd decide {{ref}} count hoặc exclude {_SIGNED}",
    f"ask the portal's editors; then: syncd decide {{ref}} count, or exclude {_SIGNED}",
)
OURS, OFFICE, UNIT = CauseOwner.OURS, CauseOwner.OFFICE, CauseOwner.UNIT


def _cause(
    kind: Kind, owner: CauseOwner, vi: str, en: str, mend: tuple[str, str] = _NOTHING, *, person: bool = False
) -> CauseWords:
    return CauseWords(kind=kind, owner=owner, person=person, told=(vi, en), mend=mend)


CAUSES: Mapping[str, CauseWords] = {
    # --- written, not delivered
    "queued": _cause(
        Kind.NOT_DELIVERED, OURS, "đang chờ hệ thống chuyển lên Cổng", "waits to be sent by this system",
        ("hệ thống tự chuyển; chuyển ngay: syncd publish", "sent by itself; now: syncd publish"),
    ),
    "retrying": _cause(
        Kind.NOT_DELIVERED, OURS, "Cổng chưa nhận, hệ thống sẽ gửi lại", "not taken yet, will be sent again",
        ("hệ thống tự gửi lại; nguyên nhân: syncd status", "sent again by itself; the reason: syncd status"),
    ),
    "held_back": _cause(
        Kind.NOT_DELIVERED, OURS, "hệ thống giữ lại, mỗi ngày chỉ chuyển một số bài cũ",
        "held back by our own cap: so many older posts a day",
        ("chưa cần xử lý; muốn nhanh hơn thì tăng [portal] flood_cap", "nothing; raise [portal] flood_cap to be faster"),
    ),
    "unmapped": _cause(
        Kind.NOT_DELIVERED, OFFICE, "giữ lại, chờ quy tắc xếp chuyên mục", "held until a rule says under which category it goes",
        ("syncd mapping cho dòng cần thêm vào config.toml", "syncd mapping gives the line to add to config.toml"),
        person=True,
    ),
    "refused": _cause(
        Kind.NOT_DELIVERED, OURS, "Cổng từ chối, hệ thống đã dừng gửi", "refused by the portal, no longer tried",
        (f"sửa nguyên nhân, rồi: syncd decide {{ref}} retry {_SIGNED}", f"mend the reason, then: syncd decide {{ref}} retry {_SIGNED}"),
        person=True,
    ),
    "unknown": _cause(
        Kind.NOT_DELIVERED, OURS, "đã gửi, chưa rõ Cổng có nhận hay không", "sent, and not known whether the portal took it",
        ("hệ thống tự tra lại; tra ngay: syncd publish", "looked up by itself; now: syncd publish"),
    ),
    "quarantined": _cause(
        Kind.NOT_DELIVERED, OFFICE, "tạm giữ vì có dấu hiệu tài liệu mật hoặc nội bộ", "withheld: marked secret or internal",
        (f"người có thẩm quyền xem xét: syncd decide {{ref}} release hoặc exclude {_SIGNED}",
         f"a person in charge decides: syncd decide {{ref}} release, or exclude {_SIGNED}"),
        person=True,
    ),
    "not_carried": _cause(
        Kind.NOT_DELIVERED, UNIT, "trong kỳ chưa có liên thông", "nothing carried it in its period",
    ),
    "not_queued": _cause(
        Kind.NOT_DELIVERED, OURS, "không có trong hàng chờ chuyển", "in no queue of ours",
        ("đọc lại Trang: syncd collect --unit {unit}", "read the site again: syncd collect --unit {unit}"),
        person=True,
    ),
    "unit_not_configured": _cause(
        Kind.NOT_DELIVERED, OFFICE, "đơn vị không còn trong cấu hình", "its unit is no longer configured",
        ("khai báo lại đơn vị {unit} trong config.toml", "put the unit {unit} back into config.toml"),
        person=True,
    ),
    # --- delivered, not visible
    "pending": _cause(
        Kind.NOT_VISIBLE, OFFICE, "đang chờ Ban Biên tập Cổng duyệt", "waits for the portal's editors",
        ("Ban Biên tập duyệt đăng trên Cổng", "an editor approves it on the portal"),
    ),
    "draft": _cause(
        Kind.NOT_VISIBLE, OFFICE, "là bản nháp trên Cổng", "a draft on the portal",
        ("biên tập viên đăng bản nháp trên Cổng", "an editor publishes the draft"),
    ),
    "scheduled": _cause(
        Kind.NOT_VISIBLE, OFFICE, "hẹn giờ đăng trên Cổng", "scheduled on the portal",
        ("chờ đến giờ đăng", "it goes out at its hour"),
    ),
    "private": _cause(
        Kind.NOT_VISIBLE, OFFICE, "để riêng tư trên Cổng", "private on the portal",
        ("biên tập viên mở cho công chúng", "an editor opens it to the public"), person=True,
    ),
    "trashed": _cause(
        Kind.NOT_VISIBLE, OFFICE, "biên tập viên đã bỏ vào thùng rác của Cổng", "thrown away by an editor of the portal",
        _REMOVED, person=True,
    ),
    "deleted": _cause(
        Kind.NOT_VISIBLE, OFFICE, "đã bị xóa khỏi Cổng", "deleted from the portal", _REMOVED, person=True,
    ),
    "not_listed": _cause(
        Kind.NOT_VISIBLE, OFFICE, "Cổng đã nhận nhưng rà soát không thấy", "taken by the portal, and no census lists it",
        _REMOVED, person=True,
    ),
    "lost": _cause(
        Kind.NOT_VISIBLE, OFFICE, "mất cùng lúc với nhiều bài khác: Cổng có thể đã được phục hồi từ bản sao lưu cũ",
        "lost together with others: the portal may have been restored from an old backup",
        (f"syncd portal restored {_SIGNED}; nếu cố ý gỡ: syncd portal removed {_SIGNED}",
         f"syncd portal restored {_SIGNED}; if removed on purpose: syncd portal removed {_SIGNED}"),
        person=True,
    ),
    "withdrawn": _cause(Kind.NOT_VISIBLE, OURS, "hệ thống đã gỡ theo quy định", "withdrawn by this system, by rule"),
    # --- visible, not written
    "typed": _cause(Kind.NOT_WRITTEN, UNIT, "nhập tay trên Cổng", "typed by hand on the portal"),
    # --- notes
    "not_looked": _cause(
        Kind.NOTE, OURS, "Cổng đã nhận, chưa rà soát lại", "accepted, not looked at since",
        ("rà soát ngay: syncd census", "look now: syncd census"),
    ),
    "date_moved": _cause(
        Kind.NOTE, OFFICE, "ngày đăng trên Cổng thuộc kỳ khác", "dated in another period on the portal",
    ),
    "same_key_twice": _cause(
        Kind.NOTE, OFFICE, "đứng hai lần trên Cổng với cùng mã", "stands on the portal twice under one key",
        ("biên tập viên xóa một bản; hệ thống không tự xóa", "an editor removes one; this system deletes nothing"), person=True,
    ),
    "typed_and_carried": _cause(
        Kind.NOTE, OFFICE, "đứng hai lần trên Cổng: một bản nhập tay, một bản liên thông",
        "stands on the portal twice: typed by hand and carried",
        ("biên tập viên xóa bản nhập tay", "an editor removes the typed one"), person=True,
    ),
    "edited_there": _cause(Kind.NOTE, OFFICE, "biên tập viên đã sửa bản trên Cổng", "edited by the portal's editors"),
    "left": _cause(
        Kind.NOTE, OFFICE, "đơn vị đã sửa bài nhưng bản trên Cổng đã do người khác sửa hoặc gỡ, hệ thống không ghi đè",
        "edited by its unit, but the copy there was changed or removed by somebody: not overwritten",
        (f"syncd decide {{ref}} overwrite (ghi đè bản trên Cổng) hoặc keep (giữ bản trên Cổng) {_SIGNED}",
         f"syncd decide {{ref}} overwrite (ours over theirs), or keep (theirs stays) {_SIGNED}"),
        person=True,
    ),
    "edit_waiting": _cause(
        Kind.NOTE, OURS, "bản sửa của đơn vị đang chờ chuyển lên Cổng", "an edit of its unit waits to be sent",
        ("hệ thống tự chuyển; chuyển ngay: syncd publish", "sent by itself; now: syncd publish"),
    ),
    "edit_refused": _cause(
        Kind.NOTE, OURS, "Cổng từ chối bản sửa của đơn vị", "the portal refused an edit of its unit",
        (f"sửa nguyên nhân, rồi: syncd decide {{ref}} retry {_SIGNED}", f"mend the reason, then: syncd decide {{ref}} retry {_SIGNED}"),
        person=True,
    ),
    "unattributed": _cause(
        Kind.NOTE, OURS, "trên Cổng, chưa rõ của đơn vị nào", "on the portal, of no known unit",
        (f"syncd decide {{ref}} assign --unit U {_SIGNED}, hoặc khai báo portal_authors, portal_categories",
         f"syncd decide {{ref}} assign --unit U {_SIGNED}, or set portal_authors, portal_categories"),
        person=True,
    ),
    "unknown_key": _cause(
        Kind.NOTE, OURS, "do liên thông chuyển lên nhưng cơ sở dữ liệu này không có: có thể cơ sở dữ liệu đã được phục hồi từ bản cũ",
        "carried by syncd, and unknown to this database: it may have been restored from an old copy",
        ("hệ thống tự nhận lại khi đọc lại bài; bài cũ hơn: syncd backfill --unit U --since NGÀY",
         "taken over when the post is read again; for older ones: syncd backfill --unit U --since DATE"),
    ),
    "silent": _cause(
        Kind.NOTE, OFFICE, "không còn mở được ở địa chỉ công khai", "does not answer at its public address",
        ("mở địa chỉ bằng trình duyệt; báo Ban Biên tập Cổng", "open the address in a browser; tell the portal's editors"),
        person=True,
    ),
}  # fmt: skip
"""Every cause by its name, in the order of the counts."""
