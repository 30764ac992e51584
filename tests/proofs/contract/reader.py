"""One version's reader of messages, in a process of its own: ``python -m`` in that version's folder.

It gets ``[how, type, bytes]`` and answers ``[outcome, value]``. The outcome is ``read``, ``refused:REASON``, or
``no_such_type`` where this version has no such message.
"""

import importlib
from typing import Any, cast

import msgspec

from protocol import codec, enrolment, facts, kiosk, signing
from protocol.refusal import Refused
from tests.proofs.contract import pipes

LIMIT = 2**23


def shown(how: str, message: Any) -> Any:
    """Return a message as its golden file shows it."""
    if how in ("json", "line"):
        return msgspec.json.decode(msgspec.json.encode(message))
    return plain(message)


def plain(value: Any) -> Any:
    """Return a value as the golden files show it: bytes as hex."""
    match value:
        case msgspec.Struct():
            return plain(msgspec.to_builtins(value, builtin_types=(bytes,)))
        case dict():
            return {key: plain(field) for key, field in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case bytes():
            return value.hex()
        case _:
            return value


def read(how: str, name: str, raw: bytes) -> Any:
    """Read one message as this version reads it."""
    if how == "fact":
        return facts.decode_fact(raw)
    if how == "signed":
        context, _, public = name.rpartition(":")
        key = bytes.fromhex(public)
        return signing.unseal(raw, cast(signing.Context, context), {signing.key_id(key): key})
    module, _, kind = name.partition(":")
    message = getattr(importlib.import_module(module), kind)
    if how == "message":
        return codec.decode(raw, message, limit=LIMIT)
    if how == "json":
        return enrolment.decode_json(raw, message)
    to_agent = message in kiosk.ToAgent.__value__.__args__
    return kiosk.decode_from_kiosk(raw) if to_agent else kiosk.decode_from_agent(raw)


def main() -> None:
    """Answer until the pipe ends."""
    incoming, outgoing = pipes.standard()
    while True:
        try:
            how, name, raw = pipes.get(incoming)
        except EOFError:
            return
        try:
            answer = ["read", shown(how, read(how, name, raw))]
        except Refused as refused:
            answer = [f"refused:{refused.reason}", None]
        except (ImportError, AttributeError):
            answer = ["no_such_type", None]
        pipes.put(outgoing, answer)


if __name__ == "__main__":
    main()
