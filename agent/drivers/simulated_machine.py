"""A machine without hardware. Its file says how it is; without the file it is well."""

import logging
from pathlib import Path
from typing import ClassVar

import msgspec

from agent.config.settings import ConfigSettings, Setting, filled
from protocol.health import Machine

log = logging.getLogger(__name__)

MAX_BYTES = 16_384
WELL = Machine(
    model="模拟主机",
    system="模拟系统",
    temperature_c=48,
    throttled="no",
    undervoltage="no",
    memory_kib=948_000,
    memory_free_kib=610_000,
    disk_kib=15_000_000,
    card="sd",
    link="modem",
    signal_percent=72,
)


class SimulatedMachine:
    """Implements `agent.ports.HostMachine`. The file is a JSON object with the fields of `protocol.health.Machine`."""

    simulated = True

    settings: ClassVar[ConfigSettings] = {"file": Setting(str, "machine.json", check=filled, path="file")}

    def __init__(self, *, folder: Path, file: Path) -> None:
        """``folder`` is not used, because ``file`` says everything."""
        self._file = file

    def look(self) -> Machine:
        """Return a machine that is well, with the values of the file in place of its own."""
        try:
            with self._file.open("rb") as file:
                given = msgspec.json.decode(file.read(MAX_BYTES), type=dict[str, object])
            return msgspec.convert({**msgspec.to_builtins(WELL), **given}, Machine)
        except FileNotFoundError:
            return WELL
        except (OSError, msgspec.MsgspecError) as error:
            log.warning("%s is no machine's state: %s", self._file, error)
            return Machine()
