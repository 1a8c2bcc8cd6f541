"""The sentences of `syncd probe`, Vietnamese and English: how a source was found, where dates come from, what is doubtful."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from syncd.application.wording import words

Pairs = Mapping[str, tuple[str, str]]

PROBE_TEXTS: Pairs = {
    "address": ("địa chỉ đã cho là feed", "the address given is a feed"),
    "announced": ("feed do trang công bố", "announced by the page"),
    "likely": ("feed ở địa chỉ quen dùng, trang không công bố", "at a usual address; the page does not announce it"),
    "profile": ("Phần mềm của trang", "Kind of site"),
    "layout": (
        "trang danh sách, theo mẫu đã biết của phần mềm này",
        "a list page, by a layout known of this kind of site",
    ),
    "learned": ("trang danh sách, bộ chọn tự học", "a list page, selectors learned from it"),
    "rest": ("giao diện REST của WordPress", "WordPress's REST interface"),
    "sitemap": ("sơ đồ trang (sitemap)", "the site's sitemap"),
    "per_month": ("Số tin, bài theo tháng", "Posts per month"),
    "undated": ("không ngày", "undated"),
    "skipped": ("bỏ qua", "skipped"),
    "article": ("Đọc thử một bài", "One article read"),
    "units_written": ("đơn vị đã ghi", "units written"),
    "need_person": ("cần người xem", "need a person"),
    "kept": ("đã có từ trước", "kept from before"),
}

SOURCES_OF_DATES: Pairs = {
    "feed": ("feed", "feed"),
    "list": ("danh sách", "list"),
    "none": ("–", "–"),
    "article": ("trang bài", "article"),
    "jsonld": ("JSON-LD của bài", "JSON-LD"),
    "meta": ("thẻ meta của bài", "meta element"),
    "time": ("thẻ time của bài", "time element"),
    "byline": ("dòng ngày của bài", "byline"),
    "address": ("địa chỉ", "address"),
}

SENTENCES: Pairs = {
    "sample": ("{characters} ký tự, {images} ảnh, ngày: {date}", "{characters} characters, {images} images, date: {date}"),
    "dates_on_articles": (
        'danh sách không in ngày; ngày chỉ có trên trang từng bài (đọc thử {sampled} bài, ví dụ "{raw}"): mỗi tin mới sẽ được mở ra để lấy ngày',
        'the list prints no dates, only the articles\' own pages do ({sampled} tried, such as "{raw}"): each new post will be opened for its date',
    ),
    "no_dates": ("{count}/{total} mục không có ngày đọc được", "{count} of {total} entries have no date that can be read"),
    "ambiguous_order": (
        'không ngày nào cho biết ngày hay tháng đứng trước (ví dụ "{raw}"); đang đọc ngày trước: hãy so với trang, nếu sai thêm day_order = "month-first"',
        'no date shows whether day or month comes first (such as "{raw}"); read day first: compare with the page, else add day_order = "month-first"',
    ),
    "month_first": (
        'có {count} ngày chỉ có thể là tháng đứng trước: nếu cả trang như vậy, thêm day_order = "month-first"',
        '{count} dates can only be month first: where the whole site prints them so, add day_order = "month-first"',
    ),
    "days_only": ("ngày không kèm giờ ({count} mục): mọi mục ở đầu ngày", "dates without a time ({count} entries): each stands at the start of its day"),
    "future": ("{count} ngày nằm ở tương lai", "{count} dates lie in the future"),
    "one_date_for_all": (
        'mọi mục cùng một ngày "{raw}": có thể đó là đồng hồ của trang, không phải ngày đăng',
        'all entries have the same date "{raw}": it may be the page\'s clock, not a date of publication',
    ),
    "empty": ("chưa có mục nào", "there is no entry yet"),
    "few": ("chỉ thấy {count} mục", "only {count} entries are there"),
    "short_window": (
        "feed chỉ có {count} mục mới nhất: đăng nhiều hơn giữa hai lần đọc sẽ sót, hãy đọc đủ thường xuyên",
        "the feed holds the newest {count} entries only: what is posted beyond that between two looks is missed",
    ),
    "same_titles": ("{count} mục trùng tiêu đề với mục khác", "{count} entries have the title of another one"),
    "cut_titles": ("{count} tiêu đề bị cắt ngắn (…) trong danh sách", "{count} titles are cut short (…) in the list"),
    "quiet": ("mục mới nhất đã {days} ngày: trang có còn cập nhật không, hay danh sách này bị bỏ?", "the newest entry is {days} days old: is the site still kept, or was this list left behind?"),
    "other_hosts": ("{count} mục dẫn sang máy chủ khác ({host})", "{count} entries lead to another host ({host})"),
    "documents": ("các mục là văn bản có số hiệu, không phải tin, bài", "the entries are numbered documents, not news"),
    "beside_the_main_part": ("danh sách đứng ở phần bên của trang, không phải phần chính", "the list stands beside the main part of the page"),
    "feed_hides_posts": (
        'feed thiếu {count} mục mà danh sách trên trang có, ví dụ "{title}": khai báo thêm trang danh sách hoặc feed của chuyên mục làm nguồn thứ hai',
        'the feed lacks {count} posts that the page lists, such as "{title}": add the list page, or the section\'s feed, as a second source',
    ),
    "feed_empty": ("trang công bố feed nhưng feed trống: {url}", "the page has a feed, but it is empty: {url}"),
    "feed_poorer": ("trang có feed ({count} mục) nhưng không ngày hoặc cũ hơn danh sách: {url}", "the site has a feed ({count} entries), undated or older than the list: {url}"),
    "tls_fault": ("https của trang có lỗi, chỉ đọc được qua http: {fault}. {mend}", "the site's https is at fault, only http could be read: {fault}. {mend}"),
    "no_https": ("trang chỉ dùng http: nội dung có thể bị sửa trên đường truyền", "the site uses http: what it says can be changed on its way"),
    "robots": (
        "robots.txt của trang không cho đọc {address}: đề nghị quản trị trang mở cho syncd, hoặc ghi máy chủ và lý do vào [http.ignore_robots]",
        "the site's robots.txt keeps us from {address}: ask its administrator to let syncd in, or name the host and the reason in [http.ignore_robots]",
    ),
    "moved": ("địa chỉ dẫn sang máy chủ khác: {host}; hãy chắc đó vẫn là trang của đơn vị", "the address leads to another host: {host}; make sure that it is still the unit's"),
    "odd_host": ("tên máy chủ {host} đáng ngờ ({why}): hãy kiểm tra có phải tên miền giả mạo", "the host's name {host} is odd ({why}): check that it is not made to look like another"),
    "sitemap_only": ("không thấy feed hay danh sách nào, chỉ có sơ đồ trang: ngày lấy từ trang bài hoặc ngày sửa cuối", "neither feed nor list was found, only the sitemap: dates come from the articles, or from their last change"),
    "encoding": ("trang dùng bảng mã {encoding}, đã đổi sang Unicode", "the page is in {encoding}, converted to Unicode"),
    "note": ("{note}", "{note}"),
}  # fmt: skip


# What a reading notes, in English wherever it is kept; a note that none of these is stays as it is.
NOTES: Sequence[tuple[str, str]] = (
    (r"(\d+) posts in all", r"có tất cả \1 tin, bài"),
    (r"converted from (.+)", r"đã đổi từ bảng mã \1 sang Unicode"),
    (r"(\d+) entries converted from (.+)", r"\1 mục đã đổi từ bảng mã \2 sang Unicode"),
    (r"(\d+) items: only the first (\d+) are kept", r"có \1 mục: chỉ đọc \2 mục đầu"),
    (r"(\d+) sitemaps: the newest (\d+) were read", r"có \1 sơ đồ trang: chỉ đọc \2 sơ đồ mới nhất"),
    (r"(\d+) addresses without any date", r"\1 địa chỉ không có ngày nào"),
    (r"(\d+) dates that are none", r"\1 ngày không phải là ngày"),
    (r"(\d+) broken characters in (.+)", r"\1 ký tự hỏng theo bảng mã \2"),
    (r"not well-formed: read tolerantly", r"feed sai cú pháp, đã đọc theo cách dễ dãi"),
    (r"minutes cut: .+", r"đã bỏ số phút: feed này in tháng vào chỗ của phút (NukeViet trước bản 4.6)"),
    (r"generator: (.+)", r"phần mềm ghi trong feed: \1"),
)


def sentence(kind: str, facts: Mapping[str, Any], language: str) -> str:
    """What is to be said of one doubt."""
    if kind == "note" and language == "vi":
        return _note_in_vietnamese(str(facts["note"]))
    return words(SENTENCES, kind, language).format_map(facts)


def _note_in_vietnamese(note: str) -> str:
    for pattern, text in NOTES:
        if found := re.fullmatch(pattern, note):
            return found.expand(text)
    return note
