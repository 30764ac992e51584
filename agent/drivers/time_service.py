"""The state of the machine's time service, as it reports it: of chrony, else of systemd-timesyncd, else of the kernel.

A service is well if it follows a server (not its own clock), its leap indicator is no alarm, its stratum is 1 to 15,
and its root distance is at most 1 s (MAXDIST of RFC 5905, 10). The root distance is half the root delay plus the root
dispersion. A service that hangs or reports something unreadable is not well.
"""

import re
from collections.abc import Callable, Sequence

from agent.drivers.machine_programs import ProgramFailed, ProgramMissing, output_of
from agent.drivers.system_clock import kernel_discipline
from agent.ports import DeviceError, NtpState

MAX_DISTANCE_S = 1.0
MAX_OFFSET_S = 0.5
"""How far the system's clock may still be from NTP's time, because chrony slews it there slowly."""
CHRONY = ("chronyc", "-c", "-n", "tracking")
TIMESYNCD = ("timedatectl", "show-timesync")
"""org.freedesktop.timesync1 as a program prints it (timedatectl(1))."""
KERNEL_FLAG = ("timedatectl", "show", "--property=NTPSynchronized", "--value")
"""The kernel's own flag. timedated reads it, because the agent's sandbox forbids the agent to ask the kernel."""

_OWN_CLOCK = "7F7F0101"
"""chronyd's reference id if it follows nobody (chronyc(1), tracking: 127.127.1.1)."""
_NO_LEAP_ALARM = ("Normal", "Insert second", "Delete second")
_SPAN = re.compile(r"([0-9.]+)(us|ms|s|min|h)")
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0}


class MachineTimeService:
    """Implements `agent.ports.TimeService`."""

    def __init__(self, *, run: Callable[[Sequence[str]], str] = output_of) -> None:
        """``run`` runs a program and returns what it prints, as `agent.drivers.machine_programs.output_of`."""
        self._run = run

    def read(self) -> NtpState:
        """Ask the first service that runs. Takes as long as two programs may."""
        for service, judge in (("chrony", self._chrony), ("timesyncd", self._timesyncd)):
            try:
                return NtpState(service, judge())
            except (ProgramMissing, ProgramFailed):
                continue
            except (DeviceError, ValueError) as error:
                return NtpState(service, f"{type(error).__name__}: {error}"[:200])
        return NtpState("kernel", _judge_kernel())

    def _chrony(self) -> str:
        return judge_chrony(self._run(CHRONY))

    def _timesyncd(self) -> str:
        problem = judge_timesyncd(self._run(TIMESYNCD))
        # timesyncd goes on reporting its last server after it has lost it. The kernel's flag ends after a while.
        if not problem and self._run(KERNEL_FLAG).strip() != "yes":
            return "the kernel's clock is not disciplined"
        return problem


def judge_chrony(output: str) -> str:
    """Judge the output of ``chronyc -c tracking`` (chronyc(1)). Return what is wrong, or nothing.

    Raises:
        ValueError: It can't be read.
    """
    fields = output.strip().split(",")
    if len(fields) < 14:
        raise ValueError(f"{len(fields)} fields instead of 14")
    reference, stratum, leap = fields[0].upper(), int(fields[2]), fields[13]
    if leap not in _NO_LEAP_ALARM:
        return f"leap status {leap[:40]!r}"
    if reference == _OWN_CLOCK:
        return "it follows its own clock"
    if not abs(float(fields[4])) <= MAX_OFFSET_S:
        return f"the system's clock is still {fields[4][:20]} s away"
    return _judge_distance(stratum, delay_s=float(fields[10]), dispersion_s=float(fields[11]))


def judge_timesyncd(output: str) -> str:
    """Judge the output of ``timedatectl show-timesync``. Return what is wrong, or nothing.

    Raises:
        ValueError: It can't be read.
    """
    message = re.search(r"^NTPMessage=\{ (.*) \}$", output, re.MULTILINE)
    if message is None:
        return "no server has answered"
    fields = dict(part.partition("=")[::2] for part in message[1].split(", "))
    if fields.get("Ignored", "no") != "no":
        return "the server's answer was ignored"
    # 3 means that the server's clock is not synchronised, and stratum 0 that it is not specified (RFC 5905, 7.3).
    if int(fields.get("Leap", "3")) not in (0, 1, 2):
        return "leap indicator 3: not synchronised"
    delay_s, dispersion_s = _seconds(fields.get("RootDelay", "")), _seconds(fields.get("RootDispersion", ""))
    return _judge_distance(int(fields.get("Stratum", "0")), delay_s=delay_s, dispersion_s=dispersion_s)


def _judge_distance(stratum: int, *, delay_s: float, dispersion_s: float) -> str:
    if not 1 <= stratum <= 15:
        return f"stratum {stratum}"
    distance_s = abs(delay_s) / 2 + dispersion_s
    # Written like this, the comparison refuses NaN too.
    return "" if 0 <= distance_s <= MAX_DISTANCE_S else f"root distance {distance_s:.3f} s"


def _seconds(span: str) -> float:
    """Read a span as systemd prints it, as ``1min 4s`` or ``86.166ms`` (systemd.time(7))."""
    if span == "0":
        return 0.0
    parts = span.split()
    found = [_SPAN.fullmatch(part) for part in parts]
    if not found or not all(found):
        raise ValueError(f"no span of time: {span[:40]!r}")
    return sum(float(part[1]) * _SECONDS[part[2]] for part in found if part)


def _judge_kernel() -> str:
    asked = kernel_discipline()
    if asked is None:
        return "neither a service nor the kernel can be asked"
    unsynced, max_error_s = asked
    if unsynced:
        return "the kernel's clock is not disciplined"
    return "" if max_error_s <= MAX_DISTANCE_S else f"the kernel's clock may be {max_error_s:.1f} s away"
