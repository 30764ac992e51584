"""What one station kept against a county that signed its past anew."""

from collections.abc import Sequence

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.manifest import KeptHeads, Leaf, kept_heads
from server_broker.manifest.evidence import COUNTY, MANIFESTS
from server_broker.manifest.evidence_check import manifests_in, streams_in
from server_broker.manifest.kept_check import check_kept
from server_broker.manifest.manifests_check import check_signed
from server_broker.manifest.replay import Decided, replay
from tests.proofs.tamper import outsider
from tests.proofs.tamper.county import WITNESS
from tests.proofs.tamper.judges import Files, Judges, encoded
from tests.proofs.tamper.resigning import resigned
from tests.proofs.tamper.trials import Record


def first_problem(files: Files, *, at: int, key: Ed25519PrivateKey) -> str:
    """Return in what the other past was not caught as it should be; empty if it was."""
    other = resigned(files, at, key)
    if Judges(other).ours(COUNTY, other[COUNTY]):
        return "our verifier finds that it does not fit together, so nothing was shown"
    true_key = outsider.county(list(files[COUNTY]), {}, None)[0][0]
    try:
        outsider.check({name: list(records) for name, records in other.items()})
    except ValueError as error:
        return f"the outsider finds that it does not fit together ({error}), so nothing was shown"
    try:
        outsider.check({name: list(records) for name, records in other.items()}, true_key)
    except ValueError:
        pass
    else:
        return "the outsider takes another key for the county's"
    if _against_kept(files, files[MANIFESTS]):
        return "what a station kept speaks against the county that it came from"
    if not _against_kept(other, files[MANIFESTS]):
        return "what a station kept does not speak against it"
    return ""


def _against_kept(files: Files, kept_of: Sequence[Record]) -> bool:
    lines = {name: [encoded(record) for record in records] for name, records in files.items()}
    found = Decided()
    assert replay(streams_in(lines), found) is None
    roots, problem = check_signed(manifests_in(lines), found)
    assert problem is None
    heads = []
    for manifest in kept_of:
        leaves = [msgspec.msgpack.decode(bytes.fromhex(leaf), type=Leaf) for leaf in manifest["leaves"]]
        heads.append(dict(kept_heads(bytes.fromhex(manifest["signed"]), leaves))[WITNESS])
    return check_kept(KeptHeads(station=WITNESS, heads=heads), roots, found) is not None
