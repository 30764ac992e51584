"""Results of windows as words with signs."""

from server_broker.console.words import Word
from server_broker.settling.models import SettledWindow
from server_broker.settling.words import RESULT_WORDS, result_words

_TONES = {
    "√": "good",
    "迟": "warn",
    "早": "warn",
    "缺": "bad",
    "旷": "bad",
    "未": "warn",
    "待": "warn",
}
RESULT_SIGNS = {result: Word(result or "·", word, _TONES.get(result, "quiet")) for result, word in RESULT_WORDS.items()}
"""Each result by its sign. Meaning is never in the colour alone: the sign is the result itself."""


def result_word(row: SettledWindow) -> Word:
    """Return what a kept result says, with its sign and tone."""
    sign = RESULT_SIGNS[row.result]
    return sign._replace(
        word=result_words(row.result, kind=row.kind, late=row.late, early=row.early, beside=row.beside)
    )
