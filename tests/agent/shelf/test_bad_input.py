"""What is not the county's, not for this village, older or too large never comes into force; the report says why."""

from hashlib import sha256

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.shelf.sealed import split_sealed
from protocol.bundles import Audience, Item
from protocol.codec import encode
from protocol.packs import Level, Pack, read_head
from protocol.refusal import Refused
from protocol.signing import seal
from protocol.twin import NotWhole, ShelfRef
from tests.agent.bench import Bench, desired
from tests.agent.sample import pack
from tests.agent.shelf.test_change_of_bundle import in_force, take

FOREIGN = Ed25519PrivateKey.generate()


def why(station: Bench, name: str) -> tuple[str, str]:
    """Return state and reason of the version that did not come into force."""
    (state,) = [one for one in station.shelf._states.values() if one.id == name]
    return state.state, state.reason


@pytest.fixture
def shelf(station: Bench) -> Bench:
    """A station that has version 2 of a bundle."""
    station.county.publish("policy", 2, b"good")
    take(station)
    return station


def test_unsigned_and_of_another_county(shelf: Bench) -> None:
    shelf.county.publish("policy", 3, b"forged", key=FOREIGN)
    take(shelf)
    assert why(shelf, "policy") == ("refused", "unknown_key")
    assert in_force(shelf) == {"policy": 2}


def test_signed_for_another_purpose(shelf: Bench) -> None:
    entry = shelf.county.publish("policy", 3, b"forged")
    file = shelf.county.files["bundles", entry.sha256]
    payload = msgspec.msgpack.decode(file)[2]
    shelf.county.files["bundles", entry.sha256] = seal(shelf.county.key, "cunhui index 1", payload)
    take(shelf)
    assert why(shelf, "policy") == ("refused", "bad_signature")


def test_for_another_village(shelf: Bench) -> None:
    shelf.accept(msgspec.structs.replace(desired(version=2), region="110105001001"))
    shelf.county.publish("policy", 3, audience=Audience(regions=["110106"]))
    shelf.county.publish("ours", 1, audience=Audience(regions=["110106", "110105001"]))
    take(shelf)
    assert why(shelf, "policy") == ("refused", "wrong_audience")
    assert in_force(shelf) == {"policy": 2, "ours": 1}
    asked = len(shelf.county.asked)
    shelf.shelf.hurry()
    shelf.make_trip()
    assert len(shelf.county.asked) == asked, "and it is not fetched again"


@pytest.mark.parametrize(("version", "reason"), [(1, "older_version"), (2, "other_content")])
def test_no_way_back_even_after_it_was_withdrawn(shelf: Bench, version: int, reason: str) -> None:
    shelf.county.withdraw("policy")
    take(shelf)
    assert in_force(shelf) == {}
    shelf.county.publish("policy", version, b"other")
    take(shelf)
    assert why(shelf, "policy") == ("refused", reason)
    assert in_force(shelf) == {}


def test_the_same_version_comes_back_after_it_was_withdrawn(shelf: Bench) -> None:
    shelf.county.withdraw("policy")
    take(shelf)
    shelf.county.publish("policy", 2, b"good")
    take(shelf)
    assert in_force(shelf) == {"policy": 2}


@pytest.mark.parametrize("case", ["foreign key", "other station", "rubbish", "other bytes", "not there"])
def test_an_index_that_does_not_hold_changes_nothing(shelf: Bench, case: str) -> None:
    county = shelf.county
    county.publish("policy", 3, b"new")
    ref = county.index(
        key=FOREIGN if case == "foreign key" else None, station="other-0001" if case == "other station" else ""
    )
    if case == "rubbish":
        county.files["bundles", ref.sha256] = b"\xc1" * 200
    if case == "other bytes":
        county.files["bundles", ref.sha256] = county.files["bundles", county.entries["policy"].sha256]
    if case == "not there":
        del county.files["bundles", ref.sha256]
    shelf.shelf.want(ref)
    shelf.make_trip()
    assert in_force(shelf) == {"policy": 2}


def raw_bundle(station: Bench, name: str, **changes: object) -> None:
    """Announce a bundle with fields that no honest county could give it."""
    entry = station.county.publish(name, 1)
    payload = msgspec.msgpack.decode(msgspec.msgpack.decode(station.county.files["bundles", entry.sha256])[2])
    forged = msgspec.msgpack.encode(payload | changes)
    digest = sha256(forged).digest()
    station.county.files["bundles", digest] = seal(station.county.key, "cunhui bundle 1", forged)
    station.county.entries[name] = msgspec.structs.replace(entry, sha256=digest, size=len(forged))


