"""Check exported evidence. This file imports nothing of Cunhui: it was written from docs/protocol.md, 3, 18 and 19.

Run: ``python outsider.py FOLDER [KEY]``, with the county's first record key in hex if you have it.
"""

import hashlib
import json
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

unpack, pack, unhex = msgspec.msgpack.decode, msgspec.msgpack.encode, bytes.fromhex
type Lines = list[dict[str, Any]]
type Heads = dict[tuple[str, str, str, int], bytes]


def need(right: bool, what: str) -> None:
    if not right:
        raise ValueError(what)


def sha(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


@lru_cache(maxsize=100_000)
def signed(key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def tree(leaves: list[bytes]) -> bytes:
    level = [sha(b"\0", leaf) for leaf in leaves]
    while len(level) > 1:
        pairs = [sha(b"\1", a, b) for a, b in zip(level[::2], level[1::2], strict=False)]
        level = pairs + level[-1:] if len(level) % 2 else pairs
    return level[0]


class Stream:
    def __init__(self, kind: str, name: str, epoch: str, heads: Heads) -> None:
        self.kind, self.name, self.epoch, self.heads, self.seq = kind, name, epoch, heads, 0
        self.head = sha(b"cunhui head 1\0", name.encode(), b"\0", unhex(epoch))

    def take(self, fact: dict[str, Any], where: str) -> None:
        self.seq += 1
        need((fact.get("seq"), fact.get("epoch")) == (self.seq, self.epoch), where)
        parts = [unhex(fact[name]) for name in ("salt", "body") if name in fact]
        digest = sha(b"cunhui fact 1\0", *parts) if parts else unhex(fact["digest"])
        need(fact.get("digest", digest.hex()) == digest.hex(), where)
        self.head = sha(self.head, self.seq.to_bytes(8, "big"), digest)
        need(self.head.hex() == fact["head"], where)
        self.heads[self.kind, self.name, self.epoch, self.seq] = self.head

    def is_signed(self, key: bytes, through: int, head: bytes, signature: str) -> bool:
        own = self.name.encode() + b"\0" + unhex(self.epoch) + through.to_bytes(8, "big") + head
        return signed(key, b"cunhui head 1\0" + own, unhex(signature))


def county(lines: Lines, heads: Heads, key: bytes | None) -> tuple[list[bytes], list[tuple[int, dict[str, Any]]]]:
    first, facts = lines[0], iter(lines[1:])
    keys, said, ended = [key] if key else [], [], None
    for one in first["streams"]:
        stream = Stream("county", first["county"], one["epoch"], heads)
        for seq in range(1, one["through"] + 1):
            where, fact = f"county {seq}", next(facts, {})
            stream.take(fact, where)
            what = (body := unpack(unhex(fact["body"])))["what"]
            need((what["kind"] == "stream_opened") == (seq == 1), where)
            if seq == 1:
                keys = keys or [what["key"]]
                before = what.get("previous")
                before = before and (before["epoch"].hex(), before["through"], before["head"])
                need((keys[-1], ended) == (what["key"], before), where)
            need(stream.is_signed(keys[-1], seq, stream.head, fact["signature"]), where)
            rows = [pack([table, row, digest and unhex(digest)]) for table, row, digest in fact["rows"]]
            need(body.get("rows") == ([len(rows), tree(rows)] if rows else None), where)
            if what["kind"] == "record_key_replaced":
                names = b"\0".join((b"cunhui record key 1", first["county"].encode(), unhex(one["epoch"])))
                proven = signed(what["new"], names + what["old"] + what["new"], what["proof"])
                need(what["old"] == keys[-1] and proven, where)
                keys.append(what["new"])
            said.append((seq, body))
        ended = (one["epoch"], one["through"], stream.head)
        need(stream.head.hex() == one["head"], f"county {one['through']}")
    need(not next(facts, None), f"county {len(said) + 1}")
    return keys, said


def station(lines: Lines, heads: Heads) -> None:
    first, facts = lines[0], iter(lines[1:])
    for one in first["streams"]:
        stream, end = Stream("stream", first["station"], one["epoch"], heads), one["signed"]
        for seq in range(1, one["through"] + 1):
            stream.take(next(facts, {}), f"station {seq}")
        need((one["through"], stream.head.hex()) == (end["through"], end["head"]), f"station {one['through']}")
        keys, signature = map(unhex, first["record_keys"]), end["signature"]
        need(any(stream.is_signed(key, seq, stream.head, signature) for key in keys), f"station {seq}")
    need(not next(facts, None), f"station {one['through'] + 1}")


def audit(lines: Lines, said: list[tuple[int, dict[str, Any]]]) -> list[bytes]:
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
    heads: Heads = {}
    keys, said = county(files["county.jsonl"], heads, key)
    for name in (name for name in files if name.startswith("station-")):
        station(files[name], heads)
    hashes, shown = audit(files["audit.jsonl"], said), {name for _, name, _, _ in heads}
    stated = [body["what"] for _, body in said if body["what"]["kind"] == "manifest_made"]
    for number, line in enumerate(files["manifests.jsonl"], 1):
        where, leaves = f"manifest {number}", [unhex(leaf) for leaf in line["leaves"]]
        try:
            _, key_name, payload, signature = unpack(unhex(line["signed"]))
        except (ValueError, TypeError, msgspec.DecodeError) as error:
            raise ValueError(where) from error
        signer = next((one for one in keys if sha(one)[:8] == key_name), b"")
        need(signed(signer, b"cunhui manifest 1\0" + payload, signature), where)
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
