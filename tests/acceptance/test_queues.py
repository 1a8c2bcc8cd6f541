"""`syncd pushes` and `syncd mapping`: what waits, and how a person acts on it, from the shell."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from syncd.testing.local_site import LocalSite
from tests.acceptance.commands import syncd
from tests.acceptance.office import config_text, unit_block

SIGNED = ("--reason", "Đã khai báo chuyên mục", "--by", "Nguyễn Văn A")
PORTAL = (
    '[portal]\nkind = "outbox"\ndirectory = "portal"\nbase_url = "http://127.0.0.1:8077/cong/"\nunmapped = "hold"\n'
    '[portal.categories]\n"Thời sự" = "Tin tỉnh"\n"*" = "Tin tức"\n'
)
FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>Ban A</title><link>{base}</link>
<item><title>Tin thời sự</title><link>{base}1</link><guid>1</guid><category>Thời sự</category>
<description>Đơn vị tổ chức hội nghị tổng kết công tác năm thứ nhất.</description></item>
<item><title>Tin [văn hóa]</title><link>{base}2</link><guid>2</guid><category>Văn hoá</category>
<description>Đơn vị tổ chức đêm hội văn hóa các dân tộc.</description></item>
<item><title>Báo cáo của đơn vị</title><link>{base}3</link><guid>3</guid><category>Thời sự</category>
<description>&lt;p&gt;TUYỆT MẬT&lt;/p&gt;&lt;p&gt;Báo cáo tình hình.&lt;/p&gt;</description></item>
</channel></rss>"""


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Path]:
    with LocalSite() as site:
        site.page("/rss", FEED.format(base=site.url("/")), content_type="application/rss+xml")
        place = tmp_path / "config.toml"
        place.write_text(config_text(unit_block("ban-a", site.url("/rss")), portal=PORTAL), encoding="utf-8")
        assert syncd("db", "upgrade", "-c", place).code == 0
        assert syncd("collect", "-c", place).code == 0
        syncd("publish", "-c", place)
        yield place


def test_what_waits_is_told_with_the_command_that_ends_it(config: Path) -> None:
    answer = syncd("pushes", "--json", "-c", config)
    assert answer.code == 1
    document = answer.document
    assert document["counts"] == {"quarantined": 1, "unmapped": 1}
    withheld, held = document["pushes"]
    assert withheld["title"] == f"bài có dấu mật, {withheld['ref']}"
    assert (held["title"], held["state"], held["error_kind"]) == ("Tin [văn hóa]", "unmapped", "unmapped")
    shown = syncd("pushes", "-c", config).out
    assert f"syncd decide {withheld['ref']} release|exclude" in shown
    assert "Tin [văn hóa]" in shown
    assert "Báo cáo của đơn vị" not in shown
    only = syncd("pushes", "--state", "unmapped", "--unit", "ban-a", "--json", "-c", config).document
    assert [push["ref"] for push in only["pushes"]] == [held["ref"]]


def test_the_line_that_mapping_gives_lets_held_posts_go(config: Path) -> None:
    answer = syncd("mapping", "--json", "-c", config)
    assert answer.code == 1
    (row,) = answer.document["unmapped"]
    assert (row["unit"], row["categories"], row["held"], row["under"]) == ("ban-a", ["Văn hoá"], 1, ["Tin tức"])
    assert '"Văn hoá" = "…"' in syncd("mapping", "-c", config).out
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace('"*" =', '"Văn hoá" = "Văn hóa"\n"*" =', 1), encoding="utf-8")
    assert syncd("mapping", "--json", "-c", config).document["unmapped"] == []
    assert syncd("pushes", "retry", "--state", "unmapped", *SIGNED, "--json", "-c", config).document["posts"] == 1
    syncd("publish", "-c", config)
    assert "unmapped" not in syncd("pushes", "--json", "-c", config).document["counts"]
    document = syncd("pushes", "show", row["newest"]["ref"], "--json", "-c", config).document
    assert document["state"] == "delivered"
    assert (document["placed"]["categories"], document["placed"]["categories_by"]) == (["Văn hóa"], "categories")
    assert [act["kind"] for act in document["acts"]] == ["admin_action", "push_sent", "push_result"]
    assert "Nguyễn Văn A" in syncd("pushes", "show", row["newest"]["ref"], "-c", config).out


def test_what_cannot_be_sent_again_together_is_refused(config: Path) -> None:
    answer = syncd("pushes", "retry", "--state", "quarantined", *SIGNED, "-c", config)
    assert answer.code == 2
    assert "one by one" in answer.err
    assert syncd("pushes", "show", "post:99", "-c", config).code == 2
