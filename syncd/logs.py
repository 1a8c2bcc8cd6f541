"""Log lines: JSON on standard error, one event a line, control characters escaped by the encoder.

structlog is loaded with the first line: a command that has nothing to say does not wait for it (0.1 s, with the terminal colours it
looks for).
"""

import logging
import sys
from functools import cached_property
from typing import Any


def configure(level: str = "info") -> None:
    """Send everything, the libraries' own records too, to standard error."""
    number = logging.getLevelNamesMapping()[level.upper()]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(number)
    # every request of every look would be a line; the ledger keeps them all
    for noisy in ("httpx", "httpcore", "apscheduler", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(max(number, logging.WARNING))


def configure_structlog() -> None:
    """Give structlog's own loggers, which the daemon writes with, the same way out."""
    import structlog

    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


class _JsonLines(logging.Formatter):
    @cached_property
    def _formatter(self) -> logging.Formatter:
        import structlog

        return structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_shared(),
            processor=structlog.processors.JSONRenderer(ensure_ascii=False),
        )

    def format(self, record: logging.LogRecord) -> str:
        return self._formatter.format(record)


def _shared() -> list[Any]:
    import structlog

    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
