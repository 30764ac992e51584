"""Make the clock of a county. Its ``county.toml`` says who vouches for the machine's clock."""

from server_broker.platform.county_clock import CountyClock, LinuxMachineClock, MachineClock, build_ms
from server_broker.platform.county_config import read_config
from server_broker.platform.home import CountyHome


def configured_clock(home: CountyHome, *, machine: MachineClock | None = None) -> CountyClock:
    """Return the clock of the county in this folder, as its ``county.toml`` says.

    Args:
        machine: The machine's clock; by default that of the machine this runs on.

    Raises:
        ServiceError: There is no county in this folder, or its configuration is wrong.
    """
    mode = read_config(home).clock
    return CountyClock(home.root, machine=machine or LinuxMachineClock(), mode=mode, build_ms=build_ms())
