"""A clock that counts days."""

from protocol.units import Moment
from tests.proofs.power_cut.workload import DAY_MS, moment


class Days:
    """A clock in days."""

    def __init__(self) -> None:
        self.day = 0.0
        self.trusted = True

    def __call__(self) -> Moment:
        now = moment(moment().wall + round(self.day * DAY_MS))
        return now if self.trusted else Moment(wall=now.wall, boot=now.boot, mono=now.mono, quality="restored")

    @property
    def wall_ms(self) -> int:
        return self().wall
