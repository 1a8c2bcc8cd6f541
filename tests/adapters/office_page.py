"""A made-up letter of an office, as a flat OpenDocument file, with a stamp where a test wants it."""

_NAMES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in [
        ("office", "office"),
        ("style", "style"),
        ("text", "text"),
        ("table", "table"),
        ("draw", "drawing"),
        ("fo", "xsl-fo-compatible"),
        ("svg", "svg-compatible"),
    ]
)
_LEFT = ["TỈNH ỦY VÍ DỤ", "BAN A", "*", "Số 45-BC/BAN"]
_RIGHT = ["ĐẢNG CỘNG SẢN VIỆT NAM", "Ví Dụ, ngày 30 tháng 10 năm 2026"]
_BODY = [
    "BÁO CÁO",
    "tình hình công tác tháng 10",
    "Ban A báo cáo kết quả công tác tháng 10 năm 2026 như sau: đã tổ chức hội nghị, bồi dưỡng bảo mật thông tin.",
    "Nơi nhận:",
    "- Lưu VT.",
]


def paragraph(text: str, style: str = "") -> str:
    return f"<text:p{style}>{text}</text:p>"


def box(text: str) -> str:
    """A text box that stands by itself on the page."""
    frame = 'draw:style-name="fr" text:anchor-type="paragraph" svg:x="3cm" svg:y="6cm" svg:width="3cm" svg:height="1cm"'
    return paragraph(f"<draw:frame {frame}><draw:text-box>{paragraph(text)}</draw:text-box></draw:frame>")


def turned(text: str) -> str:
    return paragraph(f'<text:span text:style-name="turned">{text}</text:span>')


def pages(number: int) -> str:
    return "".join(paragraph(f"Trang {n}", ' text:style-name="page"') for n in range(number))


def letter(
    stamp: str = "", *, header: str = "", cell: str = "", number: str = _LEFT[-1], font: str = "DejaVu Serif"
) -> str:
    """The letter; `stamp` is markup between head and body, `header` and `cell` the text of the page's header, of a line under the number."""
    left = [*_LEFT[:-1], number, *([cell] if cell else [])]
    cells = "".join(
        f"<table:table-cell>{''.join(map(paragraph, lines))}</table:table-cell>" for lines in (left, _RIGHT)
    )
    head = f"<style:header>{paragraph(header)}</style:header>" if header else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document {_NAMES} office:version="1.3"'
        ' office:mimetype="application/vnd.oasis.opendocument.text"><office:styles><style:default-style'
        f' style:family="paragraph"><style:text-properties fo:font-family="{font}" fo:language="vi" fo:country="VN"/>'
        "</style:default-style></office:styles><office:automatic-styles>"
        '<style:style style:name="fr" style:family="graphic"><style:graphic-properties style:wrap="none"'
        ' style:vertical-pos="from-top" style:horizontal-pos="from-left" style:vertical-rel="page"'
        ' style:horizontal-rel="page"/></style:style>'
        '<style:style style:name="page" style:family="paragraph"><style:paragraph-properties fo:break-before="page"/>'
        '</style:style><style:style style:name="turned" style:family="text"><style:text-properties'
        ' style:text-rotation-angle="90"/></style:style><style:page-layout style:name="a4">'
        '<style:page-layout-properties fo:page-width="21cm" fo:page-height="29.7cm" fo:margin="2cm"/>'
        "</style:page-layout></office:automatic-styles><office:master-styles>"
        f'<style:master-page style:name="Standard" style:page-layout-name="a4">{head}</style:master-page>'
        "</office:master-styles><office:body><office:text><table:table>"
        f'<table:table-column table:number-columns-repeated="2"/><table:table-row>{cells}</table:table-row></table:table>'
        f"{stamp}{''.join(map(paragraph, _BODY))}</office:text></office:body></office:document>"
    )
