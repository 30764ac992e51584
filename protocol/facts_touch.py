"""Facts of people at the kiosk: touches, sign-in by number, PINs, visits."""

from typing import Annotated, Literal

from msgspec import Meta

from protocol.fact_base import StationFact
from protocol.pins import PinVerifier
from protocol.units import CardToken, CodeWord, Direction, FactRef, PersonId, ShortText

type TouchAnswer = Literal["recorded", "repeat", "unknown", "lost"]
"""What the screen said to the person: 打卡成功, 已打卡, 已记录，待县里核对, 请联系镇办."""

type NumberAnswer = Literal["accepted", "wrong_pin", "no_pin", "locked", "not_allowed", "unknown"]
"""What the screen said to somebody who entered a number. no_pin: none is set. locked: too many wrong tries.
not_allowed: the county does not let this person clock in by number. unknown: nobody of this village has it."""

type VisitEnd = Literal["left", "time", "card", "restart", "county"]
"""What ended a visit. left: the person ended it. time: nobody pressed a key. card: another card was touched.
restart: the agent began anew. county: what it needed was taken back."""


class Touch(StationFact, frozen=True, kw_only=True, tag="touch"):
    """A card was touched. What it means is derived later; ``answer`` and ``direction`` are what the person saw."""

    card: CardToken
    reader: ShortText
    answer: TouchAnswer
    direction: Direction | None = None


class DirectionChosen(StationFact, frozen=True, kw_only=True, tag="direction_chosen"):
    """The person corrected the direction of their touch: a key chose it and their card, touched again, confirmed it."""

    touch: FactRef
    direction: Direction


class NumberEntered(StationFact, frozen=True, kw_only=True, omit_defaults=True, tag="number_entered"):
    """Somebody entered a number and a PIN.

    It shows who the person is, as a touch does. It is a touch of theirs only if ``clocks`` says that they chose 打卡.
    """

    person: PersonId = ""
    """Whose number it is; empty if it is nobody's here. What was typed is not kept."""
    answer: NumberAnswer
    clocks: bool = False
    direction: Direction | None = None


class PinSet(StationFact, frozen=True, kw_only=True, omit_defaults=True, tag="pin_set"):
    """A person set or changed their PIN at the kiosk."""

    person: PersonId
    verifier: PinVerifier
    by: FactRef | None = None
    """The touch or number with which the person showed who they are."""


class VisitEnded(StationFact, frozen=True, kw_only=True, omit_defaults=True, tag="visit_ended"):
    """A visit is over in which something personal was opened. Other visits leave no fact."""

    person: PersonId
    by: FactRef
    """The touch or number that opened it."""
    opened: Annotated[list[CodeWord], Meta(max_length=32)] = []
    """What was opened: ``month``, ``progress``, …"""
    why: VisitEnd
    seconds: Annotated[int, Meta(ge=0, le=86_400)]
