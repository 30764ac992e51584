"""The county of the proof: a bench of real processes, its accounts, and a Django that opens telephones' sessions."""

import datetime as dt
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from firmware_scripts.demo.bench import Bench
from firmware_scripts.demo.cast import COUNTY, TOWNSHIP, make_cast
from firmware_scripts.demo.officer import Officer

if TYPE_CHECKING:
    from tests.proofs.requests.phone_hand import Browser

SECRETARIES = ("shuji-1", "shuji-2", "shuji-3")
FIRST, SECOND, DOUBLE, TWIN = "zhen-1", "zhen-2", "zhen-3", "zhen-4"
"""Two of the township that decide at the same instant; and of one person who asks two accounts, one after the other."""
WRITERS = ("zhen-5", "zhen-6", "zhen-7", "zhen-8")
"""They write requests down, as the first two do: an account may do so two hundred times a day."""
COUNTY_OFFICERS = ("xian-1", "xian-2")
AT_KIOSKS = 50
"""So many people of each village ask at its kiosk; the others telephone, or ask an officer."""


class Office:
    """The bench with its accounts."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.county = bench.county
        where = self.county.where()
        self._ca, self._door = Path(where["ca"]), where["front_door"]
        self._door_ca = self.county.home / "front-door" / "authority.pem"
        self.villages = [station.cast.village for station in bench.stations]
        self.asker = bench.stations[0].cast.people[AT_KIOSKS].number
        """Whose two accounts are of the township's office."""
        self.officers: dict[str, Officer] = {}

    def open(self) -> None:
        """Make the accounts and sign them in. Django is set up."""
        from server_broker.accounts.account_changes import make_account  # noqa: PLC0415
        from server_broker.accounts.links import make_sign_in_link  # noqa: PLC0415
        from server_broker.accounts.models import Role, User  # noqa: PLC0415
        from server_broker.accounts.second_factor import is_of_use  # noqa: PLC0415
        from server_broker.people.models import Person  # noqa: PLC0415

        asker = Person.objects.get(number=self.asker).pk
        for name, village in zip(SECRETARIES, self.villages, strict=True):
            make_account(name, role=Role.SECRETARY, region=village)
        for name in (FIRST, SECOND, *WRITERS):
            make_account(name, role=Role.OFFICER, region=TOWNSHIP)
        for name in COUNTY_OFFICERS:
            make_account(name, role=Role.OFFICER, region=COUNTY)
        make_account(DOUBLE, role=Role.OFFICER, region=TOWNSHIP, person=asker)
        self._write_down()
        # One person has one open account. Of the closed one the county still knows whose it was.
        User.objects.filter(username=DOUBLE).update(is_active=False)
        make_account(TWIN, role=Role.OFFICER, region=TOWNSHIP, person=asker)
        base = self.county.where()["url"].rstrip("/")
        for name in (*SECRETARIES, FIRST, SECOND, *WRITERS, *COUNTY_OFFICERS, TWIN):
            user = User.objects.get(username=name)
            self.officers[name] = Officer(base + make_sign_in_link(user), self._ca, proves=is_of_use(user))

    def _write_down(self) -> None:
        """Have the account that is closed later write some requests down."""
        from django.utils import timezone  # noqa: PLC0415

        from server_broker.dated.days import begin_of  # noqa: PLC0415
        from server_broker.people.models import Person  # noqa: PLC0415
        from server_broker.requests.asking import Wish, ask  # noqa: PLC0415

        now = timezone.now()
        for station in self.bench.stations:
            person = Person.objects.get(number=station.cast.people[AT_KIOSKS - 2].number)
            for place in range(4):
                begin = begin_of(timezone.localdate()) + dt.timedelta(days=3 + 2 * place)
                wish = Wish(kind="leave", code="sick", begin=begin, end=begin + dt.timedelta(days=1))
                ask(person, wish, now=now, officer=DOUBLE)

    def telephone(self, person: str) -> "Browser":
        """Return a telephone on which a person has signed in."""
        from django.db import Error, connection  # noqa: PLC0415 - Django is set up later
        from django.utils import timezone  # noqa: PLC0415

        from server_broker.people.models import Person  # noqa: PLC0415
        from server_broker.public.sessions import open_session  # noqa: PLC0415
        from tests.proofs.requests.phone_hand import Browser  # noqa: PLC0415

        while True:
            try:
                token = open_session(Person.objects.get(number=person), by="number", now=timezone.now())
                break
            except Error:
                # The database is killed, too.
                connection.close()
        return Browser(self._door, str(self._door_ca), token)


@contextmanager
def opened(folder: Path, *, people: int, seed: int) -> Iterator[Office]:
    """Run the bench as long as the context lasts, with this process's Django at its database."""
    folder.chmod(0o755)
    with Bench(folder, make_cast(people_per_station=people, seed=seed), pcsc=False) as bench:
        os.environ |= {"CUNHUI_HOME": str(folder / "county"), "DJANGO_SETTINGS_MODULE": "server_broker.settings"}
        import django  # noqa: PLC0415 - the settings must be named before

        django.setup()
        logging.getLogger().setLevel(logging.CRITICAL)
        office = Office(bench)
        office.open()
        yield office
