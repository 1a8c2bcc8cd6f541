"""Templates: mail, pages, dossier."""

from collections.abc import Mapping
from typing import Any, Protocol


class Renderer(Protocol):
    """Undefined names are errors. `.html` templates escape their values, `.txt` ones do not."""

    def render(self, template: str, values: Mapping[str, Any]) -> str:
        """`template` is a path below `templates/`, such as `mail/statement/body.txt`."""
        ...
