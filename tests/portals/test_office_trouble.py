"""What goes wrong in an office, by the program itself on a real WordPress and a real Plone: no post is lost, and none stands there twice unnoticed."""

import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from syncd.testing.local_site import LocalSite
from tests.acceptance.commands import command, process
from tests.acceptance.office import rows, running, until
from tests.portals.offices import Editors, Office, PloneEditors, WordPressEditors, stories

pytestmark = pytest.mark.slow


@pytest.fixture(params=["wordpress", "plone"])
def editors(request: pytest.FixtureRequest) -> Editors:
    portal = request.getfixturevalue(request.param)
    made: Editors = WordPressEditors(portal) if request.param == "wordpress" else PloneEditors(portal)
    made.empty()
    return made


@pytest.fixture
def site() -> Iterator[LocalSite]:
    with LocalSite() as site:
        yield site


@pytest.fixture
def office(tmp_path: Path, editors: Editors, site: LocalSite) -> Office:
    return Office(folder=tmp_path / "office", site=site, editors=editors)


def delivered(office: Office) -> int:
    return int(rows(office.config, "SELECT count(*) FROM pushes WHERE state = 'delivered'")[0][0])


def test_wrong_password_in_mid_run_stops_it_and_nothing_is_lost_or_doubled(office: Office) -> None:
    office.set_up({"a": ""})
    count = 60 if office.editors.enforces_keys else 120  # what takes the portal a few seconds
    told = stories("a", count)
    office.publish("a", told)
    office.run("collect", code=0)
    publishing = subprocess.Popen(
        command("publish", "-c", office.config, "--now", office.instant(), "--json"),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    until(lambda: delivered(office) >= 3, "some posts were delivered")
    with office.editors.locked_out():
        out, _ = publishing.communicate(timeout=120)
        document = json.loads(out)
        assert publishing.returncode == 3, document
        assert "password" in document["hint"], document
        before = delivered(office)
        assert 3 <= before < count
        assert document["units"]["ban-a"]["failed"] == 0
        # as a stranger the portal shows what is public: that is no census, and proves no absence
        census = office.run("census", code=3)
        assert (census["complete"], census["periods"][0]["gone"]) == (False, 0)
        assert office.run("publish", code=3)["units"]["ban-a"]["sent"] == 0
        assert office.figures()["ban-a"][:2] == (count, before)
    office.run("sync", code=0)
    assert office.standing().keys() == {story.title for story in told}
    assert office.figures() == {"ban-a": (count, count, count)}


def test_a_second_daemon_on_the_same_data_refuses_and_every_post_stands_once(office: Office) -> None:
    office.set_up({"a": ""})
    told = stories("a", 20)
    office.publish("a", told)
    with running(office.config, now=office.instant()) as daemon:
        second = process("run", "-c", office.config)
        assert second.code == 2
        assert f"process {daemon.process.pid} owns the data" in second.err
        until(lambda: delivered(office) == 20, "all posts were delivered")
        assert daemon.terminate()[0] == 0
    office.run("census", code=0)
    assert office.standing().keys() == {story.title for story in told}
    assert office.figures() == {"ban-a": (20, 20, 20)}


def at_once(*offices: Office) -> list[dict[str, Any]]:
    """All publish at the same moment; what each says."""
    began = [
        subprocess.Popen(
            command("publish", "-c", office.config, "--now", office.instant(), "--json"),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for office in offices
    ]
    return [json.loads(each.communicate(timeout=300)[0]) for each in began]


def test_of_two_installations_by_mistake_every_copy_is_told_by_its_key(tmp_path: Path, office: Office) -> None:
    """Two databases and one configuration: a portal that enforces our key has each post once, whatever the two do."""
    other = Office(folder=tmp_path / "another", site=office.site, editors=office.editors)
    count = 16 if office.editors.enforces_keys else 40
    told = stories("a", count)
    for each in (office, other):
        each.set_up({"a": ""})
        each.publish("a", told)
        each.run("collect", code=0)
    for document in at_once(office, other):
        counts = document["units"]["ban-a"]
        assert (counts["sent"] + counts["adopted"], document["portal_error"]) == (count, None)
    copies = Counter(post.key for post in office.editors.posts())
    assert (len(copies), None in copies) == (count, False)
    twice = {key for key, number in copies.items() if number > 1}
    if office.editors.enforces_keys:
        assert not twice
    else:
        assert max(copies.values()) <= 2
        assert len(twice) < 30  # without noticing each other they made 34 to 40, with it 5 to 13
    for each in (office, other):
        assert {double["key"] for double in each.run("census")["duplicates"]} == twice
        assert each.figures() == {"ban-a": (count, count, count)}
        assert each.causes() == ({"same_key_twice": len(twice)} if twice else {})
    # both are started again: by now each knows what stands there
    for document in at_once(office, other):
        assert document["units"]["ban-a"]["sent"] == 0
    assert len(office.editors.posts()) == count + len(twice)


@pytest.mark.heavy
def test_five_hundred_posts_in_one_go(office: Office) -> None:
    """Five units with a hundred posts each; every one is accounted for."""
    units = ("a", "b", "c", "d", "e")
    office.set_up(dict.fromkeys(units, ""))
    for unit in units:
        office.publish(unit, stories(unit, 100))
    office.run("collect", code=0)
    document = office.run("publish", code=0)
    assert {counts["sent"] for counts in document["units"].values()} == {100}
    census = office.run("census", code=0)
    assert census["duplicates"] == []
    titles = {story.title for told in office.told.values() for story in told}
    assert office.standing().keys() == titles
    keys = [key for (key,) in rows(office.config, "SELECT key FROM pushes WHERE state = 'delivered'")]
    assert sorted(keys) == sorted(post.key or "" for post in office.editors.posts())
    assert office.figures() == {f"ban-{unit}": (100, 100, 100) for unit in units}
    assert office.causes() == {}
