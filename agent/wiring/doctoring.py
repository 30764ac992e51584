"""How the doctor of a station looks at what lies beyond files."""

from agent.config import StationConfig
from agent.doctor.ports import Tools
from agent.drivers.county_door import knock
from agent.drivers.trial import contact_ready, indicator_ready, reader_ready, try_camera
from agent.wiring import hardware


def doctor_tools(config: StationConfig) -> Tools:
    """Return the doctor's tools: each tries one part in its own time limit."""
    return Tools(
        knock=knock,
        machine=lambda: hardware.machine(config).look(),
        reader=lambda chosen: reader_ready(lambda: hardware.reader(chosen)),
        camera=lambda: try_camera(config),
        indicator=lambda: indicator_ready(lambda: hardware.indicator(config.indicator)),
        contact=lambda chosen: contact_ready(lambda: hardware.contact(chosen)),
    )
