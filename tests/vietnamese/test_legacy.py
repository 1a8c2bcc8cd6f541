"""Old encodings: the tables against other makers' of them, what is recognised, and what is left alone."""

import gzip
import json
import random
import re
import shutil
import subprocess
import time
import unicodedata
from difflib import SequenceMatcher
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.vietnamese.legacy import Modern, convert, may_be_legacy, modern, recognise_legacy
from syncd.vietnamese.legacy_html import decode_page, modern_html
from syncd.vietnamese.legacy_tables import TABLES, Legacy
from syncd.vietnamese.text import decode, nfc

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
SENTENCES = (
    "Ủy ban nhân dân tỉnh Ví Dụ vừa ban hành quyết định về chỉ tiêu tin, bài của các đơn vị trong năm",
    "Đảng bộ xã đã tổ chức hội nghị quán triệt nghị quyết; đồng chí Bí thư chủ trì, có hơn một trăm người dự",
    "Sáng nay, những hộ dân ở thôn Mẫu được nhận giống lúa mới và phân bón để kịp sản xuất vụ đông xuân",
    "Kỳ họp thường lệ giữa năm sẽ bàn việc sửa đường, xây trường học, bảo vệ rừng và phòng chống lũ quét",
)
BYTES = {Legacy.VISCII: "VISCII", Legacy.TCVN3: "TCVN"}  # glibc's names


def written_in(encoding: Legacy, text: str) -> str:
    """The text as it looks when software without that encoding shows it."""
    table = TABLES[encoding]
    back: dict[str, str] = {}
    for shown, letter in {**table.pairs, **table.singles}.items():
        kept = back.get(letter)
        # of several spellings the one in the case of its letter, and the printable one
        if kept is None or (shown.isupper() == letter.isupper() and "\x7f" < min(kept) < "\xa0"):
            back[letter] = shown
    return "".join(back.get(char) or back.get(char.lower(), char) for char in text)


def small(text: str) -> str:
    return nfc(text).lower()


def letters(text: str) -> str:
    return "".join(char for char in small(text) if char.isalpha())


@pytest.mark.skipif(shutil.which("iconv") is None, reason="iconv is not installed")
@pytest.mark.parametrize("encoding", BYTES)
def test_table_agrees_with_the_c_library(encoding: Legacy) -> None:
    letters = {shown: letter for shown, letter in TABLES[encoding].singles.items() if "\x80" <= shown <= "\xff"}
    command = ["iconv", "-f", BYTES[encoding], "-t", "UTF-8"]
    done = subprocess.run(command, input="\n".join(letters).encode("latin-1"), capture_output=True, check=True)
    assert nfc(done.stdout.decode()).split("\n") == list(letters.values())


def test_windows_1258_agrees_with_python() -> None:
    table = TABLES[Legacy.CP1258]
    for shown, letter in {**table.singles, **table.pairs}.items():
        assert nfc(shown.encode("cp1252").decode("cp1258")) == letter


@pytest.mark.parametrize("encoding", Legacy)
def test_table_has_every_letter_once(encoding: Legacy) -> None:
    everything = {*TABLES[encoding].singles.values(), *TABLES[encoding].pairs.values()}
    vowels = {
        nfc(base + tone) for base in "aăâeêioôơuưy" for tone in ("", "\u0301", "\u0300", "\u0309", "\u0303", "\u0323")
    }
    assert {char for char in (vowels | {"đ"}) if not char.isascii()} <= everything


@pytest.mark.parametrize("encoding", Legacy)
@pytest.mark.parametrize("sentence", SENTENCES)
def test_sentence_is_recognised_and_read(encoding: Legacy, sentence: str) -> None:
    done = modern(written_in(encoding, sentence))
    assert (done.encoding, small(done.text)) == (encoding, small(sentence))
    assert done.note == f"converted from {encoding}"
    if encoding is not Legacy.TCVN3:
        assert done.text == sentence


