"""What the HTTP client is told once, and how an answer asks to be left alone."""

import email.utils
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from pathlib import Path

from syncd.ports.source import Exchange

MAX_RETRY_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSettings:
    """The `[http]` table. `extra_ca_files`: PEM files with certificates to trust besides the system's, or with missing intermediates."""

    user_agent: str = "syncd"
    contact: str = ""
    connect_timeout_s: float = 5.0
    total_timeout_s: float = 30.0
    max_body_bytes: int = 15 * 1024 * 1024
    max_redirects: int = 5
    spacing_s: float = 1.0
    allow_addresses: tuple[str, ...] = ()
    allow_ports: tuple[int, ...] = (80, 443)
    extra_ca_files: tuple[str, ...] = ()
    respect_robots: bool = False  # `syncd` sets it from its configuration, where it is on
    ignore_robots: Mapping[str, str] = field(default_factory=dict)  # host -> why its robots.txt does not bind us
    robots_dir: Path | None = None  # where what hosts said is kept; None: in memory


def retry_after(exchange: Exchange) -> timedelta | None:
    """How long the server asked to be left alone, from 0 to a day; None where it did not ask or nothing can be made of it."""
    text = (exchange.header("retry-after") or "").strip()
    if text.isdecimal() and text.isascii():
        return min(timedelta(seconds=int(text[:9])), MAX_RETRY_AFTER)
    try:
        until = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return min(max(until - exchange.at, timedelta(0)), MAX_RETRY_AFTER)
