"""Read MessagePack by its specification (github.com/msgpack/msgpack, spec.md): the formats that facts are made of."""

import struct


def read(raw: bytes) -> object:
    """Return the one value that is in ``raw``.

    Raises:
        ValueError: There is less or more than one value, or a format that facts do not have.
    """
    value, end = _value(raw, 0)
    if end != len(raw):
        raise ValueError(f"{len(raw) - end} bytes follow the value")
    return value


_NUMBERS = {
    0xCA: ">f",
    0xCB: ">d",
    0xCC: ">B",
    0xCD: ">H",
    0xCE: ">I",
    0xCF: ">Q",
    0xD0: ">b",
    0xD1: ">h",
    0xD2: ">i",
    0xD3: ">q",
}
_LENGTHS = {1: ">B", 2: ">H", 4: ">I"}
_SIZED = {
    0xC4: ("bytes", 1),
    0xC5: ("bytes", 2),
    0xC6: ("bytes", 4),
    0xD9: ("text", 1),
    0xDA: ("text", 2),
    0xDB: ("text", 4),
    0xDC: ("list", 2),
    0xDD: ("list", 4),
    0xDE: ("map", 2),
    0xDF: ("map", 4),
}


def _value(raw: bytes, at: int) -> tuple[object, int]:
    first = raw[at : at + 1]
    if not first:
        raise ValueError("the value is cut off")
    code, at = first[0], at + 1
    if code <= 0x7F:
        return code, at
    if code >= 0xE0:
        return code - 0x100, at
    if code <= 0x8F:
        return _several("map", code & 0x0F, raw, at)
    if code <= 0x9F:
        return _several("list", code & 0x0F, raw, at)
    if code <= 0xBF:
        return _several("text", code & 0x1F, raw, at)
    if code in (0xC0, 0xC2, 0xC3):
        return {0xC0: None, 0xC2: False, 0xC3: True}[code], at
    if code in _NUMBERS:
        return _number(_NUMBERS[code], raw, at)
    if code in _SIZED:
        what, width = _SIZED[code]
        length, at = _number(_LENGTHS[width], raw, at)
        return _several(what, int(length), raw, at)
    raise ValueError(f"no fact has the format {code:#04x}")


def _number(form: str, raw: bytes, at: int) -> tuple[int | float, int]:
    end = at + struct.calcsize(form)
    if end > len(raw):
        raise ValueError("a number is cut off")
    return struct.unpack(form, raw[at:end])[0], end


def _several(what: str, length: int, raw: bytes, at: int) -> tuple[object, int]:
    if what in ("bytes", "text"):
        part = raw[at : at + length]
        if len(part) < length:
            raise ValueError("a text is cut off")
        return (part if what == "bytes" else part.decode("utf-8")), at + length
    values: list[object] = []
    for _ in range(length * (2 if what == "map" else 1)):
        one, at = _value(raw, at)
        values.append(one)
    if what == "list":
        return values, at
    return dict(zip(values[::2], values[1::2], strict=True)), at
