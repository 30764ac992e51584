"""The outsider's judgement on commands, settings, pictures, and stations that are let in again.

Nothing here does I/O: rows and counts go in, numbers come out.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from tests.proofs.kill9.rows import CommandRow, FactRow, StationRow

EFFECTS = {"snapshot": "requested", "send_logs": "log"}
"""Commands that bring a file, with the purpose under which the file is announced."""


@dataclass(frozen=True, slots=True)
class CommandsJudged:
    """What became of the commands."""

    unanswered: int
    """Commands that the county took and no fact answers, also those that the county has forgotten."""
    never_came: int
    """Commands that expired before the station could have them."""
    answered_twice: int
    run_twice: int
    """Effects beyond one for each command: blinks of the lamp, pictures, logs, restarts in good order."""


def judge_commands(
    commands: Collection[CommandRow],
    facts: Collection[FactRow],
    *,
    given: Collection[str],
    came: Collection[str],
    blinks: Mapping[str, int],
) -> CommandsJudged:
    """Compare commands with answers and effects. Nobody but the county may ask an agent to end meanwhile.

    Args:
        given: Ids that the county has confirmed.
        came: Ids that the stations' disks know. A command that expired before it came can have no answer.
        blinks: By station, how often its lamp was seen to light for no fact.
    """
    known = {command.id for command in commands} | set(given)
    answers = Counter(fact.said["command"].hex() for fact in facts if fact.kind == "command_result")
    open_ones = known - set(answers)
    never_came = {command.id for command in commands if command.past} & open_ones - set(came)
    may_run = Counter((command.station, command.kind) for command in commands if command.outcome != "refused")
    run = Counter({(station, "identify"): times for station, times in blinks.items()})
    for fact in facts:
        if fact.kind == "shut_down":
            run[fact.station, "restart_agent"] += 1
        for kind, purpose in EFFECTS.items():
            run[fact.station, kind] += fact.kind == "blob_announced" and fact.said["purpose"] == purpose
    return CommandsJudged(
        unanswered=len(open_ones - never_came),
        never_came=len(never_came),
        answered_twice=sum(times - 1 for times in answers.values()),
        run_twice=(run - may_run).total(),
    )


@dataclass(frozen=True, slots=True)
class BlobsJudged:
    """What became of pictures and logs."""

    lost: int
    """Taken or announced, and neither whole in the county nor stated as given up."""
    doubled: int
    """Announced by more than one fact, or more announced than were taken."""


def judge_blobs(facts: Collection[FactRow], whole: Collection[tuple[str, str]], *, taken: int) -> BlobsJudged:
    """Compare the pictures that the cameras counted with those that were announced and those that have come.

    Args:
        whole: Station and hash of each blob that is whole in the county.
        taken: How many pictures the cameras' processes have counted, at all stations.
    """
    announced = Counter((fact.station, fact.said["sha256"].hex()) for fact in facts if fact.kind == "blob_announced")
    logs = {
        (fact.station, fact.said["sha256"].hex())
        for fact in facts
        if fact.kind == "blob_announced" and fact.said["purpose"] == "log"
    }
    given_up = {(fact.station, fact.said["sha256"].hex()) for fact in facts if fact.kind == "blob_evicted"}
    pictures = (set(whole) | given_up | set(announced)) - logs
    missing = set(announced) - set(whole) - given_up
    return BlobsJudged(
        lost=max(0, taken - len(pictures)) + len(missing),
        doubled=sum(times - 1 for times in announced.values()) + max(0, len(pictures) - taken),
    )


def twin_settled(row: StationRow, kept: Mapping[str, Any], chosen: Mapping[str, Collection[int]]) -> bool:
    """Return whether a station reports the desired state, and keeps it on its disk.

    Args:
        kept: The desired state on the station's disk.
        chosen: By setting, the values of which one must be in force.
    """
    settings = kept.get("settings", {})
    agrees = row.reported == row.desired == kept.get("version") and not row.refused
    return agrees and all(settings.get(name) in values for name, values in chosen.items())


def locked_out(
    stations: Collection[str], before: Mapping[str, StationRow], after: Mapping[str, StationRow]
) -> set[str]:
    """Return the stations that the county has not let in since they started anew.

    Args:
        before: The rows when the stations ended, by station. A connection of that time is not a new one.
    """
    ended = {row.connection for row in before.values()}
    let_in = {id for id, row in after.items() if row.online and row.connection not in ended}
    return set(stations) - let_in
