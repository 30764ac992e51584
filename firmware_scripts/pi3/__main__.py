"""``./run rig pi3``: the station's package on an emulated Raspberry Pi 3B, and a county on this machine.

One run lays 50 cards, cuts the link once and kills the emulator once; then comes the reckoning.
"""

import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from firmware_scripts.demo.cast import make_cast
from firmware_scripts.demo.county import DemoCounty
from firmware_scripts.demo.processes import NotInTime, wait_until
from firmware_scripts.demo.receipts import percentile
from firmware_scripts.packaging.making import make_packages
from firmware_scripts.packaging.parts import STATION
from firmware_scripts.packaging.source import REPOSITORY
from firmware_scripts.packaging.version import commit_of
from firmware_scripts.pi3 import station
from firmware_scripts.pi3.board import COUNTY, Board, emulator
from firmware_scripts.pi3.judge import DatedTouch, Laid, answered_ms, leaked, reckon
from firmware_scripts.pi3.sd_card import SdCard, sd_card
from firmware_scripts.pi3.stranger import admitted
from firmware_scripts.report import Report, Value, arguments, chosen_seed, exit_code
from firmware_scripts.rig.guest import CommandFailed, Guest

TOUCHES = 50
CUT_S = 20.0
_LIGHT_S = 20.0
_DARK_S = 10.0
_STORED_WITHIN_S = 180.0
_BOOTS = 3
_NOT_EMULATED = [
    "the boot ROM, bootcode and config.txt: QEMU is given the kernel",
    "the real controller of the pins, and what is wired to them",
    "edges of input pins (door contact, motion sensor): QEMU's model has none",
    "a USB card reader's own firmware: the wedge is the kernel's uinput",
    "camera, HDMI and the kiosk's picture, Wi-Fi, 4G modem, heat, undervoltage",
    "the card itself: a killed emulator leaves this machine's page cache whole",
    "real time: an emulator's times say nothing about a Pi",
]
BAD = (
    "lost",
    "invented",
    "doubled",
    "unseen",
    "not_green",
    "misdated",
    "unexplained",
    "leaked",
    "admitted",
    "restarts",
)
_ROWS = """
    select coalesce(p.number, '?'), extract(epoch from coalesce(t.corrected_wall, t.wall))
    from attendance_touch t left join people_card c on c.token = t.card_token
    left join people_person p on p.id = c.person_id"""
_DESIRED_IN_FORCE = "select 1 from fleet_station where desired_version > 0 and reported_version = desired_version"


@dataclass(frozen=True, slots=True)
class RunPlan:
    """Before which touch the link is cut, and at whose light the emulator is killed; both count from 1."""

    cut_at: int
    kill_at: int


def make_plan(seed: int) -> RunPlan:
    """Return a plan; the same seed gives the same one. The link is back long before the emulator is killed."""
    chance = random.Random(seed)  # noqa: S311 - a schedule
    return RunPlan(cut_at=chance.randint(6, 14), kill_at=chance.randint(28, 40))


@dataclass(frozen=True, slots=True)
class Kit:
    """What is built for a run: the station's package for arm64, and the SD card that it is installed on."""

    package: Path
    sd_card: SdCard


def kit() -> Kit:
    """Build the package of this checkout, and the SD card if it is not here yet. Needs Debian's mirror and PyPI."""
    folder = REPOSITORY / "var" / "packages"
    folder.mkdir(parents=True, exist_ok=True)
    (package,) = make_packages(commit_of(REPOSITORY), "arm64", [STATION.name], folder)
    made = Kit(package, sd_card(package))
    _say("package and SD card are ready")
    return made


