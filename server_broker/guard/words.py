"""The county's own secret words, beside those that the product brings."""

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from protocol.decisions import Decided
from server_broker.audit.log import record
from server_broker.decisions.stream import decide
from server_broker.guard.models import SecretWord

SHORTEST, LONGEST = 2, 20
MOST_WORDS = 500
MOST_HARMLESS, LONGEST_HARMLESS = 20, 40


class WordRefused(Exception):
    """Nothing changed. The message is Chinese."""


def add_word(word: str, *, harmless: Sequence[str], actor: str, at: datetime) -> SecretWord:
    """Stop a word from now on, except in its harmless phrases.

    Raises:
        WordRefused: The word or a phrase can't be used, or the word is there already.
    """
    word, phrases = "".join(word.split()), ["".join(phrase.split()) for phrase in harmless if phrase.strip()]
    if not SHORTEST <= len(word) <= LONGEST:
        raise WordRefused(f"字样须是 {SHORTEST} 到 {LONGEST} 个字")
    if len(phrases) > MOST_HARMLESS or any(len(phrase) > LONGEST_HARMLESS for phrase in phrases):
        raise WordRefused(f"可以用的说法最多 {MOST_HARMLESS} 个，每个最多 {LONGEST_HARMLESS} 个字")
    if any(word not in phrase or word == phrase for phrase in phrases):
        raise WordRefused("可以用的说法要比字样长，并且包含它")
    try:
        with transaction.atomic():
            if SecretWord.objects.filter(ended_at=None).count() >= MOST_WORDS:
                raise WordRefused(f"最多 {MOST_WORDS} 个字样")
            row = SecretWord.objects.create(word=word, harmless=phrases, added_by=actor, added_at=at)
            # The log tells a word only by its number: a secret word may itself be secret.
            decide(record(actor, "secret_word.added", str(row.pk)), _said("secret_word.added", row), [row])
    except IntegrityError as error:
        raise WordRefused("这个字样已经有了") from error
    return row


def end_word(word: SecretWord, *, actor: str, at: datetime) -> None:
    """Stop a word no longer.

    Raises:
        WordRefused: It has ended already.
    """
    with transaction.atomic():
        row = SecretWord.objects.select_for_update().get(pk=word.pk)
        if row.ended_at is not None:
            raise WordRefused("已经取消了")
        row.ended_by, row.ended_at = actor, at
        row.save(update_fields=["ended_by", "ended_at"])
        decide(record(actor, "secret_word.ended", str(row.pk)), _said("secret_word.ended", row), [row])


def _said(action: str, row: SecretWord) -> Decided:
    return Decided(action=action, subject=str(row.pk))
