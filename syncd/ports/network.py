"""The office's own connection to the outside, as told by addresses that are not the units'."""

from typing import Protocol


class Canaries(Protocol):
    """Addresses that answer whenever this machine's own network works. May be shared by threads."""

    def any_answers(self) -> bool:
        """Ask them all, at once; True as soon as one answers. Takes a few seconds at most, and raises nothing."""
        ...