class Village:
    """A board with a station on it, and the county that it belongs to."""

    def __init__(self, folder: Path, made: Kit, *, seed: int, touches: int, plan: RunPlan | None) -> None:
        self._folder = folder
        self._package = made.package
        self._cast = make_cast(people_per_station=touches, seed=seed)
        self._plan = plan
        self.county = DemoCounty(folder / "county")
        self.board = Board(made.sd_card, folder)
        self.guest = Guest(port=self.board.ssh_port, key=made.sd_card.key, folder=folder)
        self._hand: station.Hand | None = None
        self._laid: list[Laid] = []
        self._back_s: float | None = None
        """When the link that is cut comes back."""
        self._before_cut = 0
        self._looks: list[station.Looked] = []
        self._found = dict.fromkeys(
            ("admitted", "link_cuts", "touches_while_cut", "leaked", "emulator_kills", "failed_boots"), 0
        )

    def run(self) -> dict[str, Value]:
        """Do everything and return what was found."""
        self._set_up()
        first = self._look()
        self._present()
        self._wait_until_stored()
        last = self._look()
        unix_s = time.time() - time.monotonic()
        edges = self.board.edges()
        answered = answered_ms(edges)
        return {
            **asdict(reckon(laid=self._laid, edges=edges, rows=self._rows(), unix_s=unix_s)),
            "unexplained": self.county.unexplained(),
            **self._found,
            "restarts": station.restarts(self._looks),
            **station.about(self.guest),
            "package_mb": round(self._package.stat().st_size / 1e6, 1),
            "minutes_to_install": round(self._installed_s / 60, 1),
            "emulator": emulator(),
            "figures": [
                _figure("agent_rss_mb", last.resident_kib / 1024, "MB", goal=60),
                _figure("agent_start_s", first.start_s, "s"),
                _figure("agent_start_while_booting_s", last.start_s, "s"),
                _figure("kernel_to_ready_s", last.ready_s, "s"),
                _figure("touch_p50_ms", percentile(answered, 0.5), "ms"),
                _figure("touch_p99_ms", percentile(answered, 0.99), "ms", goal=300),
            ],
        }

    def stop(self) -> None:
        """End everything, in reverse."""
        if self._hand is not None:
            self._hand.stop()
        self.guest.close()
        self.board.kill()
        self.county.stop()

    def _set_up(self) -> None:
        self.county.init(host=COUNTY)
        self.county.start()
        self.county.load(self._cast, self._folder)
        where = self.county.where()
        self._found["admitted"] = int(admitted(port=where["broker_port"], ca=Path(where["ca"])))
        self._boot()
        self._installed_s = station.install(
            self.guest, self._folder, self._package, url=where["url"], ca=Path(where["ca"])
        )
        _say(f"the package is installed after {self._installed_s:.0f} s")
        station.enrol(self.guest, self.county.claim(self._cast[0].id))
        wait_until(
            lambda: self.county.sql(_DESIRED_IN_FORCE),
            what="the station to have its cards",
            timeout_s=_STORED_WITHIN_S,
            every_s=1,
        )
        _say("the station is enrolled and has its cards")
        self._hand = station.Hand(self.guest, self._folder)

    def _look(self) -> station.Looked:
        self._looks.append(station.look(self.guest))
        return self._looks[-1]

    def _rows(self) -> list[DatedTouch]:
        return [DatedTouch(person, float(told)) for person, told in self.county.sql(_ROWS)]

    def _present(self) -> None:
        for number, person in enumerate(self._cast[0].people, start=1):
            if self._plan is not None and number == self._plan.cut_at:
                self._cut()
            self._touch(person.number, person.uid, kill=self._plan is not None and number == self._plan.kill_at)
            if self._back_s is not None and time.monotonic() > self._back_s:
                self._join()

    def _touch(self, person: str, uid: str, *, kill: bool) -> None:
        assert self._hand is not None
        if kill:
            # systemd's count of restarts is lost with the board, so it is read before.
            self._look()
        self._laid.append(Laid(person, time.monotonic()))
        self._hand.lay(uid)
        light = self.board.wait_light(since_s=self._laid[-1].at_s, timeout_s=_LIGHT_S)
        if kill:
            self._kill()
        elif light is not None:
            self.board.wait_dark(light, timeout_s=_DARK_S)

    def _cut(self) -> None:
        # Whatever the county gets from here on has come through a link that is cut.
        self._wait_until_stored()
        self.board.link(up=False)
        self._back_s = time.monotonic() + CUT_S
        self._before_cut = len(self._laid)
        _say(f"the link is cut before touch {self._before_cut + 1}")

    def _join(self) -> None:
        self._found["leaked"] = leaked(self._laid[self._before_cut :], self._rows())
        self._found["touches_while_cut"] = len(self._laid) - self._before_cut
        self._found["link_cuts"] = 1
        self.board.link(up=True)
        self._back_s = None
        _say(f"the link is back after touch {len(self._laid)}")

    def _kill(self) -> None:
        """Kill the emulator at once, and put its SD card into a fresh one."""
        self.board.kill()
        self._found["emulator_kills"] = 1
        _say(f"the emulator was killed at the light of touch {len(self._laid)}")
        self._boot()
        self._hand = station.Hand(self.guest, self._folder)

    def _boot(self) -> None:
        """Switch the board on until it answers.

        On a busy machine the emulated USB controller now and then finds none of its devices, and with them no network,
        until it is switched off and on. How often that was is in the report.
        """
        for _ in range(_BOOTS):
            self.board.power_on()
            try:
                self.board.wait_booted()
                self.guest.connect()
            except NotInTime as error:
                self.board.kill()
                self._found["failed_boots"] += 1
                _say(f"the board does not come up: {error}")
            else:
                _say("the board is up")
                return
        raise NotInTime(f"the board did not come up {_BOOTS} times")

    def _wait_until_stored(self) -> None:
        """Wait until the county has a row for each card that was laid, or give up and let the counts speak."""
        try:
            wait_until(
                lambda: len(self._rows()) >= len(self._laid),
                what="the county to have every touch",
                timeout_s=_STORED_WITHIN_S,
                every_s=1,
            )
        except NotInTime as error:
            _say(str(error))


