"""How the doctor of a station looks at what lies beyond files."""

from agent.config import StationConfig
from agent.doctor.ports import Tools
from agent.drivers.county_door import knock
from agent.drivers.trial import camera_problem, indicator_problem, reader_ready
from agent.wiring import hardware


def doctor_tools(config: StationConfig) -> Tools:
    """Return the doctor's tools: each tries one part in its own time limit."""
    return Tools(
        knock=knock,
        machine=lambda: hardware.machine(config).look(),
        reader=lambda chosen: reader_ready(lambda: hardware.reader(chosen)),
        camera=lambda: camera_problem(config),
        indicator=lambda: indicator_problem(lambda: hardware.indicator(config.indicator)),
    )
