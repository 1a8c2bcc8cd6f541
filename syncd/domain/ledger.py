"""The ledger's leaves and their tree: RFC 6962 hashes over canonical JSON.

A leaf is one act. Its bytes are the canonical JSON (RFC 8785; our bodies hold strings, integers, booleans, nulls, lists and objects, no
floats) of `{"at", "data", "seq", "type", "unit"}`; its hash is SHA-256(0x00 || bytes). Signed checkpoints and time stamps will stand over (size, root).
"""

from enum import StrEnum


class LeafKind(StrEnum):
    """The kinds of reliability 3.2, and `looks_day`: the looks of one unit and day that changed nothing, each listed."""

    SLOT_DUE = "slot_due"  # a slot that was not run in time: caught up or a gap
    FETCH_OK = "fetch_ok"
    FETCH_FAILED = "fetch_failed"
    LOOKS_DAY = "looks_day"
    ITEM_SEEN = "item_seen"
    ITEM_CHANGED = "item_changed"
    PUSH_SENT = "push_sent"
    PUSH_RESULT = "push_result"
    READBACK = "readback"
    RECONCILE = "reconcile"
    MONTH_CLOSE = "month_close"
    ADJUSTMENT = "adjustment"
    MAIL_SENT = "mail_sent"
    ADMIN_ACTION = "admin_action"
    DAEMON_MARK = "daemon_mark"
