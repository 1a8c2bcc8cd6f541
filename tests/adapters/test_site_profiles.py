"""Site profiles: what a page is recognised by, what its addresses tell, and tables of an operator's own."""

from pathlib import Path

import pytest

from adapters.profiles import tables
from adapters.site_profiles import load_profiles, profile_named, recognise
from syncd.errors import ConfigError, ConfigInvalid

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "html"
PRODUCTS = {
    "nukeviet", "liferay", "sharepoint", "dotnetnuke", "wordpress", "joomla", "drupal", "webcenter", "websphere",
}  # fmt: skip


def test_there_is_a_table_for_each_kind_of_site() -> None:
    assert {profile.name for profile in load_profiles()} == PRODUCTS
    for profile in load_profiles():
        assert profile.product
        assert profile.article.content
        assert profile.lists
        assert profile.keys
        assert profile.signs.addresses
        assert profile.signs.markup


@pytest.mark.parametrize(
    ("page", "url", "name"),
    [
        ('<meta name="generator" content="NukeViet v4.5" />', "https://phuong-a.vidu.example/", "nukeviet"),
        ('<META content="NukeViet v4.3" name=generator>', "https://phuong-a.vidu.example/", "nukeviet"),
        ("<script>var nv_base_siteurl='/';</script><img src='/uploads/news/2026_10/a.jpg'>", "https://a.vidu.example/", "nukeviet"),
        ("<script>Liferay.ThemeDisplay={}</script><div class='portlet-body'>", "https://so-b.vidu.example/tin", "liferay"),
        ("", "https://so-b.vidu.example/web/guest/tin/-/asset_publisher/Abc1/content/id/57", "liferay"),
        ("<meta name='GENERATOR' content='Microsoft SharePoint'>", "https://so-c.vidu.example/", "sharepoint"),
        ("", "https://so-c.vidu.example/Lists/TinTuc/DispForm.aspx?ID=27", "sharepoint"),
        ("", "https://huyen-d.vidu.example/Trang-chu/post/218187/hoi-nghi", "dotnetnuke"),
        ("<form id=Form><div id=dnn_ctr432_ContentPane></div><img src=/portals/1013/a.png>", "https://huyen-d.vidu.example/", "dotnetnuke"),
        ('<meta name="generator" content="WordPress 6.6.2">', "https://doan-e.vidu.example/", "wordpress"),
        ("<link href='/wp-content/themes/x/style.css'><script src=/wp-includes/js/jquery.js>", "https://doan-e.vidu.example/", "wordpress"),
        ('<meta name="generator" content="Joomla! - Open Source Content Management">', "https://truong-g.vidu.example/", "joomla"),
        ("", "https://truong-g.vidu.example/index.php/tin-tuc/item/4003-hoi-nghi.html", "joomla"),
        ('<meta name="Generator" content="Drupal 10 (https://www.drupal.org)">', "https://xa-h.vidu.example/", "drupal"),
        ("", "https://xa-h.vidu.example/node/195660", "drupal"),
        ("", "https://huyen-k.vidu.example/webcenter/portal/huyen/pages_tin?dDocName=PORTAL353912", "webcenter"),
        ("", "https://huyen-l.vidu.example/wps/portal/Home/!ut/p/c4/04_SB8/?cur_id=777", "websphere"),
    ],
)  # fmt: skip
def test_a_site_is_recognised_by_generator_address_or_markup(page: str, url: str, name: str) -> None:
    found = recognise(page, url)
    assert found is not None
    assert found.profile.name == name
    assert found.reason.split(" ")[0] in ("generator", "address", "markup")


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (("Liferay-Portal", "Liferay Community Edition Portal 7.0.6"), "liferay"),
        (("MicrosoftSharePointTeamServices", "15.0.0.4569"), "sharepoint"),
        (("X-Generator", "Drupal 9 (https://www.drupal.org)"), "drupal"),
        (("Link", '<https://a.vidu.example/wp-json/>; rel="https://api.w.org/"'), "wordpress"),
    ],
)
def test_a_site_is_recognised_by_its_headers(header: tuple[str, str], name: str) -> None:
    found = recognise("<html>", "https://a.vidu.example/", headers=[header])
    assert found is not None
    assert found.profile.name == name


