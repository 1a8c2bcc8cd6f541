#!/usr/bin/env bash
# A real Plone on loopback (plone.restapi: JSON, with a review workflow), to see what syncd does on a stock one.
#
#   SYNCD_PORTAL_STATE=/tmp/plone scripts/plone.sh start | status | stop | reset | destroy
#
#   start     installs Plone from the package index into a virtual environment of its own, makes the site where there is
#             none, and serves it on 127.0.0.1; calling it again changes nothing
#   status    what start prints; exit 3 and "running": false when it is down
#   stop      ends the process that start began, by its id, and nothing else
#   reset     a new, empty site
#   destroy   stop, and remove the state directory
#
# One JSON document on standard output (base_url, users with passwords, folders), the log on standard error.
#   SYNCD_PORTAL_PORT      port to listen on; default: a free one, kept until stop
#   SYNCD_PORTAL_WORKERS   threads that answer, default 4
#   SYNCD_PORTAL_VENV      where Plone is installed; default: within the state directory. Several sites may share one
#   SYNCD_PORTAL_INSTALL   0: never install, exit 4 where Plone is missing
#   PYTHON                 3.11 or later with venv; default python3
# Passwords here guard a site that listens on loopback and holds made-up posts only.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
STATE=${SYNCD_PORTAL_STATE:?set SYNCD_PORTAL_STATE to a directory of its own}
mkdir -p "$STATE"; STATE=$(cd "$STATE" && pwd)
VENV=${SYNCD_PORTAL_VENV:-$STATE/venv}
INSTANCE=$STATE/instance

say() { printf 'plone.sh: %s\n' "$*" >&2; }
die() { local code=$1; shift; say "$*"; exit "$code"; }

# --- the process -------------------------------------------------------------------------------------

# The id in the file is ours only while its command line still names our instance: ids are used again.
running() { [ -s "$STATE/web.pid" ] && { tr '\0' ' ' <"/proc/$(<"$STATE/web.pid")/cmdline"; } 2>/dev/null | grep -qF -- "$INSTANCE/etc/zope.ini"; }

stop() {
  if running; then
    local pid; pid=$(<"$STATE/web.pid")
    kill -TERM "$pid" 2>/dev/null || true
    local _; for _ in {1..100}; do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
    kill -KILL "$pid" 2>/dev/null || true
  fi
  rm -f "$STATE/web.pid"
}

# --- packages ----------------------------------------------------------------------------------------

make_venv() {
  rm -rf "$VENV"
  "${PYTHON:-python3}" -m venv "$VENV" >&2 && return 0
  # Debian keeps venv in a package of its own
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
  say "installing python3-venv"
  { apt-get -o DPkg::Lock::Timeout=300 -qq update || true
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -qq -y --no-install-recommends install python3 python3-venv ca-certificates
  } >&2 </dev/null || return 1
  rm -rf "$VENV"; "${PYTHON:-python3}" -m venv "$VENV" >&2
}

install() {
  local wanted; wanted=$(sha256sum <"$HERE/plone-constraints.txt")
  [ "$(cat "$VENV/.ready" 2>/dev/null)" = "$wanted" ] && return 0
  [ "${SYNCD_PORTAL_INSTALL:-1}" = 1 ] || die 4 "Plone is not installed in $VENV"
  say "installing Plone into $VENV"
  make_venv || die 4 "no virtual environment could be made: python3 with venv is needed"
  "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --no-input -c "$HERE/plone-constraints.txt" \
    Products.CMFPlone plone.restapi setuptools >"$STATE/install.log" 2>&1 \
    || { tail -n 5 "$STATE/install.log" >&2; die 4 "Plone could not be installed from the package index"; }
  echo "$wanted" >"$VENV/.ready"
}

# --- the site ----------------------------------------------------------------------------------------

