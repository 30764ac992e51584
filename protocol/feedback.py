"""What a villager may ask at a kiosk, the receipt number under which it is found again, and the county's answers.

A villager types nothing: a topic and what is wrong with it are codes, and the words for them belong to the screens.
"""

import hashlib
import re
from typing import Annotated, Literal, get_args

from msgspec import Meta

from protocol.codec import Message, VersionedMessage
from protocol.facts_public import FeedbackId
from protocol.units import CodeWord, LongText, ShortText, WallMs

type Topic = Literal[
    "lamps",
    "water",
    "roads",
    "waste",
    "subsidies",
    "accounts",
    "land",
    "health",
    "elderly",
    "quarrel",
    "cadres",
    "other",
]
"""What it is about, in the order in which a kiosk offers it: the first five by themselves, the others behind 其他."""
type Matter = Literal["broken", "neglected", "unfair", "question", "idea", "other"]
"""What is wrong: broken, nobody looks after it, unfair, one would like to know, one has an idea, something else."""
TOPICS: tuple[Topic, ...] = get_args(Topic.__value__)
MATTERS: tuple[Matter, ...] = get_args(Matter.__value__)

RECEIPT_DIGITS = 10
"""The check digit included."""
_LEAST, _NUMBERS = 100_000_000, 900_000_000
"""A number never begins with 0, which people leave out when they write it down."""


def receipt_number(feedback: bytes) -> str:
    """Return the ten digits under which a question is found again: station and county compute the same.

    They are made of a hash, so that no number tells another one. The last is the check digit of ISO 7064, MOD 11,10:
    it finds every single wrong digit, and nearly every swap of two neighbours.
    """
    digest = hashlib.sha256(b"cunhui receipt 1\x00" + feedback).digest()
    nine = str(_LEAST + int.from_bytes(digest[:8]) % _NUMBERS)
    return nine + _check_digit(nine)


def is_receipt_number(digits: str) -> bool:
    """Tell whether ten digits can be a receipt number: the check digit fits."""
    return bool(re.fullmatch(r"[1-9][0-9]{9}", digits, re.ASCII)) and _check_digit(digits[:-1]) == digits[-1]


def _check_digit(digits: str) -> str:
    carried = 10
    for digit in digits:
        carried = ((carried + int(digit)) % 10 or 10) * 2 % 11
    return str((11 - carried) % 10)


type AnswerState = Literal["answered", "passed_on"]
"""answered: somebody replied. passed_on: the village gave it to the township, and nobody has replied since."""


class Answer(Message, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one question, as far as people of the county have dealt with it."""

    feedback: FeedbackId
    state: AnswerState
    office: ShortText
    """Who answers, or to whom it was passed on, as the screen shows it."""
    at: WallMs
    given: WallMs = 0
    """When it was asked; 0: the station did not know the time."""
    text: LongText = ""
    topic: CodeWord | None = None
    matter: CodeWord | None = None


MAX_ANSWERS = 500


class Answers(VersionedMessage, frozen=True, kw_only=True):
    """Content of ``answers``: the latest word about each question asked in one village, the newest first."""

    answers: Annotated[list[Answer], Meta(max_length=MAX_ANSWERS)] = []
