"""What is special about Liferay: codes as keys, states that are told elsewhere, guests' rights, an index that follows later."""

import tomllib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.http.client import HttpSettings, PoliteClient
from adapters.portals.liferay import LiferayPortal
from adapters.portals.liferay_contents import LiferaySettings
from adapters.portals.logins.settings import LoginSettings
from syncd.clock import SystemClock
from syncd.config.adapters import read_settings
from syncd.domain.model import Approval, SourceKey
from syncd.ports.portal import PortalPost, PortalState
from syncd.ports.secret import Secret
from syncd.testing.faulty_portal import Effect, Fault
from syncd.testing.liferay_rows import SITE, STRUCTURE, VOCABULARY, StoredDocument
from syncd.testing.local_liferay import LocalLiferay
from syncd.testing.local_site import Page
from syncd.testing.portal_contract import new_key, refusal, sample_image, sample_post

Connect = Callable[..., LiferayPortal]
START, END = datetime(2025, 10, 1, tzinfo=UTC), datetime(2025, 11, 1, tzinfo=UTC)
POSTS = f"/headless-delivery/v1.0/sites/{SITE}/structured-contents"
VERSIONS = "/headless-admin-content/v1.0/structured-contents/*/versions"


@pytest.fixture
def server() -> Iterator[LocalLiferay]:
    with LocalLiferay() as made:
        yield made


@pytest.fixture
def connect(server: LocalLiferay) -> Iterator[Connect]:
    client = PoliteClient(HttpSettings(total_timeout_s=0.6, connect_timeout_s=0.5), clock=SystemClock())

    def connected(**changes: object) -> LiferayPortal:
        settings = LiferaySettings(
            url=server.url,
            site_id=SITE,
            auth=basic(server.password),
            structure_id=STRUCTURE,
            vocabulary_id=VOCABULARY,
            allow_addresses=("127.0.0.0/8",),
        )
        settings = replace(settings, **changes)
        return LiferayPortal(settings, name="cong", http=client, clock=SystemClock(), settle=timedelta(seconds=120))

    yield connected
    client.abort()


@pytest.fixture
def portal(connect: Connect) -> LiferayPortal:
    return connect()


def basic(password: str) -> LoginSettings:
    return LoginSettings(kind="basic", username="syncd", password=Secret(password))


def bearer(token: str) -> LoginSettings:
    return LoginSettings(kind="bearer", token=Secret(token))


def without(server: LocalLiferay, right: str) -> None:
    account = server.state.accounts[0]
    server.state.accounts[0] = replace(account, rights=account.rights - {right})


def found(portal: LiferayPortal, key: SourceKey) -> PortalPost:
    post = portal.find(key)
    assert post is not None
    return post


def states(portal: LiferayPortal) -> list[PortalState]:
    return [post.state for post in portal.list(START, END)]


# --- keys ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("taken", [500, 400, 409])
def test_posts_made_by_several_writers_at_once_stand_once(
    server: LocalLiferay, portal: LiferayPortal, taken: int
) -> None:
    server.state.taken = taken
    key = new_key()
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda number: portal.create(sample_post(title=f"Bản {number}"), key), range(8)))
    assert len(made) == 1
    assert len(server.copies(key)) == 1


def test_code_that_a_document_bears_is_no_post(server: LocalLiferay, portal: LiferayPortal) -> None:
    key = new_key()
    server.state.documents[1] = StoredDocument(id=1, code=key, filename="a.png", data=b"")
    error = refusal(lambda: portal.create(sample_post(), key))
    assert (error.permanent, error.unknown) == (True, False)
    assert "Duplicate" in error.message


@pytest.mark.parametrize("fault", [{"reset": True}, {"hang": True}, {"page": Page(status=502)}], ids=str)
def test_post_whose_answer_was_lost_is_found(
    server: LocalLiferay, portal: LiferayPortal, fault: dict[str, object]
) -> None:
    key = new_key()
    server.inject(Fault(path=POSTS, effect=Effect.DONE, **fault))
    if "page" in fault:
        assert portal.create(sample_post(), key) == found(portal, key)  # a 5xx is looked up at once
    else:
        assert refusal(lambda: portal.create(sample_post(), key)).unknown
        assert found(portal, key).state is PortalState.PUBLIC
    assert len(server.copies(key)) == 1


