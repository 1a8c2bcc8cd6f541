"""Bringing a database to the schema of this program, by its Alembic revisions."""

import os

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy.exc import SQLAlchemyError

from syncd.errors import StorageError
from syncd.storage.engine import make_write_engine, parse_url, sqlite_file, stored_revision
from syncd.storage.transaction import translated


def alembic_config() -> Config:
    """Alembic, pointed at the revisions inside the package, wherever that is installed."""
    config = Config()
    config.set_main_option("script_location", "syncd.storage:migrations")
    config.set_main_option("path_separator", "os")
    return config


def revisions() -> list[str]:
    """All revisions of the schema, oldest first."""
    scripts = ScriptDirectory.from_config(alembic_config())
    return [script.revision for script in reversed(list(scripts.walk_revisions()))]


def upgrade(url: str) -> list[str]:
    """Create the database where there is none and bring it to this program's schema; the revisions applied, oldest first.

    All in one transaction: a revision that fails leaves the database as it was. The caller owns the data (`DataLock`).

    Raises:
        StorageError: the database cannot be made or changed, or its schema is newer than this program.
    """
    parsed = parse_url(url)
    path = sqlite_file(parsed)
    before = stored_revision(url)
    known = revisions()
    if before is not None and before not in known:
        raise StorageError(
            f"the database has schema {before}, newer than this program knows ({known[-1]})",
            subject=parsed.render_as_string(hide_password=True),
            hint="run the version of syncd that made it, or a later one",
        )
    if path is not None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # It holds the mail addresses of editors: nobody else's business.
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        except OSError as err:
            raise StorageError(f"cannot make the database {path}: {err.strerror}", subject=str(path)) from err
    engine = make_write_engine(parsed)
    config = alembic_config()
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except SQLAlchemyError as err:
        raise translated(err) from err
    except CommandError as err:
        raise StorageError(f"the schema cannot be brought up: {err}") from err
    finally:
        engine.dispose()
    return known[known.index(before) + 1 :] if before is not None else known
