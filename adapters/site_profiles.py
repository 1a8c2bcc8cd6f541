"""Which kind of website a page is of, and what is known of that kind: the tables of `adapters/profiles`, and an operator's own.

A profile is data alone: to add one, write a table. `load_profiles` gives them all, `recognise` finds the one of a page.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

from adapters.profiles.profile import ListRules, PageFacts, PagerRules, Profile, Recognised, Signs
from adapters.profiles.tables import read_profile
from syncd.errors import ConfigError, ConfigInvalid

__all__ = [
    "ListRules",
    "PagerRules",
    "Profile",
    "Recognised",
    "Signs",
    "load_profiles",
    "profile_named",
    "recognise",
]

_OURS = Path(__file__).parent / "profiles"
_ENOUGH = 4  # a weight: two marks in the markup, or one sign of any other sort


def load_profiles(folder: Path | None = None) -> tuple[Profile, ...]:
    """Every profile, those of `folder` first; one there takes the place of ours of the same name.

    Raises:
        ConfigInvalid: tables that cannot be read, each mistake with its file, key and way out.
    """
    if folder is None:
        return _ours()
    if not folder.is_dir():
        hint = "paths start at config.toml"
        raise ConfigInvalid([ConfigError("there is no such folder", key="profiles", hint=hint)])
    found = {profile.name: profile for profile in (*_ours(), *_read(folder))}
    own = {path.stem for path in folder.glob("*.toml")}
    return tuple(sorted(found.values(), key=lambda profile: profile.name not in own))


@cache
def _ours() -> tuple[Profile, ...]:
    return _read(_OURS, tried=True)


def _read(folder: Path, *, tried: bool = False) -> tuple[Profile, ...]:
    problems: list[ConfigError] = []
    found: list[Profile] = []
    for path in sorted(folder.glob("*.toml")):
        profile, wrong = read_profile(path, tried=tried)
        problems += wrong
        if profile is not None:
            found.append(profile)
    if problems:
        raise ConfigInvalid(problems)
    return tuple(found)


def profile_named(name: str, *, profiles: Sequence[Profile] | None = None) -> Profile:
    """The profile of this name.

    Raises:
        ConfigError: there is none; the hint names those that are.
    """
    known = load_profiles() if profiles is None else profiles
    for profile in known:
        if profile.name == name:
            return profile
    names = ", ".join(profile.name for profile in known)
    raise ConfigError(f'there is no profile "{name}"', key="profile", value=name, hint=f"known: auto, {names}")


def recognise(
    page_text: str, url: str, *, headers: Iterable[tuple[str, str]] = (), profiles: Sequence[Profile] | None = None
) -> Recognised | None:
    """The kind of site that a page is of, with the reason in words; None where nothing shows it.

    `url` is where the page came from after redirects. Never raises; takes a few milliseconds.
    """
    page = PageFacts.of(page_text, url, headers)
    best: Recognised | None = None
    best_weight = 0
    for profile in load_profiles() if profiles is None else profiles:
        weight, reasons = profile.signs.found(page)
        if weight >= _ENOUGH and weight > best_weight:
            best, best_weight = Recognised(profile=profile, reason=", ".join(reasons)), weight
    return best
