"""Bytes in, a value or a `Refused` out: never another exception, never a value that breaks its bounds."""

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import birth, blobs, commands, enrolment, facts, kiosk, packs, receipts, twin
from protocol.calendar_table import unseal_table
from protocol.codec import MAX_MESSAGE_BYTES, decode, encode
from protocol.envelope import MAX_ENVELOPE_BYTES, Envelope, decode_envelope
from protocol.heads import verify_head
from protocol.refusal import Refused
from protocol.signing import Signed, key_id, seal, unseal, verify
from tests.golden import vectors
from tests.golden.generate import FACTS, MESSAGES
from tests.golden.vectors import COUNTY_KEY, COUNTY_PUBLIC, STATION, STATION_PUBLIC

KEYS = {key_id(COUNTY_PUBLIC): COUNTY_PUBLIC}

READERS: dict[str, Callable[[bytes], object]] = {
    **{name: partial(decode, kind=type(message)) for name, message in MESSAGES.items()},
    "envelope": decode_envelope,
    "blob_chunk": blobs.decode_chunk,
    "fact": facts.decode_fact,
    "signed": lambda raw: decode(raw, Signed),
    "welcome sealed": lambda raw: birth.unseal_welcome(raw, station=STATION, public_keys=KEYS),
    "match sealed": lambda raw: birth.unseal_match(raw, station=STATION, public_keys=KEYS),
    "receipt sealed": lambda raw: receipts.unseal_receipt(raw, station=STATION, public_keys=KEYS),
    "missing sealed": lambda raw: blobs.unseal_missing(raw, station=STATION, public_keys=KEYS),
    "desired sealed": lambda raw: twin.unseal_desired(raw, station=STATION, public_keys=KEYS),
    "command sealed": lambda raw: commands.unseal_command(raw, station=STATION, public_keys=KEYS),
    "calendar sealed": unseal_table,
    "pack sealed": lambda raw: packs.unseal_pack(raw, KEYS),
    "enrol": lambda raw: enrolment.decode_json(raw, enrolment.EnrolRequest),
    "renew": lambda raw: enrolment.decode_json(raw, enrolment.RenewRequest),
    "enrolled": lambda raw: enrolment.decode_json(raw, enrolment.Enrolled),
    "to kiosk": kiosk.decode_from_agent,
    "to agent": kiosk.decode_from_kiosk,
}

SEEDS = [
    *(encode(message) for message in MESSAGES.values()),
    *(encode(fact) for fact in FACTS.values()),
    *(msgspec.json.encode(document) for document in vectors.JSON.values()),
    *(kiosk.encode_line(line) for line in vectors.LINES.values()),
    *(seal(COUNTY_KEY, context, encode(MESSAGES[name])) for name, context in vectors.SIGNED.values()),
    seal(COUNTY_KEY, "cunhui calendar 1", encode(MESSAGES["calendar-table"])),
]


def refusal(reader: Callable[[bytes], object], raw: bytes) -> str:
    with pytest.raises(Refused) as refused:
        reader(raw)
    return refused.value.reason


def read_or_refuse(raw: bytes) -> None:
    for reader in READERS.values():
        try:
            reader(raw)
        except Refused:
            continue


@given(raw=st.binary(max_size=300))
@settings(max_examples=300)
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    read_or_refuse(raw)


@given(data=st.data())
@settings(max_examples=400)
def test_damaged_messages_are_read_or_refused(data: st.DataObject) -> None:
    raw = bytearray(data.draw(st.sampled_from(SEEDS)))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    read_or_refuse(bytes(raw))


PLAIN: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=20)
    | st.binary(max_size=70),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=5),
    max_leaves=20,
)
FIELDS = sorted({field for message in [*MESSAGES.values(), *FACTS.values()] for field in message.__struct_fields__})