# encoding, as shown, what it says
SHORT = [
    (Legacy.TCVN3, "B¶n tin §¶ng bé", "Bản tin Đảng bộ"),
    (Legacy.TCVN3, "Phæ biÕn ph¸p luËt", "Phổ biến pháp luật"),
    (Legacy.TCVN3, "§¶ng bé", "Đảng bộ"),
    (Legacy.TCVN3, "Uû ban nh©n d©n", "Uỷ ban nhân dân"),
    (Legacy.TCVN3, "C¸c ®ång chÝ l·nh ®¹o", "Các đồng chí lãnh đạo"),
    (Legacy.TCVN3, "QUYÕT §ÞNH CñA Uû BAN NH¢N D¢N", "QUYẾT ĐỊNH CỦA UỶ BAN NHÂN DÂN"),
    (Legacy.TCVN3, "Thñ t\xadíng ChÝnh phñ", "Thủ tướng Chính phủ"),
    (Legacy.TCVN3, "Mêng Kh¬ng", "Mường Khương"),  # the soft hyphens lost on the way
    (Legacy.VNI, "Hoäi nghò toång keát", "Hội nghị tổng kết"),
    (Legacy.VNI, "UÛY BAN NHAÂN DAÂN", "ỦY BAN NHÂN DÂN"),
    (Legacy.VNI, "Bình Thuaän, Ñaéc Noâng", "Bình Thuận, Đắc Nông"),
    (Legacy.VPS, "Ti‰ng ViŒt", "Tiếng Việt"),
    (Legacy.VISCII, "Tiªng Vi®t", "Tiếng Việt"),
    (Legacy.CP1258, "Tiêìng Viêòt ðeòp", "Tiếng Việt đẹp"),
    (Legacy.TWICE, "Há»™i nghá»‹ Ä‘áº£ng bá»™", "Hội nghị đảng bộ"),
    (Legacy.TWICE, "Uá»· ban nhÃ¢n dÃ¢n tá»‰nh â€œVÃ\xad Dá»¥â€\x9d, ngÃ\xa0y 5 thÃ¡ng 12", "Uỷ ban nhân dân tỉnh “Ví Dụ”, ngày 5 tháng 12"),
    (Legacy.BKHCM2, "Nhiïåm vuå khoa hoåc", "Nhiệm vụ khoa học"),
]  # fmt: skip


@pytest.mark.parametrize(("encoding", "shown", "said"), SHORT, ids=[ascii(case[1]) for case in SHORT])
def test_title_of_a_few_words_is_recognised(encoding: Legacy, shown: str, said: str) -> None:
    assert (modern(shown).encoding, modern(shown).text) == (encoding, said)


FOREIGN = [
    "El año que viene habrá más montañas en Cataluña; el señor Núñez dijo «sí» y añadió que aún faltan niños",
    "Les élèves français ont été reçus à l’hôtel « Noël » : où haïr le maïs naïf, dès août, ça coûte 20 € à Saïd",
    "Größere Häuser für Bürger: Übermäßige Maßnahmen könnten möglich sein, sagte Müller über die Straße",
    "Türkiye'de eğitim ve öğretim yılı başlıyor; çocuklar şimdi okula gidiyor, ücret değişmedi",
    "Příliš žluťoučký kůň úpěl ďábelské ódy; město Plzeň má nový úřad",
    "Það er gott að búa á Íslandi; börnin fóru þangað í gær og sáu ær, æðar og þröst",
    "Så må vi gå på tå når dø sø får få år, nå så då",
    "Hvis du går på øen, så får du rød grød med fløde; æblet er på bordet",
    "Räksmörgås är gott och året är långt på ön i ån",
    "Hyvää päivää, tämä on hyvä sää ja työ tehdään pöydällä",
    "Põhjamaades sõõm vett, öö ja töö, õed lähevad külla",
    "Árvíztűrő tükörfúrógép, teát és beát kért a leány",
    "Não há informações sobre a região; a saúde é lá, já são três horas à noite",
    "Più città, perché l’università è là: così può darsi che già sarà",
    "El raïm i la veïna: país, raó, també, Seán va anar-hi; això és l’evolució",
    "În România și în țară, mâine dimineață, copiii învață să scrie",
    "Zażółć gęślą jaźń; w Łodzi był duży śnieg",
    "Šiandien mūsų šalyje žmonės kalba apie ąžuolą",
    "Tá Seán agus Siân ag dul go dtí an t-óstán; bhí sé ann",
    "Mae’r tŷ ar lan y môr; dŵr a chŷn, gâm",
    "Ondanks geïnteresseerde coöperaties beïnvloedt één ruïne de reünie niet; België",
    "Të gjithë njerëzit lindin të lirë dhe të barabartë në dinjitet; çdo ditë",
    "Ñawi, ñaña, wiñay; qhapaq ñan runasimipi",
    "Ngāti Māori whānau; ko te reo",
    "Привет, мир: новости «сегодня»",
    "中文新闻 – 2024年10月24日",
    "Windows® 11, Intel® Core™ i7 – ©2024; 5 µm ± 2 %, §5, nº 3, 1ª «a» £183M/€203M, ½ lb ¶",
    "¸.•´¸.•*´¨) ¸.•*¨) ¤ø„¸ `°º¤ø,¸¸,ø¤º°`",
    "La cafÃ© fermÃ© Ã\xa0 lâ€™Ã©tÃ©: fÃ¼r GrÃ¶ÃŸe, maÃ±ana",
    "Thông báo: các cháu bé xã Hoà An có quà, em Quý được khen; toán, khoá, xoá, hoà",
    "Hội nghị «Chuyển đổi số» – 5·6·7 ngày © Sở Thông tin® §2, 20m², 30°C, £5",
    unicodedata.normalize("NFD", "Đảng ủy xã tổ chức hội nghị “quán triệt” nghị quyết – «mới»"),
    "Café São Paulo, Zürich, Malmö, Århus, Reykjavík, Ñuñoa, Gijón, Besançon",
    "haï", "oû", "Raúl", "Noël", "Ñuñoa", "Saïd", "Mêmes", "®", "©", "Đà Nẵng", "Hà Nội", "bé", "xã", "Seán", "Moët",
]  # fmt: skip