@pytest.mark.parametrize(
    ("page", "kind", "unknown"),
    [
        (Page(status=500, body=b"oops", content_type="text/plain"), "http_status", True),
        (Page(status=200, body=b'{"title": "A"}', content_type="application/json"), "protocol", True),
        (Page(status=200, body=b"<!doctype html><title>Sign In</title>"), "protocol", True),
        (Page(status=403, body=b"<h1>Forbidden</h1>"), "forbidden", False),
        (Page(status=302, headers={"Location": "/c/portal/login"}), "redirect", True),
    ],
    ids=["500", "without id", "login page", "firewall", "redirect"],
)
def test_answer_that_is_not_the_one_due(
    server: LocalLiferay, portal: LiferayPortal, page: Page, kind: str, unknown: bool
) -> None:
    server.inject(Fault(path=POSTS, page=page))
    error = refusal(lambda: portal.create(sample_post(), new_key()))
    assert (error.kind, error.unknown, error.permanent) == (kind, unknown, False)


def test_post_that_was_made_and_does_not_tell_its_state_is_unknown(server: LocalLiferay, portal: LiferayPortal) -> None:
    key = new_key()
    server.inject(Fault(method="GET", path=VERSIONS, page=Page(status=503)))
    assert refusal(lambda: portal.create(sample_post(), key)).unknown
    assert found(portal, key).state is PortalState.PUBLIC


# --- who we are -----------------------------------------------------------------------------------------


def test_token_is_taken_in_place_of_a_password(connect: Connect) -> None:
    portal = connect(auth=bearer("t0ken"))
    assert "'syncd'" in portal.verify()
    assert refusal(connect(auth=bearer("sai")).verify).kind == "unauthorized"


def test_password_that_goes_wrong_in_mid_run_is_told_from_a_missing_right(
    server: LocalLiferay, portal: LiferayPortal
) -> None:
    without(server, "add")
    error = refusal(lambda: portal.create(sample_post(), new_key()))
    assert (error.kind, error.permanent, error.unknown) == ("forbidden", False, False)
    assert "ADD" in error.message
    server.state.accounts[0] = replace(server.state.accounts[0], password="another")
    for call in (
        lambda: portal.create(sample_post(), new_key()),
        lambda: portal.find(new_key()),
        lambda: states(portal),
    ):
        assert refusal(call).kind == "unauthorized"


def test_portal_open_to_guests_never_reads_as_empty(server: LocalLiferay, connect: Connect) -> None:
    server.state.open_to_guests = True
    stranger = connect(auth=basic("sai"))
    assert refusal(lambda: stranger.find(new_key())).kind == "unauthorized"
    assert refusal(lambda: stranger.read("999")).kind == "unauthorized"
    assert refusal(lambda: states(stranger)).kind == "unauthorized"


def test_structure_that_is_not_named_is_told_at_its_key(tmp_path: Path) -> None:
    auth = {"kind": "basic", "username": "a", "password": "b"}
    table = {"url": "https://cong.vidu.example", "site_id": 1, "auth": auth}
    made, problems = read_settings(LiferaySettings, table, prefix="portal", base=tmp_path)
    assert (made, [problem.key for problem in problems]) == (None, ["portal.structure_id"])
    assert read_settings(LiferaySettings, {**table, "content": "blog"}, prefix="portal", base=tmp_path)[1] == []


