"""`probe` and `check`: looking before anything is decided, and every mistake at once."""

import socket
from pathlib import Path

import pytest

from syncd.config import load_config
from syncd.testing.local_site import LocalSite
from tests.acceptance.commands import syncd
from tests.acceptance.office import config_text, feed_xml, unit_block

ALLOW = ("--allow", "127.0.0.0/8")
HOME = '<html><head><link rel="alternate" type="application/rss+xml" href="/rss"></head><body>Trang chủ</body></html>'
ARTICLE = """<html><head><link rel="canonical" href="/tin/1.html">
<meta property="article:published_time" content="2026-10-12T08:30:00+07:00"></head><body>
<article><h1>Hội nghị giao ban tháng mười</h1><p>Đồng chí Trần Thị Giả Định chủ trì.</p><img src="/anh.jpg" alt="Ảnh">
<p>Hội nghị thống nhất nhiều nội dung về công tác xây dựng Đảng trong thời gian tới.</p></article>
</body></html>"""


def dead_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("path", ["/rss", "/"], ids=["the feed itself", "a home page that announces it"])
def test_probe_describes_the_feed_and_offers_a_block_that_is_accepted(path: str, tmp_path: Path) -> None:
    with LocalSite() as site:
        site.page("/rss", feed_xml(site.url("/"), 3), content_type="application/rss+xml")
        site.page("/", HOME)
        answer = syncd("probe", site.url(path), *ALLOW, "--json")
        feed = site.url("/rss")
    assert answer.code == 0, answer.err
    document = answer.document
    assert {"url", "kind", "feed_url", "posts", "skipped", "config"} <= set(document)
    assert (document["url"], document["kind"], document["feed_url"]) == (site.url(path), "feed", feed)
    assert len(document["posts"]) == 3
    for post in document["posts"]:
        assert {
            "title", "url", "published_at", "precision", "date_raw", "date_source", "author", "categories",
        } <= set(post)  # fmt: skip
    assert document["posts"][0]["published_at"].startswith("2026-10-12T01:30:00")
    pasted = tmp_path / "config.toml"
    pasted.write_text(config_text("") + document["config"] + "\n", encoding="utf-8")
    unit = load_config(pasted).units[0]
    assert load_config(pasted).sources[unit.id][0].settings.url == feed


def test_what_a_probe_says_is_vietnamese_and_names_the_address_once() -> None:
    with LocalSite() as site:
        site.page("/robots.txt", "User-agent: *\nDisallow: /rss\n", content_type="text/plain")
        site.page("/rss", feed_xml(site.url("/"), 1_001), content_type="application/rss+xml")
        site.redirect("/vong", "/vong")
        said, failed = syncd("probe", site.url("/rss"), *ALLOW).out, syncd("probe", site.url("/vong"), *ALLOW).err
    assert "có 1001 mục: chỉ đọc 1000 mục đầu" in said
    assert "✘ robots.txt của trang không cho đọc" in said
    assert failed.split("→")[0].count("/vong: ") == 1


def test_probe_shows_items_that_cannot_be_read_with_their_reason() -> None:
    with LocalSite() as site:
        body = feed_xml(site.url("/"), 1).replace("</channel>", "<item><description>x</description></item></channel>")
        site.page("/rss", body, content_type="application/rss+xml")
        document = syncd("probe", site.url("/rss"), *ALLOW, "--json").document
    assert len(document["posts"]) == 1
    assert [bool(item["reason"]) for item in document["skipped"]] == [True]


def test_block_of_a_learned_list_is_pasted_checked_and_collected_from(tmp_path: Path) -> None:
    entries = "".join(
        f"<li class='tin'><a href='/tin/{number}.html'>Tin số {number} của huyện Giả Định về công tác Đảng</a> <i>({number + 10}/10/2026)</i></li>"
        for number in range(9, 0, -1)
    )
    with LocalSite() as site:
        site.page(
            "/tin-tuc", f"<html><head><title>Huyện ủy Giả Định</title></head><body><ul>{entries}</ul></body></html>"
        )
        answer = syncd("probe", site.url("/tin-tuc"), *ALLOW, "--json")
        assert answer.code == 0, answer.err
        document = answer.document
        assert (document["kind"], document["feed_url"], len(document["posts"])) == ("page", None, 9)
        assert document["months"] == {"2026-10": 9}
        assert {"days_only", "no_https"} <= {doubt["kind"] for doubt in document["doubtful"]}
        assert all(doubt["message"] for doubt in document["doubtful"])
        pasted = tmp_path / "config.toml"
        pasted.write_text(config_text("") + document["config"] + "\n", encoding="utf-8")
        assert syncd("check", "-c", pasted).code == 0
        assert syncd("db", "upgrade", "-c", pasted).code == 0
        collected = syncd("collect", "--json", "-c", pasted)
        assert collected.document["units"][document["unit"]["id"]]["new"] == 9, collected.out


