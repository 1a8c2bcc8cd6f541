"""What is put on the portal for a post: its text with the credit line, mapped names, its files."""

import hashlib
import html
import json
from datetime import datetime

from syncd.application.publishing.files import PostFiles
from syncd.application.services import Services
from syncd.domain.identity import CREDIT_CLASS, visible_lines
from syncd.domain.model import Unit
from syncd.ports.portal import PostToPush
from syncd.ports.records import PostRecord, PushRecord

_LEAD_SHARE = 0.8  # of the text's words: a summary that long is the text


def payload_of(services: Services, unit: Unit, post: PostRecord, push: PushRecord, files: PostFiles) -> PostToPush:
    """The same post gives the same payload at each try; only its version, its files or the configuration changes it."""
    rules = services.publish_rules
    placement = rules.placing.place(unit, post.categories, post.title)
    return PostToPush(
        title=post.title,
        html=files.linked(post.html + attachment_list(post)) + credit_line(rules.credit, unit.name, post.url),
        summary=summary_beside(post),
        published_at=printed_instant(post),
        approval=placement.approval or push.approval,
        unit_name=unit.name,
        source_url=post.url,
        author=placement.author,
        categories=placement.categories,
        image=files.picture,
        image_inside=files.picture_inside,
    )


def printed_instant(post: PostRecord) -> datetime:
    """The date to print at the portal: one ahead of us would make it hold the post back until then."""
    return post.published_at if post.published_at and post.published_at <= post.first_seen else post.first_seen


def summary_beside(post: PostRecord) -> str:
    """The summary, or nothing where it is the text itself, as many lists give it: a page that shows both would say everything twice."""
    shown = sum(len(line.split()) for line in visible_lines(post.html))
    return post.summary if len(post.summary.split()) < _LEAD_SHARE * shown else ""


def attachment_list(post: PostRecord) -> str:
    """Links to the files that belong to a post and that its text does not link to; marked, like the credit line, as no part of the text."""
    missing = [
        file
        for file in post.attachments
        if file["url"].lower().startswith(("http://", "https://")) and html.escape(file["url"]) not in post.html
    ]
    if not missing:
        return ""
    items = "".join(
        f'<li><a href="{html.escape(file["url"])}">{html.escape(file["title"] or file["url"])}</a></li>'
        for file in missing
    )
    return f'<ul class="{CREDIT_CLASS}">{items}</ul>'


def credit_line(credit: str, unit_name: str, url: str) -> str:
    """The line that names the unit and links to its page; marked, so that it is no part of the text when texts are compared."""
    if not credit:
        return ""
    before, name, after = credit.partition("{unit}")
    shown = unit_name if name else before
    link = f'<a href="{html.escape(url)}">{html.escape(shown)}</a>'
    return f'<p class="{CREDIT_CLASS}">{html.escape(before) if name else ""}{link}{html.escape(after)}</p>'


def payload_sha256(post: PostToPush) -> str:
    """What tells whether the same was sent before."""
    fields = [
        post.title,
        post.html,
        post.summary,
        post.published_at.isoformat(),
        post.approval.value,
        post.author,
        list(post.categories),
        post.image.sha256 if post.image else None,
        post.image_inside.sha256 if post.image_inside else None,
    ]
    return hashlib.sha256(json.dumps(fields).encode()).hexdigest()
