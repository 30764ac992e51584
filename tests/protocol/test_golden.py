"""The wire's past: today's code reads every golden file, and says the same bytes again."""

import base64
import importlib
import io
import json
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol import chain, enrolment
from protocol.bundles import bundle_hash
from protocol.cards import card_token, normalise_uid
from protocol.claim import check_digit, format_claim_code, parse_claim_code
from protocol.codec import VersionedMessage, decode, encode
from protocol.enrolment import EnrolRequest, RenewRequest, verify_request
from protocol.export import ExportReader
from protocol.facts import KINDS, decode_fact, encode_fact
from protocol.fetch import read_fetch, verify_fetch
from protocol.heads import SignedHead, verify_head
from protocol.kiosk import ToAgent, ToKiosk, decode_from_agent, decode_from_kiosk, encode_line
from protocol.pins import derive_verifier, is_common, is_pin
from protocol.signing import Context, Detached, Signed, key_id, sign, unseal, verify, verify_beside
from protocol.topics import parse, topic
from tests.golden.generate import FOLDER, contents, shown
from tests.golden.vectors import STATION_PUBLIC


def files(prefix: str) -> list[Path]:
    found = sorted(FOLDER.glob(f"{prefix}*.json"))
    assert found, f"no golden files {prefix}*"
    return found


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def named(path: Path) -> str:
    return path.stem


def type_of(name: str) -> type[msgspec.Struct]:
    module, _, kind = name.partition(":")
    return cast(type[msgspec.Struct], getattr(importlib.import_module(module), kind))


def assert_says_the_same(raw: bytes, again: bytes) -> None:
    """The bytes are the same, or keys were added since (a minor change) and everything else stayed."""
    before, now = msgspec.msgpack.decode(raw), msgspec.msgpack.decode(again)
    if _keys(before) == _keys(now):
        assert again == raw
    else:
        assert _as_before(now, before) == before


def _keys(value: Any) -> Any:
    """Return the keys of a value's maps, at any depth."""
    return {key: _keys(field) for key, field in value.items()} if isinstance(value, dict) else None


def _as_before(now: Any, before: Any) -> Any:
    """Leave the added keys out of a value's maps, in its lists too."""
    if isinstance(now, dict) and isinstance(before, dict):
        return {key: _as_before(now[key], before[key]) for key in before if key in now}
    if isinstance(now, list) and isinstance(before, list) and len(now) == len(before):
        return [_as_before(*pair) for pair in zip(now, before, strict=True)]
    return now


@pytest.mark.parametrize("path", files("message-"), ids=named)
def test_messages(path: Path) -> None:
    golden = read(path)
    raw = bytes.fromhex(golden["hex"])
    message = decode(raw, type_of(golden["type"]))
    assert _as_before(shown(message), golden["value"]) == golden["value"]
    assert_says_the_same(raw, encode(message))


@pytest.mark.parametrize("path", files("fact-"), ids=named)
def test_facts(path: Path) -> None:
    golden = read(path)
    raw = bytes.fromhex(golden["hex"])
    fact = decode_fact(raw)
    assert isinstance(fact, type_of(golden["type"]))
    assert shown(fact).items() >= golden["value"].items()
    assert_says_the_same(raw, encode_fact(fact))


@pytest.mark.parametrize("path", files("signed-"), ids=named)
def test_signed_documents(path: Path) -> None:
    golden = read(path)
    public = bytes.fromhex(golden["public"])
    raw = bytes.fromhex(golden["hex"])
    assert unseal(raw, golden["context"], {key_id(public): public}).hex() == golden["payload"]
    assert encode(decode(raw, Signed)) == raw


@pytest.mark.parametrize("path", files("beside-"), ids=named)
def test_documents_with_their_signature_beside_them(path: Path) -> None:
    golden = read(path)
    public, payload = bytes.fromhex(golden["public"]), bytes.fromhex(golden["payload"])
    signature = bytes.fromhex(golden["hex"])
    assert bundle_hash(payload).hex() == golden["sha256"]
    verify_beside(payload, signature, golden["context"], {key_id(public): public})
    assert encode(decode(signature, Detached)) == signature


def test_pins() -> None:
    golden = read(FOLDER / "pins.json")
    verifier = derive_verifier(golden["pin"], salt=bytes.fromhex(golden["salt"]))
    assert (verifier.log2_n, verifier.r, verifier.p) == (golden["log2_n"], golden["r"], golden["p"])
    assert verifier.digest.hex() == golden["digest"]
    assert is_pin(verifier, golden["pin"])
    assert all(is_common(pin) for pin in golden["refused"])


