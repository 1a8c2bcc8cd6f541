"""What is special about Drupal: UUIDs as keys, answers to visitors, files that vanish, refusals that are not about the post."""

import tomllib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.http.client import HttpSettings, PoliteClient
from adapters.portals.drupal import DrupalPortal
from adapters.portals.drupal_calls import DrupalSettings
from adapters.portals.drupal_posts import DrupalWorkflow, key_of, uuid_of
from adapters.portals.logins.settings import LoginSettings
from syncd.clock import SystemClock
from syncd.config.adapters import read_settings
from syncd.domain.model import Approval, SourceKey
from syncd.ports.portal import FileToPush, PortalState
from syncd.ports.secret import Secret
from syncd.testing.faulty_portal import Effect, Fault
from syncd.testing.local_drupal import LocalDrupal
from syncd.testing.local_site import LocalSite, Page
from syncd.testing.portal_contract import new_key, refusal, sample_image, sample_post

Connect = Callable[..., DrupalPortal]
START, END = datetime(2025, 10, 1, tzinfo=UTC), datetime(2025, 11, 1, tzinfo=UTC)
NODES = "/node/article"


@pytest.fixture
def server() -> Iterator[LocalDrupal]:
    with LocalDrupal() as made:
        yield made


@pytest.fixture
def connect(server: LocalDrupal) -> Iterator[Connect]:
    client = PoliteClient(HttpSettings(total_timeout_s=0.6, connect_timeout_s=0.5), clock=SystemClock())

    def connected(**changes: object) -> DrupalPortal:
        settings = DrupalSettings(
            url=server.url,
            auth=basic(server.password),
            workflow=DrupalWorkflow(),
            allow_addresses=("127.0.0.0/8",),
        )
        settings = replace(settings, **changes)
        return DrupalPortal(settings, name="cong", http=client, clock=SystemClock(), settle=timedelta(seconds=120))

    yield connected
    client.abort()


@pytest.fixture
def portal(connect: Connect) -> DrupalPortal:
    return connect()


def basic(password: str) -> LoginSettings:
    return LoginSettings(kind="basic", username="syncd", password=Secret(password))


def bearer(token: str) -> LoginSettings:
    return LoginSettings(kind="bearer", token=Secret(token))


def without(server: LocalDrupal, right: str) -> None:
    account = server.state.accounts[0]
    server.state.accounts[0] = replace(account, rights=account.rights - {right})


# --- keys ---------------------------------------------------------------------------------------------


def test_key_and_uuid_follow_from_each_other_whatever_shape_the_uuid_has() -> None:
    plain = SourceKey("syncd-00112233445506770899aabbccddeeff")
    assert uuid_of(plain) == "00112233-4455-0677-0899-aabbccddeeff"
    assert key_of(uuid_of(plain), "") == plain
    like_drupals_own = SourceKey("syncd-0011223344554677a899aabbccddeeff")
    assert key_of(uuid_of(like_drupals_own), "<p>Gõ tay.</p>") is None
    assert key_of(uuid_of(like_drupals_own), f"<p>Tin.</p><!-- {like_drupals_own} -->") == like_drupals_own
    assert key_of(uuid_of(like_drupals_own), f"<p>Tin.</p><!-- {plain} -->") is None
    assert key_of("12", "") is None


def test_posts_made_by_several_writers_at_once_stand_once(server: LocalDrupal, portal: DrupalPortal) -> None:
    key, post = new_key(), sample_post()
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: portal.create(post, key), range(8)))
    assert len(made) == 1
    assert len(server.copies(key)) == 1


def test_post_that_an_editor_saved_is_still_ours_in_a_look_up(server: LocalDrupal, portal: DrupalPortal) -> None:
    key = SourceKey("syncd-0011223344554677a899aabbccddeeff")
    made = portal.create(sample_post(html="<p>Tin.</p><table><tr><td>1</td></tr></table>"), key)
    server.save_in_editor(made.id)
    found = portal.find(key)
    assert found is not None
    assert (found.key, found.version == made.version) == (key, False)
    assert [post.key for post in portal.list(START, END)] == [None]


