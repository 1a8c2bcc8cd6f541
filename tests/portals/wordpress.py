"""The real WordPress of scripts/wordpress.sh, and the hands of its editors: PHP run inside it."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from adapters.http.client import PoliteClient
from adapters.portals.wordpress import WordPressPortal, WordPressSettings
from syncd.clock import SystemClock
from syncd.ports.secret import Secret

SCRIPT = Path(__file__).parents[2] / "scripts" / "wordpress.sh"
PACKAGES_MISSING = 4
SETTLE = timedelta(seconds=120)
_START = "$_SERVER['HTTP_HOST'] = 'localhost'; require getenv('WP_LOAD'); $in = json_decode(getenv('VALUES'), true);"
_POSTS = """
$out = array();
foreach (get_posts(array('numberposts' => -1, 'orderby' => 'ID', 'order' => 'ASC',
    'post_status' => array('publish', 'future', 'draft', 'pending', 'private'))) as $post) {
  preg_match('/<!-- (syncd-[0-9a-f]{32}) -->/', $post->post_content, $key);
  preg_match('/Nguồn: (?:<[^>]*>)*([^<]+)/u', $post->post_content, $unit);
  $out[] = array('id' => $post->ID, 'title' => html_entity_decode($post->post_title, ENT_QUOTES), 'status' => $post->post_status,
    'date' => $post->post_date, 'author' => get_the_author_meta('login', $post->post_author),
    'key' => $key[1] ?? null, 'unit_name' => trim($unit[1] ?? ''), 'html' => $post->post_content, 'url' => get_permalink($post),
    'own_picture' => wp_get_attachment_url(get_post_thumbnail_id($post)) ?: null);
}
echo json_encode($out);
"""
_TYPE = """
$ids = array();
for ($n = 0; $n < (int) $in['copies']; $n++) {
  $ids[] = wp_insert_post(wp_slash(array('post_title' => $in['title'], 'post_content' => $in['html'], 'post_status' => 'publish',
    'post_date' => $in['date'], 'post_author' => get_user_by('login', $in['author'])->ID)));
}
echo json_encode($ids);
"""
_EDIT = """
wp_set_current_user(1);
wp_update_post(wp_slash(array('ID' => $in['id']) + array_filter(array('post_title' => $in['title'], 'post_content' => $in['html']))));
"""
_EMPTY = """
foreach (get_posts(array('numberposts' => -1, 'post_type' => array('post', 'attachment'), 'post_status' => 'any,trash,auto-draft',
    'fields' => 'ids')) as $id) { wp_delete_post($id, true); }
"""


@dataclass
class RealWordPress:
    """The running site; `site` is what the script printed."""

    site: Mapping[str, Any]
    client: PoliteClient

    def portal(
        self, login: str = "syncd", password: str | None = None, client: PoliteClient | None = None
    ) -> WordPressPortal:
        """Our adapter, as the account `login`."""
        settings = WordPressSettings(
            url=self.site["base_url"],
            username=login,
            password=Secret(password or self.site["users"][login]["application_password"]),
            allow_addresses=("127.0.0.0/8",),
        )
        return WordPressPortal(settings, name="cong", http=client or self.client, clock=SystemClock(), settle=SETTLE)

    def php(self, code: str, **values: object) -> str:
        """Run `code` with WordPress loaded and `$in` holding `values`; what it prints."""
        load = str(Path(self.site["state"]) / "www" / "wp-load.php")
        done = subprocess.run(
            ["php", "-r", _START + code],
            env={**os.environ, "WP_LOAD": load, "VALUES": json.dumps(values)},
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        return done.stdout.strip()

    def posts(self) -> Sequence[dict[str, Any]]:
        """Every post that is not in the trash: id, title, status, date (site time), author, key, unit_name (of the credit line), html, url, own_picture (its address)."""
        found: list[dict[str, Any]] = json.loads(self.php(_POSTS))
        return found

    def type_posts(
        self, title: str, *, author: str, date: str, html: str = "<p>Gõ tay.</p>", copies: int = 1
    ) -> Sequence[int]:
        """Public posts typed by hand; `date` in site time, `2026-10-31 23:59:59`. Their ids."""
        ids: list[int] = json.loads(self.php(_TYPE, title=title, author=author, date=date, html=html, copies=copies))
        return ids

    def type_post(self, title: str, *, author: str, date: str, html: str = "<p>Gõ tay.</p>") -> int:
        return self.type_posts(title, author=author, date=date, html=html)[0]

    def trash(self, post_id: int) -> None:
        self.php("wp_trash_post((int) $in['id']);", id=post_id)

    def delete(self, post_id: int) -> None:
        """Past the trash."""
        self.php("wp_delete_post((int) $in['id'], true);", id=post_id)

    def publish(self, post_id: int) -> None:
        """What an editor does to a pending post."""
        self.php("wp_set_current_user(1); wp_publish_post((int) $in['id']);", id=post_id)

    def edit(self, post_id: int, *, title: str | None = None, html: str | None = None) -> None:
        """What an editor does to a post; the text as it is to be, our comment included."""
        self.php(_EDIT, id=post_id, title=title, html=html)

    @contextmanager
    def locked_out(self, login: str) -> Iterator[None]:
        """The account has no application password meanwhile."""
        user = "$user = get_user_by('login', $in['login'])->ID; $name = '_application_passwords';"
        kept = self.php(user + "echo json_encode(get_user_meta($user, $name, true));", login=login)
        self.php(user + "delete_user_meta($user, $name);", login=login)
        try:
            yield
        finally:
            self.php(
                user + "update_user_meta($user, $name, wp_slash($in['kept']));", login=login, kept=json.loads(kept)
            )

    def files(self) -> int:
        """How many pictures and attachments stand there."""
        return int(self.php("echo array_sum((array) wp_count_attachments());"))

    def empty(self) -> None:
        """No post and no image left, the trash included."""
        self.php(_EMPTY)
