"""Kill one node after another while boards touch, and say for each how long receipts were away."""

import asyncio
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from firmware_scripts.demo.processes import NotInTime, wait_until
from tests.proofs.neighbours.honest import Board
from tests.rig.cluster.nodes import Machine, Node

RESUMED_S = 60.0
DARK_S = 150.0
"""For a machine that goes without a word: a station gives its connection up after 90 s of silence, and dials anew."""
_WATCHED_S = _WHOLE_S = 240.0
_CALM_S = 6.0


@dataclass(frozen=True)
class Kill:
    """One node that is killed: which it is, is known only when its turn comes."""

    what: str
    node: Callable[[], Node | Machine | None]
    is_whole: Callable[[], bool]
    """Whether its cluster is complete again."""
    within_s: float = RESUMED_S
    """The goal: each board has a receipt for a touch of after the kill within this time."""


async def killed_in_turn(
    boards: Sequence[Board], kills: Sequence[Kill], agents_resumed: Callable[[float], bool]
) -> list[dict[str, Any]]:
    """Do all kills, and return what was seen of each.

    Args:
        agents_resumed: Whether the county has a touch of each real agent of after a moment (monotonic).
    """
    results = []
    for kill in kills:
        await asyncio.sleep(_CALM_S)
        results.append(await _killed(boards, kill, agents_resumed))
        print(results[-1], file=sys.stderr, flush=True)
    return results


async def _killed(boards: Sequence[Board], kill: Kill, agents_resumed: Callable[[float], bool]) -> dict[str, Any]:
    node = await asyncio.to_thread(wait_until, kill.node, what=kill.what, timeout_s=_WHOLE_S, every_s=0.5)
    assert node is not None
    seen = [len(board.lit) for board in boards]
    reconnects = sum(board.reconnects for board in boards)
    await asyncio.to_thread(node.kill9)
    at = time.monotonic()
    of_agents = asyncio.create_task(_seconds_until(partial(agents_resumed, at), "the agents"))
    while time.monotonic() - at < _WATCHED_S and any(_first_receipt(board, at) is None for board in boards):
        await asyncio.sleep(0.1)
    agents_s = await of_agents
    firsts = [first - at for board in boards if (first := _first_receipt(board, at)) is not None]
    boards_s = max(firsts) if len(firsts) == len(boards) else None
    node.start()
    whole_again_s = await _seconds_until(kill.is_whole, kill.what)
    now = time.monotonic()
    touches = [touch for board, begin in zip(boards, seen, strict=True) for touch in board.lit[begin:]]
    return {
        "killed": kill.what,
        "node": node.name,
        "first_receipt_s": round(min(firsts), 1) if firsts else None,
        "all_boards_s": round(boards_s, 1) if boards_s is not None else None,
        "all_agents_s": agents_s,
        "longest_wait_s": round(max(((got or now) - lit for lit, got in touches), default=0.0), 1),
        "connections_ended": sum(board.reconnects for board in boards) - reconnects,
        "late": any(one is None or one > kill.within_s for one in (boards_s, agents_s)),
        "whole_again_s": whole_again_s,
    }


def _first_receipt(board: Board, since: float) -> float | None:
    """Return when the first receipt came for a touch of after a moment."""
    return next((got for lit, got in board.lit if lit >= since and got is not None), None)


async def _seconds_until(condition: Callable[[], bool], what: str) -> float | None:
    """Return after how many seconds a condition held; None if it did not."""
    began = time.monotonic()
    try:
        await asyncio.to_thread(wait_until, condition, what=what, timeout_s=_WATCHED_S, every_s=0.5)
    except NotInTime as error:
        print(error, file=sys.stderr, flush=True)
        return None
    return round(time.monotonic() - began, 1)
