"""What WordPress's /xmlrpc.php does with a call, over the same posts as its REST interface: wp.* and metaWeblog.* as far as syncd uses them.

Each rule was seen on WordPress 6.1.9: faults 403 for a wrong password and 401 for a missing right, a scheduled post called `publish`, the
trash in no list unless it is asked for by name, posts of others left out of an author's page, a picture that may not be set twice.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from html import escape
from typing import Any
from xmlrpc.client import Binary, DateTime, Fault, dumps, loads

from syncd.testing.local_site import Page, SeenRequest
from syncd.testing.wordpress_state import SITE_ZONE, Account, StoredMedia, StoredPost, WordPressState

PATH = "/xmlrpc.php"
_RECENT = ("draft", "publish", "future", "pending", "private")
_HIDDEN = ("trash",)  # what `any` leaves out


class WordPressXmlRpc:
    """The end point over one site's state. Not for threads, as the state."""

    def __init__(self, state: WordPressState) -> None:
        self._state = state
        self._methods: dict[str, Callable[..., Any]] = {
            "wp.getProfile": self._profile,
            "wp.getOptions": self._options,
            "wp.getAuthors": self._authors,
            "wp.getTerms": self._terms,
            "wp.newTerm": self._new_term,
            "wp.newPost": self._new_post,
            "wp.editPost": self._edit_post,
            "wp.getPost": self._get_post,
            "wp.getPosts": self._get_posts,
            "wp.getMediaItem": self._media_item,
            "wp.uploadFile": self._upload,
            "metaWeblog.newMediaObject": self._upload,
            "metaWeblog.newPost": self._mw_new,
            "metaWeblog.editPost": self._mw_edit,
            "metaWeblog.getPost": self._mw_get,
            "metaWeblog.getRecentPosts": self._mw_recent,
            "metaWeblog.getCategories": self._mw_categories,
        }

    def answer(self, request: SeenRequest) -> Page:
        """Carry out one call."""
        if request.method != "POST":
            return Page(status=405, body=b"XML-RPC server accepts POST requests only.", content_type="text/plain")
        try:
            params, name = loads(request.body.decode())
            if name not in self._methods:
                raise Fault(-32601, f"server error. requested method {name} does not exist.")
            first = str(
                params[0]
            )  # the post in metaWeblog's getPost and editPost, else the blog, which does not matter
            me = next(
                (one for one in self._state.accounts if (one.login, one.password) == (params[1], params[2])), None
            )
            if me is None:
                raise Fault(403, "Incorrect username or password.")
            body = dumps((self._methods[name](me, first, *params[3:]),), methodresponse=True, allow_none=True)
        except Fault as fault:
            body = dumps(fault, methodresponse=True)
        declared = '<?xml version="1.0" encoding="UTF-8"?>\n' + body.partition("?>\n")[2]
        return Page(body=declared.encode(), content_type="text/xml; charset=UTF-8")

    # --- who and what is there ----------------------------------------------------------------------

    def _profile(self, me: Account, blog: str, fields: list[str]) -> dict[str, Any]:
        role = "editor" if "publish_posts" in me.rights else me.login
        return {"user_id": str(me.id), "username": me.login, "display_name": me.name, "roles": [role]}

    def _options(self, me: Account, blog: str, names: list[str]) -> dict[str, Any]:
        values = {"blog_title": "Cổng tỉnh Ví Dụ", "software_version": "6.1.9"}
        return {name: {"desc": name, "readonly": True, "value": values[name]} for name in names}

    def _authors(self, me: Account, blog: str) -> list[dict[str, str]]:
        return [
            {"user_id": str(one.id), "user_login": one.login, "display_name": one.name} for one in self._state.accounts
        ]

    def _terms(self, me: Account, blog: str, taxonomy: str) -> list[dict[str, str]]:
        return [
            {"term_id": str(number), "name": escape(name), "taxonomy": taxonomy}
            for number, name in self._state.categories.items()
        ]

    def _new_term(self, me: Account, blog: str, term: dict[str, str]) -> str:
        if any(name.casefold() == term["name"].casefold() for name in self._state.categories.values()):
            raise Fault(500, "A term with the name provided already exists with this parent.")
        if "manage_categories" not in me.rights:
            raise Fault(401, "Sorry, you are not allowed to create terms in this taxonomy.")
        made = self._state.new_id()
        self._state.categories[made] = term["name"]
        return str(made)

    def _mw_categories(self, me: Account, blog: str) -> list[dict[str, str]]:
        return [{"categoryName": escape(name), "description": name} for name in self._state.categories.values()]

    # --- posts --------------------------------------------------------------------------------------

    def _new_post(self, me: Account, blog: str, members: dict[str, Any]) -> str:
        status = members.get("post_status", "draft")
        if status == "publish" and "publish_posts" not in me.rights:
            raise Fault(401, "Sorry, you are not allowed to publish posts in this post type.")
        now = self._state.now()
        date = _utc(members["post_date_gmt"]) if "post_date_gmt" in members else now
        post = StoredPost(
            id=self._state.new_id(),
            title="",
            content="",
            status="future" if status == "publish" and date > now else status,
            date=date,
            modified=now,
            author=int(members.get("post_author", me.id)),
        )
        self._change(post, members)
        self._state.posts[post.id] = post
        return str(post.id)

    def _edit_post(self, me: Account, blog: str, number: str, members: dict[str, Any]) -> bool:
        if members.get("post_type") == "attachment":
            self._state.media[int(number)].caption = members["post_excerpt"]
            return True
        post = self._post(number)
        post.status = members.get("post_status", post.status)
        post.modified = self._state.now()
        self._change(post, members)
        return True

    def _change(self, post: StoredPost, members: dict[str, Any]) -> None:
        post.title = members.get("post_title", post.title)
        content = members.get("post_content", post.content)
        post.content = re.sub(r"<!--.*?-->", "", content) if self._state.strips_comments else content
        post.excerpt = members.get("post_excerpt", post.excerpt)
        post.categories = [int(number) for number in members.get("terms", {}).get("category", post.categories)]
        post.featured_media = members.get("post_thumbnail", post.featured_media)

    def _get_post(self, me: Account, blog: str, number: str, fields: list[str]) -> dict[str, Any]:
        return self._shown(self._post(number))

    def _get_posts(self, me: Account, blog: str, wanted: dict[str, Any], fields: list[str]) -> list[dict[str, Any]]:
        if wanted.get("post_type") == "attachment":
            return [
                {"post_id": str(media.id), "post_title": _title(media)}
                for media in self._state.media.values()
                if wanted["s"] in _title(media)
            ]
        states, said = wanted["post_status"], str(wanted.get("s", "")).casefold()
        found = [
            post
            for post in self._state.posts.values()
            if (post.status in states or ("any" in states and post.status not in _HIDDEN))
            and said in f"{post.title}\n{post.content}\n{post.excerpt}".casefold()
        ]
        found.sort(key=lambda post: (post.date, post.id) if wanted["orderby"] == "date ID" else post.id)
        if wanted["order"] == "DESC":
            found.reverse()
        page = found[wanted.get("offset", 0) :][: wanted["number"]]
        others = "edit_others_posts" in me.rights
        return [self._shown(post) for post in page if others or post.author == me.id]

    def _post(self, number: str) -> StoredPost:
        post = self._state.posts.get(int(number)) if number.isdigit() else None
        if post is None:
            raise Fault(404, "Invalid post ID.")
        return post

    def _shown(self, post: StoredPost) -> dict[str, Any]:
        return {
            "post_id": str(post.id),
            "post_title": post.title,
            "post_content": post.content,
            "post_status": "publish" if post.status == "future" else post.status,
            "post_date_gmt": _date(post.date),
            "post_modified_gmt": _date(post.modified),
            "post_author": str(post.author),
            "post_password": "",
            "link": f"http://vidu.example/?p={post.id}",
            "terms": [
                {"taxonomy": "category", "name": escape(self._state.categories[number])} for number in post.categories
            ],
        }

    # --- MetaWeblog ---------------------------------------------------------------------------------

    def _mw_new(self, me: Account, blog: str, members: dict[str, Any], publish: bool) -> str:
        status = members.get("post_status") or ("publish" if publish else "draft")
        return self._new_post(me, blog, {**self._renamed(members), "post_status": status})

    def _mw_edit(self, me: Account, number: str, members: dict[str, Any], publish: bool) -> bool:
        post = self._post(number)
        status = members.get("post_status") or ("publish" if publish else "draft")
        ahead = status == "publish" and post.date > self._state.now()
        change = {**self._renamed(members), "post_status": "future" if ahead else status}
        picture = change.pop("post_thumbnail", None)
        self._edit_post(me, "", number, change)
        if picture is not None and picture == post.featured_media:
            raise Fault(404, "Invalid attachment ID.")
        post.featured_media = picture or post.featured_media
        return True

    def _mw_get(self, me: Account, number: str) -> dict[str, Any]:
        return self._mw_shown(self._post(number))

    def _mw_recent(self, me: Account, blog: str, number: int) -> list[dict[str, Any]]:
        found = [post for post in self._state.posts.values() if post.status in _RECENT]
        found.sort(key=lambda post: (post.date, post.id), reverse=True)
        return [self._mw_shown(post) for post in found[:number]]

    def _renamed(self, members: dict[str, Any]) -> dict[str, Any]:
        names = {
            "title": "post_title",
            "description": "post_content",
            "mt_excerpt": "post_excerpt",
            "date_created_gmt": "post_date_gmt",
            "wp_post_thumbnail": "post_thumbnail",
        }
        change = {names[name]: value for name, value in members.items() if name in names}
        known = {name: number for number, name in self._state.categories.items()}
        if chosen := [known[name] for name in members.get("categories", ()) if name in known]:
            change["terms"] = {"category": chosen}
        return change

    def _mw_shown(self, post: StoredPost) -> dict[str, Any]:
        author = next((one for one in self._state.accounts if one.id == post.author), None)
        return {
            "postid": str(post.id),
            "title": post.title,
            "description": post.content,
            "mt_excerpt": post.excerpt,
            "post_status": "publish" if post.status == "future" else post.status,
            "dateCreated": _date(post.date + SITE_ZONE),
            "date_created_gmt": _date(post.date),
            "date_modified_gmt": _date(post.modified),
            "permaLink": f"http://vidu.example/?p={post.id}",
            "categories": [self._state.categories[number] for number in post.categories],
            "wp_author_id": str(post.author),
            "wp_author_display_name": author.name if author else "",
            "wp_post_thumbnail": str(post.featured_media or ""),
        }

    # --- files --------------------------------------------------------------------------------------

    def _upload(self, me: Account, blog: str, file: dict[str, Any]) -> dict[str, Any]:
        bits: Binary = file["bits"]
        slug = str(file["name"]).rpartition(".")[0]
        media = StoredMedia(id=self._state.new_id(), slug=slug, content_type=file["type"], data=bits.data)
        self._state.media[media.id] = media
        return {**self._media_item(me, blog, str(media.id)), "id": str(media.id)}

    def _media_item(self, me: Account, blog: str, number: str) -> dict[str, Any]:
        media = self._state.media[int(number)]
        address = f"http://vidu.example/wp-content/uploads/{_title(media)}"
        return {"attachment_id": number, "link": address, "url": address, "caption": media.caption}


def _title(media: StoredMedia) -> str:
    return f"{media.slug}.{media.content_type.rpartition('/')[2]}"


def _date(instant: datetime) -> DateTime:
    return DateTime(instant.replace(tzinfo=None, microsecond=0))


def _utc(date: DateTime) -> datetime:
    return datetime.strptime(str(date), "%Y%m%dT%H:%M:%S").replace(tzinfo=UTC)
