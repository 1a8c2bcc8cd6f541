from hypothesis import given
from hypothesis import strategies as st

from syncd.domain.differences import AROUND, MOST_PIECES, MOST_WORDS, Part, word_difference

WORDS = st.lists(st.sampled_from(["họp", "bàn", "việc", "số", "12", "và"]), max_size=40).map(" ".join)


def told(before: str, after: str) -> list[tuple[str, str]]:
    return [(piece.part.value, piece.text or str(piece.words)) for piece in word_difference(before, after)]


def test_a_changed_word_stands_between_those_around_it() -> None:
    before = "Sáng 12/10, Ban A họp giao ban tháng 10 tại hội trường lớn của tỉnh"
    assert told(before, before.replace("Ban A", "Ban B")) == [
        ("same", "Sáng 12/10, Ban"),
        ("gone", "A"),
        ("added", "B"),
        ("same", "họp giao ban tháng 10 tại"),
        ("left_out", "5"),
    ]


def test_equal_words_are_no_difference_however_they_are_spaced() -> None:
    assert word_difference("một  hai\nba", "một hai ba") == ()
    assert word_difference("", "") == ()


def test_a_text_that_came_or_went_is_shown_whole() -> None:
    assert told("", "một hai") == [("added", "một hai")]
    assert told("một hai", "") == [("gone", "một hai")]


@given(WORDS, WORDS)
def test_both_texts_can_be_read_out_of_the_difference(before: str, after: str) -> None:
    pieces = word_difference(before, after)
    if not pieces:
        assert before.split() == after.split()
        return
    old = [p for p in pieces if p.part is not Part.ADDED]
    new = [p for p in pieces if p.part is not Part.GONE]
    assert sum(p.words for p in old) == len(before.split())
    assert sum(p.words for p in new) == len(after.split())
    position = 0
    for piece in new:
        if piece.text:
            assert piece.text.split() == after.split()[position : position + piece.words]
        position += piece.words


def test_long_rewritten_texts_are_shown_as_a_whole() -> None:
    before = "đầu " + " ".join(f"a{n}" for n in range(MOST_WORDS + 1))
    after = "đầu " + " ".join(f"b{n}" for n in range(MOST_WORDS + 1))
    parts = [piece.part for piece in word_difference(before, after)]
    assert parts == [Part.SAME, Part.GONE, Part.ADDED]


def test_a_thousand_changes_are_cut_off() -> None:
    before = " ".join(f"{'x ' * 20}a{n}" for n in range(140))
    pieces = word_difference(before, before.replace("a", "b"))
    assert len(pieces) == MOST_PIECES + 1
    assert pieces[-1].part is Part.LEFT_OUT
    assert AROUND > 0
