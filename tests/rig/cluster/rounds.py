"""Kill one node after another while boards touch, and say for each how long receipts were away."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from firmware_scripts.demo.processes import NotInTime, wait_until
from tests.proofs.neighbours.honest import Board
from tests.rig.cluster.nodes import Node

RESUMED_S = 60.0
"""The goal: each board has a receipt for a touch of after the kill within this time."""
_WATCHED_S = 120.0
_WHOLE_S = 240.0
_CALM_S = 6.0


@dataclass(frozen=True)
class Kill:
    """One node that is killed: which it is, is known only when its turn comes."""

    what: str
    node: Callable[[], Node | None]
    is_whole: Callable[[], bool]
    """Whether its cluster is complete again."""


async def killed_in_turn(
    boards: Sequence[Board], kills: Sequence[Kill], settled: Callable[[], Awaitable[None]]
) -> list[dict[str, Any]]:
    """Do all kills, and return what was seen of each.

    Args:
        settled: Awaited after each kill: everybody else has what they wait for too.
    """
    results = []
    for kill in kills:
        await settled()
        await asyncio.sleep(_CALM_S)
        results.append(await _killed(boards, kill))
        print(results[-1], file=sys.stderr, flush=True)
    await settled()
    return results


async def _killed(boards: Sequence[Board], kill: Kill) -> dict[str, Any]:
    node = await asyncio.to_thread(wait_until, kill.node, what=kill.what, timeout_s=_WHOLE_S, every_s=0.5)
    assert node is not None
    seen = [len(board.lit) for board in boards]
    reconnects = sum(board.reconnects for board in boards)
    await asyncio.to_thread(node.kill9)
    at = time.monotonic()
    while time.monotonic() - at < _WATCHED_S and any(_first_receipt(board, at) is None for board in boards):
        await asyncio.sleep(0.1)
    firsts = [first for board in boards if (first := _first_receipt(board, at)) is not None]
    node.start()
    restarted = time.monotonic()
    whole = await _whole(kill)
    waits = [
        (got or time.monotonic()) - lit
        for board, begin in zip(boards, seen, strict=True)
        for lit, got in board.lit[begin:]
    ]
    return {
        "killed": kill.what,
        "node": node.name,
        "first_receipt_s": round(min(firsts) - at, 1) if firsts else None,
        "all_resumed_s": round(max(firsts) - at, 1) if len(firsts) == len(boards) else None,
        "longest_wait_s": round(max(waits, default=0.0), 1),
        "connections_ended": sum(board.reconnects for board in boards) - reconnects,
        "whole_again_s": round(time.monotonic() - restarted, 1) if whole else None,
    }


def _first_receipt(board: Board, since: float) -> float | None:
    """Return when the first receipt came for a touch of after a moment."""
    return next((got for lit, got in board.lit if lit >= since and got is not None), None)


async def _whole(kill: Kill) -> bool:
    try:
        await asyncio.to_thread(wait_until, kill.is_whole, what=kill.what, timeout_s=_WHOLE_S, every_s=0.5)
    except NotInTime as error:
        print(error, file=sys.stderr, flush=True)
        return False
    return True
