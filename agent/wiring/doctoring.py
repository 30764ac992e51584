"""The doctor's tools: how it examines what lies beyond files."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from agent.config.station_config import StationConfig
from agent.doctor.ports import DoctorTools
from agent.drivers.county_probe import probe_endpoint
from agent.wiring import hardware
from agent.wiring.trial import contact_ready, indicator_ready, reader_ready, try_camera


def doctor_tools(config: StationConfig) -> DoctorTools:
    """Return the doctor's tools. Each tries one part within a time limit of its own."""
    return DoctorTools(
        probe_endpoint=probe_endpoint,
        machine=lambda: hardware.machine(config).look(),
        reader=lambda chosen: reader_ready(lambda: hardware.reader(chosen)),
        camera=lambda: try_camera(config),
        indicator=lambda: indicator_ready(lambda: hardware.indicator(config.indicator)),
        contact=lambda chosen: contact_ready(lambda: hardware.contact(chosen)),
    )


@contextmanager
def heard_wedges(config: StationConfig, printed: Callable[[str], None]) -> Iterator[bool]:
    """Pass on what the keyboard-wedge readers type, on threads of their own; yield whether there is such a reader."""
    wedges = [one for one in config.readers if one.driver == "wedge"]
    with ExitStack() as stack:
        for chosen in wedges:
            from agent.drivers.wedge import PrintingWedge  # noqa: PLC0415 -- only where there are keyboards

            reader = PrintingWedge(usb=chosen.settings["usb"], port=chosen.settings["port"], printed=printed)
            reader.start(touched=lambda _: None, ready=lambda _: None)
            stack.callback(reader.stop)
        yield bool(wedges)
