import time

import pytest

from syncd.application.collecting.linked_files import linked_files

BASE = "https://ban-a.example/tin/7.html"


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ('<a href="/f/a.pdf">Công văn <b>số 7</b></a>', [("https://ban-a.example/f/a.pdf", "Công văn số 7")]),
        ("<A HREF='b.DOCX?x=1'>B</A>", [("https://ban-a.example/tin/b.DOCX?x=1", "B")]),
        ('<a href="/f/a.pdf">1</a> và <a href="/f/a.pdf">2</a>', [("https://ban-a.example/f/a.pdf", "1")]),
        ('<a href="/f/a%2Epdf"></a>', []),
        (
            '<a data-href="/f/b.pdf" href="/f/a.pdf?x=1&amp;y=2">&quot;A&quot;</a>',
            [("https://ban-a.example/f/a.pdf?x=1&y=2", '"A"')],
        ),
        ('<a href="/f/a.pdf/0f5e9b1c-77aa">A', [("https://ban-a.example/f/a.pdf/0f5e9b1c-77aa", "A")]),
        ('<a href="/f/a.pdf" title="x', []),
        ('<a href="javascript:a.pdf">A</a><a href="https://[/a.pdf">A</a>', []),
        ('<a href="/tin/a.html">a.pdf</a>', []),
        ("<p>a.pdf</p>", []),
        ("", []),
    ],
)
def test_the_files_a_text_links_to_are_found(html: str, found: list[tuple[str, str]]) -> None:
    assert [(file.url, file.title) for file in linked_files(html, BASE)] == found


def test_no_text_brings_more_than_fifty() -> None:
    html = "".join(f'<a href="{n}.pdf">{"x" * 9_000}</a>' for n in range(60))
    files = linked_files(html, BASE)
    assert len(files) == 50
    assert max(len(file.title) for file in files) == 500


@pytest.mark.parametrize(
    "html", ["<a " * 300_000, "href" * 200_000, "<a href='x" * 100_000, "<a href='x.pdf'>" * 60_000]
)
def test_no_text_takes_long(html: str) -> None:
    started = time.process_time()
    linked_files(html + ".pdf", BASE)
    assert time.process_time() - started < 1.5