def test_the_example_of_the_manual_is_a_whole_configuration(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "portals" / "liferay.md").read_text(encoding="utf-8")
    table = tomllib.loads(page.partition("```toml\n")[2].partition("```")[0])["portal"]
    own = {name: value for name, value in table.items() if name not in ("kind", "name", "approval")}
    secret = tmp_path / "secrets" / "liferay"
    secret.parent.mkdir()
    secret.write_text("bí mật")
    made, problems = read_settings(LiferaySettings, own, prefix="portal", base=tmp_path)
    assert problems == []
    assert made is not None
    assert set(own) >= {field.name for field in fields(LiferaySettings)} - {"allow_addresses"}


def oauth(secret: str) -> LoginSettings:
    return LoginSettings(
        kind="oauth2_client_credentials",
        token_url="/o/oauth2/token",
        client_id="id-syncd",
        client_secret=Secret(secret),
    )


def test_token_of_client_credentials_is_renewed_where_it_ran_out(server: LocalLiferay, connect: Connect) -> None:
    portal, key = connect(auth=oauth("secret-syncd")), new_key()
    made = portal.create(sample_post(), key)
    server.state.tokens.clear()
    assert portal.find(key) == made  # what reads is repeated
    server.state.tokens.clear()
    error = refusal(lambda: portal.create(sample_post(), new_key()))
    assert (error.kind, error.unknown, error.permanent) == ("session_expired", False, False)
    assert portal.create(sample_post(), new_key()).state is PortalState.PUBLIC
    assert server.site.count("/o/oauth2/token") == 3
    error = refusal(connect(auth=oauth("sai")).verify)
    assert (error.kind, "sai" in f"{error.message} {error.hint}") == ("unauthorized", False)


def test_field_that_the_structure_lacks_is_told_by_the_first_probe(connect: Connect) -> None:
    error = refusal(connect(image_field="hinh").verify)
    assert "hinh" in error.message
    assert "content, anh" in (error.hint or "")
    assert refusal(connect(structure_id=7).verify).kind == "gone"


# --- states -------------------------------------------------------------------------------------------------


def test_where_the_site_has_a_workflow_each_post_waits_for_it(server: LocalLiferay, connect: Connect) -> None:
    server.state.workflow = True
    portal, key = connect(workflow=True), new_key()
    made = portal.create(sample_post(approval=Approval.PENDING), key)
    assert made.state is PortalState.PENDING
    server.approve(int(made.id))
    assert found(portal, key).state is PortalState.PUBLIC
    portal.update(made.id, sample_post(title="Sửa"), key)
    assert server.copies(key)[0].versions == [0, 1]
    # the approved version is up while the next one waits
    assert found(portal, key).state is PortalState.PUBLIC
    assert states(portal) == [PortalState.PUBLIC]


def test_without_a_workflow_a_post_that_shall_wait_is_hidden_from_guests(
    server: LocalLiferay, portal: LiferayPortal
) -> None:
    key = new_key()
    made = portal.create(sample_post(approval=Approval.PENDING), key)
    assert (made.state, server.copies(key)[0].guests) == (PortalState.PENDING, False)
    assert states(portal) == [PortalState.PENDING]
    server.state.contents[int(made.id)].guests = True  # a person lets it be seen
    assert states(portal) == [PortalState.PUBLIC]
    assert portal.withdraw(made.id, key).state is PortalState.PENDING
    assert portal.update(made.id, sample_post(title="Sửa"), key).state is PortalState.PENDING


def test_post_dated_ahead_is_scheduled(portal: LiferayPortal) -> None:
    ahead = datetime(2090, 1, 1, 2, 3, 4, tzinfo=UTC)
    made = portal.create(sample_post(published_at=ahead), new_key())
    assert (made.state, made.published_at) == (PortalState.SCHEDULED, ahead.replace(second=0))


def test_account_that_is_told_no_states_is_no_census(server: LocalLiferay, portal: LiferayPortal) -> None:
    key = new_key()
    server.state.workflow = True
    portal.create(sample_post(), key)
    without(server, "control panel")
    error = refusal(lambda: portal.find(key))
    assert error.kind == "forbidden"
    assert "Access in Control Panel" in (error.hint or "")


