"""``./run demo``: start the bench and open the kiosk here; ``--once`` runs it unattended and reports."""

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

from firmware_scripts.demo.bench import Bench
from firmware_scripts.demo.cast import make_cast
from firmware_scripts.demo.once import run_once
from firmware_scripts.demo.processes import NotInTime, wait_until
from firmware_scripts.demo.touch import CAST_FILE, DEFAULT_FOLDER
from firmware_scripts.report import arguments, chosen_seed

_PID_FILE = "demo.pid"
_STOP_S = 90
_LOOK_EVERY_S = 0.2
_LONGEST_FOLDER = 107 - len("/stations/demo-0000/kiosk.sock")
"""In bytes: a unix socket's path has at most 107 (unix(7))."""


def main() -> int:
    """Run the demonstration."""
    parser = arguments("./run demo")
    parser.description = __doc__
    parser.add_argument("--once", action="store_true", help="unattended: 300 touches, faults, and a reckoning")
    parser.add_argument("--no-kiosk", action="store_true", help="do not open the kiosk in this terminal")
    parser.add_argument("--stop", action="store_true", help="stop the demonstration that runs in another terminal")
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="emptied at the start")
    options = parser.parse_args()
    folder = options.folder.absolute()
    if options.stop:
        return _stop(folder)
    if len(os.fsencode(folder)) > _LONGEST_FOLDER:
        print(f"{folder} is too long a path for unix sockets: choose another with --folder", file=sys.stderr)
        return 2
    if _running(folder):
        print(f"a demonstration runs in {folder} already: end it with {_how_to_stop(folder)}", file=sys.stderr)
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / _PID_FILE).write_text(str(os.getpid()), encoding="ascii")
    seed = chosen_seed(options.seed)
    if options.once:
        return run_once(folder, seed=seed, as_json=options.json)
    return _attended(folder, seed=seed, kiosk=not options.no_kiosk)


def _attended(folder: Path, *, seed: int, kiosk: bool) -> int:
    stop = threading.Event()
    # A closed terminal must not leave a county behind.
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    print("· starting a county and three stations", flush=True)
    with Bench(folder, make_cast(people_per_station=12, seed=seed), pcsc=False) as bench:
        _write_cast(folder, bench)
        receipt = bench.furnish()
        bench.county.publish_starter()
        _print_hints(bench, receipt)
        if kiosk and sys.stdin.isatty() and sys.stdout.isatty():
            _kiosk_here(bench, receipt, stop)
        stop.wait()
        print("· ending", flush=True)
    return 0


def _how_to_stop(folder: Path) -> str:
    return "./run demo --stop" + ("" if folder == DEFAULT_FOLDER.absolute() else f" --folder {folder}")


def _print_hints(bench: Bench, receipt: str) -> None:
    """Say what a person can do now. The sign-in links are new ones each time, because each works only once."""
    print("· console (each signs in once; the county's CA is not your browser's):")
    for link, who in bench.sign_in_links():
        print(f"    {link}  {who}")
    print("  Publishing asks for an authenticator app, which the console sets up the first time.")
    print(f"· for telephones: {bench.county.where()['front_door']}/  (its certificate is for this demonstration)")
    print(f"· a card in a second terminal: ./run touch {bench.stations[0].cast.people[0].name}")
    print(f"· the network gone: ./run server hold mosquitto --home {bench.county.home}   and back: release")
    print(f"· a question with its answer at the kiosk: keys 5 and 2, then {receipt} and Enter")
    print("· packs to learn from at the kiosk: key 3; with a card or a number, what was learnt is kept")
    print(f"· end: Ctrl+C here, or {_how_to_stop(bench.folder)} in a second terminal", flush=True)


def _kiosk_here(bench: Bench, receipt: str, stop: threading.Event) -> None:
    """Give the terminal to the kiosk once a person has read it and pressed Enter, and again each time they leave the
    kiosk."""
    while _enter_pressed(stop):
        socket = bench.stations[0].kiosk_socket
        shown = subprocess.Popen([sys.executable, "-m", "kiosk_tui.cli", "--may-quit", "--socket", str(socket)])
        while shown.poll() is None and not stop.wait(_LOOK_EVERY_S):
            pass
        shown.terminate()
        shown.wait()
        if not stop.is_set():
            _print_hints(bench, receipt)


def _enter_pressed(stop: threading.Event) -> bool:
    """Wait for Enter; return False if the demonstration is to end or the terminal is gone."""
    print("· press Enter for the kiosk in this terminal; Ctrl+Q leaves it", flush=True)
    while not stop.is_set():
        if select.select([sys.stdin], [], [], _LOOK_EVERY_S)[0]:
            return sys.stdin.readline() != ""
    return False


def _write_cast(folder: Path, bench: Bench) -> None:
    people = [
        {
            "number": person.number,
            "name": person.name,
            "station": station.cast.id,
            "uid": person.uid,
            "socket": str(station.touch_socket),
        }
        for station in bench.stations
        for person in station.cast.people
    ]
    (folder / CAST_FILE).write_text(json.dumps(people, ensure_ascii=False), encoding="utf-8")


def _running(folder: Path) -> int:
    """Return the pid of the demonstration that runs in ``folder``, or 0."""
    try:
        pid = int((folder / _PID_FILE).read_text(encoding="ascii"))
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return 0
    # After a crash the file stays, and another program may have got the pid since.
    return pid if __package__.encode() in command else 0


def _stop(folder: Path) -> int:
    """End the demonstration and wait until every process that it started is gone."""
    if not (pid := _running(folder)):
        print("no demonstration is running here", file=sys.stderr)
        return 1
    os.kill(pid, signal.SIGTERM)
    try:
        wait_until(lambda: not _running(folder), what="the demonstration to end", timeout_s=_STOP_S)
    except NotInTime as late:
        print(late, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
