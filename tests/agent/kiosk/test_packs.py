"""Packs are fetched by their hash, opened only when signed, and kept over a restart."""

from errno import ENOSPC
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.kiosk.library import Library
from agent.kiosk.packs import RETRY_FIRST_MS, PackShelf
from protocol.packs import Pack, seal_pack
from protocol.twin import PackRef
from tests.agent.bench import COUNTY_KEYS, Bench
from tests.agent.sample import pack, sealed
from tests.fakes.clockwork import FakeSystemClock


def named(file: bytes, **changes: object) -> PackRef:
    """Return a reference to some bytes, as if the county wanted them."""
    ref = PackRef(pack="sample", version=1, sha256=sha256(file).digest(), size=len(file))
    return msgspec.structs.replace(ref, **changes)


def next_run(station: Bench) -> PackShelf:
    """Return the shelf of another run of the agent: it knows what lies in the folder, and nothing else."""
    return PackShelf(
        folder=station.folder / "packs",
        county_keys=COUNTY_KEYS,
        fetch=station.fetch,
        inbox=station.inbox,
        mono_ms=station.clock.mono_ms,
    )


def offered(station: Bench, ref: PackRef, file: bytes) -> bool:
    station.files[ref.sha256] = file
    station.packs.want([ref])
    station.packs.tick()
    return station.packs.fetched(station.fetched())


def drawn_from(shelf: PackShelf) -> Pack | None:
    """Return the pack that can be played, with every question."""
    found = Library(shelf).find("sample")
    if found is None:
        return None
    return Pack(
        id=found.id,
        version=found.version,
        title=found.title,
        sample=found.sample,
        levels=[found.read_level(level.id) for level in found.levels],
    )


def test_the_old_version_is_played_until_the_new_one_is_here(station: Bench) -> None:
    old, old_file = sealed(pack())
    new, new_file = sealed(pack(version=2))
    offered(station, old, old_file)
    station.packs.want([new])
    assert drawn_from(station.packs) == pack()
    restarted = next_run(station)
    restarted.want([new])
    assert drawn_from(restarted) == pack(), "and after a restart"
    assert offered(station, new, new_file)
    assert drawn_from(station.packs) == pack(version=2)
    assert [path.name for path in (station.folder / "packs").iterdir()] == [new.sha256.hex()]


def test_an_old_version_that_is_no_longer_wanted_at_all_goes(station: Bench) -> None:
    old, old_file = sealed(pack())
    offered(station, old, old_file)
    station.packs.want([sealed(pack(version=2))[0]])
    station.packs.want([])
    assert station.packs.packs() == []
    assert list((station.folder / "packs").iterdir()) == []


def test_the_new_version_on_a_full_disk_leaves_the_old_file(station: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    old, old_file = sealed(pack())
    new, new_file = sealed(pack(version=2))
    offered(station, old, old_file)

    def full(path: Path, content: bytes) -> None:
        raise OSError(ENOSPC, "no room")

    monkeypatch.setattr("agent.kiosk.packs.write_durably", full)
    assert offered(station, new, new_file)
    assert drawn_from(station.packs) == pack(version=2), "from memory, until the next start"
    restarted = next_run(station)
    restarted.want([new])
    assert drawn_from(restarted) == pack()


def test_a_wanted_pack_is_fetched_once_and_kept(station: Bench) -> None:
    ref, file = sealed(pack())
    assert offered(station, ref, file)
    assert drawn_from(station.packs) == pack()
    station.files.clear()
    station.packs.want([])
    assert station.packs.packs() == []
    assert list((station.folder / "packs").iterdir()) == []


def test_a_kept_pack_needs_no_county(station: Bench) -> None:
    ref, file = sealed(pack())
    offered(station, ref, file)
    kept = (station.folder / "packs" / ref.sha256.hex()).read_bytes()
    assert kept == file
    shelf = next_run(station)
    shelf.want([ref])
    assert Library(shelf).find("sample") is not None


def test_a_damaged_file_is_fetched_again(station: Bench) -> None:
    ref, file = sealed(pack())
    offered(station, ref, file)
    path = station.folder / "packs" / ref.sha256.hex()
    path.write_bytes(file[:-1] + b"x")
    shelf = next_run(station)
    shelf.want([ref])
    assert not path.exists()
    shelf.tick()
    assert shelf.fetched(station.fetched())


def test_a_failed_fetch_is_tried_again_later_and_at_once_with_the_link(station: Bench, system: FakeSystemClock) -> None:
    ref, file = sealed(pack())
    station.packs.want([ref])
    station.packs.tick()
    assert not station.packs.fetched(station.fetched())
    station.files[ref.sha256] = file
    station.packs.tick()
    assert station.inbox.get(timeout_s=0.1) is None
    system.pass_ms(RETRY_FIRST_MS)
    station.packs.tick()
    assert station.packs.fetched(station.fetched())


def test_the_link_back_tries_at_once(station: Bench) -> None:
    ref, file = sealed(pack())
    station.packs.want([ref])
    station.packs.tick()
    station.packs.fetched(station.fetched())
    station.files[ref.sha256] = file
    station.packs.hurry()
    station.packs.tick()
    assert station.packs.fetched(station.fetched())


@pytest.mark.parametrize("case", ["foreign key", "rubbish", "other pack", "other version", "longer"])
def test_a_file_that_the_county_did_not_name_is_never_played(station: Bench, case: str) -> None:
    file = sealed(pack())[1]
    ref = named(file)
    if case == "foreign key":
        file = seal_pack(Ed25519PrivateKey.generate(), pack())
        ref = named(file)
    elif case == "rubbish":
        file = b"\xc1" * 100
        ref = named(file)
    elif case == "other pack":
        ref = named(file, pack="other")
    elif case == "other version":
        ref = named(file, version=2)
    else:
        file += b"x"
    assert not offered(station, ref, file)
    assert station.packs.packs() == []
    assert list((station.folder / "packs").iterdir()) == []


def test_a_fetched_pack_that_is_no_longer_wanted(station: Bench) -> None:
    ref, file = sealed(pack())
    station.files[ref.sha256] = file
    station.packs.want([ref])
    station.packs.tick()
    station.packs.want([])
    assert not station.packs.fetched(station.fetched())
    assert station.packs.packs() == []


def test_a_folder_that_can_not_be_used_costs_only_the_packs(station: Bench) -> None:
    (station.folder / "packs").rmdir()
    (station.folder / "packs").write_text("a file where the folder should be")
    ref, file = sealed(pack())
    assert offered(station, ref, file)
    assert Library(station.packs).find("sample") is not None