def test_post_whose_answer_was_lost_is_found(server: LocalDrupal, portal: DrupalPortal) -> None:
    for fault in (Fault(path=NODES, effect=Effect.DONE, reset=True), Fault(path=NODES, effect=Effect.DONE, hang=True)):
        key = new_key()
        server.inject(fault)
        assert refusal(lambda key=key: portal.create(sample_post(), key)).unknown
        found = portal.find(key)
        assert found is not None
        assert len(server.copies(key)) == 1


@pytest.mark.parametrize(
    ("page", "kind", "unknown"),
    [
        (Page(status=500, body=b"The website encountered an unexpected error.", content_type="text/plain"), "http_status", True),
        (Page(status=201, body=b'{"data": {"type": "node--article"}}', content_type="application/vnd.api+json"), "protocol", True),
        (Page(status=200, body=b"<!doctype html><title>Log in</title>"), "protocol", True),
        (Page(status=403, body=b"<h1>Forbidden</h1>"), "forbidden", False),
        (Page(status=302, headers={"Location": "https://www.vidu.example/"}), "redirect", True),
        (Page(status=429, headers={"Retry-After": "9"}), "throttled", False),
    ],
    ids=lambda value: f"{value.status}" if isinstance(value, Page) else "",
)  # fmt: skip
def test_answer_that_is_not_the_one_due(
    server: LocalDrupal, portal: DrupalPortal, page: Page, kind: str, unknown: bool
) -> None:
    server.inject(Fault(path=NODES, page=page))
    error = refusal(lambda: portal.create(sample_post(), new_key()))
    assert (error.kind, error.unknown, error.permanent) == (kind, unknown, False)


# --- who we are -----------------------------------------------------------------------------------------


def test_token_is_taken_in_place_of_a_password(server: LocalDrupal, connect: Connect) -> None:
    portal = connect(auth=bearer("t0ken"))
    assert "'syncd'" in portal.verify()
    key = new_key()
    assert portal.create(sample_post(), key) == portal.find(key)
    assert refusal(connect(auth=bearer("sai")).verify).kind == "unauthorized"


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ({}, "portal.auth"),
        ({"auth": {"kind": "basic", "username": "a"}}, "portal.auth.password"),
        ({"auth": {"kind": "cookie_form"}}, "portal.auth.kind"),
        ({"auth": {"kind": "api_key", "token": "t", "query_name": "k"}}, "portal.auth.query_name"),
        ({"auth": {"kind": "bearer", "token": "t"}, "url": "http://cong.vidu.example"}, "portal.auth.kind"),
        ({"auth": {"kind": "bearer", "token": "t"}, "workflow": {"pendng": "x"}}, "portal.workflow.pendng"),
    ],
)
def test_problem_of_the_settings_is_told_at_its_key(tmp_path: Path, table: dict[str, object], key: str) -> None:
    made, problems = read_settings(
        DrupalSettings, {"url": "https://cong.vidu.example", **table}, prefix="portal", base=tmp_path
    )
    assert (made, [problem.key for problem in problems]) == (None, [key])


def test_the_example_of_the_manual_is_a_whole_configuration(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "portals" / "drupal.md").read_text(encoding="utf-8")
    table = tomllib.loads(page.partition("```toml\n")[2].partition("```")[0])["portal"]
    own = {name: value for name, value in table.items() if name not in ("kind", "name", "approval")}
    secret = tmp_path / "secrets" / "drupal"
    secret.parent.mkdir()
    secret.write_text("mật khẩu")
    made, problems = read_settings(DrupalSettings, own, prefix="portal", base=tmp_path)
    assert problems == []
    assert made is not None
    assert set(own) >= {field.name for field in fields(DrupalSettings)} - {"allow_addresses"}


