"""What is no bundle, index, signed request or PIN of ours is refused, each for its reason."""

import base64
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol import bundles, fetch, pins
from protocol.bundle_contents import Notices, Roster, read_content
from protocol.bundles import Bundle, bundle_hash, encode_bundle, open_bundle
from protocol.codec import encode
from protocol.fetch import read_fetch, sign_fetch, verify_fetch
from protocol.packs import Pack
from protocol.pins import PinVerifier, check_new_pin, derive_verifier, is_pin
from protocol.refusal import Refused
from protocol.shelf_index import open_index
from protocol.signing import key_id, sign_beside
from tests.golden.generate import MESSAGES
from tests.golden.vectors import COUNTY_KEY, COUNTY_PUBLIC, NONCE, STATION, STATION_KEY, STATION_PUBLIC
from tests.golden.vectors_1_1 import BUNDLE, HEADER, INDEX, PATH, PIN, VERIFIER

KEYS = {key_id(COUNTY_PUBLIC): COUNTY_PUBLIC}
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
WALL = read_fetch(HEADER).wall


def plain(message: object) -> Any:
    return msgspec.to_builtins(message, builtin_types=(bytes,))


def refusal(call: Any, *arguments: Any, **named: Any) -> str:
    with pytest.raises(Refused) as refused:
        call(*arguments, **named)
    return refused.value.reason


def opened(**changed: Any) -> Bundle:
    """Open the sample bundle with some of its fields changed, signed by the county as it then is."""
    payload = msgspec.msgpack.encode({**plain(BUNDLE), **changed})
    return open_bundle(
        payload, sign_beside(COUNTY_KEY, "cunhui bundle 1", payload), sha256=bundle_hash(payload), public_keys=KEYS
    )


def test_a_bundle_is_opened_by_its_hash_and_the_signature_beside_it() -> None:
    payload = encode_bundle(BUNDLE)
    assert (
        open_bundle(
            payload, sign_beside(COUNTY_KEY, "cunhui bundle 1", payload), sha256=bundle_hash(payload), public_keys=KEYS
        )
        == BUNDLE
    )


def test_a_new_key_renames_nothing() -> None:
    payload = encode_bundle(BUNDLE)
    public = STRANGER.public_key().public_bytes_raw()
    signed = sign_beside(STRANGER, "cunhui bundle 1", payload)
    named = bundle_hash(payload)
    assert refusal(open_bundle, payload, signed, sha256=named, public_keys=KEYS) == "unknown_key"
    assert open_bundle(payload, signed, sha256=named, public_keys={key_id(public): public}) == BUNDLE


@pytest.mark.parametrize(
    ("beside", "reason"),
    [
        (b"", "malformed"),
        (b"\x93\x01\xc4\x00\xc4\x00", "malformed"),
        (bytes(200), "too_large"),
        (sign_beside(COUNTY_KEY, "cunhui index 1", encode(BUNDLE)), "bad_signature"),
        (sign_beside(COUNTY_KEY, "cunhui bundle 1", b"another"), "bad_signature"),
    ],
)
def test_a_bundle_without_its_own_signature(beside: bytes, reason: str) -> None:
    payload = encode(BUNDLE)
    assert refusal(open_bundle, payload, beside, sha256=bundle_hash(payload), public_keys=KEYS) == reason


def test_other_bytes_than_were_asked_for() -> None:
    payload = encode(BUNDLE)
    signed = sign_beside(COUNTY_KEY, "cunhui bundle 1", payload)
    assert refusal(open_bundle, payload, signed, sha256=bytes(32), public_keys=KEYS) == "wrong_hash"
    assert refusal(open_bundle, bytes(2**22 + 1), b"", sha256=bytes(32), public_keys=KEYS) == "too_large"


@pytest.mark.parametrize(
    "name",
    [
        "../roster",
        "a/b",
        "..",
        "a\\b",
        "",
        "x" * 65,
        "line\nfeed",
        "nul\x00",
        "del\x7f",
        "c1\x9b",
        "\u202egpj.exe",
        "a..b",
    ],
)
def test_names_that_could_be_paths(name: str) -> None:
    assert refusal(opened, items=[[name, bytes(32), 1, "image/png"]]) == "malformed"
    assert refusal(opened, id=name) == "malformed"


@pytest.mark.parametrize("name", ["map.png", "第一课.opus", "a b.c-d_e", ".hidden", "x" * 64])
def test_names_that_are_none(name: str) -> None:
    assert opened(items=[[name, bytes(32), 1, "image/png"]]).items[0].name == name


