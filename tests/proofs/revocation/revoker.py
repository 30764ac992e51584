"""A process that does the work of the county's command line and web, each task in a child that may be killed.

Run it with ``python -m``. It reads one task a line (JSON), and writes one line with the result. It starts no thread and
opens no connection itself, so that each child begins like a fresh process, only sooner.
"""

import dataclasses
import os
import signal
import sys
from collections.abc import Callable
from typing import Any, Literal

import django
import msgspec

from protocol.enrolment import EnrolRequest
from tests.integration.small_disk import SmallDisk
from tests.proofs.revocation.steps import Steps

type Happening = Literal["death", "chores die too", "full disk", "broker hangs", "broker dies"]
"""What happens before a step: to the program that does the work, to the disk, or to the broker."""


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """``what`` to do for ``station``, and what happens to it before step ``at`` (0: nothing)."""

    what: Literal["claim", "revoke", "enrol"]
    station: str
    village: str = ""
    request: str = ""
    """An EnrolRequest's JSON."""
    at: int = 0
    happens: Happening = "death"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The result. If the task was killed, it told its caller nothing: ``said`` is None."""

    said: dict[str, Any] | None = None
    steps: int = 0


def carry_out(task: Task) -> Outcome:
    """Do it in a child, and return what the child said before it ended."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            outcome = _do(task)
            os.write(writing, msgspec.json.encode(outcome))
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return msgspec.json.decode(said, type=Outcome) if said else Outcome()


def _do(task: Task) -> Outcome:
    from server_broker.settings import HOME  # noqa: PLC0415 - reads the environment

    broker, chores = (int((HOME.root / "run" / f"{part}.pid").read_text()) for part in ("mosquitto", "chores"))
    happens: dict[Happening, Callable[[], None]] = {
        "death": lambda: os.kill(os.getpid(), signal.SIGKILL),
        "chores die too": lambda: _kill_all(chores, os.getpid()),
        "full disk": SmallDisk(HOME.root, megabytes=0).fill,
        "broker hangs": lambda: os.kill(broker, signal.SIGSTOP),
        "broker dies": lambda: os.kill(broker, signal.SIGKILL),
    }
    steps = Steps(task.at, happens[task.happens])
    steps.begin()
    try:
        said = {"claim": _claim, "revoke": _revoke, "enrol": _enrol}[task.what](task)
    except Exception as error:  # noqa: BLE001 - whatever it is, that is what the caller is told
        said = {"error": f"{type(error).__name__}: {error}"}
    steps.end()
    return Outcome(said=said, steps=steps.count)


def _kill_all(*pids: int) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def _claim(task: Task) -> dict[str, Any]:
    from django.utils import timezone  # noqa: PLC0415

    from server_broker.enrolment.claims import make_claim  # noqa: PLC0415 - needs the models
    from server_broker.fleet.models import Station  # noqa: PLC0415

    made = {"name": f"{task.station} 站点", "village_id": task.village}
    station, _ = Station.objects.get_or_create(pk=task.station, defaults=made)
    return {"code": make_claim(station, actor="proof", now=timezone.now())}


def _revoke(task: Task) -> dict[str, Any]:
    from django.utils import timezone  # noqa: PLC0415

    from server_broker.enrolment.revocation import revoke  # noqa: PLC0415 - needs the models
    from server_broker.settings import HOME  # noqa: PLC0415

    outcome = revoke(HOME, task.station, actor="proof", reason="a proof", now=timezone.now())
    return {**dataclasses.asdict(outcome), "complete": outcome.complete, "sentence": outcome.said()}


def _enrol(task: Task) -> dict[str, Any]:
    from django.utils import timezone  # noqa: PLC0415

    from server_broker.enrolment import admission  # noqa: PLC0415 - needs the models
    from server_broker.settings import HOME  # noqa: PLC0415

    request = msgspec.json.decode(task.request, type=EnrolRequest)
    return {"certificate": admission.enrol(HOME, request, now=timezone.now()).certificate}


def main() -> None:
    """Take tasks until the input ends."""
    django.setup()
    import server_broker.enrolment.admission  # noqa: PLC0415 - once here, not in each child
    import server_broker.enrolment.revocation  # noqa: F401, PLC0415

    for line in sys.stdin.buffer:
        outcome = carry_out(msgspec.json.decode(line, type=Task))
        sys.stdout.buffer.write(msgspec.json.encode(outcome) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