def test_field_or_content_type_that_is_not_there_is_told_by_the_first_probe(connect: Connect) -> None:
    error = refusal(connect(tags_field="field_khong_co").verify)
    assert "field_khong_co" in error.message
    assert "tags_field" in (error.hint or "")
    assert "content_type" in (refusal(connect(content_type="tin").verify).hint or "")
    assert refusal(lambda: connect(content_type="tin").find(new_key())).kind == "not_found"


@pytest.mark.parametrize(
    ("right", "told"),
    [
        ("administer nodes", "administer nodes"),
        ("create article content", "create article content"),
        ("use text format basic_html", "portal.text_format"),
        ("use editorial transition publish", "portal.workflow"),
    ],
)
def test_missing_right_is_named_and_held_against_no_post(
    server: LocalDrupal, portal: DrupalPortal, right: str, told: str
) -> None:
    without(server, right)
    error = refusal(lambda: portal.create(sample_post(), new_key()))
    assert (error.kind, error.permanent, error.unknown) == ("forbidden", False, False)
    assert told in f"{error.message} {error.hint}"
    assert server.posts() == ()


def test_password_that_goes_wrong_in_mid_run_is_told_from_a_missing_permission(
    server: LocalDrupal, portal: DrupalPortal
) -> None:
    made = portal.create(sample_post(), new_key())
    server.state.accounts[0] = replace(server.state.accounts[0], password="another")
    refused = Page(status=403, body=b'{"errors": [{"title": "Forbidden"}]}', content_type="application/vnd.api+json")
    server.inject(Fault(path=NODES, page=refused))
    for call in (
        lambda: portal.create(sample_post(), new_key()),
        lambda: portal.find(new_key()),
        lambda: portal.read(made.id),
    ):
        assert refusal(call).kind == "unauthorized"


def test_interface_that_only_reads_is_named(server: LocalDrupal, portal: DrupalPortal) -> None:
    server.state.read_only = True
    error = refusal(lambda: portal.create(sample_post(), new_key()))
    assert (error.kind, error.permanent) == ("forbidden", False)
    assert "/admin/config/services/jsonapi" in (error.hint or "")


def test_post_that_drupal_does_not_take_is_refused_for_good(portal: DrupalPortal) -> None:
    error = refusal(lambda: portal.create(sample_post(title="Dài" * 100), new_key()))
    assert (error.permanent, error.unknown) == (True, False)
    assert "255 characters" in error.message


# --- lists ------------------------------------------------------------------------------------------------


def test_next_page_that_is_said_to_be_on_another_host_is_not_asked_for_there(
    server: LocalDrupal, portal: DrupalPortal
) -> None:
    with LocalSite() as stranger:
        server.state.next_host = f"127.0.0.1:{stranger.port}"
        typed = {server.type_by_hand(title="Tin", html="<p>Tin.</p>", date=START) for _ in range(120)}
        assert {post.id for post in portal.list(START, END)} == typed
        assert stranger.count() == 0


def test_list_that_leaves_posts_out_is_no_list(server: LocalDrupal, portal: DrupalPortal) -> None:
    typed = server.type_by_hand(title="Tin", html="<p>Tin.</p>", date=START)
    server.state.nodes[typed].denied = True
    error = refusal(lambda: list(portal.list(START, END)))
    assert error.kind == "incomplete"
    assert "Bypass" in (error.hint or "")


# --- states -------------------------------------------------------------------------------------------------


def test_without_moderation_a_post_is_public_or_waits(server: LocalDrupal, connect: Connect) -> None:
    server.state.moderated = False
    portal = connect(workflow=None)
    for approval, state in (
        (Approval.AUTO, PortalState.PUBLIC),
        (Approval.PENDING, PortalState.PENDING),
        (Approval.DRAFT, PortalState.PENDING),
    ):
        key = new_key()
        made = portal.create(sample_post(approval=approval), key)
        assert made.state is state
        assert portal.withdraw(made.id, key).state is PortalState.PENDING
    assert "workflow" in (refusal(lambda: connect().create(sample_post(), new_key())).hint or "")


