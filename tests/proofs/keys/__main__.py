"""``./run prove keys``: random keys at real kiosks while people touch; does the station store anything that nobody
meant?

The agents are real ones with simulated readers, and the kiosks are real ones on pseudo-terminals. The judge reads the
outboxes' files, and what the kiosks wrote to their terminals and when.
"""

import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from firmware_scripts.demo.sample_pack import sample_pack
from firmware_scripts.report import Report, arguments, chosen_seed, exit_code
from protocol.cards import card_token
from tests.fakes.enrolled import CARD_KEY
from tests.proofs.keys.catching import not_caught
from tests.proofs.keys.glass import sights
from tests.proofs.keys.hands import Hands, People, Work
from tests.proofs.keys.judge import Findings, Screen, judge, stored_facts
from tests.proofs.keys.office import CAST, COLUMNS, ROWS, Kiosk, boot_ms, opened
from tests.proofs.keys.pad import HANDS
from tests.proofs.keys.planted import PLANTED
from tests.proofs.private_county import temporary

BAD = ("foreign_directions", "blind_answers", "crashes")
STATIONS, KIOSKS = 6, 2
NOT_COVERED = (
    "a keyboard and its driver: keys are the bytes that a terminal sends for them; a screen's own delay after the "
    "terminal was written; sizes other than 80x22; the county, which nobody reaches here"
)


def prove(
    *,
    keys: int,
    touches: int,
    seed: int,
    stations: int = STATIONS,
    agent_program: str = "agent.cli",
    kiosk_program: str = "kiosk_tui.watched",
    hands: Mapping[str, float] = HANDS,
) -> tuple[Findings, Work]:
    """Press this many keys during this many touches, and judge what was stored."""
    work, findings = Work(keys, touches), Findings()
    with temporary("keys") as name:
        with opened(
            Path(name), stations=stations, kiosks=KIOSKS, agent_program=agent_program, kiosk_program=kiosk_program
        ) as screens:
            _let_work(screens, work, kinds=hands, seed=seed)
            ended = boot_ms()
            findings.crashes = sum(kiosk.crashes() for kiosk in screens)
            findings.crashes += sum(station.crashes() for station in {kiosk.station: None for kiosk in screens})
        _judge_all(screens, findings, until=ended)
    return findings, work


def _let_work(screens: Sequence[Kiosk], work: Work, *, kinds: Mapping[str, float], seed: int) -> None:
    stations = list(dict.fromkeys(kiosk.station for kiosk in screens))
    hands = [Hands(kiosk, work, kinds=kinds, seed=f"{seed} hands {place}").run for place, kiosk in enumerate(screens)]
    people = [People(station, work, seed=f"{seed} people {station.id}").run for station in stations]
    threads = [threading.Thread(target=one, daemon=True) for one in (*hands, *people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _judge_all(screens: Sequence[Kiosk], findings: Findings, *, until: int) -> None:
    """Judge the stations one by one; their agents have ended."""
    stems = {one.id: "".join(one.stem.split()) for level in sample_pack().levels for one in level.questions}
    names = {card_token(CARD_KEY, person.uid): person.name for person in CAST}
    for station in dict.fromkeys(kiosk.station for kiosk in screens):
        seen = [
            Screen(sights(kiosk.written, columns=COLUMNS, rows=ROWS, until=until), kiosk.pressed)
            for kiosk in screens
            if kiosk.station is station
        ]
        judge(stored_facts(station.outbox), seen, stems=stems, names=names, findings=findings)


def main() -> int:
    """Run the proof."""
    options = arguments("./run prove keys", keys=20_000, touches=500, stations=STATIONS).parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    seed = chosen_seed(options.seed)
    report = Report("keys", seed=seed)
    findings, work = prove(keys=options.keys, touches=options.touches, seed=seed, stations=options.stations)
    missed = not_caught()
    for example in findings.examples[:20]:
        print(example, file=sys.stderr)
    result = report.finish(
        as_json=options.json,
        keys=work.pressed,
        touches=findings.touches,
        corrections_meant=work.meant,
        directions=findings.directions,
        answers=findings.answers,
        shortest_seen_ms=findings.shortest_seen_ms,
        **{name: getattr(findings, name) for name in BAD},
        planted=len(PLANTED),
        caught=len(PLANTED) - len(missed),
        not_caught=missed,
        not_covered=NOT_COVERED,
    )
    return exit_code(result, *BAD, "not_caught", repeat=f"./run prove keys --keys {options.keys} --seed {seed}")


if __name__ == "__main__":
    sys.exit(main())