@pytest.mark.parametrize(
    "changed",
    [
        {"items": [["a", bytes(32), 4 * 2**30, "video/mp4"]]},
        {"items": [["a", bytes(32), 0, "video/mp4"]]},
        {"items": [["a", bytes(31), 1, "video/mp4"]]},
        {"items": [["a", bytes(32), 1, "x"], ["a", bytes(32), 1, "x"]]},
        {"items": [[f"{number}", bytes(32), 1, ""] for number in range(5_001)]},
        {"not_before": 2, "not_after": 2},
        {"version": 0},
        {"content": bytes(2 * 2**20 + 1)},
        {"audience": {"regions": ["99-01"]}},
        {"audience": {"regions": ["9" * 13]}},
    ],
    ids=["4GB", "empty", "short hash", "twice", "5001", "no time", "version 0", "content", "no code", "long code"],
)
def test_what_breaks_a_bound(changed: dict[str, Any]) -> None:
    assert refusal(opened, **changed) == "malformed"


def test_a_million_items_are_refused_unread() -> None:
    # The array says that it has a million elements, and ends.
    payload = b"\x81\xa5items\xdd\x00\x0f\x42\x40"
    signed = sign_beside(COUNTY_KEY, "cunhui bundle 1", payload)
    assert refusal(open_bundle, payload, signed, sha256=bundle_hash(payload), public_keys=KEYS) == "malformed"


def test_the_county_makes_no_bundle_that_nobody_reads() -> None:
    items = [bundles.Item(name=f"{n:064}", sha256=bytes(32), size=1, media_type="x" * 64) for n in range(5_000)]
    largest = msgspec.structs.replace(BUNDLE, items=items, content=bytes(2 * 2**20))
    assert len(encode_bundle(largest)) < bundles.MAX_BUNDLE_BYTES
    with pytest.raises(ValueError, match="each item once"):
        msgspec.structs.replace(BUNDLE, items=[items[0], items[0]]).__post_init__()


def test_for_whom_a_bundle_is() -> None:
    audience = bundles.Audience(regions=["990101", "990203004000"])
    assert audience.has_region("990101200000")
    assert audience.has_region("990203004000")
    assert not audience.has_region("990102200000")
    assert bundles.Audience().has_region("110000000000")


def test_the_content_of_each_kind() -> None:
    assert isinstance(read_content(BUNDLE), Notices)
    roster = msgspec.structs.replace(BUNDLE, kind="roster", content=encode(MESSAGES["roster"]))
    assert read_content(roster) == MESSAGES["roster"]
    assert refusal(read_content, msgspec.structs.replace(roster, kind="poll")) == "unknown_kind"
    pack = MESSAGES["pack-illustrated"]
    assert isinstance(pack, Pack)
    questions = msgspec.structs.replace(
        BUNDLE, id=pack.id, version=pack.version, kind="questions", content=encode(pack)
    )
    assert read_content(questions) == pack
    assert refusal(read_content, msgspec.structs.replace(questions, version=9)) == "malformed"
    assert refusal(read_content, msgspec.structs.replace(questions, id="other")) == "malformed"


def test_two_people_with_one_number_are_refused() -> None:
    roster = plain(MESSAGES["roster"])
    roster["people"][1]["number"] = roster["people"][0]["number"]
    content = msgspec.msgpack.encode(roster)
    assert refusal(read_content, msgspec.structs.replace(BUNDLE, kind="roster", content=content)) == "malformed"
    assert Roster().people == []


def test_an_index_is_of_one_station_and_of_one_hash() -> None:
    payload = encode(INDEX)
    signed = sign_beside(COUNTY_KEY, "cunhui index 1", payload)
    assert open_index(payload, signed, station=STATION, sha256=bundle_hash(payload), public_keys=KEYS) == INDEX
    assert open_index(payload, signed, station=STATION, sha256=None, public_keys=KEYS) == INDEX
    wrong = {"station": "yangban-01", "sha256": None, "public_keys": KEYS}
    assert refusal(open_index, payload, signed, **wrong) == "wrong_station"
    assert refusal(open_index, payload, signed, **{**wrong, "sha256": bytes(32)}) == "wrong_hash"
    assert refusal(open_index, payload, sign_beside(COUNTY_KEY, "cunhui bundle 1", payload), **wrong) == "bad_signature"
    assert refusal(open_index, bytes(65_537), signed, **wrong) == "too_large"
    twice = msgspec.msgpack.encode({**plain(INDEX), "bundles": [plain(INDEX)["bundles"][0]] * 2})
    assert refusal(open_index, twice, sign_beside(COUNTY_KEY, "cunhui index 1", twice), **wrong) == "malformed"
    many = [[f"b{n}", "library", 1, bytes(32), 1, 1, "public", False] for n in range(201)]
    full = msgspec.msgpack.encode({**plain(INDEX), "bundles": many})
    assert refusal(open_index, full, sign_beside(COUNTY_KEY, "cunhui index 1", full), **wrong) == "malformed"


