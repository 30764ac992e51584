"""Facts of people's requests at the kiosk, and of those who answer for them there."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from protocol.fact_base import StationFact
from protocol.units import CodeWord, FactRef, LongText, PersonId, WallMs

type RequestId = Annotated[bytes, Meta(min_length=16, max_length=16)]
"""Random, made where the request is made: at a station or in the county."""

NUMBER_DIGITS = 6


def request_number(request: RequestId) -> str:
    """Return the number by which a person and the township name a request to one another.

    It comes from the id alone, so that the station can say it while the county has not heard of the request.
    """
    return f"{int.from_bytes(request[:8]) % 10**NUMBER_DIGITS:0{NUMBER_DIGITS}}"


type RequestKind = Literal[
    "leave",
    "field_duty",
    "residency",
    "leave_ended",
    "swap",
    "correction",
    "objection",
    "card_lost",
    "errand",
    "transfer",
]
"""leave 请假, field_duty 外出报备, residency 驻村, leave_ended 销假, swap 换班, correction 补卡,
objection 对结果有异议, card_lost 挂失, errand 办事, transfer 调动."""


class RequestMade(StationFact, frozen=True, kw_only=True, omit_defaults=True, tag="request_made"):
    """Somebody asks for something that others decide."""

    request: RequestId
    by: FactRef
    """The touch or number with which the person showed who they are."""
    request_kind: RequestKind
    code: CodeWord | None = None
    """Which sort: of leave, of errand."""
    begin: WallMs | None = msgspec.field(default=None, name="from")
    end: WallMs | None = msgspec.field(default=None, name="to")
    substitute: PersonId = ""
    about: FactRef | None = None
    """The fact that is to be corrected, or objected to."""
    note: LongText = ""


class RequestWithdrawn(StationFact, frozen=True, kw_only=True, tag="request_withdrawn"):
    """The person takes a request back."""

    request: RequestId
    by: FactRef


class Agreed(StationFact, frozen=True, kw_only=True, omit_defaults=True, tag="agreed"):
    """The other person of a request (the substitute, the partner of a swap) agrees, or does not."""

    request: RequestId
    by: FactRef
    agrees: bool = True


class PersonVouched(StationFact, frozen=True, kw_only=True, omit_defaults=True, tag="person_vouched"):
    """Somebody who has shown who they are says that another person is here."""

    person: PersonId
    by: FactRef
    purpose: CodeWord | None = None
    note: LongText = ""
