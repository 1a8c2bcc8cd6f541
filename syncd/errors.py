"""Every error syncd raises on purpose.

SyncdError(message, *, subject, hint)
├── UsageError                                  a wrong call: exit code 2
├── ConfigError(key, value)                     key path, e.g. units[3].sources[0].url
│   └── ConfigInvalid(problems)                 all problems of one configuration at once
├── StorageError                                our own database or files cannot be used
│   └── AlreadyRunning                          another process owns the data
│       └── LeaseLost                           it took them over from this one
├── ForeignError(permanent, retry_after, kind)  a system that is not ours
│   ├── SourceError(unit, url)   ├── PortalError(portal, key, unknown)
│   ├── RankingError             ├── MailError
│   └── TimestampError
├── LedgerError ── ChainBroken(seq)
└── EvidenceError ── DossierInvalid(part, expected, found)

A message says what failed, on what, and what was seen: lower case, no full stop. A hint says what the operator can do.
"""

import re
from collections.abc import Sequence
from datetime import timedelta

MAX_MESSAGE = 1000  # characters: what a server says is cut, not kept whole
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


class SyncdError(Exception):
    """The root. `subject` names who or what it concerns; `hint` is the way out, for the operator.

    Messages repeat what strangers said: control characters, which could steer a terminal, and what no database keeps become U+FFFD.
    """

    def __init__(self, message: str, *, subject: str | None = None, hint: str | None = None) -> None:
        self.message = _shown(message)
        super().__init__(self.message)
        self.subject = _shown(subject) if subject is not None else None
        self.hint = _shown(hint) if hint is not None else None


class UsageError(SyncdError):
    """The call itself is wrong: an unknown unit, a period that is none, a file that is not there."""


class ConfigError(SyncdError):
    """One problem of the configuration, at `key` (a path such as `units[3].sources[0].url`)."""

    def __init__(self, message: str, *, key: str, value: object = None, hint: str | None = None) -> None:
        super().__init__(message, subject=key, hint=hint)
        self.key = key
        self.value = value


class ConfigInvalid(ConfigError):
    """All problems of one configuration, in the order of the file."""

    def __init__(self, problems: Sequence[ConfigError]) -> None:
        count = len(problems)
        super().__init__(
            f"{count} problem{'s' if count != 1 else ''} in the configuration",
            key=problems[0].key if problems else "",
            hint="syncd check prints them all",
        )
        self.problems = tuple(problems)


class StorageError(SyncdError):
    """Our own database or files cannot be used as they are."""


class AlreadyRunning(StorageError):
    """Another process owns this data directory or database."""


class LeaseLost(AlreadyRunning):
    """Another process took the data over while this one did not answer. Nothing of the transaction was kept, and none will be again."""


class ForeignError(SyncdError):
    """A system that is not ours failed.

    `permanent` tells that the same call cannot succeed later; otherwise a retry may, not before `retry_after` if given.
    `kind` is a short class for the ledger and the statistics: `dns`, `refused`, `timeout`, `reset`, `tls`,
    `tls_incomplete_chain`, `blocked_address`, `http_status`, `too_large`, `too_many_redirects`, `protocol`, `not_a_feed` ...
    """

    def __init__(
        self,
        message: str,
        *,
        kind: str = "failed",
        permanent: bool = False,
        retry_after: timedelta | None = None,
        subject: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, subject=subject, hint=hint)
        self.kind = kind
        self.permanent = permanent
        self.retry_after = retry_after


class SourceError(ForeignError):
    """A unit's website could not be read. Says nothing about whether the unit wrote."""

    def __init__(
        self,
        message: str,
        *,
        unit: str,
        url: str,
        kind: str = "failed",
        permanent: bool = False,
        retry_after: timedelta | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(
            message,
            kind=kind,
            permanent=permanent,
            retry_after=retry_after,
            subject=f"{unit}: {url}",
            hint=hint,
        )
        self.unit = unit
        self.url = url


class PortalError(ForeignError):
    """The portal refused, failed or did not answer.

    `unknown` tells that the call may have taken effect: only a look-up by key, after the settle time, can say.
    """

    def __init__(
        self,
        message: str,
        *,
        portal: str,
        key: str | None = None,
        unknown: bool = False,
        kind: str = "failed",
        permanent: bool = False,
        retry_after: timedelta | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, kind=kind, permanent=permanent, retry_after=retry_after, subject=portal, hint=hint)
        self.portal = portal
        self.key = key
        self.unknown = unknown


class RankingError(ForeignError):
    """The ranking engine refused or did not answer. Figures are absolute and versioned: a retry is always safe."""


class MailError(ForeignError):
    """The mail server refused or did not answer. `unknown` is set when the message may have been accepted."""

    def __init__(
        self,
        message: str,
        *,
        unknown: bool = False,
        kind: str = "failed",
        permanent: bool = False,
        retry_after: timedelta | None = None,
        subject: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, kind=kind, permanent=permanent, retry_after=retry_after, subject=subject, hint=hint)
        self.unknown = unknown


class TimestampError(ForeignError):
    """A time-stamp authority refused or did not answer."""


class LedgerError(SyncdError):
    """The ledger cannot be read or appended to."""


class ChainBroken(LedgerError):
    """The ledger is not what it was: leaf `seq` is the first that does not fit."""

    def __init__(self, message: str, *, seq: int, hint: str | None = None) -> None:
        super().__init__(message, subject=f"leaf {seq}", hint=hint)
        self.seq = seq


class EvidenceError(SyncdError):
    """A dossier or capture cannot be built or read."""


class DossierInvalid(EvidenceError):
    """A dossier does not hold: `part` should be `expected` but is `found`."""

    def __init__(self, message: str, *, part: str, expected: str, found: str, hint: str | None = None) -> None:
        super().__init__(message, subject=part, hint=hint)
        self.part = part
        self.expected = expected
        self.found = found


def _shown(text: str) -> str:
    text = _UNSEEN.sub("\ufffd", text)
    return text if len(text) <= MAX_MESSAGE else f"{text[: MAX_MESSAGE - 1]}…"
