"""The command line's own words, Vietnamese and English: headings, signs, closing lines. What documents say comes from the core."""

from collections.abc import Mapping

HEADINGS: Mapping[str, tuple[str, str]] = {
    "unit": ("Đơn vị", "Unit"),
    "missing_months": ("Tháng thiếu", "Months short"),
    "undetermined_months": ("Chưa xác định", "Undetermined"),
    "score": ("Điểm", "Score"),
    "band": ("Theo điểm", "By score"),
    "grade": ("Xếp loại", "Grade"),
    "trace": ("Căn cứ", "Because"),
    "state": ("Trạng thái", "State"),
    "period": ("Kỳ", "Period"),
    "recipients": ("Người nhận", "Recipients"),
    "subject": ("Tiêu đề", "Subject"),
    "sent_at": ("Gửi lúc", "Sent"),
    "answer": ("Trả lời", "Answer"),
    "published_at": ("Ngày", "Date"),
    "date_raw": ("Ngày như đã in", "As printed"),
    "date_source": ("Lấy từ", "Taken from"),
    "title": ("Tiêu đề", "Title"),
    "url": ("Địa chỉ", "Address"),
    # counts of the steps
    "new": ("Mới", "New"),
    "changed": ("Đã sửa", "Changed"),
    "unchanged": ("Như cũ", "Unchanged"),
    "skipped": ("Bỏ qua", "Skipped"),
    "failed": ("Lỗi", "Failed"),
    "resting": ("Tạm nghỉ", "Resting"),
    "sent": ("Đã gửi", "Sent"),
    "updated": ("Cập nhật", "Updated"),
    "adopted": ("Nhận lại", "Adopted"),
    "retried": ("Gửi lại", "Retried"),
    "unknown": ("Chưa rõ kết quả", "Unknown"),
    "quarantined": ("Tạm giữ", "Withheld"),
    "waiting": ("Đang chờ", "Waiting"),
    "own": ("Do liên thông", "Carried"),
    "typed": ("Nhập tay", "Typed"),
    "gone": ("Đã gỡ", "Gone"),
    "late": ("Chậm", "Late"),
    "public": ("Trên Cổng", "Public"),
    "complete": ("Trọn vẹn", "Complete"),
    "unattributed": ("Chưa rõ đơn vị", "Nobody's"),
    "error": ("Lỗi", "Error"),
    "posts": ("Tin, bài", "Posts"),
    "visible": ("Trên Cổng", "Visible"),
    "required": ("Chỉ tiêu", "Required"),
    "counted": ("Được tính", "Counted"),
    "status": ("Kết quả", "Verdict"),
}

TEXTS: Mapping[str, tuple[str, str]] = {
    "nothing_wrong": ("Không có gì cần xử lý", "Nothing needs a person"),
    "since": ("từ", "since"),
    "config_ok": ("Cấu hình hợp lệ", "The configuration is valid"),
    "problems": ("lỗi", "problems"),
    "provisional": ("tạm", "provisional"),
    "could_be": ("có thể", "could be"),
    "leaves": ("mục", "leaves"),
    "leaf": ("mục", "leaf"),
    "root": ("mã gốc", "root"),
    "dossier_whole": ("Hồ sơ nguyên vẹn", "The dossier is whole"),
    "dossier_broken": ("Hồ sơ không nguyên vẹn", "The dossier does not hold"),
    "examples_right": ("ví dụ đúng", "examples hold"),
}

VERDICTS: Mapping[str, tuple[str, str]] = {
    "met": ("đạt", "met"),
    "missing": ("thiếu", "missing"),
    "undetermined": ("chưa xác định", "undetermined"),
    "exempt": ("được miễn", "exempt"),
    "open": ("đang trong kỳ", "open"),
}

GRADES: Mapping[str, tuple[str, str]] = {
    "tot": ("Tốt", "Tốt (good)"),
    "kha": ("Khá", "Khá (fair)"),
    "trung_binh": ("Trung bình", "Trung bình (average)"),
    "yeu": ("Yếu", "Yếu (weak)"),
}
