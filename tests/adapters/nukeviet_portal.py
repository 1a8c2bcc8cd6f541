"""A stand-in for NukeViet 4.5, made of what its api.php and its pages were seen to do: remote calls, all with status 200, and the form of its admin pages.

The actions `Syncd…` are those a portal's owner adds (docs/portals/http_json.md).
"""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from html import escape
from typing import Any
from urllib.parse import parse_qs

import bcrypt

from syncd.ports.clock import Clock
from syncd.testing.local_site import Line, LocalSite, Page, SeenRequest

SITE_ZONE = timedelta(hours=7)
PAGE_SIZE = 50


class NukeViet:
    """`ahead`: how far its clock is before ours. `method`: how a secret is proved. `lose`: so many answers to creating calls are lost."""

    def __init__(self, site: LocalSite, clock: Clock, *, secret: str = "bí mật", method: str = "md5") -> None:
        self.site = site
        self.clock = clock
        self.secret = secret
        self.method = method
        self.ahead = timedelta(0)
        self.lose = 0
        self.posts: dict[int, dict[str, Any]] = {}
        self.files: dict[str, bytes] = {}
        self.sessions: set[str] = set()
        self.asks_for_captcha = False
        self.ends_sessions_at_save = False
        self.in_actions = True
        site.behave("/*", self._behave)

    def _behave(self, line: Line, request: SeenRequest) -> bool:
        form = form_of(request)
        page = self._api(form) if request.path == "/api.php" else self._admin(request, form)
        creates = form.get("action") == "SyncdCreate" or (form.get("save") == "1" and not request.query.get("id"))
        if self.lose and creates:
            self.lose -= 1
            line.reset()
            return False
        head = "".join(f"{name}: {value}\r\n" for name, value in page.headers.items())
        start = f"HTTP/1.1 {page.status} OK\r\nContent-Type: {page.content_type}\r\n{head}Content-Length: {len(page.body)}\r\n\r\n"
        line.send(start.encode() + page.body)
        return True

    # --- api.php ----------------------------------------------------------------------------------------

    def _api(self, form: dict[str, str]) -> Page:
        now = self.clock.now() + self.ahead
        stamp = int(form.get("timestamp", "0"))
        if abs(stamp - now.timestamp()) > 5:
            told = (datetime.fromtimestamp(stamp, UTC) + SITE_ZONE, now.astimezone(UTC) + SITE_ZONE)
            ours, theirs = (each.strftime("%H:%M:%S %d/%m/%Y") for each in told)
            return _said("0020", f"Incorrect API time: {ours}, Server time: {theirs}")
        text, proof = f"{self.secret}_{stamp}", form.get("hashsecret", "")
        if self.method == "md5":
            right = proof == hashlib.md5(text.encode()).hexdigest()
        else:
            right = proof.startswith("$2y$") and bcrypt.checkpw(text.encode()[:72], proof.encode())
        if form.get("apikey") != "khoa" or not right:
            return _said("0014", "Api Authentication fail !!! ")
        action = getattr(self, f"_{form.get('action', '')}", None) if self.in_actions else None
        return action(form) if action else _said("0005", "Api Module Not Found!!!")

    def _SyncdWho(self, form: dict[str, str]) -> Page:
        return _done({"username": "syncd"})

    def _SyncdFind(self, form: dict[str, str]) -> Page:
        return _done({"posts": [post for post in self.posts.values() if post["syncd_key"] == form["syncd_key"]]})

    def _SyncdCreate(self, form: dict[str, str]) -> Page:
        for post in self.posts.values():
            if post["syncd_key"] == form["syncd_key"]:
                return _done({"id": post["id"], "existed": True})
        return _done({"id": self.add(form), "existed": False})

    def _SyncdUpdate(self, form: dict[str, str]) -> Page:
        post = self.posts.get(int(form["id"]) if form["id"].isdecimal() else 0)
        if post is None:
            return _said("1404", "no such post")
        names = ("title", "hometext", "bodyhtml", "status")
        post |= {name: form[name] for name in names if name in form} | {"edittime": post["edittime"] + 1}
        return _done({"id": post["id"]})

    def _SyncdRead(self, form: dict[str, str]) -> Page:
        post = self.posts.get(int(form["id"]) if form["id"].isdecimal() else 0)
        return _done(post) if post else _said("1404", "no such post")

    def _SyncdList(self, form: dict[str, str]) -> Page:
        found = [p for p in self.posts.values() if int(form["from"]) <= int(p["publtime"]) < int(form["to"])]
        start = (int(form["page"]) - 1) * PAGE_SIZE
        return _done({"posts": found[start : start + PAGE_SIZE], "total": len(found)})

    def _SyncdFile(self, form: dict[str, str]) -> Page:
        name = form["name"]
        known = {"path": f"news/{name}", "url": self.site.url(f"/uploads/news/{name}")}
        return _done(known) if name in self.files else _said("1404", "no such file")

    def _SyncdUpload(self, form: dict[str, str]) -> Page:
        self.files[form["name"]] = form["upload"].encode("latin-1")
        return self._SyncdFile(form)

    def add(self, values: dict[str, str]) -> int:
        """A new row of the news table."""
        id = len(self.posts) + 1
        while id in self.posts:
            id += 1
        self.posts[id] = {
            "id": id,
            "syncd_key": values.get("syncd_key", ""),
            "title": values["title"],
            "hometext": values.get("hometext", ""),
            "bodyhtml": values["bodyhtml"],
            "publtime": int(values["publtime"]),
            "edittime": 1,
            "status": values.get("status", "1"),
            "author": values.get("author", ""),
            "catname": "Tin tức",
            "link": self.site.url(f"/news/{id}.html"),
        }
        return id

    # --- the admin pages ----------------------------------------------------------------------------------

    def _admin(self, request: SeenRequest, form: dict[str, str]) -> Page:
        session = request.headers.get("cookie", "").partition("nv4_adm=")[2].partition(";")[0]
        if request.path != "/admin/index.php":
            return _html("<p>Không có</p>", 404)
        if request.method == "POST" and not request.headers.get("referer", "").startswith(self.site.base_url):
            return _html("Your request is blocked", 403)
        if "nv_login" in form:
            right = (form["nv_login"], form["nv_password"], form.get("checkss")) == ("syncd", self.secret, "kiểm-tra-1")
            if not right:
                return self._login_page("Sai mật khẩu")
            self.sessions.add(made := f"phien{len(self.site.requests)}")
            return Page(
                status=302,
                headers={"Location": "/admin/index.php", "Set-Cookie": f"nv4_adm={made}; path=/; HttpOnly"},
                content_type="text/html",
            )
        if self.ends_sessions_at_save and "save" in form:
            self.sessions.clear()
        if session not in self.sessions:
            return self._login_page("")
        query = {name: values[-1] for name, values in request.query.items()}
        if query.get("op") != "content":
            return self._admin_list(query)
        id = int(query.get("id", "0"))
        if form.get("save") == "1":
            return self._saved(form, id)
        if id and id not in self.posts:
            return _html("<p class=error>Bài viết không tồn tại</p>" + _LOGOUT, 404)
        return self._form_page(id)

    def _login_page(self, said: str) -> Page:
        captcha = '<img class="captchaImg">' if self.asks_for_captcha else ""
        return _html(
            f'<form id="admin-login-form" method="post"><p>{said}</p><input name="nv_login"><input type="password" name="nv_password">'
            f'<input type="hidden" name="checkss" value="kiểm-tra-1">{captcha}</form>'
        )

    def _admin_list(self, query: dict[str, str]) -> Page:
        wanted = query.get("q", "")
        rows = "".join(
            f'<tr class="post" data-status="{post["status"]}"><td><a href="/admin/index.php?op=content&amp;id={post["id"]}">'
            f"{escape(post['title'])}</a></td><td>{_local(post['publtime'])}</td></tr>"
            for post in self.posts.values()
            if wanted in post["bodyhtml"]
        )
        return _html(f"<table>{rows}</table>{_LOGOUT}")

    def _form_page(self, id: int) -> Page:
        post = self.posts.get(
            id, {"title": "", "bodyhtml": "", "hometext": "", "publtime": 0, "status": "4", "edittime": 0}
        )
        day, hour, minute = (_local(post["publtime"], pattern) for pattern in ("%d/%m/%Y", "%H", "%M"))
        return _html(
            f'<form method="post"><input name="title" value="{escape(post["title"])}"><textarea name="hometext">{escape(post["hometext"])}</textarea>'
            f'<textarea name="bodyhtml">\n{escape(post["bodyhtml"])}</textarea><input name="publ_date" value="{day}">'
            f'<input name="phour" value="{hour}"><input name="pmin" value="{minute}"><input type="hidden" name="edittime" value="{post["edittime"]}">'
            f'<select name="status"><option value="{post["status"]}" selected>x</option></select>'
            f'<input type="hidden" name="checkss" value="ghi-{id}"></form>{_LOGOUT}'
        )

    def _saved(self, form: dict[str, str], id: int) -> Page:
        if form.get("checkss") not in (f"ghi-{id}", "ghi-0"):
            return _html("Your request is blocked", 403)
        if id:
            if id not in self.posts:
                return _html("<p class=error>Bài viết không tồn tại</p>" + _LOGOUT, 404)
            status = next((number for number in ("1", "4", "5") if f"status{number}" in form), self.posts[id]["status"])
            names = ("title", "hometext", "bodyhtml")
            self.posts[id] |= {name: form[name] for name in names if name in form} | {"status": status}
            self.posts[id]["edittime"] += 1
        else:
            day = datetime.strptime(f"{form['publ_date']} {form['phour']}:{form['pmin']}", "%d/%m/%Y %H:%M")
            status = next(number for number in ("1", "4", "5") if f"status{number}" in form)
            at = int((day - SITE_ZONE).replace(tzinfo=UTC).timestamp())
            self.add({**form, "publtime": str(at), "status": status})
        return _html("<p class=ok>Đã ghi nhận</p>" + _LOGOUT)


