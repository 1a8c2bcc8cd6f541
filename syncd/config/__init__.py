"""The configuration: TOML in, frozen models out, every problem reported at once."""

from syncd.config.models import Config
from syncd.config.reading import load_config

__all__ = ["Config", "load_config"]
