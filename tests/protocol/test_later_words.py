"""A word of a later version is no malformed message: a fact waits for it, any other message goes on without it."""

from collections.abc import Iterator
from typing import Any, cast

import msgspec
import pytest

from protocol.birth import Gone
from protocol.bundles import Bundle
from protocol.codec import decode, encode
from protocol.facts import Reissued, decode_fact
from protocol.later import with_known_words
from protocol.refusal import Refused
from protocol.reissues import unwrap
from protocol.shelf_index import ShelfIndex
from protocol.twin import Desired, Reported
from protocol.vitals import Vitals
from tests.golden.generate import FACTS, MESSAGES
from tests.golden.vectors import AT, EPOCH, NONCE

LATER = "a_word_of_tomorrow"


def plain(message: object) -> Any:
    return msgspec.to_builtins(message, builtin_types=(bytes,))


def refusal(raw: bytes, kind: type | None = None) -> str:
    with pytest.raises(Refused) as refused:
        decode(raw, kind) if kind else decode_fact(raw)
    return refused.value.reason


def closed_lists() -> Iterator[tuple[str, str]]:
    """Each place in a fact where a closed list stands: found by putting a later word there and mending it."""
    for name, fact in FACTS.items():
        for field, value in plain(fact).items():
            if isinstance(value, str) and field != "kind":
                changed = {**plain(fact), field: LATER}
                if with_known_words(changed, type(fact)) != changed:
                    yield name, field


PLACES = sorted(closed_lists())


def test_facts_have_closed_lists() -> None:
    fields = {field for _, field in PLACES}
    assert fields >= {"answer", "purpose", "reason", "source", "direction", "why", "mode", "step"}


@pytest.mark.parametrize(("name", "field"), PLACES)
def test_a_fact_with_a_later_word_is_of_a_later_version(name: str, field: str) -> None:
    assert refusal(msgspec.msgpack.encode({**plain(FACTS[name]), field: LATER})) == "unknown_value"


def test_a_fact_that_is_wrong_in_another_way_too_is_malformed() -> None:
    body = {**plain(FACTS["touch"]), "answer": LATER, "card": b"short"}
    assert refusal(msgspec.msgpack.encode(body)) == "malformed"


@pytest.mark.parametrize("wrong", [7, None, ["in"], {"in": 1}, b"in", "", "In", "a word", "ein Wört", "x" * 65, "x\n"])
def test_what_is_no_text_is_no_later_word(wrong: object) -> None:
    assert refusal(msgspec.msgpack.encode({**plain(FACTS["touch"]), "answer": wrong})) == "malformed"


def test_a_later_word_in_the_moment_of_a_fact() -> None:
    body = plain(FACTS["touch"])
    body["at"][3] = LATER
    assert refusal(msgspec.msgpack.encode(body)) == "unknown_value"


def test_a_later_word_in_a_reissued_fact_waits_as_well() -> None:
    body = msgspec.msgpack.encode({**plain(FACTS["touch"]), "answer": LATER})
    with pytest.raises(Refused) as refused:
        unwrap(Reissued(at=AT, epoch=EPOCH, seq=3, salt=NONCE, body=body))
    assert refused.value.reason == "unknown_value"


def test_a_device_of_a_later_kind_costs_itself_alone() -> None:
    vitals = plain(MESSAGES["vitals-health"])
    vitals["health"]["devices"].append(["robot", LATER, True, False])
    vitals["health"]["boot_reason"] = LATER
    vitals["health"]["machine"]["link"] = LATER
    vitals["saving"] = ["blobs", LATER]
    read = decode(msgspec.msgpack.encode(vitals), Vitals)
    assert read.health is not None
    assert [device.name for device in read.health.devices] == ["pcsc", "simulated"]
    assert (read.health.boot_reason, read.health.machine.link) == (None, None)
    assert read.saving == ["blobs"]
    assert read.waiting == cast(Vitals, MESSAGES["vitals-health"]).waiting


def test_a_bundle_of_a_later_kind_costs_its_entry_alone() -> None:
    index = plain(MESSAGES["shelf_index"])
    index["bundles"].append(["tomorrow", LATER, 1, bytes(32), 1, 2, "public", False])
    read = decode(msgspec.msgpack.encode(index), ShelfIndex)
    assert read == MESSAGES["shelf_index"]
    bundle = {**plain(MESSAGES["bundle"]), "kind": LATER}
    assert refusal(msgspec.msgpack.encode(bundle), Bundle) == "unknown_value"


def test_a_state_of_a_pack_that_is_not_known_is_left_out() -> None:
    reported = plain(MESSAGES["reported-packs"])
    reported["packs"][0]["state"] = LATER
    read = decode(msgspec.msgpack.encode(reported), Reported)
    assert [pack.id for pack in read.packs] == ["roster"]


def test_a_message_that_needs_the_word_is_refused_as_later_and_not_as_malformed() -> None:
    gone = {**plain(MESSAGES["gone"]), "reason": LATER}
    assert refusal(msgspec.msgpack.encode(gone), Gone) == "unknown_value"
    assert refusal(msgspec.msgpack.encode({**gone, "nonce": b""}), Gone) == "malformed"


def test_bounds_hold_all_the_same() -> None:
    vitals = {**plain(MESSAGES["vitals"]), "saving": [LATER], "waiting": -1}
    assert refusal(msgspec.msgpack.encode(vitals), Vitals) == "malformed"
    desired = {**plain(MESSAGES["desired"]), "version": 0}
    assert refusal(msgspec.msgpack.encode(desired), Desired) == "malformed"


@pytest.mark.parametrize("name", MESSAGES)
def test_what_is_read_without_later_words_is_read_as_before(name: str) -> None:
    message = MESSAGES[name]
    assert decode(encode(message), type(message), limit=2**22) == message