_LOGOUT = '<a class="logout" href="?logout">Thoát</a>'


def form_of(request: SeenRequest) -> dict[str, str]:
    """The fields of a form, in either coding."""
    kind = request.headers.get("content-type", "")
    if not kind.startswith("multipart/"):
        return {name: values[-1] for name, values in parse_qs(request.body.decode("utf-8", "replace"), True).items()}
    made = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + request.body, policy=policy.HTTP)
    fields = {}
    for part in made.iter_parts():
        data = part.get_payload(decode=True)
        assert isinstance(data, bytes)
        name = str(part.get_param("name", header="content-disposition"))
        fields[name] = data.decode("latin-1") if part.get_filename() else data.decode()
    return fields


def _local(at: int, pattern: str = "%H:%M %d/%m/%Y") -> str:
    return (datetime.fromtimestamp(int(at), UTC) + SITE_ZONE).strftime(pattern)


def _done(data: object) -> Page:
    return _json({"status": "success", "code": "0000", "message": "", "data": data})


def _said(code: str, message: str) -> Page:
    return _json({"status": "error", "code": code, "message": message})


def _json(payload: object) -> Page:
    return Page(body=json.dumps(payload).encode(), content_type="application/json")


def _html(text: str, status: int = 200) -> Page:
    return Page(body=f"<!doctype html><body>{text}</body>".encode(), status=status)