ITEM = ["a.jpg", bytes(32), 10, "image/jpeg"]


@pytest.mark.parametrize(
    "items",
    [
        [["../../outbox.db", bytes(32), 10, "image/jpeg"]],
        [["/etc/passwd", bytes(32), 10, "image/jpeg"]],
        [ITEM, ITEM],
        [["a.jpg", bytes(32), 4 * 2**30, "video/mp4"]],
        [["a.jpg", bytes(31), 10, "image/jpeg"]],
        [["a.jpg", bytes(32), -1, "image/jpeg"]],
    ],
    ids=["up", "absolute", "twice", "4 GB", "half a hash", "negative"],
)
def test_items_that_can_not_be(shelf: Bench, items: list[object]) -> None:
    raw_bundle(shelf, "bad", items=items)
    take(shelf)
    assert why(shelf, "bad") == ("refused", "malformed")
    assert in_force(shelf) == {"policy": 2}
    assert [wanted for wanted in shelf.county.asked if wanted.kind == "items"] == []


def test_a_million_items_are_too_large_before_they_are_read(shelf: Bench) -> None:
    """A bundle of so many items has more bytes than an entry of the index can announce."""
    entry = shelf.county.publish("huge", 1)
    payload = msgspec.msgpack.decode(msgspec.msgpack.decode(shelf.county.files["bundles", entry.sha256])[2])
    forged = msgspec.msgpack.encode(payload | {"items": [["", b"", 1, ""]] * 1_000_000})
    digest = sha256(forged).digest()
    shelf.county.files["bundles", digest] = seal(shelf.county.key, "cunhui bundle 1", forged)
    shelf.county.entries["huge"] = msgspec.structs.replace(entry, sha256=digest)
    take(shelf)
    assert why(shelf, "huge") == ("refused", "wrong_hash")
    assert shelf.county.spent_bytes < 10_000


def test_an_item_with_other_bytes_than_its_hash(shelf: Bench) -> None:
    item = shelf.county.item("a.jpg", b"good")
    shelf.county.files["items", item.sha256] = b"evil"
    shelf.county.publish("policy", 3, items=[item])
    take(shelf)
    assert why(shelf, "policy") == ("refused", "wrong_hash")
    assert in_force(shelf) == {"policy": 2}
    shelf.county.files["items", item.sha256] = b"good"
    shelf.shelf.hurry()
    shelf.make_trip()
    assert in_force(shelf) == {"policy": 3}


def test_another_bundle_than_was_announced(shelf: Bench) -> None:
    other = shelf.county.publish("other", 1, b"other")
    shelf.county.withdraw("other")
    entry = shelf.county.entries["policy"]
    shelf.county.entries["policy"] = msgspec.structs.replace(entry, version=3, sha256=other.sha256, size=other.size)
    take(shelf)
    assert why(shelf, "policy") == ("refused", "malformed")


def test_a_pack_that_contradicts_itself(shelf: Bench) -> None:
    shelf.county.publish("sample", 2, encode(pack(version=1)), kind="questions")
    shelf.county.publish("broken", 1, b"\xc1", kind="questions")
    take(shelf)
    assert why(shelf, "sample") == ("refused", "malformed")
    assert why(shelf, "broken") == ("refused", "malformed")
    assert shelf.shelf.offered.packs() == []


def give(station: Bench, content: bytes) -> None:
    """The county announces version 2 of the pack, with a content that its own release would not publish."""
    station.county.publish("sample", 2, content, kind="questions")
    take(station)


def test_a_pack_with_an_answer_beyond_its_options_leaves_the_one_before(playing: Bench) -> None:
    level = pack(version=2).levels[0]
    wrong = msgspec.structs.replace(level.questions[0], answer=[4])
    give(playing, encode(with_levels(msgspec.structs.replace(level, questions=[wrong, *level.questions[1:]]))))
    assert why(playing, "sample") == ("refused", "malformed")
    assert_plays_the_first(playing)


@pytest.mark.parametrize("twice", ["level", "question of a level", "question of two levels"])
def test_a_pack_that_names_two_things_alike_leaves_the_one_before(playing: Bench, twice: str) -> None:
    first, second = pack(version=2).levels
    match twice:
        case "level":
            second = msgspec.structs.replace(second, id=first.id)
        case "question of a level":
            first = msgspec.structs.replace(first, questions=[*first.questions, first.questions[0]])
        case _:
            second = msgspec.structs.replace(second, questions=[*second.questions, first.questions[0]])
    give(playing, encode(with_levels(first, second)))
    assert why(playing, "sample") == ("refused", "malformed")
    assert_plays_the_first(playing)