@pytest.mark.parametrize(
    ("language", "heading", "doubt"), [("vi", "Ngày như đã in", "chỉ dùng http"), ("en", "As printed", "uses http")]
)
def test_preview_shows_dates_as_printed_months_doubts_and_the_block(language: str, heading: str, doubt: str) -> None:
    with LocalSite() as site:
        site.page("/rss", feed_xml(site.url("/"), 3), content_type="application/rss+xml")
        answer = syncd("probe", site.url("/rss"), *ALLOW, "--language", language)
    assert answer.code == 0, answer.err
    for shown in (heading, doubt, "Mon, 12 Oct 2026 08:30:00 +0700", "2026-10: 3", "[[units]]", "Tin 1 của ban-a"):
        assert shown in answer.out, shown


def test_probe_of_a_page_without_posts_says_how_to_read_it_otherwise() -> None:
    with LocalSite() as site:
        site.page("/", "<html><body>Chào mừng quý vị đến với trang của chúng tôi</body></html>")
        answer = syncd("probe", site.url("/"), *ALLOW, "--json")
    assert (answer.code, answer.out) == (3, "")
    assert 'kind = "page"' in answer.err


# --- many addresses -------------------------------------------------------------------------------------


def test_every_address_of_a_file_becomes_a_unit_or_a_line_for_a_person(tmp_path: Path) -> None:
    units, report = tmp_path / "units" / "tu-probe.toml", tmp_path / "can-xem.txt"
    units.parent.mkdir()
    with LocalSite() as site, LocalSite() as other:
        for each in (site, other):
            each.page("/rss", feed_xml(each.url("/"), 12), content_type="application/rss+xml")
            each.page("/", HOME)
        dead = f"http://127.0.0.1:{dead_port()}/"
        addresses = tmp_path / "dia-chi.txt"
        addresses.write_text(f"# các đơn vị\n{site.url('/')}\n{dead}  # hỏng\n\n{other.url('/')}\n", encoding="utf-8")
        arguments = ("probe", "--all", addresses, "--out", units, "--report", report, *ALLOW)
        first = syncd(*arguments)
        assert (first.code, first.out) == (1, "")
        assert "1/3" in first.err
        assert dead in report.read_text(encoding="utf-8")
        asked = site.count(), other.count()
        written = units.read_text(encoding="utf-8")
        assert syncd(*arguments).code == 1
        assert (units.read_text(encoding="utf-8"), (site.count(), other.count())) == (written, asked)
        config = tmp_path / "config.toml"
        config.write_text('units = "units"\n' + config_text(""), encoding="utf-8")
        loaded = load_config(config)
        assert [unit.id for unit in loaded.units] == ["don-vi", "don-vi-2"]
        assert [loaded.sources[unit.id][0].settings.url for unit in loaded.units] == [
            site.url("/rss"),
            other.url("/rss"),
        ]


def test_table_of_units_gives_ids_names_and_groups(tmp_path: Path) -> None:
    with LocalSite() as site:
        site.page("/rss", feed_xml(site.url("/"), 12), content_type="application/rss+xml")
        table = tmp_path / "don-vi.csv"
        table.write_text(f"id;name;group;url\nban-a;Ban A Tỉnh ủy Ví Dụ;ban;{site.url('/rss')}\n", encoding="utf-8-sig")
        answer = syncd("probe", "--all", table, *ALLOW)
        assert answer.code == 0, answer.err
        assert all(part in answer.out for part in ('id = "ban-a"', 'name = "Ban A Tỉnh ủy Ví Dụ"', 'group = "ban"'))
        document = syncd("probe", "--all", table, *ALLOW, "--json").document
    assert (document["ok"], [site["unit"]["id"] for site in document["sites"]]) == (True, ["ban-a"])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# không có gì\n",
        "http://a.vidu.example/\nhttp://a.vidu.example/\n",
        "id,url\nBan A,http://a.vidu.example/\n",
        "mã,url\na,b\n",
    ],
    ids=["empty", "comments", "twice", "bad id", "unknown column"],
)
def test_list_that_is_wrong_is_refused_before_anything_is_asked(tmp_path: Path, text: str) -> None:
    file = tmp_path / "dia-chi.csv"
    file.write_text(text, encoding="utf-8")
    assert syncd("probe", "--all", file).code == 2


