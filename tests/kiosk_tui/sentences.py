"""The kiosk's sentences as the program has them, and its catalogues in gettext's format.

``python -m tests.kiosk_tui.sentences`` writes the template `kiosk_tui/locale/kiosk.pot` anew. In each language it adds
the sentences that are missing, without a translation, and takes out those that the kiosk does not say any more.
"""

import ast
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from kiosk_tui.catalogue import LOCALE, POT, entries

ROOM = LOCALE.parent
CHINESE = re.compile("[\u3000-\u303f\u3400-\u9fff\uff08\uff09\uff0c\uff1a\uff1b\uff1f]")
"""Chinese characters, and punctuation as only Chinese has it. The signs of a screen (✓ × ！ ●) need no translation."""
PLACEHOLDER = re.compile(r"{(\w+)}")
_HEADER = "Content-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: 8bit\n"


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


def pot() -> str:
    """Return the template: every sentence without a translation."""
    return _file("The kiosk's sentences. The program has them in Chinese.", _HEADER, {})


def renewed(text: str) -> str:
    """Return a language's catalogue with the sentences that the kiosk says now."""
    known = {source: forms for source, forms, _ in entries(text)}
    comment = text.partition("\n")[0].removeprefix("# ")
    return _file(comment, known.pop("")[0], known)


def catalogues() -> list[Path]:
    """Return the file of each language."""
    return sorted(LOCALE.glob("*/LC_MESSAGES/kiosk.po"))


def main() -> None:
    """Write the template and renew each language."""
    POT.write_text(pot(), encoding="utf-8")
    for path in catalogues():
        path.write_text(renewed(path.read_text(encoding="utf-8")), encoding="utf-8")
        missing = [source for source, forms, _ in entries(path.read_text(encoding="utf-8")) if not all(forms)]
        print(f"{path.relative_to(ROOM.parent)}: {len(missing)} without a translation", *missing, sep="\n  ")


def _modules() -> list[Path]:
    return sorted(ROOM.rglob("*.py"))


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _named(tree: ast.AST) -> list[ast.Call]:
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _name(node) in ("_", "counted")]
    return sorted((call for call in calls if call.args), key=lambda call: (call.lineno, call.col_offset))


def _file(comment: str, header: str, known: dict[str, tuple[str, ...]]) -> str:
    """Return a catalogue of all sentences, with the translations that are known."""
    paragraphs = [f'# {comment}\nmsgid ""\nmsgstr ""\n' + "".join(_quoted(line) for line in header.splitlines(True))]
    for one in sentences().values():
        about = "".join(f"#: {place}\n" for place in one.places)
        about += "#, python-brace-format\n" if one.placeholders else ""
        forms = known.get(one.text, ())
        if one.counted:
            names = "".join(f"{kind} {_quoted(one.text)}" for kind in ("msgid", "msgid_plural"))
            some = [*forms, "", ""][: max(len(forms), 2)]
            words = "".join(f"msgstr[{at}] {_quoted(form)}" for at, form in enumerate(some))
        else:
            names, words = f"msgid {_quoted(one.text)}", f"msgstr {_quoted((*forms, '')[0])}"
        paragraphs.append(about + names + words)
    return "\n".join(paragraphs)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    main()