def test_withdrawal_by_a_state_that_leaves_the_post_up_is_told(server: LocalDrupal, connect: Connect) -> None:
    portal, key = connect(workflow=DrupalWorkflow(withdrawn="draft")), new_key()
    made = portal.create(sample_post(), key)
    error = refusal(lambda: portal.withdraw(made.id, key))
    assert (error.kind, error.permanent) == ("not_withdrawn", True)
    error = refusal(lambda: portal.update(made.id, sample_post(), key))  # an editor's draft stands beside it now
    assert (error.kind, error.permanent) == ("forbidden", False)
    assert "draft" in (error.hint or "")


def test_author_is_the_account_of_that_login_or_our_own(server: LocalDrupal, portal: DrupalPortal) -> None:
    for wanted, author in (("unit_a", "unit_a"), ("khong-co", "syncd")):
        assert portal.create(sample_post(author=wanted), new_key()).author == author
    without(server, "access user profiles")
    portal.verify()
    assert portal.create(sample_post(author="unit_a"), new_key()).author == "syncd"


def test_term_that_may_not_be_made_is_named(server: LocalDrupal, portal: DrupalPortal) -> None:
    without(server, "create terms in tags")
    error = refusal(lambda: portal.create(sample_post(categories=("Tin trong tỉnh",)), new_key()))
    assert (error.kind, error.unknown) == ("category_missing", False)
    assert "Tin trong tỉnh" in (error.hint or "")


# --- files ----------------------------------------------------------------------------------------------------


def test_file_that_no_field_takes_is_refused_and_the_portal_is_well(server: LocalDrupal, connect: Connect) -> None:
    image = sample_image()
    pdf = FileToPush(sha256="a" * 64, content_type="application/pdf", data=b"%PDF-1.4\n%%EOF\n", name="Nghị quyết")
    for portal, file in (
        (connect(), pdf),  # no field for it
        (connect(file_field="field_image"), pdf),  # a field that takes pictures
        (connect(image_field="field_khong_co"), image),
    ):
        error = refusal(lambda portal=portal, file=file: portal.put_file(file))
        assert (error.kind, error.permanent) == ("file_refused", True)
    assert server.state.files == {}


def test_files_named_in_the_text_are_kept_when_drupal_clears_up(server: LocalDrupal, portal: DrupalPortal) -> None:
    placed, unused = portal.put_file(sample_image()), portal.put_file(sample_image())
    html = f'<p>Ảnh:</p><img src="{placed.url}" alt="Hội nghị">'
    made = portal.create(sample_post(html=html), new_key())
    server.state.run_cron()
    assert set(server.state.files) == {placed.id}
    portal.verify()  # what was remembered is asked for anew
    portal.update(made.id, sample_post(html=html), new_key())
    assert f'data-entity-uuid="{placed.id}"' in server.state.nodes[made.id].value
    assert unused.id != placed.id


def test_post_goes_out_without_a_picture_that_was_cleared_up(server: LocalDrupal, portal: DrupalPortal) -> None:
    placed, key = portal.put_file(sample_image()), new_key()
    server.state.run_cron()
    made = portal.create(sample_post(image=placed), key)
    assert made.state is PortalState.PUBLIC
    assert [node.image for node in server.copies(key)] == [None]


def test_picture_of_several_posts_at_once_is_put_once(server: LocalDrupal, portal: DrupalPortal) -> None:
    image = sample_image()
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(lambda _: portal.put_file(image), range(8)))) == 1
    assert len(server.state.files) == 1


def test_lost_upload_is_found_by_its_name(server: LocalDrupal, portal: DrupalPortal) -> None:
    image = sample_image()
    server.inject(Fault(path=f"{NODES}/field_image", effect=Effect.DONE, reset=True))
    assert refusal(lambda: portal.put_file(image)).unknown
    assert portal.put_file(image).id in server.state.files
    assert len(server.state.files) == 1
