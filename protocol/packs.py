"""Learning packs: questions reviewed in the county, signed, carried to stations.

A pack file is an encoded `protocol.signing.Signed` whose payload is the MessagePack of `Pack`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Literal, NamedTuple, Protocol

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Meta

from protocol import MAJOR
from protocol.codec import Message, VersionedMessage, decode, encode
from protocol.refusal import Refused
from protocol.signing import seal, unseal
from protocol.units import FileName, ShortText

MAX_PACK_BYTES = 8 * 2**20
MAX_OPTIONS = 6
LIVES = 3
MAX_STEM, MAX_OPTION, MAX_EXPLANATION, MAX_SOURCE = 60, 24, 120, 60
"""Characters."""
MIN_DRAW, MAX_DRAW = 5, 10
MIN_QUESTIONS, MAX_QUESTIONS = 5, 200
"""Of one level."""
MAX_LEVELS = 50

type QuestionKind = Literal["single", "multiple", "true_false", "ordering"]
type Stem = Annotated[str, Meta(min_length=1, max_length=MAX_STEM)]
type Option = Annotated[str, Meta(min_length=1, max_length=MAX_OPTION)]
type OptionNumber = Annotated[int, Meta(ge=0, lt=MAX_OPTIONS)]


class Question(Message, frozen=True, kw_only=True, omit_defaults=True):
    """A question. ``answer`` holds option numbers from 0: one for single and true_false, a set for multiple, all of
    them in their order for ordering."""

    id: ShortText
    kind: QuestionKind
    stem: Stem
    options: Annotated[list[Option], Meta(min_length=2, max_length=MAX_OPTIONS)]
    answer: Annotated[list[OptionNumber], Meta(min_length=1, max_length=MAX_OPTIONS)]
    explanation: Annotated[str, Meta(min_length=1, max_length=MAX_EXPLANATION)]
    source: Annotated[str, Meta(min_length=1, max_length=MAX_SOURCE)]
    picture: FileName | None = None
    """An item of the bundle that is shown with the stem; a pack by itself has no items."""
    sound: FileName | None = None
    """An item of the bundle that speaks the stem."""
    key_since: Annotated[int, Meta(ge=1)] | None = None
    """The first version of the pack that asked the same with these options in this order. Attempts since then are
    marked by this answer (``docs/learning.md``, section 2). None: this version."""


class Level(Message, frozen=True, kw_only=True):
    """A level draws ``draw`` of its ``questions`` for each run and gives three lives."""

    id: ShortText
    name: ShortText
    draw: Annotated[int, Meta(ge=MIN_DRAW, le=MAX_DRAW)]
    questions: Annotated[list[Question], Meta(min_length=MIN_QUESTIONS, max_length=MAX_QUESTIONS)]


class Pack(VersionedMessage, frozen=True, kw_only=True):
    """One subject's ladder of levels."""

    id: ShortText
    version: Annotated[int, Meta(ge=1)]
    title: ShortText
    sample: bool = False
    """The material is plainly fictional, and the kiosk says 示例."""
    levels: Annotated[list[Level], Meta(min_length=1, max_length=MAX_LEVELS)]


class HasAnswer(Protocol):
    """A question, or what of it says whether an answer is right."""

    @property
    def kind(self) -> QuestionKind:
        """The kind of question."""

    @property
    def answer(self) -> Sequence[int]:
        """The right option numbers, as in `Question`."""


class AnswerKey(NamedTuple):
    """What of a question says whether an answer is right."""

    kind: QuestionKind
    answer: tuple[int, ...]
    since: int
    """The first version of the pack whose attempts it marks."""


def is_right(question: HasAnswer, chosen: Sequence[int]) -> bool:
    """Tell whether ``chosen`` answers ``question``: in order for ordering, as a set for the others."""
    if question.kind == "ordering":
        return list(chosen) == list(question.answer)
    return len(set(chosen)) == len(chosen) and set(chosen) == set(question.answer)


def seal_pack(key: Ed25519PrivateKey, pack: Pack) -> bytes:
    """Sign and encode a pack file."""
    return seal(key, "cunhui pack 1", encode(pack))


def unseal_pack(raw: bytes, public_keys: Mapping[bytes, bytes]) -> Pack:
    """Read a pack file.

    Raises:
        Refused: As `protocol.signing.unseal`; ``malformed`` for a question whose answer is not among its options,
            a level that draws more than it has, or an id that two levels or two questions have.
    """
    return read_pack(unseal(raw, "cunhui pack 1", public_keys, limit=MAX_PACK_BYTES))


def read_pack(payload: bytes) -> Pack:
    """Read an encoded pack: the payload of a pack file, or the content of a ``questions`` bundle.

    Raises:
        Refused: As `protocol.codec.decode`; ``malformed`` as `unseal_pack`.
    """
    pack = decode(payload, Pack, limit=MAX_PACK_BYTES)
    _refuse(contradictions_in(pack.levels))
    return pack