def test_signed_requests() -> None:
    golden = read(FOLDER / "fetch.json")
    request = read_fetch(golden["header"])
    verify_fetch(bytes.fromhex(golden["public"]), request, path=golden["path"], now=int(golden["wall"]))
    assert f"Cunhui {base64.b64encode(encode(request)).decode()}" == golden["header"]


@pytest.mark.parametrize("path", files("json-"), ids=named)
def test_json_documents(path: Path) -> None:
    golden = read(path)
    document = enrolment.decode_json(golden["text"].encode(), type_of(golden["type"]))
    assert msgspec.json.encode(document).decode() == golden["text"]
    if isinstance(document, EnrolRequest | RenewRequest):
        verify_request(STATION_PUBLIC, document)


@pytest.mark.parametrize("path", files("line-"), ids=named)
def test_kiosk_lines(path: Path) -> None:
    golden = read(path)
    kind = type_of(golden["type"])
    line: ToKiosk | ToAgent
    if kind in ToAgent.__value__.__args__:
        line = decode_from_kiosk(golden["text"].encode())
    else:
        line = decode_from_agent(golden["text"].encode())
    assert isinstance(line, kind)
    before, now = json.loads(golden["text"]), json.loads(encode_line(line))
    assert _as_before(now, before) == before


def test_the_chain() -> None:
    golden = read(FOLDER / "chain.json")
    station, epoch = golden["station"], bytes.fromhex(golden["epoch"])
    head = chain.first_head(station=station, epoch=epoch)
    assert head.hex() == golden["head0"]
    for link in golden["links"]:
        digest = chain.fact_digest(salt=bytes.fromhex(link["salt"]), body=bytes.fromhex(link["body"]))
        head = chain.next_head(head, seq=link["seq"], digest=digest)
        assert (digest.hex(), head.hex()) == (link["digest"], link["head"])
    signed = SignedHead(
        epoch=epoch, through=len(golden["links"]), head=head, signature=bytes.fromhex(golden["signature"])
    )
    verify_head(bytes.fromhex(golden["record_key"]), station=station, signed=signed)


def test_signatures() -> None:
    for golden in read(FOLDER / "signatures.json"):
        context = cast(Context, golden["context"])
        key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(golden["secret"]))
        public, message = key.public_key().public_bytes_raw(), bytes.fromhex(golden["message"])
        assert (public.hex(), key_id(public).hex()) == (golden["public"], golden["key_id"])
        assert sign(key, context, message).hex() == golden["signature"]
        verify(public, context, message, bytes.fromhex(golden["signature"]))


def test_the_export_file() -> None:
    golden = read(FOLDER / "export.json")
    reader = ExportReader(io.BytesIO(bytes.fromhex(golden["hex"])).read)
    kinds = [type(part).__name__ for part in reader.parts()]
    reader.verify(bytes.fromhex(golden["record_key"]))
    assert (reader.header.station, kinds) == (golden["station"], ["Envelope", "BlobChunk"])


def test_cards() -> None:
    for golden in [*read(FOLDER / "cards.json"), *read(FOLDER / "cards-em4100.json")]:
        assert normalise_uid(golden["pasted"]) == golden["uid"]
        assert card_token(bytes.fromhex(golden["key"]), golden["uid"]).hex() == golden["token"]


def test_claim_codes() -> None:
    for golden in read(FOLDER / "claims.json"):
        assert parse_claim_code(golden["shown"]) == golden["digits"]
        assert format_claim_code(golden["digits"]) == golden["shown"]
        assert check_digit(golden["digits"][:12]) == golden["digits"][12]


def test_topics() -> None:
    for name in read(FOLDER / "topics.json"):
        place = parse(name)
        assert topic(shard=place.shard, station=place.station, leaf=place.leaf) == name


def test_nothing_on_the_wire_is_without_a_golden_file() -> None:
    there = {path.stem for path in FOLDER.glob("*.json")}
    assert contents().keys() <= there, "run: python -m tests.golden.generate"
    types = {read(path)["type"].partition(":")[2] for path in [*files("message-"), *files("json-"), *files("line-")]}
    wanted = {kind.__name__ for kind in subclasses(VersionedMessage)} - {"Signed", "Detached"}
    wanted |= {kind.__name__ for union in (ToKiosk, ToAgent) for kind in union.__value__.__args__}
    assert wanted <= types
    kinds = {read(path)["value"]["kind"] for path in files("fact-")}
    assert kinds == KINDS


def subclasses(kind: type) -> set[type]:
    """Every message of the contract, at any depth."""
    below = {sub for sub in cast(list[type], kind.__subclasses__()) if sub.__module__.startswith("protocol.")}
    return below.union(*(subclasses(sub) for sub in below))
