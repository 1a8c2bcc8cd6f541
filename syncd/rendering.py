"""Templates through Jinja2: pages, mail, dossiers.

Filters for what every template prints: `day`, `instant`, `period`, `number`. A language other than Vietnamese is looked for
in a folder of its name beside the Vietnamese file (`mail/statement/en/body.txt`), and the Vietnamese one serves where there is none.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from syncd.domain.model import LOCAL
from syncd.errors import ConfigError

if TYPE_CHECKING:
    import jinja2

# Control characters, those that turn the direction of text, and blanks that are letters or tags: a title must not reorder
# what stands around it, nor hold what nobody sees. Joiners stay: emoji are made with them.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u115f\u1160\u180e\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufeff\uffa0"
    "\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)

_ROMAN = ("I", "II", "III", "IV")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def visible(text: str) -> str:
    """`text` with every control, direction and tag character written out, such as `⟦U+202E⟧`. Line feeds and tabs stay."""
    return _UNSEEN.sub(lambda found: f"⟦U+{ord(found.group()):04X}⟧", text)


def day(value: date | datetime | None) -> str:
    """dd/mm/yyyy; an instant is shown at UTC+07:00."""
    if value is None:
        return "–"
    if isinstance(value, datetime):
        value = value.astimezone(LOCAL)
    return value.strftime("%d/%m/%Y")


def instant(value: datetime | None) -> str:
    """HH:MM dd/mm/yyyy at UTC+07:00."""
    return "–" if value is None else value.astimezone(LOCAL).strftime("%H:%M %d/%m/%Y")


def period_vi(period: str) -> str:
    """A period's id in words: `tháng 10/2026`, `tuần 40/2026`, `quý IV/2026`."""
    year, _, part = period.partition("-")
    if part.startswith("W"):
        return f"tuần {part[1:]}/{year}"
    if part.startswith("Q"):
        return f"quý {_ROMAN[int(part[1:]) - 1]}/{year}"
    if part.startswith("H"):
        return f"6 tháng {'đầu' if part == 'H1' else 'cuối'} năm {year}"
    months = part.split("+")
    return f"tháng {', '.join(months[:-1])} và {months[-1]}/{year}" if len(months) > 1 else f"tháng {part}/{year}"


def period_en(period: str) -> str:
    """A period's id in words: `October 2026`, `week 40 of 2026`, `quarter 4 of 2026`."""
    year, _, part = period.partition("-")
    if part.startswith("W"):
        return f"week {int(part[1:])} of {year}"
    if part.startswith("Q"):
        return f"quarter {part[1:]} of {year}"
    if part.startswith("H"):
        return f"{'first' if part == 'H1' else 'second'} half of {year}"
    names = [_MONTHS[int(month) - 1] for month in part.split("+")]
    return f"{', '.join(names[:-1])} and {names[-1]} {year}" if len(names) > 1 else f"{names[0]} {year}"


def _number(thousands: str, decimal: str) -> Callable[[float | None], str]:
    def number(value: float | None) -> str:
        if value is None:
            return "–"
        text = f"{value:,}" if isinstance(value, int) else f"{value:,.2f}".rstrip("0").rstrip(".")
        return text.translate(str.maketrans(",.", thousands + decimal))

    return number


class Jinja2Renderer:
    """Renders templates in one language. May be shared by threads.

    `templates_dirs` are searched in order, so an office's own folder goes before the program's.
    """

    def __init__(self, language: str, templates_dirs: Sequence[Path]) -> None:
        self._language = language
        self._templates_dirs = [str(place) for place in templates_dirs]

    @cached_property
    def _environment(self) -> "jinja2.Environment":
        import jinja2  # at the first template: a command that shows a table or reads sites needs none

        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(self._templates_dirs),
            undefined=jinja2.StrictUndefined,
            autoescape=lambda name: name is not None and name.endswith(".html"),
            finalize=_finalize,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        english = self._language == "en"
        environment.filters.update(
            day=day,
            instant=instant,
            period=period_en if english else period_vi,
            number=_number(",", ".") if english else _number(".", ","),
        )
        return environment

    def render(self, template: str, values: Mapping[str, Any]) -> str:
        import jinja2  # as above

        folder, _, name = template.rpartition("/")
        names = [template] if self._language == "vi" else [f"{folder}/{self._language}/{name}", template]
        try:
            return self._environment.select_template(names).render(values)
        except jinja2.TemplatesNotFound as err:
            raise ConfigError(
                f"template {template} is in no templates folder",
                key=f"templates/{template}",
                hint="install syncd again, or look at [mail] templates",
            ) from err
        except jinja2.TemplateError as err:
            raise ConfigError(
                f"template {template} cannot be rendered: {err.message}",
                key=f"templates/{template}",
                hint="compare your own copy of it with the one that came with syncd",
            ) from err


def _finalize(value: Any) -> Any:
    # Exact type: Markup is a str too, and is left as it is.
    return visible(value) if type(value) is str else value