@pytest.mark.parametrize(
    "page",
    [
        "<html><body><a href=/tin-1.html>Tin</a></body></html>",
        "<!-- <meta name=generator content=WordPress> --><p>Trang tự làm",
        "<p>Chúng tôi dùng WordPress và NukeViet, xem https://x.vidu.example/wp-content/uploads/a.pdf</p>",
    ],
)
def test_a_home_made_site_is_no_known_kind(page: str) -> None:
    assert recognise(page, "https://trang.vidu.example/") is None


@pytest.mark.parametrize(
    ("name", "addresses", "key"),
    [
        ("nukeviet", ["https://a.vidu.example/vi/news/chinh-tri/hoi-nghi-2642.html", "http://www.a.vidu.example/news/tin-moi/hoi-nghi-lan-2-2642.html", "https://a.vidu.example/vi/news/savefile/chinh-tri/hoi-nghi-2642.html", "https://a.vidu.example/index.php/vi/news/print/chinh-tri/hoi-nghi-2642.html?x=1"], "nukeviet:news/2642"),
        ("liferay", ["https://a.vidu.example/web/guest/-/asset_publisher/Xy1/content/id/57300", "https://b.vidu.example/tin/-/asset_publisher/Zz9/content/id/57300?redirect=%2F"], "liferay:57300"),
        ("liferay", ["https://a.vidu.example/tin/-/view_content/4418033-chinh-thuc.html", "https://a.vidu.example/-/details/4418033/chinh-thuc-kich-hoat"], "liferay:4418033"),
        ("sharepoint", ["https://a.vidu.example/Lists/TinTuc/DispForm.aspx?ID=27", "http://b.vidu.example/Lists/TinTuc/DispForm.aspx?Source=x&ID=27"], "sharepoint:lists/tintuc/27"),
        ("dotnetnuke", ["https://dang.vidu.example/Trang-chu/post/218187/hoi-nghi", "https://huyen.dang.vidu.example/C%C3%A1c-Ban/Ban-Tuy%C3%AAn-gi%C3%A1o/post/218187/hoi-nghi.aspx", "https://dang.vidu.example/post/218187"], "dotnetnuke:218187"),
        ("joomla", ["https://a.vidu.example/index.php/tin/item/4003-hoi-nghi.html", "https://a.vidu.example/item/4003-ten-khac"], "joomla:4003"),
        ("drupal", ["https://a.vidu.example/node/195660", "https://a.vidu.example/?q=node/195660"], "drupal:195660"),
        ("webcenter", ["https://a.vidu.example/webcenter/portal/x?dDocName=PORTAL353912&_afrLoop=123", "https://a.vidu.example/webcenter/portal/y/pages_z?_adf.ctrl-state=q&dDocName=PORTAL353912"], "webcenter:portal353912"),
        ("websphere", ["https://a.vidu.example/wps/portal/!ut/p/c4/AAA?cur_id=abc-1", "https://a.vidu.example/wps/portal/!ut/p/c4/BBB?x=1&cur_id=abc-1"], "websphere:abc-1"),
    ],
)  # fmt: skip
def test_one_post_has_one_key_under_every_host_and_path(name: str, addresses: list[str], key: str) -> None:
    profile = profile_named(name)
    assert {profile.key_of(address) for address in addresses} == {key}
    assert profile.key_of("https://a.vidu.example/") is None


def test_a_decomposed_address_is_the_same_post() -> None:
    profile = profile_named("liferay")
    composed, decomposed = (
        "https://a.vidu.example/-/h\u1ed9i-ngh\u1ecb",
        "https://a.vidu.example/-/ho%CC%A3%CC%82i-nghi%CC%A3",
    )
    assert profile.key_of(composed) == profile.key_of(decomposed) == "liferay:h\u1ed9i-ngh\u1ecb"


def test_copies_and_service_pages_are_no_posts() -> None:
    nukeviet = profile_named("nukeviet")
    assert nukeviet.is_post("https://a.vidu.example/vi/news/chinh-tri/hoi-nghi-2642.html")
    assert not nukeviet.is_post("https://a.vidu.example/vi/news/savefile/chinh-tri/hoi-nghi-2642.html")
    assert not nukeviet.is_post("https://a.vidu.example/vi/news/print/chinh-tri/hoi-nghi-2642.html")


