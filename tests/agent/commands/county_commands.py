"""Commands as the county gives them."""

import msgspec

from protocol.commands import Command
from tests.agent.bench import STATION
from tests.fakes.clockwork import HOUR_MS, FakeSystemClock


def command(system: FakeSystemClock, **changes: object) -> Command:
    made = Command(
        id=b"c" * 16,
        station=STATION,
        order="identify",
        not_after=system.wall + HOUR_MS,
        issuer="operator",
        reason="test",
    )
    return msgspec.structs.replace(made, **changes)
