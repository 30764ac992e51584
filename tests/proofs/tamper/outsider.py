"""Check exported evidence without Cunhui, by docs/protocol.md, 3, 18 and 19: python outsider.py FOLDER [FIRST KEY]."""

import hashlib
import json
import sys
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

unpack, pack, unhex = msgspec.msgpack.decode, msgspec.msgpack.encode, bytes.fromhex
type Lines = list[dict[str, Any]]
ERASABLE = ("attempts", "visits", "pins", "help")


def need(right: bool, what: str) -> None:
    if not right:
        raise ValueError(what)


def sha(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


@lru_cache(maxsize=100_000)
def signed(key: bytes, message: bytes, signature: bytes) -> bool:
    with suppress(InvalidSignature, ValueError):
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
        return True
    return False


def tree(leaves: list[bytes]) -> bytes:
    level = [sha(b"\0", leaf) for leaf in leaves]
    while len(level) > 1:
        pairs = [sha(b"\1", a, b) for a, b in zip(level[::2], level[1::2], strict=False)]
        level = pairs + level[-1:] if len(level) % 2 else pairs
    return level[0]


class Stream:
    def __init__(self, kind: str, name: str, epoch: str, heads: dict[Any, bytes]) -> None:
        self.kind, self.name, self.epoch, self.heads = kind, name, epoch, heads
        self.head = sha(b"cunhui head 1\0", name.encode(), b"\0", unhex(epoch))

    def take(self, fact: dict[str, Any], seq: int, where: str) -> None:
        need((fact.get("seq"), fact.get("epoch")) == (seq, self.epoch), where)
        parts = [unhex(fact[name]) for name in ("salt", "body") if name in fact]
        digest = sha(b"cunhui fact 1\0", *parts) if parts else unhex(fact["digest"])
        need(fact.get("digest", digest.hex()) == digest.hex(), where)
        self.head = sha(self.head, seq.to_bytes(8, "big"), digest)
        need(self.head.hex() == fact["head"], where)
        self.heads[self.kind, self.name, self.epoch, seq] = self.head

    def is_signed(self, key: bytes, through: int, head: bytes, signature: str) -> bool:
        own = self.name.encode() + b"\0" + unhex(self.epoch) + through.to_bytes(8, "big") + head
        return signed(key, b"cunhui head 1\0" + own, unhex(signature))


def county(lines: Lines, heads: dict[Any, bytes], key: bytes | None) -> tuple[list[bytes], list[Any]]:
    first, facts = lines[0], iter(lines[1:])
    keys, said, ended, name = [key] if key else [], [], None, first["county"]
    for one in first["streams"]:
        stream = Stream("county", name, one["epoch"], heads)
        for seq in range(1, one["through"] + 1):
            stream.take(fact := next(facts, {}), seq, where := f"county {seq}")
            what = (body := unpack(unhex(fact["body"])))["what"]
            said.append((seq, body))
            need((what["kind"] == "stream_opened") == (seq == 1), where)
            if seq == 1:
                keys = keys or [what["key"]]
                before = (old := what.get("previous")) and (old["epoch"].hex(), old["through"], old["head"])
                need((keys[-1], ended) == (what["key"], before), where)
            need(stream.is_signed(keys[-1], seq, stream.head, fact["signature"]), where)
            rows = [pack([table, row, digest and unhex(digest)]) for table, row, digest in fact["rows"]]
            need(body.get("rows") == ([len(rows), tree(rows)] if rows else None), where)
            if what["kind"] == "record_key_replaced":
                names = b"\0".join((b"cunhui record key 1", name.encode(), unhex(one["epoch"]) + what["old"]))
                keys.append(what["new"])
                need(what["old"] == keys[-2] and signed(keys[-1], names + keys[-1], what["proof"]), where)
        need((ended := (one["epoch"], seq, stream.head))[2].hex() == one["head"], where)
    need(not next(facts, None), f"county {len(said) + 1}")
    return keys, said


def station(lines: Lines, heads: dict[Any, bytes], erased: set[Any]) -> None:
    first, facts = lines[0], iter(lines[1:])
    blank = {(one["epoch"], seq): b"" for one in first["erasures"] for seq in one["seqs"]}
    for one in first["streams"]:
        stream, end = Stream("stream", first["station"], one["epoch"], heads), one["signed"]
        for seq in range(1, one["through"] + 1):
            stream.take(fact := next(facts, {}), seq, where := f"station {seq}")
            need(("body" not in fact) == ((place := (one["epoch"], seq)) in blank), where)
            if place in blank:
                blank[place] = seq.to_bytes(8, "big") + unhex(fact["digest"])
        need((seq, stream.head.hex()) == (end["through"], end["head"]), where)
        need(any(stream.is_signed(unhex(k), seq, stream.head, end["signature"]) for k in first["record_keys"]), where)
    need(not next(facts, None), f"station {one['through'] + 1}")
    for one in first["erasures"]:
        digest = sha(b"cunhui erasure 1\0", *(blank[one["epoch"], seq] for seq in one["seqs"]))
        need((one["holding"], len(one["seqs"]), digest.hex()) in erased, f"station {min(one['seqs'], default=0)}")


def audit(lines: Lines, said: list[Any]) -> list[bytes]:
    hashes = [bytes(32)]
    for number, entry in enumerate(lines, 1):
        content = [entry[name] for name in ("at", "actor", "action", "subject", "detail")]
        content = [entry["version"], entry["source"], *content] if entry["version"] > 1 or entry["source"] else content
        text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        hashes.append(sha(hashes[-1], text.encode()))
        need([entry["previous_hash"], entry["hash"]] == [one.hex() for one in hashes[-2:]], f"audit {number}")
    actors = dict(zip(hashes[1:], (entry["actor"] for entry in lines), strict=True))
    for seq, body in said:
        need(actors.get(body["audit"]) == body["by"], f"county {seq}")
    return hashes


def check(files: dict[str, Lines], key: bytes | None = None) -> None:
    heads: dict[Any, bytes] = {}
    keys, said = county(files["county.jsonl"], heads, key)
    whats = [body["what"] for _, body in said]
    gone = {(w["holding"], w["facts"], w["digest"].hex()) for w in whats if w.get("holding") in ERASABLE}
    for lines in (files[name] for name in files if name.startswith("station-")):
        station(lines, heads, gone)
    hashes, shown = audit(files["audit.jsonl"], said), {name for _, name, _, _ in heads}
    stated = [what for what in whats if what["kind"] == "manifest_made"]
    for number, line in enumerate(files["manifests.jsonl"], 1):
        where, leaves = f"manifest {number}", [unhex(leaf) for leaf in line["leaves"]]
        try:
            _, key_name, payload, signature = unpack(unhex(line["signed"]))
        except (ValueError, TypeError, msgspec.DecodeError) as error:
            raise ValueError(where) from error
        signers = (one for one in keys if sha(one)[:8] == key_name)
        need(any(signed(one, b"cunhui manifest 1\0" + payload, signature) for one in signers), where)
        _, _, own, _, _, count, root = unpack(payload)
        need((own, line["number"], count, root) == (number, number, len(leaves), leaves and tree(leaves)), where)
        need([(one["number"], one["root"]) for one in stated[number - 1 : number]] == [(number, root)], where)
        for kind, name, epoch, through, digest in map(unpack, leaves):
            own_head = hashes[through] if kind == "audit" else heads.get((kind, name, epoch.hex(), through))
            need(own_head == digest or kind == "table" or (kind == "stream" and name not in shown), where)
    need(len(files["manifests.jsonl"]) == len(stated), f"manifest {len(files['manifests.jsonl']) + 1}")


if __name__ == "__main__":
    found = {path.name: [*map(json.loads, path.open("rb"))] for path in Path(sys.argv[1]).glob("*.jsonl")}
    check(found, unhex(sys.argv[2]) if len(sys.argv) > 2 else None)