@given(fields=st.dictionaries(st.sampled_from([*FIELDS, "kind"]), PLAIN, max_size=12))
@settings(max_examples=300)
def test_messages_of_wrong_shapes_are_read_or_refused(fields: dict[str, Any]) -> None:
    read_or_refuse(msgspec.msgpack.encode(fields))


@pytest.mark.parametrize("name", MESSAGES)
def test_every_truncation_is_refused(name: str) -> None:
    raw = encode(MESSAGES[name])
    reader = READERS[name]
    for length in range(0, len(raw), 1 + len(raw) // 200):
        assert refusal(reader, raw[:length]) == "malformed"


@pytest.mark.parametrize("name", MESSAGES)
def test_trailing_bytes_are_refused(name: str) -> None:
    assert refusal(READERS[name], encode(MESSAGES[name]) + b"\x00") == "malformed"


@pytest.mark.parametrize("name", [name for name in READERS if name not in ("calendar sealed", "pack sealed")])
def test_oversized_input_is_refused_unread(name: str) -> None:
    assert refusal(READERS[name], b"\xc4" + bytes(MAX_MESSAGE_BYTES)) == "too_large"


@pytest.mark.parametrize("name", MESSAGES)
def test_an_unknown_major_is_refused(name: str) -> None:
    raw = msgspec.msgpack.encode({**msgspec.to_builtins(MESSAGES[name], builtin_types=(bytes,)), "v": 2})
    assert refusal(READERS[name], raw) == "unknown_version"


@pytest.mark.parametrize("name", MESSAGES)
def test_unknown_fields_are_ignored(name: str) -> None:
    message = MESSAGES[name]
    fields = msgspec.to_builtins(message, builtin_types=(bytes,))
    raw = msgspec.msgpack.encode({**fields, "later": {"deep": [1, None]}})
    assert READERS[name](raw) == message


@pytest.mark.parametrize("name", FACTS)
def test_unknown_fields_of_facts_are_ignored(name: str) -> None:
    fields = msgspec.to_builtins(FACTS[name], builtin_types=(bytes,))
    assert facts.decode_fact(msgspec.msgpack.encode({**fields, "later": 1})) == FACTS[name]


def test_a_fact_of_a_later_version_is_said_to_be_so() -> None:
    assert refusal(facts.decode_fact, msgspec.msgpack.encode({"kind": "hologram_shown"})) == "unknown_kind"
    assert refusal(facts.decode_fact, msgspec.msgpack.encode({"kind": "touch"})) == "malformed"
    assert refusal(facts.decode_fact, msgspec.msgpack.encode({"kind": 7})) == "malformed"
    assert refusal(facts.decode_fact, msgspec.msgpack.encode({})) == "malformed"


def changed_envelope(**changes: Any) -> bytes:
    envelope = MESSAGES["envelope"]
    assert isinstance(envelope, Envelope)
    return encode(msgspec.structs.replace(envelope, **changes))


@pytest.mark.parametrize("changes", [{"alg": 2}, {"alg": 0}, {"enc": 1}])
def test_an_unknown_algorithm_is_refused(changes: dict[str, int]) -> None:
    assert refusal(decode_envelope, changed_envelope(**changes)) == "unknown_algorithm"


@pytest.mark.parametrize("changes", [{"first": 2}, {"first": 0}, {"first": 2**53}, {"facts": []}, {"station": "X"}])
def test_an_envelope_that_contradicts_itself_is_refused(changes: dict[str, Any]) -> None:
    assert refusal(decode_envelope, changed_envelope(**changes)) == "malformed"


def test_an_oversized_envelope_is_refused() -> None:
    assert refusal(decode_envelope, bytes(MAX_ENVELOPE_BYTES + 1)) == "too_large"


def test_a_chunk_beyond_its_blob_is_refused() -> None:
    chunk = MESSAGES["blob_chunk"]
    raw = encode(msgspec.structs.replace(chunk, offset=38_410))
    assert refusal(blobs.decode_chunk, raw) == "malformed"


@pytest.mark.parametrize(
    "station", ["abc", "A-station", "-abc", "a" * 33, "demo/0001", "demo+1", "演示站点", "demo-0001\n"]
)
def test_a_station_id_that_can_not_be_one_is_refused(station: str) -> None:
    fields = msgspec.to_builtins(MESSAGES["match"], builtin_types=(bytes,))
    raw = msgspec.msgpack.encode({**fields, "station": station})
    assert refusal(READERS["match"], raw) == "malformed"


SEALED: dict[str, Callable[[bytes, str], object]] = {
    "welcome": lambda raw, station: birth.unseal_welcome(raw, station=station, public_keys=KEYS),
    "match": lambda raw, station: birth.unseal_match(raw, station=station, public_keys=KEYS),
    "receipt": lambda raw, station: receipts.unseal_receipt(raw, station=station, public_keys=KEYS),
    "missing": lambda raw, station: blobs.unseal_missing(raw, station=station, public_keys=KEYS),
    "desired": lambda raw, station: twin.unseal_desired(raw, station=station, public_keys=KEYS),
    "command": lambda raw, station: commands.unseal_command(raw, station=station, public_keys=KEYS),
}


def sealed(name: str, key: Ed25519PrivateKey = COUNTY_KEY, context: Any = None) -> bytes:
    message, own = vectors.SIGNED[name]
    return seal(key, context or own, encode(MESSAGES[message]))


@pytest.mark.parametrize("name", SEALED)
def test_a_document_for_another_station_is_refused(name: str) -> None:
    assert SEALED[name](sealed(name), STATION)
    with pytest.raises(Refused) as refused:
        SEALED[name](sealed(name), "demo-0002")
    assert refused.value.reason == "wrong_station"


@pytest.mark.parametrize("name", SEALED)
@pytest.mark.parametrize("other", SEALED)
def test_a_signature_for_one_purpose_passes_for_no_other(name: str, other: str) -> None:
    if name == other:
        return
    raw = sealed(name, context=vectors.SIGNED[other][1])
    assert refusal(lambda raw: SEALED[name](raw, STATION), raw) == "bad_signature"


@pytest.mark.parametrize("name", SEALED)
def test_a_strangers_signature_is_refused(name: str) -> None:
    raw = sealed(name, Ed25519PrivateKey.generate())
    assert refusal(lambda raw: SEALED[name](raw, STATION), raw) == "unknown_key"
    posing = encode(msgspec.structs.replace(decode(raw, Signed), key=key_id(COUNTY_PUBLIC)))
    assert refusal(lambda raw: SEALED[name](raw, STATION), posing) == "bad_signature"


@pytest.mark.parametrize("name", SEALED)
def test_every_changed_byte_of_a_document_is_found(name: str) -> None:
    raw = sealed(name)
    signed = decode(raw, Signed)
    for place in range(0, len(signed.payload), 7):
        payload = bytearray(signed.payload)
        payload[place] ^= 1
        changed = encode(msgspec.structs.replace(signed, payload=bytes(payload)))
        assert refusal(lambda raw: SEALED[name](raw, STATION), changed) == "bad_signature"


def test_a_desired_state_that_names_nobody_is_refused() -> None:
    desired = msgspec.structs.replace(MESSAGES["desired"], people=[])
    raw = seal(COUNTY_KEY, "cunhui desired 1", encode(desired))
    assert refusal(lambda raw: SEALED["desired"](raw, STATION), raw) == "malformed"


def test_a_head_is_bound_to_station_epoch_and_place() -> None:
    head = vectors.HEAD
    verify_head(STATION_PUBLIC, station=STATION, signed=head)
    for station, signed in [
        ("demo-0002", head),
        (STATION, msgspec.structs.replace(head, through=4)),
        (STATION, msgspec.structs.replace(head, epoch=vectors.OLD_EPOCH)),
        (STATION, msgspec.structs.replace(head, head=vectors.HASH)),
    ]:
        with pytest.raises(Refused, match="bad_signature"):
            verify_head(STATION_PUBLIC, station=station, signed=signed)


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(33)])
def test_what_is_no_key_verifies_nothing(key: bytes) -> None:
    with pytest.raises(Refused, match="bad_signature"):
        verify(key, "cunhui head 1", b"", bytes(64))