def test_lists_follow_the_index_and_look_ups_do_not(server: LocalLiferay, portal: LiferayPortal) -> None:
    server.state.index_waits = True
    key = new_key()
    portal.create(sample_post(), key)
    assert found(portal, key).state is PortalState.PUBLIC
    assert states(portal) == []
    server.state.index()
    assert states(portal) == [PortalState.PUBLIC]


def test_content_of_other_structures_is_no_post(server: LocalLiferay, portal: LiferayPortal) -> None:
    banner = server.type_by_hand(title="Biểu ngữ", html="<p>Chào.</p>", date=START)
    server.state.contents[banner].structure = 1
    assert states(portal) == []


def test_blog_entry_is_public_where_the_list_of_approved_ones_holds_it(server: LocalLiferay, connect: Connect) -> None:
    portal, key = connect(content="blog"), new_key()
    made = portal.create(sample_post(), key)
    assert made.state is PortalState.PUBLIC
    server.state.contents[int(made.id)].versions = [1]
    assert found(portal, key).state is PortalState.PENDING


# --- lists, categories, files -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "payload",
    [
        b'{"items": [{"id": 1}, {"id": 1}], "totalCount": 2}',
        b'{"items": [], "totalCount": 2}',
        b'{"items": [{"id": 1}]}',
    ],
    ids=["twice", "short", "no total"],
)
def test_list_that_is_not_whole_is_no_list(server: LocalLiferay, portal: LiferayPortal, payload: bytes) -> None:
    path = POSTS.replace("delivery", "admin-content")
    server.inject(Fault(method="GET", path=path, page=Page(body=payload, content_type="application/json")))
    assert refusal(lambda: states(portal)).kind in ("incomplete", "protocol")


def test_categories_are_known_again_after_a_probe(server: LocalLiferay, portal: LiferayPortal) -> None:
    for _ in range(2):
        portal.verify()
        portal.create(sample_post(categories=("Tin trong tỉnh",)), new_key())
    assert list(server.state.categories.values()) == ["Tin trong tỉnh"]
    without(server, "add category")
    error = refusal(lambda: portal.create(sample_post(categories=("Khác",)), new_key()))
    assert (error.kind, error.unknown) == ("category_missing", False)


def test_picture_and_category_of_several_posts_at_once_are_made_once(
    server: LocalLiferay, portal: LiferayPortal
) -> None:
    image = sample_image()
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(lambda _: portal.put_file(image), range(8)))) == 1
        posts = list(pool.map(lambda _: portal.create(sample_post(categories=("Mới",)), new_key()), range(8)))
    assert {post.categories for post in posts} == {("Mới",)}
    assert (len(server.state.documents), list(server.state.categories.values())) == (1, ["Mới"])


@pytest.mark.parametrize("status", [413, 409, 400])
def test_file_that_is_refused_leaves_the_portal_well(server: LocalLiferay, portal: LiferayPortal, status: int) -> None:
    server.inject(Fault(path=f"/headless-delivery/v1.0/sites/{SITE}/documents", page=Page(status=status)))
    error = refusal(lambda: portal.put_file(sample_image()))
    assert (error.kind, error.permanent) == ("file_refused", True)


def test_lost_upload_is_found_by_its_code(server: LocalLiferay, portal: LiferayPortal) -> None:
    image = sample_image()
    documents = f"/headless-delivery/v1.0/sites/{SITE}/documents"
    server.inject(Fault(path=documents, effect=Effect.DONE, reset=True))
    assert refusal(lambda: portal.put_file(image)).unknown
    placed = portal.put_file(image)
    assert [document.data for document in server.state.documents.values()] == [image.data]
    assert "?" not in placed.url


def test_words_that_liferay_would_replace_stay_words(server: LocalLiferay, portal: LiferayPortal) -> None:
    key = new_key()
    portal.create(sample_post(html="<p>Gửi a@vidu.example, @group_id@.</p>"), key)
    assert server.copies(key)[0].html == "<p>Gửi a@vidu.example, &#64;group_id@.</p>"