def lay_cards(made: Kit, *, seed: int, touches: int = TOUCHES, plan: RunPlan | None) -> dict[str, Value]:
    """Do everything once, and return what was found.

    Args:
        plan: What happens meanwhile. Without one nothing does.

    Raises:
        NotInTime, CommandFailed, RuntimeError: A step failed. The agent's log was printed.
    """
    with tempfile.TemporaryDirectory(prefix="pi3-") as name:
        folder = Path(name)
        # PostgreSQL never runs as root, and its own user must get into this folder.
        folder.chmod(0o755)
        village = Village(folder, made, seed=seed, touches=touches, plan=plan)
        try:
            return village.run()
        except (NotInTime, CommandFailed, RuntimeError) as error:
            _say(f"{error}\n{_log_of(village.guest)}")
            raise
        finally:
            village.stop()


def main(options_given: list[str]) -> int:
    """Run and report."""
    options = arguments("./run rig pi3").parse_args(options_given)
    seed = chosen_seed(options.seed)
    report = Report("rig pi3", seed=seed)
    # Ended by a time limit, it still switches the board off and stops the county.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    found = lay_cards(kit(), seed=seed, plan=make_plan(seed))
    result = report.finish(as_json=options.json, **found, not_emulated=list(_NOT_EMULATED))
    return exit_code(result, *BAD, repeat=f"./run rig pi3 --seed {seed}")


def _log_of(guest: Guest) -> str:
    try:
        return guest.run("journalctl --no-pager -n 80 -u cunhui-agent.service")
    except (CommandFailed, subprocess.SubprocessError) as error:
        return f"the board tells nothing more: {error}"


def _figure(name: str, value: float | None, unit: str, *, goal: float | None = None) -> dict[str, Value]:
    rounded = None if value is None else round(value, 1)
    return {"name": name, "value": rounded, "unit": unit, "goal": goal, "better": "lower", "of": "an emulator"}


def _say(text: str) -> None:
    print(f"· {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