@pytest.mark.parametrize("text", FOREIGN, ids=ascii)
def test_what_is_in_no_old_encoding_stays_as_it_is(text: str) -> None:
    assert modern(text) == Modern(text=text)
    for line in re.split(r"[;,:]", text):
        assert modern(line).encoding is None, line


@pytest.mark.parametrize("encoding", Legacy)
def test_unicode_paragraph_beside_an_old_one_is_left_alone(encoding: Legacy) -> None:
    old = written_in(encoding, SENTENCES[0])
    done = modern(f"{SENTENCES[1]}\n{old}\nLe café «fermé» à l’été\nHà Giang, bé\n{SENTENCES[2]}")
    first, second, third, fourth, fifth = done.text.split("\n")
    assert (first, third, fourth, fifth) == (SENTENCES[1], "Le café «fermé» à l’été", "Hà Giang, bé", SENTENCES[2])
    assert small(second) == small(SENTENCES[0])
    assert done.encoding is encoding


def test_line_too_short_to_prove_itself_follows_the_rest() -> None:
    body = written_in(Legacy.TCVN3, "\n".join(SENTENCES))
    assert modern(body + "\nbé phËn\nTin tøc").text.endswith("\nbộ phận\nTin tức")
    assert modern("Tin tøc").encoding is None
    assert modern("Tin tøc", hint=Legacy.TCVN3).text == "Tin tức"
    assert modern("Le café fermé", hint=Legacy.TCVN3).encoding is None
    assert modern("Hà Nội", hint=Legacy.VNI).encoding is None


def test_lost_letters_are_put_back_where_that_is_certain_and_told() -> None:
    shown = written_in(
        Legacy.TCVN3, "Nhà trường được người dân ở phường và nước bạn mời họp tháng sáu; trước đó đã họp ở vườn"
    )
    done = modern(shown.replace("\xad", ""))
    assert done.text == "Nhà trường được người dân ở phường và nước bạn mời họp tháng sáu; trước đó đã họp ở vờn"
    assert done.note == 'converted from TCVN3, some letters "ư" were lost before'
    assert modern(shown).note == "converted from TCVN3"
    assert modern_html(f"<p>{shown}</p>".replace("\xad", "")).damaged


