"""`Refused`: the one error with which `protocol` refuses input."""

from typing import Literal

type Reason = Literal[
    "malformed",
    "too_large",
    "unknown_version",
    "unknown_algorithm",
    "unknown_kind",
    "unknown_value",
    "unknown_key",
    "bad_signature",
    "wrong_hash",
    "chain_mismatch",
    "wrong_station",
    "wrong_audience",
    "older_version",
    "bad_topic",
    "bad_uid",
    "bad_claim_code",
    "bad_pin",
    "expired",
]


class Refused(Exception):
    """Input from outside is not what it should be.

    Attributes:
        reason: A stable code; it goes into receipts (`Held.reason`), alarms and logs.
        detail: English, for logs; never contains card numbers, names or secrets.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason: Reason = reason
        self.detail = detail