@pytest.mark.parametrize(
    ("printed", "title"),
    [
        ("nullHội nghị tổng kết", "Hội nghị tổng kết"),
        ("null Đại hội chi bộ", "Đại hội chi bộ"),
        ("Nulla poena sine lege", "Nulla poena sine lege"),
        ("nullify", "nullify"),
        ("null", "null"),
    ],
)
def test_liferay_titles_lose_the_word_null_in_front(printed: str, title: str) -> None:
    assert profile_named("liferay").title_of(printed) == title


def test_pages_behind_a_list_are_addressed_as_each_kind_does() -> None:
    wordpress, drupal, joomla, liferay = map(profile_named, ("wordpress", "drupal", "joomla", "liferay"))
    assert wordpress.pager.made("https://a.vidu.example/tin-tuc/?x=1", 2) == "https://a.vidu.example/tin-tuc/page/2/"
    assert (
        drupal.pager.made("https://a.vidu.example/tin-tuc?loai=1&page=1", 2)
        == "https://a.vidu.example/tin-tuc?loai=1&page=2"
    )
    assert drupal.pager.number_of("https://a.vidu.example/tin-tuc") == 0
    assert joomla.pager.number_of("https://a.vidu.example/tin-tuc?start=20") == 20
    assert liferay.pager.number_of("https://a.vidu.example/tin?p_p_id=101&_101_INSTANCE_x_cur=3&_101_delta=10") == 3
    assert liferay.pager.made("https://a.vidu.example/tin", 2) == ""


def test_an_operators_table_is_added_and_goes_before_ours(tmp_path: Path) -> None:
    (tmp_path / "hiday.toml").write_text(
        'product = "HiDay"\n[signs]\ngenerator = ["hiday"]\n[[lists]]\nitem = "div.tin"\n', encoding="utf-8"
    )
    (tmp_path / "drupal.toml").write_text('product = "Drupal của tỉnh"\nwindow = 15\n', encoding="utf-8")
    profiles = load_profiles(tmp_path)
    assert {profile.name for profile in profiles} == PRODUCTS | {"hiday"}
    assert profile_named("drupal", profiles=profiles).window == 15
    found = recognise("<meta name=generator content=HiDay>", "https://a.vidu.example/", profiles=profiles)
    assert found is not None
    assert found.profile.lists[0].link == "a"


def test_every_mistake_of_a_table_is_told_with_its_key_and_way_out(tmp_path: Path) -> None:
    (tmp_path / "cua-toi.toml").write_text(
        'product = "X"\nfeed = ["/rss"]\nkeys = ["post/[0-9]+", "("]\n'
        '[dates]\nminutes = "sai"\n[[lists]]\nlink = "a["\n[pager]\naddress = "?page=2"\n',
        encoding="utf-8",
    )
    (tmp_path / "hong.toml").write_text("product = ", encoding="utf-8")
    with pytest.raises(ConfigInvalid) as caught:
        load_profiles(tmp_path)
    problems = {problem.key: problem for problem in caught.value.problems}
    assert {
        "cua-toi.toml: feed", "cua-toi.toml: keys", "cua-toi.toml: dates.minutes", "cua-toi.toml: lists[0].item",
        "cua-toi.toml: lists[0].link", "cua-toi.toml: pager.address", "hong.toml",
    } == set(problems)  # fmt: skip
    assert all(problem.hint for problem in problems.values())
    assert problems["cua-toi.toml: feed"].hint == "did you mean feeds?"


def test_an_unknown_name_is_told_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="no profile") as caught:
        profile_named("nukevit")
    assert "nukeviet" in (caught.value.hint or "")


@pytest.mark.skipif(not CORPUS.is_dir(), reason=f"the corpus is not beside this checkout: {CORPUS}")
def test_saved_pages_are_recognised() -> None:
    found = {
        path.name: kind.profile.name
        if (kind := recognise(path.read_text("utf-8", "replace"), "https://a.vidu.example/"))
        else None
        for path in sorted(CORPUS.glob("*.html"))
    }
    assert {kind for name, kind in found.items() if name.startswith("hanoi-ict-")} == {"liferay"}
    assert found["toaan-gov-vn-home.html"] == "webcenter"
    assert {kind for name, kind in found.items() if name.startswith(("dantri", "vnexpress"))} == {None}


@pytest.mark.parametrize("table", sorted(Path(tables.__file__).parent.glob("*.toml")), ids=lambda table: table.stem)
def test_the_selectors_of_our_own_tables_which_no_process_checks_are_selectors(table: Path) -> None:
    assert tables.read_profile(table)[1] == []