make_site() {
  [ -e "$STATE/site.json" ] && return 0
  say "making the site"
  rm -rf "$INSTANCE"
  "$VENV/bin/mkwsgiinstance" -d "$INSTANCE" -u "admin:admin on loopback" >&2
  sed -i 's/^port = .*/&\nthreads = 4/' "$INSTANCE/etc/zope.ini"
  # pictures are blobs, and without a folder for them Plone answers 500 to each
  sed -i 's|^\( *\)path $INSTANCE/var/Data.fs|&\n\1blob-dir $INSTANCE/var/blobs|' "$INSTANCE/etc/zope.conf"
  cat >"$INSTANCE/etc/site.zcml" <<'XML'
<configure xmlns="http://namespaces.zope.org/zope" xmlns:meta="http://namespaces.zope.org/meta" xmlns:five="http://namespaces.zope.org/five">
  <include package="Products.Five" />
  <meta:redefinePermission from="zope2.Public" to="zope.Public" />
  <five:loadProducts file="meta.zcml" />
  <five:loadProducts />
  <five:loadProductsOverrides />
  <include package="plone.restapi" />
</configure>
XML
  cat >"$STATE/make_site.py" <<'PYTHON'
import importlib.metadata, json, os
import transaction
from AccessControl.SecurityManagement import newSecurityManager
from plone import api
from plone.registry.interfaces import IRegistry
from Products.CMFPlone.factory import addPloneSite
from Products.CMFPlone.interfaces.syndication import IFeedSettings, ISiteSyndicationSettings
from Testing.makerequest import makerequest
from zope.component import getUtility
from zope.component.hooks import setSite

root = makerequest(app)
newSecurityManager(None, root.acl_users.getUser("admin").__of__(root.acl_users))
site = addPloneSite(
    root,
    "portal",
    title="Cổng thông tin tỉnh Ví Dụ (thử nghiệm)",
    setup_content=False,
    default_language="vi",
    portal_timezone="Asia/Ho_Chi_Minh",
    extension_ids=("plone.app.contenttypes:default", "plone.restapi:default"),
)
setSite(site)
site.portal_workflow.setDefaultChain("simple_publication_workflow")
# syncd may publish, syncd_pending leaves that to the editor bientap
accounts = {
    "syncd": ("", ["Contributor", "Editor", "Reviewer"]),
    "syncd_pending": ("", ["Contributor", "Editor"]),
    "bientap": ("Biên tập viên", ["Contributor", "Editor", "Reviewer"]),
    "unit_a": ("Ban A Ví Dụ", []),
    "unit_b": ("Ban B Ví Dụ", []),
}
users = {"admin": {"password": "admin on loopback", "roles": ["Manager"]}}
for login, (name, roles) in accounts.items():
    users[login] = {"password": login + " on loopback", "roles": roles}
    api.user.create(
        email=login + "@vidu.example",
        username=login,
        password=users[login]["password"],
        roles=["Member", *roles],
        properties={"fullname": name},
    )
feeds = getUtility(IRegistry).forInterface(ISiteSyndicationSettings, check=False)
feeds.allowed = feeds.default_enabled = True
folders = {"tin-tuc": "Tin tức", "thong-bao": "Thông báo", "tep-tin": "Tệp tin"}
for name, title in folders.items():
    folder = api.content.create(site, "Folder", name, title=title)
    api.content.transition(folder, "publish")
    IFeedSettings(folder).enabled = True
transaction.commit()
version = importlib.metadata.version
made = {
    "version": version("Products.CMFPlone"),
    "restapi": version("plone.restapi"),
    "timezone": "Asia/Ho_Chi_Minh",
    "folders": folders,
    "users": users,
}
with open(os.environ["SITE_JSON"], "w") as file:
    json.dump(made, file)
PYTHON
  SITE_JSON=$STATE/site.json "$VENV/bin/zconsole" run "$INSTANCE/etc/zope.conf" "$STATE/make_site.py" >"$STATE/make_site.log" 2>&1 \
    || true
  [ -e "$STATE/site.json" ] || { tail -n 20 "$STATE/make_site.log" >&2; die 5 "the site could not be made"; }
}

choose_address() {
  local port=${SYNCD_PORTAL_PORT:-0}
  [ "$port" != 0 ] || port=$("$VENV/bin/python" -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
  echo "http://127.0.0.1:$port/portal" >"$STATE/url"
  sed -i "s/^port = .*/port = $port/; s/^threads = .*/threads = ${SYNCD_PORTAL_WORKERS:-4}/" "$INSTANCE/etc/zope.ini"
}

web_answers() {
  "$VENV/bin/python" -c 'import sys, urllib.request as web
web.build_opener(web.ProxyHandler({})).open(web.Request(sys.argv[1], headers={"Accept": "application/json"}), timeout=20).read()' \
    "$(<"$STATE/url")" >/dev/null 2>&1
}

start_web() {
  running && return 0
  # a free port may be taken by somebody else before Plone takes it: then another one is tried
  local tries=1 _; [ "${SYNCD_PORTAL_PORT:-0}" != 0 ] || tries=5
  while [ $tries -gt 0 ]; do
    choose_address
    setsid "$VENV/bin/runwsgi" "$INSTANCE/etc/zope.ini" >>"$STATE/web.log" 2>&1 </dev/null 9>&- &
    echo $! >"$STATE/web.pid"
    local pid=$!
    for _ in {1..300}; do
      kill -0 "$pid" 2>/dev/null || break
      if web_answers && running; then return 0; fi
      sleep 0.3
    done
    stop
    tries=$((tries - 1))
  done
  tail -n 20 "$STATE/web.log" >&2
  die 5 "Plone did not start"
}

report() { # True | False
  "$VENV/bin/python" -c 'import json, pathlib, sys
state = pathlib.Path(sys.argv[1])
told = {"kind": "plone", "running": sys.argv[2] == "True", "base_url": (state / "url").read_text().strip(), "state": str(state)}
print(json.dumps(told | json.loads((state / "site.json").read_text()), indent=2, ensure_ascii=False))' "$STATE" "$1"
}

start() {
  exec 9>"$STATE/lock"; flock 9  # a second start at the same time waits, and finds it running
  install
  make_site
  start_web
  report True
}

case ${1:-} in
  start) start ;;
  status) if running && web_answers; then report True; else printf '{"kind": "plone", "running": false}\n'; exit 3; fi ;;
  stop) stop ;;
  reset) stop; rm -rf "$INSTANCE" "$STATE/site.json"; start ;;
  destroy) stop; rm -rf "$STATE" ;;
  *) sed -n '2,19s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
