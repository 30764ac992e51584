"""A GIFT file changed as files are changed on their way: cut off, in another encoding, with a brace too many."""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

_SIGNS = b"{}~=#:\\%\n"


class Mutant(NamedTuple):
    """A changed file. If it is the ``same``, every question must be what it was, in its line."""

    kind: str
    data: bytes
    same: bool = False


def mutants(data: bytes, count: int, random: Random) -> Iterator[Mutant]:
    """Yield so many mutants: first those that are the same, then cuts at every hundredth, then random ones."""
    text = data.decode()
    crlf = text.replace("\n", "\r\n")
    made = [
        Mutant("crlf", crlf.encode(), True),
        Mutant("cr", text.replace("\n", "\r").encode(), True),
        Mutant("bom", b"\xef\xbb\xbf" + data, True),
        Mutant("bom crlf", b"\xef\xbb\xbf" + crlf.encode(), True),
        Mutant("gbk", text.encode("gb18030"), True),
        Mutant("gbk crlf", crlf.encode("gb18030"), True),
        *(Mutant("cut", data[: len(data) * hundredth // 100]) for hundredth in range(100)),
    ]
    yield from made[:count]
    for _ in range(count - len(made)):
        yield _random(data, random)


def _random(data: bytes, random: Random) -> Mutant:
    kind = random.choice(
        ("brace gone", "brace added", "sign changed", "bytes", "line gone", "joined", "mixed", "twice")
    )
    changed = bytearray(data)
    place = random.randrange(len(data))
    match kind:
        case "brace gone":
            braces = [at for at, byte in enumerate(data) if byte in b"{}"]
            if braces:
                del changed[random.choice(braces)]
        case "brace added":
            changed.insert(place, random.choice(b"{}"))
        case "sign changed":
            changed[place] = random.choice(_SIGNS)
        case "bytes":
            for _ in range(random.randint(1, 4)):
                changed[random.randrange(len(changed))] = random.randrange(256)
        case "joined":
            return Mutant(kind, data.replace(b"\n\n", b"\n"))
        case "mixed":
            half = data.rfind(b"\n", 0, place) + 1
            return Mutant(kind, data[:half] + data[half:].decode().encode("gb18030"))
        case "twice":
            return Mutant(kind, data + b"\n\n" + data)
        case _:
            lines = data.split(b"\n")
            del lines[random.randrange(len(lines))]
            return Mutant(kind, b"\n".join(lines))
    return Mutant(kind, bytes(changed))
