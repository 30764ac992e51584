"""The mobile network's time from the modem: through ModemManager, or by AT commands if nobody else uses the port.

This time is not signed, comes only if the network sends it (NITZ, 3GPP TS 22.042), and modems differ on whether +CCLK
is local time or UTC. So the clock starts with it, and facts are not dated by it.
"""

import re
import termios
import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from agent.drivers.machine_programs import output_of
from agent.ports import DeviceError, HintRead

if TYPE_CHECKING:
    from serial import Serial

MMCLI = ("mmcli", "--modem=any", "--time", "--output-keyvalue")
TRIES = 10
"""The watch asks once a minute, so a modem may take ten minutes to find its network."""
AT_LIMIT_S = 5.0
MAX_BYTES = 4_096
_KEY = "modem.time.current"
_CCLK = re.compile(rb'\+CCLK: ?"(\d\d)/(\d\d)/(\d\d),(\d\d):(\d\d):(\d\d)([+-]\d\d)"')


def parse_mmcli(output: str) -> int:
    """Return the wall time in ms of ``mmcli --time --output-keyvalue`` (mmcli(1)): ISO 8601 with its zone.

    Raises:
        ValueError: It holds no such time.
    """
    for line in output.splitlines():
        key, _, value = line.partition(":")
        if key.strip() == _KEY:
            # ModemManager also prints zones as +08 (ISO 8601, 4.2.5.1), which fromisoformat takes.
            moment = datetime.fromisoformat(value.strip())
            if moment.tzinfo is not None:
                return _wall_ms(moment)
    raise ValueError("no time with its zone")


def parse_cclk(reply: bytes) -> int:
    """Return the wall time in ms of an answer to ``AT+CCLK?`` (3GPP TS 27.007, 8.15).

    The time is local. The zone counts quarters of an hour from GMT, summer time included. An answer without a zone is
    ambiguous and is refused.

    Raises:
        ValueError: It holds no such time.
    """
    found = _CCLK.search(reply)
    if found is None:
        raise ValueError("no +CCLK with its zone")
    year, month, day, hour, minute, second, quarters = (int(part) for part in found.groups())
    # UTC+14 is the farthest zone there is.
    if abs(quarters) > 56:
        raise ValueError(f"a zone of {quarters} quarters")
    zone = timezone(timedelta(minutes=15 * quarters))
    return _wall_ms(datetime(2000 + year, month, day, hour, minute, second, tzinfo=zone))


def _wall_ms(moment: datetime) -> int:
    return round((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)


class ModemManagerTime:
    """Implements `agent.ports.TimeHint`."""

    source: Literal["modem"] = "modem"
    tries = TRIES

    def read(self) -> HintRead:
        """Ask ModemManager for the time of the first modem."""
        try:
            return HintRead(parse_mmcli(output_of(MMCLI)), "")
        except (DeviceError, ValueError, OverflowError) as error:
            return HintRead(None, f"mmcli：{error}"[:200])


class SerialModemTime:
    """Implements `agent.ports.TimeHint`."""

    source: Literal["modem"] = "modem"
    tries = TRIES

    def __init__(self, port: Path) -> None:
        """``port``: a modem's AT port that nothing else has open, as ``/dev/ttyUSB2``."""
        self._port = port

    def read(self) -> HintRead:
        """Have the modem follow the network's time (``AT+CTZU=1``, 8.40) and ask for it."""
        import serial  # noqa: PLC0415 -- only where a modem is set

        try:
            with serial.Serial(str(self._port), 115_200, timeout=0.2, write_timeout=1.0, exclusive=True) as port:
                # The modem may have sent something unasked, such as an incoming call.
                port.reset_input_buffer()
                _say(port, b"AT+CTZU=1\r")
                return HintRead(parse_cclk(_say(port, b"AT+CCLK?\r")), "")
        except (DeviceError, ValueError, OverflowError, OSError, termios.error) as error:
            return HintRead(None, f"{self._port}：{error}"[:200])


def _say(port: "Serial", command: bytes) -> bytes:
    """Send a command and return all that comes up to the final result code (ITU-T V.250, 5.7)."""
    port.write(command)
    reply = b""
    # The two commands of a reading share the limit.
    deadline = time.monotonic() + AT_LIMIT_S / 2
    while time.monotonic() < deadline and len(reply) <= MAX_BYTES:
        reply += port.read(256)
        if re.search(rb"\r\n(OK|ERROR|\+CME ERROR:[^\r]*)\r\n", reply):
            return reply
    raise DeviceError("no answer in time")