def test_probe_of_a_dead_address_is_a_foreign_failure() -> None:
    answer = syncd("probe", f"http://127.0.0.1:{dead_port()}/", *ALLOW, "--json")
    assert (answer.code, answer.out) == (3, "")
    assert "127.0.0.1" in answer.err


def test_probe_does_not_reach_into_a_private_network_unless_it_is_allowed() -> None:
    with LocalSite() as site:
        site.page("/rss", feed_xml(site.url("/"), 1), content_type="application/rss+xml")
        answer = syncd("probe", site.url("/rss"), "--json")
        assert site.count() == 0
    assert answer.code == 3
    assert "--allow" in answer.err


def test_probe_wants_one_address() -> None:
    assert syncd("probe").code == 2
    assert syncd("probe", "http://a.example/", "--article", "http://a.example/1").code == 2
    assert syncd("probe", "http://a.example/", "--out", "x.toml").code == 2
    assert syncd("probe", "http://a.example/", "--language", "fr").code == 2


def test_probe_of_an_article_has_every_key_of_the_contract() -> None:
    with LocalSite() as site:
        site.page("/tin/1.html", ARTICLE)
        answer = syncd("probe", "--article", site.url("/tin/1.html"), *ALLOW, "--json")
        assert answer.code == 0, answer.err
        document = answer.document
        assert {
            "title", "url", "canonical_url", "published_at", "precision", "author", "text", "html", "images",
        } <= set(document)  # fmt: skip
        assert document["title"] == "Hội nghị giao ban tháng mười"
        assert document["canonical_url"] == site.url("/tin/1.html")
        assert "Trần Thị Giả Định" in document["text"]
        assert [image["url"] for image in document["images"]] == [site.url("/anh.jpg")]


TEN_MISTAKES = """
[office]
name = ""
langauge = "vi"
[http]
spacing_s = -1
[schedule]
collect_every_minutes = 0
[portal]
kind = "outbocks"
[[rulesets]]
id = "mac-dinh"
builtin = "defaultt"
from = 2026-01-01
[[assessments]]
id = "2026"
first_period = "2026-13"
last_period = "2026-12"
ruleset = "khong-co"
[web]
port = 99999
[[units]]
id = "Ban A"
name = "Ban A"
group = "ban"
sources = [{ kind = "feed", url = "ftp://ban-a.example/rss" }]
[[units]]
id = "ban-b"
name = "Ban B"
group = "ban"
editors = ["khong phai thu"]
sources = [{ kind = "feed", link = "https://ban-b.example/rss" }]
"""


def test_check_prints_ten_mistakes_at_once_each_with_its_key_and_the_way_out(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(TEN_MISTAKES, encoding="utf-8")
    answer = syncd("check", "--json", "-c", config)
    assert answer.code == 2
    document = answer.document
    assert document["ok"] is False
    found = {problem["key"]: problem for problem in document["problems"]}
    wanted = {
        "office.name", "office.langauge", "http.spacing_s", "assessments[0].ruleset", "schedule.collect_every_minutes",
        "portal.kind", "rulesets[0].builtin", "web.port", "units[0].id", "units[1].editors[0]",
        "units[1].sources[0].link",
    }  # fmt: skip
    assert wanted <= set(found), sorted(found)
    assert all(problem["message"] and problem["hint"] for problem in document["problems"]), document
    plain = syncd("check", "-c", config)
    assert plain.code == 2
    assert all(key in plain.out for key in wanted)


def test_a_command_on_a_wrong_configuration_names_the_mistakes_and_ends_with_2(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(TEN_MISTAKES, encoding="utf-8")
    answer = syncd("quota", "--json", "-c", config)
    assert (answer.code, answer.out) == (2, "")
    assert "schedule.collect_every_minutes" in answer.err


def test_check_online_names_each_neighbour_that_does_not_answer(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    with LocalSite() as site:
        site.page("/rss", feed_xml(site.url("/"), 2), content_type="application/rss+xml")
        units = unit_block("ban-a", site.url("/rss")) + unit_block("ban-b", f"http://127.0.0.1:{dead_port()}/rss")
        mail = f'[mail]\nkind = "smtp"\nhost = "127.0.0.1"\nport = {dead_port()}\nsecurity = "none"\ntimeout_s = 5.0\n'
        config.write_text(config_text(units, mail=mail), encoding="utf-8")
        assert syncd("check", "-c", config).code == 0
        answer = syncd("check", "--online", "--json", "-c", config)
    assert answer.code == 3
    assert [problem["key"] for problem in answer.document["problems"]] == ["units[1].sources[0].url", "mail"]
    assert all(problem["hint"] for problem in answer.document["problems"])
