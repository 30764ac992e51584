"""What happens to backups: done to a copy of the disk, from which a restore must be refused by name."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

OTHER_KEY = "AGE-SECRET-KEY-1H62KT04X3PYJYCZ8CX38MAY8HZEH3QHT9FCEG9CX9PR28GHL3MMQ02ZUCT"


def flip_byte(disk: Path, key: Path, chance: random.Random) -> Path:
    """Flip one bit of any file."""
    file = chance.choice(sorted(disk.rglob("*.age")))
    content = bytearray(file.read_bytes())
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    file.write_bytes(content)
    return key


def flip_in_manifest(disk: Path, key: Path, chance: random.Random) -> Path:
    """Flip one bit of the manifest."""
    (file,) = disk.rglob("manifest.json")
    content = bytearray(file.read_bytes())
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    file.write_bytes(content)
    return key


def lose_log(disk: Path, key: Path, chance: random.Random) -> Path:
    """Lose a segment of the database's log."""
    chance.choice(sorted(disk.rglob("0000*.zst.age"))).unlink()
    return key


def cut_short(disk: Path, key: Path, chance: random.Random) -> Path:
    """Lose the end of a file, as when a disk was pulled while it wrote."""
    file = chance.choice(sorted(disk.rglob("*.age")))
    file.write_bytes(file.read_bytes()[: chance.randrange(file.stat().st_size)])
    return key


def take_other_key(disk: Path, key: Path, chance: random.Random) -> Path:
    """Take the sheet of another key from the drawer."""
    other = key.with_name("other-key")
    other.write_text(f"{OTHER_KEY}\n", encoding="ascii")
    return other


def mistype_key(disk: Path, key: Path, chance: random.Random) -> Path:
    """Type one character of the key wrong."""
    wrong = key.with_name("typed-key")
    (line,) = (line for line in key.read_text(encoding="utf-8").splitlines() if "AGE-SECRET-KEY-1" in line)
    typed = "".join(line.split())
    place = chance.randrange(16, len(typed))
    other = chance.choice([letter for letter in "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L" if letter != typed[place]])
    wrong.write_text(typed[:place] + other + typed[place + 1 :] + "\n", encoding="ascii")
    return wrong


DAMAGES: tuple[Callable[[Path, Path, random.Random], Path], ...] = (
    *(flip_byte, lose_log, take_other_key),
    *(flip_in_manifest, cut_short, mistype_key),
)


def damaged(disk: Path, to: Path, key: Path, number: int, chance: random.Random) -> tuple[str, Path]:
    """Copy the disk, damage the copy, and return what was done and the key file to restore by."""
    shutil.copytree(disk, to)
    damage = DAMAGES[number % len(DAMAGES)]
    return damage.__name__, damage(to, key, chance)
