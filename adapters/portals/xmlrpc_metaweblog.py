"""MetaWeblog over XML-RPC (metaWeblog.*), as WordPress and many older systems speak it.

Only the latest posts can be asked for, published ones as a rule, and no file can be looked up: at least once, and no more. A state is told
by WordPress (`post_status`) and a few others; where none is told, a post is held to be what it was sent as, and one read to be public.
`editPost` sets the state as it sets the text, so the state that stands is read first and sent back with the edit.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape, unescape
from itertools import pairwise
from typing import Any
from xmlrpc.client import Binary

from adapters.portals.content import credited, find_marker, outgoing_links
from adapters.portals.wordpress_names import folded
from adapters.portals.xmlrpc_api import FaultAnswer, XmlRpcApi, instant_of, naive_date
from adapters.portals.xmlrpc_wordpress import STATES, structs
from syncd.domain.identity import text_sha256
from syncd.domain.model import LOCAL, Approval, SourceKey
from syncd.ports.clock import Clock
from syncd.ports.portal import DeliveryClass, FileToPush, PlacedFile, PortalPost, PortalState, PostToPush, Trash

_NOT_FOUND = 404
_KEPT = [
    "title",
    "description",
    "mt_text_more",
    "mt_excerpt",
    "mt_keywords",
    "mt_allow_comments",
    "mt_allow_pings",
    "wp_slug",
    "wp_password",
    "categories",
    "dateCreated",
    "date_created_gmt",
]
_PLACED_KEPT = 2_000
_PLAIN_ID = re.compile(r"[^\x00-\x20]{1,200}")


class MetaWeblogCalls:
    """One portal's posts. May be shared by threads."""

    delivery_class = DeliveryClass.C
    sees_unpublished = False
    trash = Trash.NONE  # WordPress has one, and leaves it out of the latest posts
    at_once = 1

    def __init__(self, blog_id: str, *, recent: int, plain_titles: bool, clock: Clock) -> None:
        self._blog = blog_id
        self._recent = recent
        self._plain_titles = plain_titles
        self._clock = clock
        self._placed: dict[str, PlacedFile] = {}  # by hash: what this process has put
        self._categories: tuple[str, ...] | None = None

    def knows_us(self, api: XmlRpcApi) -> bool:
        answer = api.call("metaWeblog.getRecentPosts", self._blog, *api.login, 1, expect=(401, 403))
        return not isinstance(answer, FaultAnswer)

    def who(self, api: XmlRpcApi) -> str:
        """Asks for one recent post: the only question that every such portal answers to those who are known to it."""
        self._categories = None
        self._latest(api, 1)
        return f"MetaWeblog at {api.url}, as {api.username!r}; the latest {self._recent} posts can be looked at"

    # --- reading ------------------------------------------------------------------------------------

    def candidates(self, api: XmlRpcApi, key: SourceKey) -> Iterable[PortalPost]:
        return reversed(self._latest(api, self._recent))

    def get(self, api: XmlRpcApi, portal_id: str) -> PortalPost | None:
        if not _PLAIN_ID.fullmatch(portal_id):
            return None
        answer = api.call("metaWeblog.getPost", portal_id, *api.login, expect=(_NOT_FOUND,))
        return None if isinstance(answer, FaultAnswer) else self._seen(api, answer)

    def dated(self, api: XmlRpcApi, start: datetime, end: datetime) -> Iterable[PortalPost]:
        """All of the latest posts, once they are known to reach back before `start`.

        Raises:
            PortalError: they do not, or are not in the order of their dates, which alone would show it.
        """
        posts = self._latest(api, self._recent)
        dates = [post.published_at for post in posts if post.published_at is not None]
        ordered = all(newer >= older for newer, older in pairwise(dates))
        if len(posts) >= self._recent and not (ordered and dates and dates[-1] < start):
            raise api.fail(
                f"tells its latest {self._recent} posts only, and they do not reach back to {start:%Y-%m-%d}",
                kind="incomplete",
                hint="raise portal.recent_posts, if the portal gives that many at once",
            )
        return posts

    def _latest(self, api: XmlRpcApi, number: int) -> list[PortalPost]:
        found = api.call("metaWeblog.getRecentPosts", self._blog, *api.login, number)
        return [self._seen(api, item) for item in structs(api, found, "postid")]

    def _seen(self, api: XmlRpcApi, item: Any) -> PortalPost:
        (item,) = structs(api, [item], "postid", "description")
        html, date = str(item["description"]), _date(item)
        if item.get("mt_text_more"):
            html += f"<!--more-->{item['mt_text_more']}"  # an editor put a fold into the text; our key stands below it
        title = str(item.get("title", ""))
        state = STATES.get(str(item.get("post_status", "publish")), PortalState.PENDING)
        if state is PortalState.PUBLIC and date is not None and date > self._clock.now():
            state = PortalState.SCHEDULED
        if state is PortalState.PUBLIC and item.get("wp_password"):
            state = PortalState.PRIVATE
        modified = instant_of(item.get("date_modified_gmt"))
        return PortalPost(
            id=str(item["postid"]),
            key=find_marker(html),
            url=str(item.get("permaLink") or item.get("link") or ""),
            title=title if self._plain_titles else unescape(title),
            state=state,
            published_at=date,
            version=modified.isoformat() if modified else "",
            author=str(item.get("wp_author_id") or item.get("userid") or ""),
            author_name=str(item.get("wp_author_display_name") or item.get("author") or ""),
            categories=tuple(unescape(str(name)) for name in item.get("categories") or ()),
            content_sha256=text_sha256(html),
            links=outgoing_links(html, own_url=api.url),
            credit=credited(html),
        )

    # --- writing ------------------------------------------------------------------------------------

    def insert(self, api: XmlRpcApi, post: PostToPush, html: str) -> str:
        members = self._content(post, html)
        # the plain date is the portal's own time to those that do not know the other
        members["dateCreated"] = naive_date(post.published_at, zone=LOCAL)
        members["date_created_gmt"] = naive_date(post.published_at)
        members["categories"] = [self._category(api, name) for name in post.categories]
        if post.approval is Approval.PENDING:
            members["post_status"] = "pending"
        public = post.approval is Approval.AUTO
        made = api.call("metaWeblog.newPost", self._blog, *api.login, members, public, writes=True)
        if not isinstance(made, str | int) or not str(made):
            raise api.fail("answered without the post's id", unknown=True)
        return str(made)

    def edit(self, api: XmlRpcApi, portal_id: str, post: PostToPush, html: str) -> None:
        self._edit(api, portal_id, self._content(post, html), hide=False)

    def hide(self, api: XmlRpcApi, portal_id: str) -> None:
        self._edit(api, portal_id, {}, hide=True)

    def _edit(self, api: XmlRpcApi, portal_id: str, members: dict[str, object], *, hide: bool) -> None:
        standing = api.call("metaWeblog.getPost", portal_id, *api.login)
        if not isinstance(standing, dict):
            raise api.fail(f"does not tell what post {portal_id} is")
        status = "draft" if hide else standing.get("post_status", "publish")
        # what is left out counts as emptied with some of these portals
        kept = {name: standing[name] for name in _KEPT if name in standing}
        change = {**kept, **members, "post_status": status}
        # WordPress 6.1.9 sets the picture last, and answers 404 to the one that is set already
        if str(change.get("wp_post_thumbnail")) == str(standing.get("wp_post_thumbnail")):
            change.pop("wp_post_thumbnail", None)
        api.call("metaWeblog.editPost", portal_id, *api.login, change, status == "publish", writes=True)

    def put(self, api: XmlRpcApi, file: FileToPush) -> PlacedFile:
        """Put once by this process; a file that an earlier one put is put again, since nothing here can be looked up."""
        standing = self._placed.get(file.sha256)
        if standing is None:
            bits = {"name": file.filename, "type": file.content_type, "bits": Binary(file.data), "overwrite": True}
            told = api.call("metaWeblog.newMediaObject", self._blog, *api.login, bits, writes=True)
            (media,) = structs(api, [told], "url")
            url = str(media["url"])
            number = str(media.get("attachment_id") or media.get("id") or url)
            standing = PlacedFile(sha256=file.sha256, id=number, url=url, alt=file.alt, caption=file.caption)
            if len(self._placed) >= _PLACED_KEPT:
                self._placed.clear()
            self._placed[file.sha256] = standing
        return standing

    def _category(self, api: XmlRpcApi, name: str) -> str:
        """The category's own spelling there. No method makes one, and what is unknown is dropped there without a word.

        Raises:
            PortalError: there is none of that name; no post was touched.
        """
        categories = self._categories
        if categories is None:
            found = api.call("metaWeblog.getCategories", self._blog, *api.login)
            names = (item.get("categoryName") or item.get("description") for item in structs(api, found))
            self._categories = categories = tuple(unescape(str(known)) for known in names if known)
        standing = next((known for known in categories if folded(known) == folded(name)), None)
        if standing is None:
            self._categories = None
            raise api.fail(
                f"has no category {name!r}",
                kind="category_missing",
                hint=f"make the category {name!r} there, or map to another one in [portal.categories]",
            )
        return standing

    def _content(self, post: PostToPush, html: str) -> dict[str, object]:
        members: dict[str, object] = {
            "title": post.title if self._plain_titles else escape(post.title, quote=False),
            "description": html,
            "mt_text_more": "",
            "mt_excerpt": escape(post.summary, quote=False),
        }
        if post.image is not None and post.image.id.isdigit():
            members["wp_post_thumbnail"] = int(post.image.id)
        return members


def _date(item: dict[str, Any]) -> datetime | None:
    """The printed date: in UTC where the portal gives it so, else its plain one, which is local time."""
    told, plain = instant_of(item.get("date_created_gmt")), str(item.get("dateCreated", ""))
    if told is not None or plain.endswith("Z"):
        return told or instant_of(item.get("dateCreated"))
    local = instant_of(item.get("dateCreated"))
    return local.replace(tzinfo=LOCAL).astimezone(UTC) if local is not None else None
