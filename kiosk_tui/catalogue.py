"""One catalogue of the kiosk's sentences: they are written in Chinese, and a kiosk may speak another language.

The language is fixed when the program starts, because the sentences are constants of the `words` modules. Those name
each sentence once, by `_`, or by `counted` where another language has a singular and a plural. A kiosk in Chinese reads
no file. For another one, `locale/*/LC_MESSAGES/kiosk.po` is read as it stands, so that nothing has to be compiled.
"""

import ast
import gettext
import os
from collections.abc import Iterator
from pathlib import Path

LANGUAGE_VARIABLE = "CUNHUI_KIOSK_LANGUAGE"
"""Not `LANG`: Debian's own language on the machine says nothing about what a village reads."""
SOURCE_LANGUAGE = "zh"
LOCALE = Path(__file__).parent / "locale"
POT = LOCALE / "kiosk.pot"


class PoTranslations(gettext.NullTranslations):
    """The sentences of a catalogue file (gettext's PO format); one that is not in it stays Chinese."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._sentences = {source: forms for source, forms, unsure in entries(text) if all(forms) and not unsure}
        headers = self._sentences.pop("", ("",))[0].splitlines()
        plural = next((line.partition("plural=")[2] for line in headers if line.startswith("Plural-Forms:")), "")
        self._form = gettext.c2py(plural.strip(" ;") or "0")

    def gettext(self, message: str) -> str:
        """Return a sentence in this language."""
        return self._sentences.get(message, (message,))[0]

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """Return a sentence about ``n`` things in this language."""
        forms = self._sentences.get(msgid1)
        if forms is None:
            return super().ngettext(msgid1, msgid2, n)
        return forms[min(self._form(n), len(forms) - 1)]


def entries(text: str) -> Iterator[tuple[str, tuple[str, ...], bool]]:
    """Read a catalogue: each sentence, its forms in the other language, and whether somebody must look at it (fuzzy).

    Entries that are commented out are not read. The first one has the empty sentence: it is the header.
    """
    for paragraph in text.split("\n\n"):
        lines = paragraph.splitlines()
        fields: dict[str, str] = {}
        field = ""
        for line in lines:
            if line.startswith('"'):
                fields[field] += ast.literal_eval(line)
            elif line and not line.startswith("#"):
                field, _, quoted = line.partition(" ")
                fields[field] = ast.literal_eval(quoted)
        if "msgid" in fields:
            forms = tuple(value for name, value in fields.items() if name.startswith("msgstr"))
            yield fields["msgid"], forms, any(line.startswith("#,") and "fuzzy" in line for line in lines)


def languages() -> tuple[str, ...]:
    """Return the languages that a kiosk can speak."""
    return (SOURCE_LANGUAGE, *sorted(path.parents[1].name for path in LOCALE.glob("*/LC_MESSAGES/kiosk.po")))


def translations(language: str) -> gettext.NullTranslations:
    """Return the sentences in a language; in Chinese for one that is not here."""
    if language == SOURCE_LANGUAGE or language not in languages():
        return gettext.NullTranslations()
    return PoTranslations((LOCALE / language / "LC_MESSAGES" / "kiosk.po").read_text(encoding="utf-8"))


LANGUAGE = os.environ.get(LANGUAGE_VARIABLE, SOURCE_LANGUAGE)
_chosen = translations(LANGUAGE)
_ = _chosen.gettext
ngettext = _chosen.ngettext


def counted(sentence: str, count: int) -> str:
    """Return a sentence about ``{count}`` things. In Chinese the one thing and the many have the same sentence."""
    return ngettext(sentence, sentence, count).format(count=count)
