"""While the month's data run short: pictures wait, vitals are rare, facts go at once."""

import hashlib

from tests.agent.uplink.bench import UplinkBench


def give_picture(bench: UplinkBench) -> None:
    content = bytes(range(256)) * 20
    bench.blobs.content[hashlib.sha256(content).digest()] = content


def test_pictures_wait_and_nothing_spins() -> None:
    bench = UplinkBench()
    bench.host.saving = ("blobs",)
    give_picture(bench)
    bench.connect()
    bench.wait(600_000)
    assert not {"asked", "blob"} & set(bench.leaves())
    bench.commit("home")
    bench.play()
    assert bench.leaves()[-1] == "facts"
    bench.host.saving = ()
    bench.wait(60_000)
    assert bench.book.whole_blobs()


def test_a_picture_that_is_under_way_stops_where_it_is() -> None:
    bench = UplinkBench()
    bench.book.silent.add("asked")
    give_picture(bench)
    bench.connect()
    bench.wait(1_000)
    assert bench.leaves()[-1] == "asked"
    bench.book.silent.clear()
    bench.host.saving = ("blobs",)
    bench.wait(600_000)
    assert "blob" not in bench.leaves()
    bench.host.saving = ()
    bench.wait(60_000)
    assert bench.book.whole_blobs()


def test_vitals_come_every_half_hour_whatever_changes() -> None:
    bench = UplinkBench()
    bench.host.saving = ("blobs", "vitals")
    bench.connect()
    for minute in range(120):
        bench.host.camera_ready = minute % 2 == 0
        bench.wait(60_000)
    assert len(bench.book.vitals) == 5
    bench.host.saving = ()
    for minute in range(10):
        bench.host.camera_ready = minute % 2 == 0
        bench.wait(60_000)
    assert len(bench.book.vitals) >= 14


def test_that_vitals_become_rare_is_said_twice_before_they_do() -> None:
    """Vitals may be lost: the county waits longer once it knows, and one of the two reaches it in time."""
    bench = UplinkBench()
    bench.connect()
    bench.wait(60_000)
    bench.host.saving = ("vitals",)
    for minutes, said in ((15, 1), (15, 2), (14, 2), (4, 3), (26, 3), (4, 4)):
        bench.wait(minutes * 60_000)
        assert len([vitals for vitals in bench.book.vitals if vitals.saving]) == said
