"""The 48 crash points: each step after which a process may die, and where in the product that is.

A point without a place stands for a step that the product does not have; `missing` says why. `failpoints.arm` takes a place.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from syncd.testing.failpoints import Moment, Place

_COMMIT = "syncd.storage.writers:Writers._end_group"  # of either database; where nothing was kept it rolls back
_ADD = "syncd.storage.pushes:SqlPushStore.add"
_FLUSH = "syncd.storage.ledger:SqlLedger.flush"
_TAKE = "syncd.application.collecting.looks:_take"
_WRITE_WHOLE = "syncd.storage.files:_write_whole"
_WORDPRESS = "adapters.portals.wordpress:WordPressPortal"
_WIRE = "adapters.http.network:Wire.write"
_SMTP = "adapters.mail.smtp:SmtpMailer"
_POST = rb"POST \S*/wp/v2/posts "
_POST_MEDIA = rb"POST \S*/wp/v2/media "
_POST_UPDATE = rb"POST \S*/wp/v2/posts/\d+ "


@dataclass(frozen=True, slots=True, kw_only=True)
class CrashPoint:
    """One point. `part` is the work in which it is reached; `database`: the only one that has it, "" for both."""

    what: str
    part: str = ""
    place: Place | None = None
    missing: str = ""
    database: str = ""


def _at(
    what: str, part: str, at: str, moment: Moment = Moment.BEFORE, *, database: str = "", **more: object
) -> CrashPoint:
    return CrashPoint(what=what, part=part, place=Place(at=at, moment=moment, **more), database=database)  # type: ignore[arg-type]  # the names are those of Place


def _not_yet(what: str, why: str) -> CrashPoint:
    return CrashPoint(what=what, missing=why)


CRASH_POINTS: Mapping[str, CrashPoint] = {
    # --- a look at a unit's website ---
    "CP01": _at("after slot claim, before any fetch", "collect", "syncd.application.collecting.collect:collect_unit"),
    "CP02": _at("in DNS/connect", "collect", "adapters.http.network:Dialer._dial"),
    "CP03": _at("mid response body", "collect", "adapters.http.network:Wire.read", within="adapters.http.client:Visit._body"),
    "CP04": _at("body in memory, before snapshot temp write", "collect", _WRITE_WHOLE),
    "CP05": _at("snapshot temp written, before fsync", "collect", "os:fsync", within=_WRITE_WHOLE),
    "CP06": _at("after fsync, before rename", "collect", "os:replace", within=_WRITE_WHOLE),
    "CP07": _at("after rename, before directory fsync", "collect", "syncd.storage.files:_sync_folder", within=_WRITE_WHOLE),
    "CP08": _at("after snapshot, before BEGIN", "collect", "syncd.storage.files:FileStore.put", Moment.AFTER, within=_TAKE),
    # the leaf has its number before the post's row is written, and is written with the commit
    "CP09": _at("after item insert, before leaf insert", "collect", _FLUSH, within=_TAKE),
    "CP10": _at("after leaf insert, before outbox insert", "collect", _ADD),
    "CP11": _at("after outbox insert, before COMMIT", "collect", _FLUSH, Moment.AFTER, within=_TAKE),
    "CP12": _at("inside COMMIT (between WAL write and fsync)", "collect", _COMMIT, Moment.FORCING, following=_ADD, database="sqlite"),
    "CP13": _at("after COMMIT, before job marked done", "collect", "syncd.storage.slots:SqlSlotStore.finish"),
    # --- a push ---
    "CP14": _at("after outbox claim COMMIT, before portal lookup", "publish", "syncd.application.publishing.look_up:LookUps.find"),
    "CP15": _at("after lookup (not found), before POST", "publish", f"{_WORDPRESS}.create"),
    "CP16": _at("POST half written", "publish", _WIRE, Moment.HALF, saying=_POST),
    "CP17": _at("POST fully written, nothing read", "publish", _WIRE, Moment.AFTER, saying=_POST),
    "CP18": _at("portal committed, 201 unread in socket", "publish", _WIRE, Moment.ANSWERED, saying=_POST),
    "CP19": _at("201 read, before delivered COMMIT", "publish", f"{_WORDPRESS}.create", Moment.AFTER),
    "CP20": _at("inside delivered COMMIT", "publish", _COMMIT, Moment.FORCING, following=f"{_WORDPRESS}.create", database="sqlite"),
    "CP21": _at("after delivered COMMIT", "publish", _COMMIT, Moment.AFTER, following=f"{_WORDPRESS}.create"),
    "CP22": _at("media uploaded, post not created", "picture", _WIRE, Moment.ANSWERED, saying=_POST_MEDIA),
    "CP23": _at("draft created, not published", "plone", "adapters.portals.plone:PlonePortal._hand_on"),
    "CP24": _at("update sent, reply lost", "edit", _WIRE, Moment.ANSWERED, saying=_POST_UPDATE),
    "CP25": _at("unpublish sent, reply lost", "withdraw", _WIRE, Moment.ANSWERED, saying=_POST_UPDATE, within=f"{_WORDPRESS}.withdraw"),
    # --- the end of a month, and the ranking ---
    "CP26": _at("month close: before freeze", "close", "syncd.application.figures.close:_freeze"),
    "CP27": _at("after freeze, before figures", "close", "syncd.application.figures.rank:_make_figures"),
    "CP28": _at("figures computed, before ranking push", "rank", "adapters.ranking.http:HttpRanking.put"),
    "CP29": _at("ranking push sent, reply lost", "rank", _WIRE, Moment.ANSWERED, saying=rb"PUT "),
    "CP30": _at("ranking acknowledged, before mark", "rank", "adapters.ranking.http:HttpRanking.put", Moment.AFTER),
    # --- mail ---
    "CP31": _at("mail claimed, before connect", "mail", f"{_SMTP}.send"),
    "CP32": _at("after RCPT, before DATA", "mail", "smtplib:SMTP.rcpt", Moment.AFTER, within=f"{_SMTP}.send"),
    "CP33": _at("mid DATA", "mail", "smtplib:SMTP.send", Moment.HALF, within=f"{_SMTP}._transmit"),
    "CP34": _at("after final dot, before 250", "mail", "smtplib:SMTP.send", Moment.AFTER, within=f"{_SMTP}._transmit"),
    "CP35": _at("after 250, before mark", "mail", f"{_SMTP}.send", Moment.AFTER),
    "CP36": _at("batch at unit 50 of 100", "batch", f"{_SMTP}.send"),
    # --- proof ---
    "CP37": _at("leaf stored, before checkpoint computed", "dossier", "syncd.application.evidence.dossier_check:Checkpoint.text"),
    "CP38": _not_yet("checkpoint computed, before signature", "checkpoints are not signed yet"),
    "CP39": _not_yet("signed, before TSA reply", "no time-stamp authority is asked yet"),
    "CP40": _not_yet("TSA reply received, before stored", "no time-stamp authority is asked yet"),
    "CP41": _at("dossier half written", "dossier", "syncd.application.evidence.bag:BagWriter.add"),
    "CP42": _at("dossier complete, before rename", "dossier", "os:replace", within="syncd.application.evidence.bag:BagWriter.__exit__"),
    # --- upkeep ---
    "CP43": _at("between two migration steps", "upgrade", "alembic.runtime.migration:HeadMaintainer.update_to_step", Moment.AFTER),
    "CP44": _not_yet("in VACUUM INTO / backup copy", "there is no syncd backup yet"),
    "CP45": _not_yet("mid retention delete", "nothing is deleted by age yet"),
    "CP46": _at("in SIGTERM drain", "drain", "syncd.delivery.scheduler:Scheduler.stop"),
    "CP47": _at("in lease renewal", "lease", "syncd.storage.leases:Lease._run", Moment.AFTER, within="syncd.storage.leases:Lease.renew", database="postgresql"),
    "CP48": _at("in start-up recovery itself (kill 5 times in a row)", "start", "syncd.storage.slots:SqlSlotStore.recover", Moment.AFTER),
}  # fmt: skip
