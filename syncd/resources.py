"""Finds the files that come with syncd, in a checkout and in an installed wheel alike, whatever the working directory."""

from pathlib import Path

from syncd.errors import StorageError

_PACKAGE = Path(__file__).resolve().parent


def packaged(name: str) -> Path:
    """One file or folder that comes with syncd: in a wheel it lies inside the package, in a checkout beside it.

    Raises:
        StorageError: neither has it; the installation is not whole.
    """
    for path in (_PACKAGE / name, _PACKAGE.parent / name):
        if path.exists():
            return path
    raise StorageError(f"{name} did not come with this installation", subject=name, hint="install syncd again")


def templates_dir() -> Path:
    return packaged("templates")


def example_config() -> str:
    """The commented configuration that `syncd init` writes."""
    return packaged("config.example.toml").read_text(encoding="utf-8")


def ruleset_names() -> list[str]:
    return sorted(path.stem for path in (_PACKAGE / "rulesets").glob("*.toml"))


def ruleset_text(name: str) -> str:
    return (_PACKAGE / "rulesets" / f"{name}.toml").read_text(encoding="utf-8")
