"""Where a post goes on the portal: which rule decides what, and when none does."""

import pytest

from syncd.domain.mapping import MappingRule, Placement, PortalMapping, in_words
from syncd.domain.model import Approval, Unit, UnitId

BAN_A = Unit(id=UnitId("ban-a"), name="Ban A Ví Dụ", group="ban")
XA_B = Unit(id=UnitId("xa-b"), name="Đảng ủy xã B Ví Dụ", group="xa")

MAPPING = PortalMapping(
    rules=(
        MappingRule(title_words=("thư mời", "giấy mời"), to_categories=("Thông báo",), approval=Approval.PENDING),
        MappingRule(
            groups=frozenset({"xa"}), categories=frozenset({"Văn hoá"}), to_categories=("Cơ sở", "Văn hóa - Xã hội")
        ),
        MappingRule(groups=frozenset({"xa"}), to_author="co_so"),
        MappingRule(units=frozenset({UnitId("ban-a")}), approval=Approval.DRAFT),
        MappingRule(units=frozenset({UnitId("xa-b")}), to_author="xa_b", approval=Approval.AUTO),
    ),
    by_name={"Thời sự": "Tin tỉnh", "Xây dựng Đảng": "Xây dựng Đảng", "*": "Tin tức"},
    authors={UnitId("ban-a"): "unit_a", UnitId("xa-b"): "unit_b"},
)


@pytest.mark.parametrize(
    ("unit", "categories", "title", "there", "by", "author", "approval"),
    [
        (BAN_A, ("thời sự",), "Hội nghị", ("Tin tỉnh",), "categories", "unit_a", "draft"),
        (BAN_A, ("Khác", "Xây dựng Đảng", "Thời sự"), "x", ("Xây dựng Đảng", "Tin tỉnh"), "categories", "unit_a", "draft"),
        (BAN_A, ("Khác",), "Hội nghị", ("Tin tức",), "*", "unit_a", "draft"),
        (BAN_A, (), "Hội nghị", ("Tin tức",), "*", "unit_a", "draft"),
        (BAN_A, ("Thời sự",), "THƯ MỜI: họp báo", ("Thông báo",), "mapping[0]", "unit_a", "pending"),
        (BAN_A, ("Thời sự",), "Gửi “thư mời” dự họp", ("Thông báo",), "mapping[0]", "unit_a", "pending"),
        (BAN_A, ("Thời sự",), "Bức thư mờ ảo", ("Tin tỉnh",), "categories", "unit_a", "draft"),
        (BAN_A, ("Văn hóa",), "x", ("Tin tức",), "*", "unit_a", "draft"),
        (XA_B, ("VĂN HÓA",), "x", ("Cơ sở", "Văn hóa - Xã hội"), "mapping[1]", "co_so", "auto"),
        (XA_B, ("Van\u0306 ho\u0301a", "Văn hoá"), "x", ("Cơ sở", "Văn hóa - Xã hội"), "mapping[1]", "co_so", "auto"),
        (XA_B, ("Thời sự",), "Giấy mời", ("Thông báo",), "mapping[0]", "co_so", "pending"),
        (XA_B, ("*",), "x", ("Tin tức",), "*", "co_so", "auto"),
    ],
)  # fmt: skip
def test_the_first_rule_that_speaks_of_a_property_decides_it(
    unit: Unit,
    categories: tuple[str, ...],
    title: str,
    there: tuple[str, ...],
    by: str,
    author: str,
    approval: str,
) -> None:
    placed = MAPPING.place(unit, categories, title)
    assert (placed.categories, placed.categories_by) == (there, by)
    assert (placed.author, placed.approval) == (author, approval)
    assert placed.unmapped is (by == "*")


def test_without_any_rule_a_post_is_unmapped_and_nothing_is_decided() -> None:
    assert PortalMapping().place(BAN_A, ("Thời sự",), "x") == Placement(unmapped=True)


def test_an_office_that_puts_everything_under_one_has_told_nothing_apart() -> None:
    assert not PortalMapping(by_name={"*": "Tin tức"}).says_more_than_the_rest
    assert not PortalMapping(rules=(MappingRule(to_author="x"),)).says_more_than_the_rest
    assert MAPPING.says_more_than_the_rest
    assert MAPPING.reads_titles


def test_words_are_found_whole_and_under_any_spelling() -> None:
    assert in_words("hoà") in in_words("Tỉnh  HÒA-bình")
    assert in_words("mời") not in in_words("thư mờii")
    assert in_words("số 5") in in_words("Thông báo số 5/TB")
    assert in_words("?!") not in in_words("Vì sao?!")
