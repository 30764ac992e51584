"""The desired state: kept on disk, refused with a reason, the last good one in force."""

from pathlib import Path

import msgspec
import pytest

from protocol.cards import card_token
from protocol.twin import Desired, Person, ShelfRef
from tests.agent.bench import CARD_KEY, ZHANG, Bench, bench, desired, village, window
from tests.fakes.clockwork import FakeSystemClock


def test_before_the_first_one_nobody_is_known(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system) as station:
        assert station.twin.version == 0
        assert station.twin.desired.village == "示例村"
        assert station.touch(ZHANG).answer == "unknown"


def test_it_outlives_the_agent(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system) as station:
        reported = station.twin.accept(desired(version=3), at=station.now())
        assert (reported.version, reported.refused, reported.at) == (3, 0, station.now().wall)
    with bench(tmp_path, system) as station:
        assert station.twin.version == 3
        card = station.twin.card(card_token(CARD_KEY, ZHANG))
        assert card is not None
        assert station.twin.name_of(card.person) == "张示例"


@pytest.mark.parametrize(
    "wrong",
    [
        desired(version=1),
        msgspec.structs.replace(desired(version=9), windows=[window("w", 600, 600, "p1")]),
        msgspec.structs.replace(desired(version=9), windows=[window("w", 0, 1441, "p1")]),
        msgspec.structs.replace(desired(version=9), windows=[window("w", 1, 2), window("w", 3, 4)]),
    ],
)
def test_a_wrong_one_is_refused_and_the_last_good_one_stays(
    tmp_path: Path, system: FakeSystemClock, wrong: Desired
) -> None:
    with bench(tmp_path, system) as station:
        station.accept(desired(version=2))
        reported = station.twin.accept(wrong, at=station.now())
        assert (reported.version, reported.refused) == (2, wrong.version)
        assert reported.reason
        assert station.twin.version == 2
        assert station.twin.desired == village()


def test_what_the_disk_does_not_take_is_not_in_force(station: Bench) -> None:
    station.outbox.fill_disk()
    assert station.twin.accept(desired(version=2), at=station.now()).refused == 2
    assert station.twin.version == 1


def test_a_damaged_copy_is_asked_for_again(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system) as station:
        station.outbox.put("desired", b"\xc1")
    with bench(tmp_path, system) as station:
        assert station.twin.version == 0


def test_an_unknown_setting_is_reported_and_changes_nothing(station: Bench) -> None:
    reported = station.twin.accept(
        desired(version=2, settings={"of_2031": [1, 2], "snapshots": False}), at=station.now()
    )
    assert (reported.version, reported.refused, reported.unknown) == (2, 0, ["of_2031"])
    assert station.twin.desired.settings.snapshots is False


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [("sixty", "wrong_kind"), (True, "wrong_kind"), (None, "wrong_kind"), (721, "out_of_range"), (-1, "out_of_range")],
)
def test_a_wrong_setting_is_refused_alone_and_the_last_good_one_stays_also_after_a_restart(
    tmp_path: Path, system: FakeSystemClock, wrong: object, reason: str
) -> None:
    with bench(tmp_path, system) as station:
        station.accept(desired(version=2, settings={"open_before_min": 60}))
        wanted = desired(version=3, settings={"open_before_min": wrong, "open_after_min": 30})
        reported = station.twin.accept(wanted, at=station.now())
        assert (reported.version, reported.refused) == (3, 0)
        assert reported.refused_settings["open_before_min"].startswith(f"{reason}: ")
        assert reported.kept_settings == {"open_before_min": 60}
    for _ in range(2):
        with bench(tmp_path, system) as station:
            settings = station.twin.desired.settings
            assert (settings.open_before_min, settings.open_after_min) == (60, 30)
    with bench(tmp_path, system) as station:
        reported = station.twin.accept(desired(version=4, settings={"open_after_min": 30}), at=station.now())
        assert not reported.refused_settings
        assert station.twin.desired.settings.open_before_min == 90


@pytest.mark.parametrize("shed", [["blobs", "blobs"], ["vitals", "vitals"], ["facts"], "blobs", {}])
def test_what_is_put_off_is_named_once_and_is_never_a_fact(station: Bench, shed: object) -> None:
    reported = station.twin.accept(desired(version=2, settings={"data_shed": shed}), at=station.now())
    assert list(reported.refused_settings) == ["data_shed"]
    assert station.twin.desired.settings.data_shed == ("blobs", "vitals")


@pytest.mark.parametrize("kept", [b"\xc1", b"\x01", b"\x81\x01\x02"])
def test_damaged_kept_settings_are_no_reason_not_to_start(tmp_path: Path, system: FakeSystemClock, kept: bytes) -> None:
    with bench(tmp_path, system) as station:
        station.accept(desired(version=2))
        station.outbox.put("settings", kept)
    with bench(tmp_path, system) as station:
        assert station.twin.desired == village()


def test_of_two_names_of_the_shelfs_index_the_higher_version_counts_also_after_a_restart(
    tmp_path: Path, system: FakeSystemClock
) -> None:
    first, second, third = (ShelfRef(version=number, sha256=bytes(32), size=100) for number in (1, 2, 3))
    with bench(tmp_path, system) as station:
        station.accept(msgspec.structs.replace(desired(version=2), shelf=first))
        station.twin.name_shelf(second)
        assert station.twin.shelf == second
    with bench(tmp_path, system) as station:
        assert station.twin.shelf == second
        station.twin.name_shelf(first)
        assert station.twin.shelf == second
        station.accept(msgspec.structs.replace(desired(version=3), shelf=third))
        assert station.twin.shelf == third


def test_a_report_after_a_restart_names_what_was_refused_before(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system) as station:
        before = station.twin.accept(
            desired(version=2, settings={"open_before_min": "soon", "later": 1}), at=station.now()
        )
    with bench(tmp_path, system) as station:
        assert station.twin.reported(at=station.now()) == msgspec.structs.replace(before, at=station.now().wall)


def test_a_name_has_nothing_that_nobody_sees(station: Bench) -> None:
    """The county may be an older one, which let such signs in. Two that look alike are told apart then."""
    people = [
        Person(id="p1", name="张\u200b示例\u202e"),
        Person(id="p2", name="张示例"),
        Person(id="p3", name="买买提·示例"),
    ]
    station.accept(msgspec.structs.replace(desired(version=2), people=people))
    assert [station.twin.name_of(one.id) for one in people] == ["张示例", "张示例", "买买提·示例"]
    assert [one.name for one in station.twin.desired.people] == ["张示例", "张示例", "买买提·示例"]