def test_viscii_of_a_file_is_known_without_a_declaration() -> None:
    low = {"Ẳ": 2, "Ẵ": 5, "Ẫ": 6, "Ỷ": 20, "Ỹ": 25, "Ỵ": 30}
    text = "\n".join(SENTENCES) + " KỶ LUẬT"
    back = {letter: ord(shown) for shown, letter in TABLES[Legacy.VISCII].singles.items() if shown <= "\xff"}
    body = bytes(low.get(char) or back.get(char) or ord(char) for char in text)
    assert decode(body).text == text
    assert decode(body, content_type="text/html; charset=VISCII").text == text


@pytest.mark.parametrize("encoding", [Legacy.TCVN3, Legacy.VNI])
def test_bytes_of_a_page_reach_their_text(encoding: Legacy) -> None:
    shown = written_in(encoding, "\n".join(SENTENCES))
    for content_type in (
        "",
        "text/html; charset=iso-8859-1",
        "text/html; charset=x-user-defined",
        "text/html; charset=utf-8",
    ):
        assert small(modern(decode(shown.encode("cp1252"), content_type=content_type).text).text) == small(
            "\n".join(SENTENCES)
        )


def test_most_text_is_passed_at_a_glance() -> None:
    text = SENTENCES[0] * 50
    rounds = 50
    started = time.process_time()
    for _ in range(rounds):
        assert not may_be_legacy(text)
    assert (time.process_time() - started) / rounds / len(text) * 100 < 5e-6  # five times the aim, for a busy machine


@pytest.mark.parametrize(
    "text",
    [
        "¸" * 50_000,
        "aù" * 25_000,
        "§¶ng bé " * 8_000,
        "¸\n" * 25_000,
        "\n".join(f"¸{n:x}" for n in range(25_000)),
        "a" * 50_000 + "®",
    ],
)
def test_hostile_text_is_answered_fast(text: str) -> None:
    started = time.process_time()
    modern(text)
    assert time.process_time() - started < 1


@given(st.text(st.characters(max_codepoint=0x1EF9), max_size=80))
def test_any_text_is_answered(text: str) -> None:
    done = modern(text)
    assert (done.text == text) or done.encoding is not None
    for encoding in Legacy:
        convert(text, encoding)


@given(
    st.binary(max_size=200),
    st.sampled_from(["", "text/html; charset=viscii", "text/xml; charset=tcvn", "charset=\x00"]),
)
def test_any_bytes_are_decoded(body: bytes, content_type: str) -> None:
    page = decode_page(body, content_type=content_type)
    assert isinstance(page.text, str)


def test_short_strings_of_the_corpus() -> None:
    path = CORPUS / "encodings" / "pairs.json"
    if not path.exists():
        pytest.skip(f"the corpus is not beside this checkout: {path}")
    for case in json.loads(path.read_text()):
        shown = case.get("surface") or bytes.fromhex(case["bytes_hex"]).decode("cp1252")
        done = modern(shown)
        assert (done.text, (done.encoding or "").lower()) == (case["unicode"], case["encoding"])


def test_paragraph_of_the_corpus_in_three_encodings_is_one_text() -> None:
    folder = CORPUS / "encodings"
    if not folder.exists():
        pytest.skip(f"the corpus is not beside this checkout: {folder}")
    text = nfc((folder / "uchardet-vi-utf-8.txt").read_text())
    for name in ("viscii", "windows-1258"):
        assert nfc(decode((folder / f"uchardet-vi-{name}.txt").read_bytes()).text) == text


@pytest.mark.slow
def test_documents_of_offices_agree_with_their_transcripts(tmp_path: Path) -> None:
    expected = CORPUS / "expected" / "encodings.json"
    soffice = shutil.which("soffice")
    if not expected.exists() or soffice is None:
        pytest.skip("needs the corpus beside this checkout, and LibreOffice")
    for name, answer in json.loads(expected.read_text()).items():
        document = CORPUS / name
        command = [
            soffice,
            "--headless",
            f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}",
            "--convert-to",
            "txt:Text",
        ]
        subprocess.run([*command, "--outdir", tmp_path, document], check=True, capture_output=True, timeout=180)
        shown = (tmp_path / f"{document.stem}.txt").read_text("utf-8-sig")
        done = modern(shown)
        assert (recognise_legacy(shown) or "").lower() == answer["encoding"]
        mine, theirs = letters(done.text), letters((CORPUS / answer["transcript"]).read_text())
        assert same_letters(mine, theirs) / max(len(mine), len(theirs)) >= 0.99, name