def test_a_pack_whose_answer_is_no_option_is_refused() -> None:
    pack = MESSAGES["pack"]
    assert isinstance(pack, packs.Pack)
    level = pack.levels[0]
    wrong = msgspec.structs.replace(level.questions[0], answer=[5])
    for questions, draw in (([wrong, *level.questions[1:]], 5), (level.questions, 6)):
        refuse_pack(pack, [msgspec.structs.replace(level, questions=questions, draw=draw)])


def test_a_pack_in_which_an_id_is_given_twice_is_refused() -> None:
    pack = MESSAGES["pack"]
    assert isinstance(pack, packs.Pack)
    level = pack.levels[0]
    renamed = [msgspec.structs.replace(one, id=f"other-{one.id}") for one in level.questions]
    other = msgspec.structs.replace(level, id="other", questions=renamed)
    packs.read_pack(encode(msgspec.structs.replace(pack, levels=[level, other])))
    refuse_pack(pack, [level, msgspec.structs.replace(other, id=level.id)])
    refuse_pack(pack, [msgspec.structs.replace(level, questions=[*level.questions[:-1], level.questions[0]])])
    refuse_pack(pack, [level, msgspec.structs.replace(other, questions=[level.questions[0], *renamed[1:]])])


def refuse_pack(pack: packs.Pack, levels: list[packs.Level]) -> None:
    """Both ways of reading refuse a pack of these levels: at once, and a level at a time."""
    content = encode(msgspec.structs.replace(pack, levels=levels))
    raw = seal(COUNTY_KEY, "cunhui pack 1", content)
    assert refusal(lambda raw: packs.unseal_pack(raw, KEYS), raw) == "malformed"
    assert refusal(packs.read_head, content) == "malformed"


