"""Show an outcome on the lamp. A broken lamp is logged once and costs nothing but its light."""

import logging

from agent.ports import Colour, DeviceError, Indicator

log = logging.getLogger(__name__)


class Lamp:
    """An indicator that never raises, so that the desk need not expect a broken one."""

    def __init__(self, indicator: Indicator) -> None:
        self._indicator = indicator
        self._broken = False

    @property
    def ready(self) -> bool:
        """Whether the last outcome could be shown and the next one probably can."""
        return not self._broken and self._indicator.ready

    def show(self, colour: Colour, *, fact: str) -> None:
        """Light an outcome; see `agent.ports.Indicator`. Never raises for a broken lamp."""
        try:
            self._indicator.show(colour, fact=fact)
        except DeviceError as error:
            if not self._broken:
                log.error("the lamp is broken: %s", error)
            self._broken = True
        else:
            self._broken = False