type ContradictionKind = Literal["level_twice", "question_twice", "draws_too_many", "answer_does_not_fit"]


class Contradiction(NamedTuple):
    """Something in a pack that can't be."""

    kind: ContradictionKind
    id: str
    """Of the level or question."""


def contradictions_in(levels: Iterable[Level]) -> Iterator[Contradiction]:
    """Yield what can't be in a pack of these levels.

    An id names one level and one question of the pack, in whatever level it is: what a person has learnt goes by it.
    """
    level_ids: set[str] = set()
    question_ids: set[str] = set()
    for level in levels:
        if level.id in level_ids:
            yield Contradiction("level_twice", level.id)
        level_ids.add(level.id)
        if level.draw > len(level.questions):
            yield Contradiction("draws_too_many", level.id)
        for question in level.questions:
            if question.id in question_ids:
                yield Contradiction("question_twice", question.id)
            question_ids.add(question.id)
            if not _answer_fits(question):
                yield Contradiction("answer_does_not_fit", question.id)


def _refuse(found: Iterator[Contradiction]) -> None:
    if (first := next(found, None)) is not None:
        raise Refused("malformed", f"{first.kind}: {first.id}")


def _answer_fits(question: Question) -> bool:
    numbers, count = set(question.answer), len(question.options)
    fits = {
        "single": len(question.answer) == 1,
        "true_false": len(question.answer) == 1 and count == 2,
        "multiple": len(numbers) == len(question.answer),
        "ordering": numbers == set(range(count)) and len(question.answer) == count,
    }[question.kind]
    return fits and max(numbers) < count


class LevelHead(Message, frozen=True, kw_only=True):
    """A level without its questions."""

    id: ShortText
    name: ShortText


class PackHead(Message, frozen=True, kw_only=True):
    """A pack without its questions: the part of it that is worth its memory while nobody plays it."""

    id: ShortText
    version: int
    title: ShortText
    sample: bool
    levels: list[LevelHead]
    types: list[ShortText] = []
    """Types of people to whom it is shown, by its bundle; empty: to all."""


class _Opened(Message, frozen=True, kw_only=True):
    """A pack whose levels are not decoded yet."""

    v: int = MAJOR

    id: ShortText
    version: Annotated[int, Meta(ge=1)]
    title: ShortText
    sample: bool = False
    levels: Annotated[list[msgspec.Raw], Meta(min_length=1, max_length=MAX_LEVELS)]

    def level(self, place: int) -> Level:
        """Decode one level."""
        return decode(bytes(self.levels[place]), Level, limit=MAX_PACK_BYTES)

    def each(self) -> Iterator[Level]:
        """Decode one level after another."""
        return (self.level(place) for place in range(len(self.levels)))


def read_head(content: bytes) -> PackHead:
    """Check the whole of an encoded `Pack`, with one level decoded at a time, and return its head.

    Raises:
        Refused: As `unseal_pack`.
    """
    opened = decode(content, _Opened, limit=MAX_PACK_BYTES)
    heads: list[LevelHead] = []

    def each() -> Iterator[Level]:
        for level in opened.each():
            heads.append(LevelHead(id=level.id, name=level.name))
            yield level

    _refuse(contradictions_in(each()))
    return PackHead(id=opened.id, version=opened.version, title=opened.title, sample=opened.sample, levels=heads)


def find_questions(content: bytes, names: Collection[str]) -> dict[str, tuple[LevelHead, Question]]:
    """Return questions of an encoded `Pack` that `read_head` has checked, each with its level, by id.

    Raises:
        Refused: As `unseal_pack`.
    """
    found = {}
    for level in decode(content, _Opened, limit=MAX_PACK_BYTES).each():
        for question in level.questions:
            if question.id in names:
                found[question.id] = (LevelHead(id=level.id, name=level.name), question)
    return found


def read_keys(content: bytes) -> dict[str, AnswerKey]:
    """Return the answers of an encoded `Pack` that `read_head` has checked, by the question's id.

    Raises:
        Refused: As `unseal_pack`.
    """
    opened, keys = decode(content, _Opened, limit=MAX_PACK_BYTES), {}
    for level in opened.each():
        for question in level.questions:
            keys[question.id] = AnswerKey(question.kind, tuple(question.answer), question.key_since or opened.version)
    return keys


def read_level(content: bytes, place: int) -> Level:
    """Decode one level of an encoded `Pack` that `read_head` has checked.

    Args:
        place: The level's place in the pack, from 0.

    Raises:
        Refused: As `unseal_pack`.
        IndexError: The pack has no such level.
    """
    return decode(content, _Opened, limit=MAX_PACK_BYTES).level(place)
