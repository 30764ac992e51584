"""The kiosk's sentences as the program has them, and its catalogues in gettext's format.

``python -m tests.kiosk_tui.sentences`` writes the template `kiosk_tui/locale/kiosk.pot` anew. In each language it adds
the sentences that are missing, without a translation, and takes out those that the kiosk does not say any more.
"""

import ast
import re
from dataclasses import dataclass, field
from pathlib import Path

import polib

from kiosk_tui.catalogue import LOCALE, POT

ROOM = LOCALE.parent
CHINESE = re.compile("[\u3000-\u303f\u3400-\u9fff\uff08\uff09\uff0c\uff1a\uff1b\uff1f]")
"""Chinese characters, and punctuation as only Chinese has it. The signs of a screen (✓ × ！ ●) need no translation."""
PLACEHOLDER = re.compile(r"{(\w+)}")
WRAP = 100
_ENCODING = {"Content-Type": "text/plain; charset=UTF-8", "Content-Transfer-Encoding": "8bit"}


@dataclass
class Sentence:
    """One sentence, and where it is said."""

    text: str
    counted: bool = False
    places: list[str] = field(default_factory=list)

    @property
    def placeholders(self) -> set[str]:
        """What is put into it."""
        return set(PLACEHOLDER.findall(self.text))


@dataclass(frozen=True)
class Outside:
    """A text with Chinese in it that is in no catalogue."""

    place: str
    text: str


def sentences() -> dict[str, Sentence]:
    """Return every sentence of the kiosk, in the order of its modules."""
    found: dict[str, Sentence] = {}
    for path in _modules():
        for call in _named(ast.parse(path.read_text(encoding="utf-8"))):
            argument = call.args[0]
            assert isinstance(argument, ast.Constant)
            assert isinstance(argument.value, str), f"{path.name}:{call.lineno} names no sentence"
            one = found.setdefault(argument.value, Sentence(argument.value))
            one.counted = one.counted or _name(call) == "counted"
            place = path.relative_to(ROOM.parent).as_posix()
            if place not in one.places:
                one.places.append(place)
    return found


def outside_the_catalogue(source: str, name: str) -> list[Outside]:
    """Return the texts of a module that a person would see in Chinese whatever language the kiosk speaks."""
    tree = ast.parse(source)
    named = {id(argument) for call in _named(tree) for argument in call.args}
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        Outside(f"{name}:{node.lineno}", node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in named | docstrings
        and CHINESE.search(node.value)
    ]


def pot() -> polib.POFile:
    """Return the template: every sentence without a translation."""
    template = polib.POFile(wrapwidth=WRAP)
    template.header = "The kiosk's sentences. The program has them in Chinese."
    template.metadata = _ENCODING
    template.extend(_untranslated(one) for one in sentences().values())
    return template


def renewed(catalogue: polib.POFile) -> polib.POFile:
    """Return a language's catalogue with the sentences that the kiosk says now, in the template's order."""
    known = {entry.msgid: entry for entry in catalogue if not entry.obsolete}
    anew = pot()
    anew.header, anew.metadata = catalogue.header, catalogue.metadata
    for entry in anew:
        if (translated := known.get(entry.msgid)) is not None:
            entry.msgstr = translated.msgstr
            entry.msgstr_plural = translated.msgstr_plural or entry.msgstr_plural
            entry.flags += [flag for flag in translated.flags if flag not in entry.flags]
    return anew


def read(path: Path) -> polib.POFile:
    """Return the catalogue in a file."""
    return polib.pofile(str(path), wrapwidth=WRAP)


def catalogues() -> list[Path]:
    """Return the file of each language."""
    return sorted(LOCALE.glob("*/LC_MESSAGES/kiosk.po"))


def main() -> None:
    """Write the template and renew each language."""
    pot().save(str(POT))
    for path in catalogues():
        catalogue = renewed(read(path))
        catalogue.save(str(path))
        missing = [entry.msgid for entry in catalogue.untranslated_entries()]
        print(f"{path.relative_to(ROOM.parent)}: {len(missing)} without a translation", *missing, sep="\n  ")


def _modules() -> list[Path]:
    return sorted(ROOM.rglob("*.py"))


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _named(tree: ast.AST) -> list[ast.Call]:
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _name(node) in ("_", "counted")]
    return sorted((call for call in calls if call.args), key=lambda call: (call.lineno, call.col_offset))


def _untranslated(one: Sentence) -> polib.POEntry:
    return polib.POEntry(
        msgid=one.text,
        msgid_plural=one.text if one.counted else "",
        msgstr_plural={0: "", 1: ""} if one.counted else {},
        occurrences=[(place, "") for place in one.places],
        flags=["python-brace-format"] if one.placeholders else [],
    )


if __name__ == "__main__":
    main()
