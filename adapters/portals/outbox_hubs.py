"""Calls to WebSub hubs: "the feed has changed, come and get it" (w3.org/TR/websub, section 7: how publisher and hub talk is theirs).

Sent is what all known hubs take, `hub.mode=publish` with `hub.url` (PubSubHubbub 0.4, section 7.1). Tried against a stand-in only.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from adapters.http.client import HttpFailure, PoliteClient
from adapters.portals.outbox_files import write_over

_TIMEOUT_S = 10.0
_TOLD = ".hubs.json"


class Hubs:
    """The hubs of one feed. What each was told last is kept beside the feed, so that a change is told once, whoever noticed it."""

    def __init__(
        self, root: Path, addresses: Sequence[str], *, feed_url: str, http: PoliteClient, allow_addresses: Sequence[str]
    ) -> None:
        self._root = root
        self._addresses = tuple(addresses)
        self._feed_url = feed_url
        self._http = http
        self._allow_addresses = allow_addresses

    def tell(self) -> Sequence[str]:
        """Call each hub that has not been told of the feed as it is; those that did not take it, and why. They are called again next time.

        Raises:
            OSError: the feed, or what was told last, cannot be read or written.
        """
        if not self._addresses:
            return ()
        now = hashlib.sha256((self._root / "feed.xml").read_bytes()).hexdigest()
        told = before = self._told()
        failures = []
        for hub in self._addresses:
            if told.get(hub) == now:
                continue
            trouble = self._call(hub)
            if trouble:
                failures.append(f"{hub}: {trouble}")
            else:
                told = {**told, hub: now}
        if told != before:
            write_over(self._root / _TOLD, json.dumps(told).encode(), durable=False)
        return failures

    def _told(self) -> dict[str, str]:
        try:
            told = json.loads((self._root / _TOLD).read_bytes())
        except (FileNotFoundError, ValueError):
            return {}  # told once too often harms nobody
        return {str(hub): str(feed) for hub, feed in told.items()} if isinstance(told, dict) else {}

    def _call(self, hub: str) -> str:
        """What went wrong, or nothing."""
        parts = urlsplit(hub)
        body = urlencode({"hub.mode": "publish", "hub.url": self._feed_url}).encode()
        headers = {"content-type": "application/x-www-form-urlencoded"}
        try:
            port = parts.port or (443 if parts.scheme == "https" else 80)
            with self._http.visit(allow_ports=(port,), allow_addresses=self._allow_addresses) as visit:
                answer = visit.send("POST", hub, headers=headers, body=body, timeout_s=_TIMEOUT_S)
        except HttpFailure as err:
            return err.message
        except ValueError:
            return "no web address"
        return "" if 200 <= answer.status < 300 else f"answered {answer.status}"
