"""The texts of the corpus, what the guard makes of them, and the same texts with their numbers written otherwise."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from server_broker.guard.finding import County, Finding, find, find_in_table
from server_broker.guard.numbers import Kind

CORPUS = Path(__file__).parent / "corpus"


@dataclass(frozen=True)
class Entry:
    """A text or a table, and the kinds of what must be found in it."""

    id: str
    text: str
    rows: Sequence[Sequence[str]]
    wanted: frozenset[Kind]

    def findings(self, county: County) -> list[Finding]:
        """Return what the guard finds."""
        return find_in_table(self.rows, county) if self.rows else find(self.text, county)


@dataclass(frozen=True)
class Figures:
    """What came out of the texts of one folder: ids of those of which something was not found, or was found wrongly."""

    to_stop: int
    undetected: tuple[str, ...]
    to_pass: int
    false_hits: tuple[str, ...]


def county() -> County:
    """Return the county of the corpus."""
    said = json.loads((CORPUS / "county.json").read_text(encoding="utf-8"))
    return County(
        allowed=frozenset(number for number, _ in said["allowed_numbers"]),
        words={word: tuple(harmless) for word, harmless in said["secret_words"]},
    )


def entries(folder: Path) -> list[Entry]:
    """Return the texts of a folder's files, without those of the folders in it."""
    return [_entry(line) for file in sorted(folder.glob("*.jsonl")) for line in _lines(file)]


def _lines(file: Path) -> Iterator[str]:
    return (line for line in file.read_text(encoding="utf-8").splitlines() if line)


def _entry(line: str) -> Entry:
    said = json.loads(line)
    return Entry(id=said["id"], text=said.get("text", ""), rows=said.get("rows", ()), wanted=frozenset(said["find"]))


def judged(texts: Sequence[Entry], by: County) -> Figures:
    """Return what the guard makes of texts."""
    undetected, false_hits = [], []
    for entry in texts:
        kinds = {finding.what for finding in entry.findings(by)}
        if entry.wanted - kinds:
            undetected.append(entry.id)
        if not entry.wanted and kinds:
            false_hits.append(entry.id)
    return Figures(
        to_stop=sum(bool(entry.wanted) for entry in texts),
        undetected=tuple(undetected),
        to_pass=sum(not entry.wanted for entry in texts),
        false_hits=tuple(false_hits),
    )


_WIDE = {ord(digit): chr(ord(digit) + 0xFEE0) for digit in "0123456789X"}
_BOLD = {ord(digit): chr(0x1D7CE + int(digit)) for digit in "0123456789"}
_SCRIPTS = ("〇一二三四五六七八九", "零壹贰叁肆伍陆柒捌玖")
_CHINESE = [dict(zip(map(ord, "0123456789"), signs, strict=True)) for signs in _SCRIPTS]
_SEEN = (" ", "\u3000", "-", "—", "－", "·", "_", "  ", " - ")
_UNSEEN = ("\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u202d", "\ufe0f")


def mutant(entry: Entry, random: Random) -> Entry:
    """Return the text with its digits in another width or script, and with other signs between them."""
    texts = [random.choice((entry.text, _wide(entry.text, random)))]
    rows = [[_mutated(cell, random) for cell in row] for row in entry.rows]
    return Entry(id=entry.id, text=_mutated(texts[0], random), rows=rows, wanted=entry.wanted)


def _wide(text: str, random: Random) -> str:
    return "".join(sign.translate(_WIDE) if random.random() < 0.5 else sign for sign in text)


def _mutated(text: str, random: Random) -> str:
    script = random.choice((None, _WIDE, _BOLD, *_CHINESE))
    between = random.choice((_SEEN, _UNSEEN))
    often = random.choice((0.0, 0.2, 0.5, 1.0))
    out: list[str] = []
    for place, sign in enumerate(text):
        out.append(sign.translate(script) if script else sign)
        if sign.isdecimal() and text[place + 1 : place + 2].isdecimal() and random.random() < often:
            out.append(random.choice(between))
    return "".join(out)