def test_a_pack_that_was_cut_anywhere_before_it_was_signed_leaves_the_one_before(playing: Bench) -> None:
    whole = encode(pack(version=2))
    for length in range(1, len(whole)):
        with pytest.raises(Refused):
            read_head(whole[:length])
    for length in (1, len(whole) // 2, len(whole) - 1):
        give(playing, whole[:length])
        assert why(playing, "sample") == ("refused", "malformed")
    assert_plays_the_first(playing)


def test_a_bundle_that_was_cut_anywhere_after_it_was_signed_leaves_the_one_before(playing: Bench) -> None:
    entry = playing.county.publish("sample", 2, encode(pack(version=2)), kind="questions")
    whole = playing.county.files["bundles", entry.sha256]
    for length in range(len(whole)):
        with pytest.raises(Refused):
            split_sealed(whole[:length], sha256=entry.sha256)
    for length in (0, 1, len(whole) // 2, len(whole) - 1):
        playing.county.files["bundles", entry.sha256] = whole[:length]
        take(playing)
        assert why(playing, "sample") == ("refused", "wrong_hash")
        assert_plays_the_first(playing)
    playing.county.files["bundles", entry.sha256] = whole
    take(playing)
    assert in_force(playing)["sample"] == 2


@pytest.mark.parametrize("filler", [b"\xc0", b"\x80", b"\x90"], ids=["nil", "map", "array"])
def test_a_million_questions_are_refused_by_their_number(playing: Bench, filler: bytes) -> None:
    """So many fit the bytes of a content if they are nothing. They are counted, and none of them is made."""
    content = encode(pack(version=2))
    number = b"\xa9questions\x97"
    begin = content.index(number) + len(number)
    million = b"\xa9questions\xdd" + (1_000_000).to_bytes(4, "big")
    give(playing, content[: begin - len(number)] + million + filler * 1_000_000 + content[begin:])
    assert why(playing, "sample") == ("refused", "malformed")
    assert_plays_the_first(playing)


def with_levels(*levels: Level) -> Pack:
    return msgspec.structs.replace(pack(version=2), levels=list(levels))


@pytest.fixture
def playing(station: Bench) -> Bench:
    """A station that plays version 1 of a pack."""
    station.county.publish("sample", 1, encode(pack()), kind="questions")
    take(station)
    return station


def assert_plays_the_first(station: Bench) -> None:
    assert in_force(station)["sample"] == 1
    (found,) = station.shelf.offered.packs()
    assert (found.version, found.read_level("2")) == (1, pack().levels[1])


@pytest.mark.parametrize("status", ["not_found", "not_admitted"])
def test_what_the_county_does_not_give_does_not_hold_up_the_rest(shelf: Bench, status: NotWhole) -> None:
    entry = shelf.county.publish("denied", 1, access="station")
    shelf.county.denied[entry.sha256] = status
    shelf.county.publish("given", 1)
    take(shelf)
    assert why(shelf, "denied") == ("refused", status)
    assert in_force(shelf) == {"policy": 2, "given": 1}


def test_a_ref_of_4_gb_is_no_ref() -> None:
    raw = msgspec.msgpack.encode({"version": 1, "sha256": bytes(32), "size": 4 * 2**30})
    with pytest.raises(msgspec.ValidationError):
        msgspec.msgpack.decode(raw, type=ShelfRef)


def test_items_of_a_bundle_are_bounded_together(shelf: Bench) -> None:
    sixty = 60 * 2**20
    items = [Item(name=f"{n}.mp4", sha256=bytes([n]) * 32, size=sixty, media_type="video/mp4") for n in range(9)]
    shelf.county.publish("huge", 1, items=items)
    take(shelf)
    assert why(shelf, "huge") == ("refused", "too_large")


def test_a_kind_of_a_later_version_costs_only_its_own_entry(shelf: Bench) -> None:
    later = shelf.county.publish("later", 1)
    shelf.county.entries["later"] = msgspec.structs.replace(later, kind="hologram")
    shelf.county.publish("policy", 3)
    take(shelf)
    assert in_force(shelf) == {"policy": 3}
    assert shelf.shelf._states == {}
