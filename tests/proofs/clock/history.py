"""One seeded history: boots, touches, clocks that jump, an NTP that lies, a network that comes and goes."""

import logging
import random
from pathlib import Path

from tests.fakes.enrolled import make_enrolled
from tests.proofs.clock.board import ClockBoard
from tests.proofs.clock.county import ClockCounty, next_station
from tests.proofs.clock.county_machine import TROUBLES, CountyMachine, Mending
from tests.proofs.clock.judge import Findings, Judge
from tests.proofs.clock.world import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, YEAR_MS, World

log = logging.getLogger(__name__)

JUMPS = (HOUR_MS, -HOUR_MS, YEAR_MS, -YEAR_MS)
FINAL_MS = 6 * HOUR_MS
MENDINGS: tuple[Mending, ...] = ("in_the_boot", "in_the_boot", "after_a_start", "in_the_firmware")
"""How the county's clock is put right, each equally often."""
COUNTY_RIGHT_IN = 4
"""In one of so many histories the county's own clock never goes wrong. In the others its troubles take turns."""


class History:
    """A life of a few days."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._chance = random.Random(seed)
        self.world = World(self._chance)
        enrolled = make_enrolled(folder / "station", station=next_station())
        self._county_chance = random.Random(f"county {seed}")
        mode, trouble = TROUBLES[seed % len(TROUBLES)]
        self._machine = CountyMachine(self._county_chance, lambda: self.world.true_ms, mode=mode, trouble=trouble)
        self._has_trouble = seed % COUNTY_RIGHT_IN != 0
        self._had_trouble = False
        county_build_ms = self.world.true_ms - 90 * DAY_MS
        self._county = ClockCounty(enrolled, machine=self._machine, root=folder / "county", build_ms=county_build_ms)
        self._county.attend()
        build_ms = self.world.true_ms - self._chance.randint(0, 300) * DAY_MS
        if self._chance.random() < 0.1:
            build_ms = self.world.true_ms + 12 * YEAR_MS
            self.world.odd_build = True
            self.world.events.append("build_in_the_future")
        self._board = ClockBoard(
            enrolled,
            self.world,
            self._county,
            self._chance,
            agents_chance=random.Random(f"agent {seed}"),
            build_ms=build_ms,
        )

    def run(self, findings: Findings) -> None:
        """Live, come to an agreement with the county in the end, and be judged."""
        try:
            for boot in range(self._chance.randint(1, 4)):
                if boot:
                    self._power_cycle()
                for _ in range(self._chance.randint(2, 8)):
                    self._county_happens()
                    self._happens()
            self._come_to_terms()
            Judge(self.world, self._board.lit, findings).judge(self._county.shown(), self._county.events())
        finally:
            self._board.close()

    def _power_cycle(self) -> None:
        self._board.end(orderly=self._chance.random() < 0.5)
        self.world.true_ms += self._chance.choice((20 * SECOND_MS, 10 * MINUTE_MS, 9 * HOUR_MS, 40 * DAY_MS))
        self.world.power_on()
        self._board.start()

    def _county_happens(self) -> None:
        """The county's own clock goes wrong, or is put right."""
        if not self._has_trouble or self._county_chance.random() > 0.3:
            return
        if self._machine.wrong:
            self._mend_the_county()
        else:
            self._county_goes_wrong()

    def _county_goes_wrong(self) -> None:
        # The worker looks at its clock all the time; here it looks only when a message comes.
        self._county.attend()
        self._machine.go_wrong()
        self._had_trouble = True
        self.world.events.append(f"county_{self._machine.mode}_{self._machine.trouble}")

    def _mend_the_county(self) -> None:
        how = self._county_chance.choice(MENDINGS)
        believed, began_wrong = not self._machine.doubtful, self._machine.began_wrong
        self._county.mend(how)
        self.world.events.append(f"county_mended_{how}")
        if not believed or (how == "in_the_boot" and not began_wrong):
            return
        # Somebody who was there knows that the clock was right until the power failed. The county can't know it.
        was_right_before = how == "in_the_boot" and self.world.mended_late_ms is None
        if was_right_before and self._county_chance.random() < 0.5:
            self._county.say_of_earlier("right")
            self.world.events.append("county_right_before")
        else:
            self.world.mended_late_ms = self.world.true_ms

    def _touch_in_trouble(self) -> None:
        """Let the county's clock go wrong now, because chance had no turn for it, and touch while it is."""
        self._county_goes_wrong()
        self._board.way.reachable = True
        self._board.way.lose()
        self._wait(10 * MINUTE_MS)
        self._board.touch()

    def _happens(self) -> None:
        what = self._chance.random()
        if what < 0.4:
            for _ in range(self._chance.randint(1, 4)):
                self._board.touch()
                self._wait(self._chance.randint(0, 5 * MINUTE_MS))
        elif what < 0.55:
            self._wait(self._chance.choice((MINUTE_MS, HOUR_MS, 5 * HOUR_MS)))
        elif what < 0.7:
            self._network()
        elif what < 0.78:
            self.world.set_wall(self._chance.choice(JUMPS))
            self._wait(5 * MINUTE_MS)
        elif what < 0.93:
            self._ntp()
        else:
            self.world.events.append("restart_in_the_same_boot")
            self._board.end(orderly=self._chance.random() < 0.5)
            self._board.start()

    def _network(self) -> None:
        self._board.way.reachable = not self._board.way.reachable
        self._board.way.lose()
        self._wait(self._chance.choice((30 * SECOND_MS, 10 * MINUTE_MS)))

    def _ntp(self) -> None:
        self._chance.choice((self.world.ntp_honest, self.world.ntp_lies, self.world.ntp_off))()
        self._board.ntp_changed()
        self._wait(5 * MINUTE_MS)

    def _wait(self, ms: int) -> None:
        step_ms = 5 * SECOND_MS if ms <= 10 * MINUTE_MS else 2 * MINUTE_MS
        self._board.live(ms, step_ms=step_ms)

    def _come_to_terms(self) -> None:
        """In the end the network is there, nobody interferes with it, and the county's clock is right."""
        if self._has_trouble and not self._had_trouble:
            self._touch_in_trouble()
        if self._machine.wrong:
            self._mend_the_county()
        self.world.ntp_off()
        self._board.way.reachable, self._board.way.hostile = True, False
        self._board.way.lose()
        # So long, because a station that was told another time before takes the right one when it is repeated.
        self._wait(HOUR_MS)
        self._board.live(FINAL_MS, step_ms=5 * SECOND_MS, until=lambda: self._board.settled)
        if not self._board.settled:
            raise AssertionError("station and county do not come to terms")


def live_and_judge(folder: Path, *, seed: int, findings: Findings) -> None:
    """Run one history and add to the findings."""
    before = findings.wrong
    where = f"seed {seed}"
    try:
        history = History(folder, seed)
        where = f"{where}, {', '.join(history.world.events[:3])}"
        history.run(findings)
    except Exception as error:  # whatever is raised is a finding of the proof
        log.exception("%s", where)
        findings.crashes += 1
        where = f"{where}: {error!r}"
    if findings.wrong != before:
        findings.examples.append(where)
