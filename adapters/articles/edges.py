"""Where an article's text begins and ends among the blocks of its page: after its byline, before the lists of other posts."""

import re
from collections.abc import Sequence, Set

# what stands below an article: lists of other posts, share bars, marks out of five, counters
_END = re.compile(
    r"(?:(?:các |những )?(?:tin|bài|tin bài|tin,? bài|bài viết)(?: viết| tức)? (?:liên quan|khác|cùng (?:chuyên mục|chủ đề|loại)|đã đưa|đã đăng|"
    r"mới hơn|cũ hơn|mới nhất|mới|cũ|tiếp theo|trước)|(?:xem|đọc) (?:thêm|tiếp|nhiều)|có thể bạn quan tâm|ý kiến (?:bạn đọc|của bạn)|bình luận(?: của bạn)?|"
    r"gửi (?:bình luận|ý kiến)|chia sẻ(?: bài viết)?|tổng số điểm của bài viết.*|click để đánh giá.*|đánh giá bài viết|"
    r"(?:đang|số người) (?:online|truy cập).*|thống kê truy cập|lượt truy cập.*|các tin,? bài khác|tags?|từ khóa|"
    r"related (?:articles|posts|news|stories)|you may also like|share this(?: article| post)?|leave a (?:comment|reply))\s*[:.(\d)]*",
    re.IGNORECASE,
)
_PARAGRAPH = 90  # characters of a line that is text, not an entry of a list
_GOES_ON = 0.3  # part of the text after a list within it, for the list to be only an insertion


def beyond_the_text(blocks: Sequence[str], byline: Set[str]) -> set[int]:
    """The places of the blocks that are none of the text: those of `byline` above it, lists of other posts below and within it."""
    begin = 0
    while begin < len(blocks) and not _is_text(blocks[begin]):
        begin += 1
    left_out = {at for at in range(begin) if blocks[at] in byline}
    at, told = begin, 0
    while at < len(blocks):
        if told and len(blocks[at]) < _PARAGRAPH and _END.fullmatch(blocks[at]):
            on = next((next_ for next_ in range(at + 1, len(blocks)) if _is_text(blocks[next_])), len(blocks))
            rest = sum(len(block) for block in blocks[on:] if _is_text(block))
            if rest < _GOES_ON * (told + rest):
                return left_out | set(range(at, len(blocks)))
            left_out |= set(range(at, on))
            at = on
        else:
            told += len(blocks[at]) if _is_text(blocks[at]) else 0
            at += 1
    return left_out


def _is_text(block: str) -> bool:
    return len(block) >= _PARAGRAPH and block.rstrip(" \"”'»)").endswith((".", "!", "?", ":", ";", "…"))
