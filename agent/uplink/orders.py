"""What the county asks of a station: the desired state, reported back, and commands."""

import logging
from collections.abc import Mapping

from agent.uplink.channel import Channel
from agent.uplink.ports import UplinkDelegate
from protocol import result_reasons
from protocol.codec import encode
from protocol.commands import unseal_command
from protocol.twin import Reported, unseal_desired

log = logging.getLogger(__name__)


class Orders:
    """Verifies, hands to the host, and reports until the broker has taken the report."""

    def __init__(
        self, *, station: str, county_keys: Mapping[bytes, bytes], channel: Channel, host: UplinkDelegate
    ) -> None:
        self._station = station
        self._keys = county_keys
        self._channel = channel
        self._host = host
        self._unreported: Reported | None = None

    def desired_came(self, raw: bytes) -> None:
        """Take a desired state.

        Raises:
            Refused: It is not the county's word to this station.
        """
        desired = unseal_desired(raw, station=self._station, public_keys=self._keys)
        self._unreported = self._host.desired_came(desired)

    def command_came(self, raw: bytes) -> None:
        """Take a command.

        Raises:
            Refused: It is not the county's word to this station.
        """
        self._host.command_came(unseal_command(raw, station=self._station, public_keys=self._keys))

    def retained_came(self, raw: bytes) -> None:
        """Have a retained command answered: whoever kept it, kept it for stations that were not meant to get it.

        Raises:
            Refused: It is not the county's word to this station.
        """
        command = unseal_command(raw, station=self._station, public_keys=self._keys)
        self._host.command_refused(command, result_reasons.RETAINED)

    def pump(self) -> None:
        """Send the report that waits. One that the broker refuses is made good by the next birth's twin version."""
        reported, self._unreported = self._unreported, None
        if reported is not None:
            self._channel.send("reported", encode(reported), self._settled)

    def _settled(self, reason_code: int) -> None:
        if reason_code != 0:
            log.info("%s: report not delivered, reason code 0x%02x", self._station, reason_code)
