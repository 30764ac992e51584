"""Write the golden files that are not there yet. What is there is never written again: the wire's past stays.

Run: ``python -m tests.golden.generate``
"""

import json
from pathlib import Path
from typing import Any

import msgspec

from protocol.bundles import bundle_hash
from protocol.codec import encode
from protocol.kiosk import encode_line
from protocol.signing import seal
from tests.golden import county_vectors, meeting_vectors, month_vectors, vectors, vectors_1_1

MESSAGES = {
    **vectors.MESSAGES,
    **vectors_1_1.MESSAGES,
    **month_vectors.MESSAGES,
    **meeting_vectors.MESSAGES,
    **county_vectors.MESSAGES,
}
FACTS = {**vectors.FACTS, **vectors_1_1.FACTS}
LINES = {**vectors.LINES, **vectors_1_1.LINES, **month_vectors.LINES, **meeting_vectors.LINES}
"""Every sample of every minor version."""

FOLDER = Path(__file__).parent / "v1"


def shown(value: object) -> Any:
    """Return a message as JSON can show it: bytes as hex."""
    return _hex(msgspec.to_builtins(value, builtin_types=(bytes,)))


def _hex(value: Any) -> Any:
    match value:
        case dict():
            return {key: _hex(field) for key, field in value.items()}
        case list() | tuple():
            return [_hex(item) for item in value]
        case bytes():
            return value.hex()
        case other:
            return other


def kind_of(value: msgspec.Struct) -> str:
    """Return ``module:Class``."""
    return f"{type(value).__module__}:{type(value).__name__}"


def contents() -> dict[str, Any]:
    """Return every golden file of today by its name."""
    files: dict[str, Any] = {
        "chain": vectors.chain_vectors(),
        "signatures": vectors.signature_vectors(),
        "cards": vectors.card_vectors(*vectors.UIDS),
        "cards-em4100": vectors.card_vectors(*vectors.EM4100_NUMBERS),
        "claims": vectors.claim_vectors(),
        "topics": vectors.topic_vectors(),
        "export": vectors.export_vectors(),
        "pins": vectors_1_1.pin_vectors(),
        "fetch": vectors_1_1.fetch_vectors(),
        "county-stream": county_vectors.county_stream_vectors(),
        "manifest": county_vectors.manifest_vectors(),
    }
    for name, message in {**MESSAGES, **county_vectors.ARRAYS}.items():
        files[f"message-{name}"] = {"type": kind_of(message), "hex": encode(message).hex(), "value": shown(message)}
    for name, fact in FACTS.items():
        files[f"fact-{name}"] = {"type": kind_of(fact), "hex": encode(fact).hex(), "value": shown(fact)}
    for name, (message_name, context) in vectors.SIGNED.items():
        payload = encode(MESSAGES[message_name])
        files[f"signed-{name}"] = {
            "context": context,
            "public": vectors.COUNTY_PUBLIC.hex(),
            "payload": payload.hex(),
            "hex": seal(vectors.COUNTY_KEY, context, payload).hex(),
        }
    for name, (beside, signature) in vectors_1_1.SIGNATURES_BESIDE.items():
        files[f"beside-{name}"] = {
            "context": f"cunhui {name} 1",
            "public": vectors.COUNTY_PUBLIC.hex(),
            "payload": encode(beside).hex(),
            "sha256": bundle_hash(encode(beside)).hex(),
            "hex": signature.hex(),
        }
    for name, document in vectors.JSON.items():
        files[f"json-{name}"] = {"type": kind_of(document), "text": msgspec.json.encode(document).decode()}
    for name, line in LINES.items():
        files[f"line-{name}"] = {"type": kind_of(line), "text": encode_line(line).decode()}
    return files


def main() -> None:
    """Add what is missing."""
    FOLDER.mkdir(exist_ok=True)
    for name, content in contents().items():
        path = FOLDER / f"{name}.json"
        if not path.exists():
            path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
            print(f"added {path.name}")


if __name__ == "__main__":
    main()
