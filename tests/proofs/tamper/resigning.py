"""A county that rewrites its past and signs all of it anew with a key of its own, so that all of it fits together."""

import datetime as dt
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol import chain
from protocol.codec import encode
from protocol.heads import sign_head
from protocol.manifest import Leaf, read_root, root_over, seal_root
from server_broker.audit.log import _hash
from server_broker.audit.models import AuditEntry
from server_broker.manifest.evidence import AUDIT, COUNTY, MANIFESTS
from tests.proofs.tamper.judges import Files
from tests.proofs.tamper.trials import Record


def resigned(files: Files, at: int, key: Ed25519PrivateKey) -> dict[str, list[Record]]:
    """Return the files with the ``at``-th audit entry ascribed to somebody else, and everything signed by ``key``."""
    changed = {name: [dict(record) for record in records] for name, records in files.items()}
    hashes = _rehash(changed[AUDIT], at)
    _resign(changed, hashes, key)
    return changed


def _rehash(entries: list[Record], at: int) -> dict[bytes, tuple[bytes, str]]:
    """Change an entry and chain all anew. Return the new hash and the actor of each old hash."""
    previous, new = bytes(32), {}
    for number, entry in enumerate(entries, 1):
        if number == at:
            entry["actor"] = "somebody"
        fields = {name: entry[name] for name in ("version", "actor", "source", "action", "subject", "detail")}
        moment = dt.datetime.fromisoformat(entry["at"])
        own = _hash(AuditEntry(**fields, at=moment, previous_hash=previous))
        new[bytes.fromhex(entry["hash"])] = own, entry["actor"]
        entry["previous_hash"], entry["hash"] = previous.hex(), own.hex()
        previous = own
    return new


def _resign(files: dict[str, list[Record]], hashes: dict[bytes, tuple[bytes, str]], key: Ed25519PrivateKey) -> None:
    header, *facts = files[COUNTY]
    county, epoch = header["county"], bytes.fromhex(header["streams"][0]["epoch"])
    heads: dict[int, bytes] = {}
    head = chain.first_head(station=county, epoch=epoch)
    manifests = iter(files[MANIFESTS])
    for seq, fact in enumerate(facts, 1):
        body: dict[str, Any] = msgspec.msgpack.decode(bytes.fromhex(fact["body"]))
        body["audit"], body["by"] = hashes[body["audit"]]
        if body["what"]["kind"] == "stream_opened":
            body["what"]["key"] = key.public_key().public_bytes_raw()
        if body["what"]["kind"] == "manifest_made":
            body["what"]["root"] = _remake(next(manifests), heads, hashes, key)
        raw = msgspec.msgpack.encode(body)
        head = chain.next_head(head, seq=seq, digest=chain.fact_digest(salt=bytes.fromhex(fact["salt"]), body=raw))
        heads[seq] = head
        signed = sign_head(key, station=county, epoch=epoch, through=seq, head=head)
        fact |= {"body": raw.hex(), "head": head.hex(), "signature": signed.signature.hex()}
    header["streams"] = [header["streams"][0] | {"head": head.hex()}]


def _remake(
    manifest: Record, heads: dict[int, bytes], hashes: dict[bytes, tuple[bytes, str]], key: Ed25519PrivateKey
) -> bytes:
    leaves = [msgspec.msgpack.decode(bytes.fromhex(leaf), type=Leaf) for leaf in manifest["leaves"]]
    for number, leaf in enumerate(leaves):
        if leaf.kind == "county":
            leaves[number] = msgspec.structs.replace(leaf, digest=heads[leaf.count])
        elif leaf.kind == "audit":
            leaves[number] = msgspec.structs.replace(leaf, digest=hashes[leaf.digest][0])
    root = msgspec.structs.replace(read_root(bytes.fromhex(manifest["signed"])), root=root_over(leaves))
    manifest |= {"signed": seal_root(key, root).hex(), "leaves": [encode(leaf).hex() for leaf in leaves]}
    return root.root
