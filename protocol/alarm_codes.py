"""The codes of the alarms that a station raises.

The county has a Chinese word for each (`server_broker.console.words.ALARMS`). A code may be followed by a colon and the
name of one device, if a station can have several. Codes are stored and travel in facts: they never change.
The county's own alarms are not here.
"""

from typing import Final, Literal

from protocol.topics import DOWN, Down

LOST_CARD: Final = "lost_card"
COUNTY_REWROTE: Final = "county_rewrote"
"""The county sent another manifest for a day of which the station keeps one."""
PIN_GUESSED: Final = "pin_guessed"
"""Somebody tries PINs of many people."""
DISK_FULL: Final = "disk_full"
DISK_ERROR: Final = "disk_error"
CARDS_UNREADABLE: Final = "cards_unreadable"
"""Of one reader."""
CARDS_FLOOD: Final = "cards_flood"
"""Of one reader: unknown cards come faster than people can touch, and are only counted."""
UNKNOWN_KEYBOARD: Final = "unknown_keyboard"
INPUT_FAILED: Final = "input_failed"
"""Of one door contact or motion sensor."""
CAMERA_FAILED: Final = "camera_failed"
CAMERA_SUSPECT: Final = "camera_suspect"

TOO_HOT: Final = "too_hot"
UNDERVOLTAGE: Final = "undervoltage"
DISK_SHORT: Final = "disk_short"
CARD_WORN: Final = "card_worn"
"""The SD card."""
DATA_SHORT: Final = "data_short"
"""The month's data."""
UPDATE_REVERTED: Final = "update_reverted"
"""The station was not well with a new version of its package and has the former one back."""

CLOCK_DISPUTED: Final = "clock_disputed"
NTP_DISTRUSTED: Final = "ntp_distrusted"
HINT_FAILED: Final[dict[Literal["rtc", "modem"], str]] = {"rtc": "rtc_failed", "modem": "modem_failed"}
HINT_IMPLAUSIBLE: Final[dict[Literal["rtc", "modem"], str]] = {"rtc": "rtc_implausible", "modem": "modem_implausible"}

BIRTH_REFUSED: Final = "birth_refused"
FACTS_REFUSED: Final = "facts_refused"
COUNTY_LOST_FACTS: Final = "county_lost_facts"
STREAM_ENDED: Final[dict[Literal["ahead", "differs"], str]] = {"ahead": "stream_ahead", "differs": "stream_differs"}
"""By how the station's stream differs from the county's copy (`protocol.facts.EpochReason`)."""
MESSAGE_REFUSED: Final[dict[Down, str]] = {leaf: f"refused_{leaf}" for leaf in DOWN}
"""By the topic of a message that the station could not believe."""

STATION_ALARMS: Final = frozenset(
    {
        LOST_CARD,
        PIN_GUESSED,
        DISK_FULL,
        DISK_ERROR,
        CARDS_UNREADABLE,
        CARDS_FLOOD,
        UNKNOWN_KEYBOARD,
        INPUT_FAILED,
        CAMERA_FAILED,
        CAMERA_SUSPECT,
        TOO_HOT,
        UNDERVOLTAGE,
        DISK_SHORT,
        CARD_WORN,
        DATA_SHORT,
        UPDATE_REVERTED,
        CLOCK_DISPUTED,
        NTP_DISTRUSTED,
        *HINT_FAILED.values(),
        *HINT_IMPLAUSIBLE.values(),
        BIRTH_REFUSED,
        FACTS_REFUSED,
        COUNTY_LOST_FACTS,
        COUNTY_REWROTE,
        *STREAM_ENDED.values(),
        *MESSAGE_REFUSED.values(),
    }
)


def code_of(code: str, device: str) -> str:
    """Return the code of an alarm about one of several devices."""
    return f"{code}:{device}"
