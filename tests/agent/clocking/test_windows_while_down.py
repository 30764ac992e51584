"""The station never states that it saw a duty window close if it was down at that moment."""

from pathlib import Path

import pytest

from protocol.facts import WindowClosed
from tests.agent.bench import ZHANG, bench, desired
from tests.fakes.clockwork import HOUR_MS, MINUTE_MS, FakeSystemClock


@pytest.mark.parametrize("rebooted", [False, True])
def test_a_start_that_knows_since_when_it_was_down_claims_no_window(
    tmp_path: Path, system: FakeSystemClock, rebooted: bool
) -> None:
    """As in the field: there is an alive stamp, and the time is known soon after the start."""
    with bench(tmp_path, system) as before:
        before.lifecycle.started(last_fact=None)
        before.accept(desired())
        before.touch(ZHANG)
        before.lifecycle.tick()
    system.pass_ms(15 * HOUR_MS)
    if rebooted:
        wall = system.wall
        system.reboot(b"boot-two--------")
        system.wall = wall
    with bench(tmp_path, system) as after:
        after.lifecycle.started(last_fact=after.recent[-1][1].at)
        for _ in range(5):
            after.lifecycle.tick()
            system.pass_ms(MINUTE_MS)
        assert after.of(WindowClosed) == []
