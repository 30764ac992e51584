"""The county's stream and manifests: what golden files say, and what a hostile document is answered."""

import json
from pathlib import Path

import msgspec
import pytest

from protocol import chain, decisions
from protocol.codec import decode, encode
from protocol.decisions import CountyFact, Decision, decode_decision, verify_record_key
from protocol.facts import MAX_BODY_BYTES
from protocol.heads import SignedHead, verify_head
from protocol.manifest import KeptHead, Leaf, check_kept_head, kept_heads, root_over, unseal_root
from protocol.merkle import merkle_paths, merkle_root, root_of_path
from protocol.refusal import Refused
from tests.golden import county_vectors
from tests.golden.vectors import COUNTY_PUBLIC, EPOCH, HASH, STATION, STATION_PUBLIC

GOLDEN = Path(__file__).parents[1] / "golden" / "v1"
PAGE = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text(encoding="utf-8")
STREAM = json.loads((GOLDEN / "county-stream.json").read_text(encoding="utf-8"))
MANIFEST = json.loads((GOLDEN / "manifest.json").read_text(encoding="utf-8"))
KINDS = list(Decision.__value__.__args__)


def refusal(raw: bytes) -> str:
    with pytest.raises(Refused) as refused:
        decode_decision(raw)
    return refused.value.reason


def test_the_golden_stream_is_what_this_code_reads_and_verifies() -> None:
    head = chain.first_head(station=STREAM["county"], epoch=EPOCH)
    for seq, (fact, what) in enumerate(zip(STREAM["facts"], county_vectors.DECIDED.values(), strict=False), 1):
        salt, body = bytes.fromhex(fact["salt"]), bytes.fromhex(fact["body"])
        assert decode_decision(body) == county_vectors.county_fact(what)
        head = chain.next_head(head, seq=seq, digest=chain.fact_digest(salt=salt, body=body))
        assert head.hex() == fact["head"]
        signed = SignedHead(epoch=EPOCH, through=seq, head=head, signature=bytes.fromhex(fact["signature"]))
        verify_head(COUNTY_PUBLIC, station=STREAM["county"], signed=signed)


def test_every_kind_has_a_sample_under_its_own_name() -> None:
    assert [type(what) for what in county_vectors.DECIDED.values()] == KINDS
    assert list(county_vectors.DECIDED) == [str(kind.__struct_config__.tag) for kind in KINDS]
    assert set(county_vectors.DECIDED) == decisions.KINDS


@pytest.mark.parametrize("what", county_vectors.DECIDED.values(), ids=county_vectors.DECIDED)
def test_the_page_names_kinds_and_fields(what: msgspec.Struct) -> None:
    section = PAGE.split("## 18 ")[1]
    assert f"`{what.__struct_config__.tag}`" in section
    assert all(f"`{field}" in section for field in what.__struct_fields__)


def test_a_decision_of_a_later_version_is_an_unknown_kind() -> None:
    fields = msgspec.to_builtins(county_vectors.county_fact(decisions.ClockConfirmed()), builtin_types=(bytes,))
    assert refusal(msgspec.msgpack.encode({**fields, "what": {"kind": "later"}})) == "unknown_kind"


@pytest.mark.parametrize(
    "raw",
    [b"", b"\xc0", b"\x80", b"\x91" * 9_000, encode(county_vectors.county_fact(decisions.RowsImported())) + b"\x00"],
)
def test_what_is_no_decision_is_malformed_or_too_large(raw: bytes) -> None:
    assert refusal(raw) == ("too_large" if len(raw) > MAX_BODY_BYTES else "malformed")


def test_a_change_of_the_record_key_is_signed_by_the_new_key() -> None:
    change = county_vectors.DECIDED["record_key_replaced"]
    assert isinstance(change, decisions.RecordKeyReplaced)
    verify_record_key(change, county=county_vectors.COUNTY, epoch=EPOCH)
    for wrong in (
        msgspec.structs.replace(change, new=STATION_PUBLIC),
        msgspec.structs.replace(change, old=HASH),
        msgspec.structs.replace(change, proof=bytes(64)),
    ):
        with pytest.raises(Refused, match="bad_signature"):
            verify_record_key(wrong, county=county_vectors.COUNTY, epoch=EPOCH)


def test_the_golden_manifest_is_signed_and_leads_its_station_to_the_root() -> None:
    root = unseal_root(bytes.fromhex(MANIFEST["signed"]), COUNTY_PUBLIC)
    leaves = [msgspec.msgpack.decode(bytes.fromhex(raw), type=Leaf) for raw in MANIFEST["leaves"]]
    assert root.root == root_over(leaves)
    kept = decode(bytes.fromhex(MANIFEST["kept"]), KeptHead)
    assert check_kept_head(kept, station=STATION) == root
    assert kept.leaf(STATION) == leaves[4]


def test_a_kept_head_of_another_station_or_leaf_is_refused() -> None:
    kept = decode(bytes.fromhex(MANIFEST["kept"]), KeptHead)
    for changed in (
        msgspec.structs.replace(kept, count=kept.count + 1),
        msgspec.structs.replace(kept, index=3),
        msgspec.structs.replace(kept, index=9),
        msgspec.structs.replace(kept, path=kept.path[:-1]),
        msgspec.structs.replace(kept, path=kept.path[32:]),
        msgspec.structs.replace(kept, path=kept.path + bytes(32)),
        msgspec.structs.replace(kept, signed=b"\x94\x01"),
    ):
        with pytest.raises(Refused, match="malformed"):
            check_kept_head(changed, station=STATION)
    with pytest.raises(Refused, match="malformed"):
        check_kept_head(kept, station="demo-0002")


def test_a_path_leads_to_the_root_for_every_leaf_of_trees_of_every_size() -> None:
    for count in range(1, 34):
        leaves = [bytes([number]) for number in range(count)]
        for index, path in enumerate(merkle_paths(leaves)):
            assert root_of_path(leaves[index], index=index, count=count, path=path) == merkle_root(leaves)
            for other in {index ^ 1, (index + 1) % count} - {index}:
                try:
                    led = root_of_path(leaves[index], index=other, count=count, path=path)
                except Refused:
                    continue
                assert led != merkle_root(leaves)


def test_roots_are_those_of_the_rfc() -> None:
    """The eight leaves of the reference implementation of RFC 6962 (certificate-transparency, merkle_tree_test)."""
    texts = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    leaves = [bytes.fromhex(text) for text in texts]
    assert merkle_root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert merkle_root(leaves[:1]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert merkle_root(leaves[:3]).hex() == "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"
    assert merkle_root(leaves).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def test_a_kept_head_stays_small_in_a_county_of_two_thousand_streams() -> None:
    leaves = [
        Leaf(kind="stream", name=f"{'a' * 26}{number:06}", epoch=EPOCH, count=2**40, digest=HASH)
        for number in range(2_000)
    ]
    signed = bytes.fromhex(MANIFEST["signed"])
    assert max(len(encode(kept)) for _, kept in kept_heads(signed, leaves)) <= 600


def test_a_fact_of_the_county_has_no_room_for_more_than_its_bound() -> None:
    ids = ["x" * 64] * 100
    fact = county_vectors.county_fact(decisions.Erased(table="t" * 64, ids=ids, contents=1))
    assert isinstance(decode_decision(encode(fact)), CountyFact)
    assert len(encode(fact)) <= MAX_BODY_BYTES