def test_a_request_signed_by_another_key_is_refused() -> None:
    request = vectors.JSON["enrol_request"]
    assert isinstance(request, enrolment.EnrolRequest)
    enrolment.verify_request(STATION_PUBLIC, request)
    for changed in (
        msgspec.structs.replace(request, claim="1234567890136"),
        msgspec.structs.replace(request, record_key=COUNTY_PUBLIC),
        msgspec.structs.replace(request, csr="another"),
        msgspec.structs.replace(request, nonce=bytes(16)),
    ):
        with pytest.raises(Refused, match="bad_signature"):
            enrolment.verify_request(STATION_PUBLIC, changed)


def test_unseal_has_its_own_limit() -> None:
    big = seal(COUNTY_KEY, "cunhui pack 1", bytes(MAX_MESSAGE_BYTES))
    assert refusal(lambda raw: unseal(raw, "cunhui pack 1", KEYS), big) == "too_large"
    assert unseal(big, "cunhui pack 1", KEYS, limit=2 * MAX_MESSAGE_BYTES) == bytes(MAX_MESSAGE_BYTES)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("data_shed", ["blobs", 1], "wrong_kind"),
        ("data_shed", "blobs", "wrong_kind"),
        ("data_shed", ["got"], "out_of_range"),
        ("data_shed", ["blobs", "blobs"], "out_of_range"),
        ("data_shed", ["blobs", "vitals", "blobs"], "out_of_range"),
        ("data_mb_month", 1.5, "wrong_kind"),
        ("data_mb_month", -1, "out_of_range"),
        ("snapshots", 1, "wrong_kind"),
    ],
)
def test_why_a_setting_is_refused_hangs_on_its_type_alone(name: str, value: object, reason: str) -> None:
    judged = twin.judge_settings({name: value}, last_good=twin.Settings())
    assert judged.refused[name].partition(":")[0] == reason
