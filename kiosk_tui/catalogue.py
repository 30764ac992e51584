"""One catalogue of the kiosk's sentences: they are written in Chinese, and a kiosk may speak another language.

The language is fixed when the program starts, because the sentences are constants of the `words` modules. Those name
each sentence once, by `_`, or by `counted` where another language has a singular and a plural. A kiosk in Chinese reads
no file. For another one, `locale/*/LC_MESSAGES/kiosk.po` is read as it stands, so that nothing has to be compiled.
"""

import gettext
import os
from io import BytesIO
from pathlib import Path

LANGUAGE_VARIABLE = "CUNHUI_KIOSK_LANGUAGE"
"""Not `LANG`: Debian's own language on the machine says nothing about what a village reads."""
SOURCE_LANGUAGE = "zh"
LOCALE = Path(__file__).parent / "locale"
POT = LOCALE / "kiosk.pot"


def languages() -> tuple[str, ...]:
    """Return the languages that a kiosk can speak."""
    return (SOURCE_LANGUAGE, *sorted(path.parents[1].name for path in LOCALE.glob("*/LC_MESSAGES/kiosk.po")))


def translations(language: str) -> gettext.NullTranslations:
    """Return the sentences in a language; in Chinese for one that is not here."""
    if language == SOURCE_LANGUAGE or language not in languages():
        return gettext.NullTranslations()
    import polib  # noqa: PLC0415 -- a kiosk in Chinese reads no catalogue

    catalogue = polib.pofile(str(LOCALE / language / "LC_MESSAGES" / "kiosk.po"))
    return gettext.GNUTranslations(BytesIO(catalogue.to_binary()))


LANGUAGE = os.environ.get(LANGUAGE_VARIABLE, SOURCE_LANGUAGE)
_chosen = translations(LANGUAGE)
_ = _chosen.gettext
ngettext = _chosen.ngettext


def counted(sentence: str, count: int) -> str:
    """Return a sentence about ``{count}`` things. In Chinese the one thing and the many have the same sentence."""
    return ngettext(sentence, sentence, count).format(count=count)
