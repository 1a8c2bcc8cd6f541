"""Finds the files that come with syncd, in a checkout and in an installed wheel alike, whatever the working directory."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _shipped(name: str) -> Path:
    """In a wheel the file lies inside the package; in a checkout beside it."""
    inside = _PACKAGE / name
    return inside if inside.exists() else _PACKAGE.parent / name


def templates_dir() -> Path:
    return _shipped("templates")


def example_config() -> str:
    """The commented configuration that `syncd init` writes."""
    return _shipped("config.example.toml").read_text(encoding="utf-8")


def ruleset_names() -> list[str]:
    return sorted(path.stem for path in (_PACKAGE / "rulesets").glob("*.toml"))


def ruleset_text(name: str) -> str:
    return (_PACKAGE / "rulesets" / f"{name}.toml").read_text(encoding="utf-8")
