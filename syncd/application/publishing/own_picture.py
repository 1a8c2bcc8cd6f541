"""A post's own picture taken out of its text, for portals whose pages show it by themselves: readers would see it twice."""

import html
import re

_FIGURE = re.compile(r"<figure\b[^>]*>(?:(?!<figure\b).)*?</figure>", re.DOTALL)
_GAP = "<!-- taken out -->"  # no comment is in a text of ours
_EMPTY = r"(?:\s|&nbsp;|<br\s*/?>)*"
_EMPTIED = re.compile(rf"<(a|p|div|center|strong|em|span)\b[^>]*>{_EMPTY}{_GAP}{_EMPTY}</\1>")


def without_picture(text: str, url: str) -> str:
    """The cleaned text without the picture at `url`: its figure with the caption, and the elements that held nothing else."""
    picture = re.compile(rf'<img\b[^>]*\bsrc="{re.escape(html.escape(url))}"[^>]*>')
    if not picture.search(text):
        return text

    def figure(match: re.Match[str]) -> str:
        # of several pictures in one figure only ours goes, and the caption stays with the others
        return _GAP if picture.search(match[0]) and match[0].count("<img") == 1 else match[0]

    text = picture.sub(_GAP, _FIGURE.sub(figure, text))
    while (emptied := _EMPTIED.sub(_GAP, text)) != text:  # a picture in a link in a paragraph
        text = emptied
    return text.replace(_GAP, "")
