"""Why a station did not carry out a command: the codes in the detail of `protocol.facts.CommandResult`.

The county has a Chinese word for each (`server_broker.console.words.COMMAND_REASONS`). A code may be followed by a
colon and more in English, for a technician. A live view ends with a `protocol.facts.LiveEnd` instead.
"""

from typing import Final

EXPIRED: Final = "expired"
UNDATED: Final = "undated"
VALID_TOO_LONG: Final = "valid_too_long"
UNKNOWN_COMMAND: Final = "unknown_order"
RETAINED: Final = "retained"
TOO_MANY_COMMANDS: Final = "too_many_orders"
NOT_RECORDED: Final = "not_recorded"
INTERRUPTED: Final = "interrupted"

NO_CAMERA: Final = "no_camera"
CAMERA_BUSY: Final = "camera_busy"
CAMERA_FAILED: Final = "camera"
NO_LOG: Final = "no_log"
ALREADY_VIEWED: Final = "already_viewed"
NO_KIOSK: Final = "no_kiosk"
DATA_SHORT: Final = "data_short"

RESULT_REASONS: Final = frozenset(
    {
        EXPIRED,
        UNDATED,
        VALID_TOO_LONG,
        UNKNOWN_COMMAND,
        RETAINED,
        TOO_MANY_COMMANDS,
        NOT_RECORDED,
        INTERRUPTED,
        NO_CAMERA,
        CAMERA_BUSY,
        CAMERA_FAILED,
        NO_LOG,
        ALREADY_VIEWED,
        NO_KIOSK,
        DATA_SHORT,
    }
)