def asked(**changed: Any) -> fetch.FetchRequest:
    terms: dict[str, Any] = {"station": STATION, "path": PATH, "nonce": NONCE, "wall": WALL, **changed}
    return read_fetch(sign_fetch(terms.pop("key", STATION_KEY), **terms))


def test_a_request_is_for_one_path_of_one_station_at_one_time() -> None:
    verify_fetch(STATION_PUBLIC, asked(), path=PATH, now=WALL + fetch.VALID_MS)
    other = PATH.replace("80", "90", 1)
    now = {"path": PATH, "now": WALL}
    assert refusal(verify_fetch, STATION_PUBLIC, asked(), path=other, now=WALL) == "bad_signature"
    assert refusal(verify_fetch, STATION_PUBLIC, asked(key=STRANGER), **now) == "bad_signature"
    assert refusal(verify_fetch, COUNTY_PUBLIC, asked(), **now) == "bad_signature"
    for field, value in (("path", other), ("nonce", bytes(16)), ("wall", WALL + 1), ("station", "yangban-01")):
        forged = msgspec.structs.replace(asked(), **{field: value})
        assert refusal(verify_fetch, STATION_PUBLIC, forged, path=forged.path, now=WALL) == "bad_signature"
    for late in (WALL + fetch.VALID_MS + 1, WALL - fetch.VALID_MS - 1):
        assert refusal(verify_fetch, STATION_PUBLIC, asked(), path=PATH, now=late) == "expired"


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("", "malformed"),
        ("Cunhui", "malformed"),
        ("Bearer AAAA", "malformed"),
        ("Cunhui ###", "malformed"),
        ("Cunhui é", "malformed"),
        ("Cunhui wA==", "malformed"),
        ("Cunhui " + "A" * 600, "too_large"),
        (f"Cunhui {base64.b64encode(msgspec.msgpack.encode({'v': 2})).decode()}", "malformed"),
    ],
)
def test_headers_that_are_no_request(header: str, reason: str) -> None:
    assert refusal(read_fetch, header) == reason


@pytest.mark.parametrize("path", ["/bundles/../etc", "/bundles/" + "0" * 63, "//" + "0" * 64, PATH + "?a", "/a" * 40])
def test_paths_that_nobody_may_sign_for(path: str) -> None:
    assert refusal(lambda: asked(path=path)) == "malformed"


def test_a_pin_is_kept_as_its_slow_hash() -> None:
    assert is_pin(VERIFIER, PIN)
    assert not is_pin(VERIFIER, "802747")
    assert derive_verifier(PIN, salt=bytes(16)).digest != VERIFIER.digest
    assert PIN not in repr(VERIFIER)


@pytest.mark.parametrize("pin", ["", "12345", "1234567", "12345a", "１２３４５６", "12 456", "-12345", "+12345"])
def test_what_is_no_pin(pin: str) -> None:
    assert refusal(check_new_pin, pin) == "bad_pin"
    assert not is_pin(VERIFIER, pin)


def test_the_commonest_pins_are_refused_and_most_others_are_not() -> None:
    for pin in ("000000", "123456", "234567", "987654", "121212", "112233", "123321", "123123", "520131", "147258"):
        assert refusal(derive_verifier, pin, salt=bytes(16)) == "bad_pin"
    refused = sum(pins.is_common(f"{number:06}") for number in range(0, 10**6, 7))
    assert refused < 10**6 / 7 * 0.02


def test_a_verifier_cannot_ask_for_more_memory_than_a_board_has() -> None:
    terms: dict[str, Any] = {"salt": bytes(16), "digest": bytes(32), "p": 1}
    for log2_n, r in ((20, 1), (14, 9), (17, 2)):
        with pytest.raises(ValueError, match="16 MiB"):
            PinVerifier(log2_n=log2_n, r=r, **terms)
        raw = msgspec.msgpack.encode({"log2_n": log2_n, "r": r, **terms})
        with pytest.raises(msgspec.ValidationError):
            msgspec.msgpack.decode(raw, type=PinVerifier)
    assert not is_pin(PinVerifier(log2_n=14, r=8, **terms), PIN)


def test_an_algorithm_of_a_later_version() -> None:
    later = msgspec.structs.replace(VERIFIER, algorithm=2)
    assert refusal(is_pin, later, PIN) == "unknown_algorithm"
