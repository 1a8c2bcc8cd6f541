"""Folders that the daemon serves beside its own pages: the outbox, where it is the portal and lies below our own address."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from syncd.config.models import Config


def static_sites(config: Config) -> Mapping[str, Path]:
    """Path below the web address -> folder."""
    if config.portal.kind != "outbox":
        return {}
    settings = config.portal_adapter.settings
    base, web = urlsplit(settings.base_url), urlsplit(config.web.base_url)
    path = base.path.rstrip("/")
    return {path: settings.directory} if (base.netloc == web.netloc and path) else {}
