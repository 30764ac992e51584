"""Runs of the state machine: a whole one in several processes, and small ones with a planted fault."""

import logging
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from tests.proofs.kiosk.machine import Machine, Played
from tests.proofs.kiosk.planted import PLANTED
from tests.proofs.private_county import temporary

PROCESSES = 2
SMALL_KEYS = 5_000
"""Enough for each planted fault to show itself."""


def on_machine(keys: int, seed: int | str) -> Played:
    """Press so many keys at the state machine of a fresh station."""
    # A line of the log for each key would take longer than the keys.
    logging.disable(logging.CRITICAL)
    with temporary("kiosk") as name:
        return Machine(Path(name), seed=seed).play(keys)


def on_machines(keys: int, seed: int) -> Played:
    """Press so many keys at several stations, each in a process of its own."""
    share = -(-keys // PROCESSES)
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as processes:
        parts = [processes.submit(on_machine, share, f"{seed} {part}") for part in range(PROCESSES)]
        return sum((part.result() for part in parts), Played())


def is_caught(fault: str, seed: int) -> bool:
    """Return whether a small run with this planted fault finds what is left of visits."""
    with PLANTED[fault]():
        return on_machine(SMALL_KEYS, seed).canaries_after > 0
