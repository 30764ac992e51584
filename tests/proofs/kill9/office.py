"""The county's office: gives commands and changes settings through the county's own services, at random moments."""

import logging
import os
import random
import threading
from collections import defaultdict
from pathlib import Path

SETTINGS = {"open_before_min": (30, 240), "open_after_min": (30, 300), "data_mb_month": (100_000, 900_000)}
"""The settings that are changed, and their two values."""
COMMANDS = {"identify": 3, "snapshot": 3, "send_logs": 2, "time_check": 2, "restart_agent": 1}
"""The commands that are given, with their weights."""
PAUSE_S = 2.5
_COMMAND_SHARE = 0.6


class Office:
    """Works on a thread of its own. The database is killed too, and then the office does not learn whether its act was
    stored."""

    def __init__(self, home: Path, stations: list[str], *, seed: int) -> None:
        """Join a county that is up. Django's settings are read here for the first time."""
        os.environ |= {"CUNHUI_HOME": str(home), "DJANGO_SETTINGS_MODULE": "server_broker.settings"}
        import django  # noqa: PLC0415 - the settings must be named before

        django.setup()
        logging.getLogger().setLevel(logging.ERROR)
        self._stations = stations
        self._chance = random.Random(seed)
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._work, name="office")
        self.given: set[str] = set()
        """Ids, in hex, of the commands that were taken."""
        self.refused = 0
        """Commands that the county itself did not take: the station was away, or has too many open ones."""
        self.chosen: dict[str, dict[str, set[int]]] = defaultdict(dict)
        """By station and setting, the values of which one must be in force. They are several if the database was
        killed."""
        self.changes = 0

    def open(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """Give no more commands."""
        self._closed.set()
        self._thread.join()

    def _work(self) -> None:
        from django.db import Error, connection  # noqa: PLC0415

        while not self._closed.wait(self._chance.expovariate(1 / PAUSE_S)):
            act = self._command if self._chance.random() < _COMMAND_SHARE else self._choose
            try:
                act(self._chance.choice(self._stations))
            except Error:
                connection.close()
        connection.close()

    def _command(self, station_id: str) -> None:
        from django.utils import timezone  # noqa: PLC0415

        from server_broker.commands.command_queue import RULES, CommandRefused, give_command  # noqa: PLC0415
        from server_broker.fleet.models import Station  # noqa: PLC0415

        chosen = self._chance.choices(list(COMMANDS), list(COMMANDS.values()))[0]
        command_kind = next(kind for kind in RULES if kind == chosen)
        station = Station.objects.get(pk=station_id)
        try:
            made = give_command(station, command_kind, actor="proof", reason="示例", now=timezone.now())
        except CommandRefused:
            self.refused += 1
        else:
            self.given.add(made.id.hex)

    def _choose(self, station_id: str) -> None:
        from django.utils import timezone  # noqa: PLC0415

        from server_broker.fleet.models import Station  # noqa: PLC0415
        from server_broker.twin.station_settings import choose  # noqa: PLC0415

        name = self._chance.choice(list(SETTINGS))
        value = self._chance.randint(*SETTINGS[name])
        station = Station.objects.get(pk=station_id)
        possible = self.chosen[station_id].setdefault(name, set())
        possible.add(value)
        choose(station, name, str(value), actor="proof", now=timezone.now())
        self.chosen[station_id][name] = {value}
        self.changes += 1