def same_letters(one: str, other: str) -> int:
    """How many letters the two have in common and in order."""
    return sum(block.size for block in SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks())


def corpus_texts() -> list[Path]:
    return sorted(
        path for folder in ("html", "feeds", "extraction") for path in (CORPUS / folder).rglob("*") if path.is_file()
    )


@pytest.mark.parametrize("step", [pytest.param(1, marks=pytest.mark.slow), 60])
def test_no_page_or_feed_of_the_corpus_is_converted(step: int) -> None:
    paths = corpus_texts()[::step]
    if not paths:
        pytest.skip(f"the corpus is not beside this checkout: {CORPUS}")
    for path in paths:
        body = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        text = decode(body).text
        assert modern_html(text).text == text, path
        for node in (text, *re.split(r"<[^>]*>", text)):
            assert modern(node).encoding is None, (path, node[:200])


def test_markup_and_addresses_stay_and_a_font_of_capitals_counts() -> None:
    done = modern_html(
        '<p><font face=".VnTimeH">Céng hoµ x· héi</font> <a href="/v¨n-b¶n" title="B¶o Th¾ng">Uû ban nh©n d©n</a> &amp; &lt;b&gt;'
        "<script>var a = 'nh©n d©n';</script></p>"
    )
    assert done.text == (
        '<p><font face=".VnTimeH">CỘNG HOÀ XÃ HỘI</font> <a href="/v¨n-b¶n" title="Bảo Thắng">Uỷ ban nhân dân</a> &amp; &lt;b&gt;'
        "<script>var a = 'nh©n d©n';</script></p>"
    )


@pytest.mark.parametrize("encoding", [Legacy.TCVN3, Legacy.VNI, Legacy.VPS, Legacy.VISCII])
def test_page_is_decoded_and_says_what_it_was_converted_from(encoding: Legacy) -> None:
    paragraphs = "".join(f"<p>{sentence}</p>" for sentence in SENTENCES)
    shown = written_in(encoding, paragraphs)
    back = {letter: ord(sign) for sign, letter in TABLES[encoding].singles.items() if sign <= "\xff"}
    body = (
        shown.encode("cp1252")
        if TABLES[encoding].pairs or encoding is Legacy.TCVN3
        else bytes(back.get(c) or ord(c) for c in paragraphs)
    )
    page = decode_page(body, content_type="text/html; charset=iso-8859-1")
    assert small(page.text) == small(paragraphs)
    assert page.notes == (f"converted from {encoding}",)
    assert decode_page(paragraphs.encode()).notes == ()


def test_letters_hidden_in_references_are_found() -> None:
    assert modern_html("<p>Quy&Otilde;t &reg;&THORN;nh c&ntilde;a UBND t&Oslash;nh</p>").text == (
        "<p>Quyết định của UBND tỉnh</p>"
    )
    assert modern_html("<p>Th&ocirc;ng tin &copy; 2024 &laquo;m&aacute;y&raquo;</p>").encoding is None


@pytest.mark.parametrize("piece", ["<!--", "<script>", "<a title='", '<a "', "<", "<p>", "</p>", "&reg;", "<a b=c "])
def test_hostile_markup_is_answered_fast(piece: str) -> None:
    started = time.process_time()
    modern_html("¸" + piece * 30_000)
    assert time.process_time() - started < 3


@pytest.mark.parametrize("rounds", [pytest.param(1_500, marks=pytest.mark.slow), 12])
def test_words_of_a_hundred_languages_in_any_order_are_not_converted(rounds: int) -> None:
    spec = find_spec("justext")  # a part of trafilatura, with the commonest words of each language
    if spec is None or spec.origin is None:
        pytest.skip("justext is not installed")
    chance = random.Random(20261031)
    lists = sorted((Path(spec.origin).parent / "stoplists").glob("*.txt"))
    assert len(lists) > 90
    for path in lists:
        words = path.read_text(encoding="utf-8").split()
        marked = [word for word in words if not word.isascii()]
        for _ in range(rounds):
            for chosen in (words, marked):
                title = " ".join(chance.sample(chosen, min(len(chosen), chance.randint(1, 8)))).capitalize()
                assert modern(title).encoding is None, (path.stem, title)
