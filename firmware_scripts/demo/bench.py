"""The whole bench: a county with fictional villages and three enrolled stations."""

from pathlib import Path

from firmware_scripts.demo.cast import TOWNSHIP, CastStation
from firmware_scripts.demo.county import DemoCounty
from firmware_scripts.demo.officer import Officer
from firmware_scripts.demo.samples import give_samples, show_the_boards
from firmware_scripts.demo.station import DemoStation

ADMIN = "demo-admin"
_EDITOR, _OFFICER = "demo-editor", "demo-officer"
"""By these the samples are published. They have a second factor that nobody holds; nobody else can sign in."""
_ASKS, _AGREES = "demo-asks", "demo-agrees"
"""By these the county decides that its boards say who is on duty and who is there, as two people must."""
VISITORS = {
    ADMIN: "the county's operator: stations, people, cards",
    "demo-township": "a township officer: answers people, publishes what others wrote",
}
"""Whom whoever runs the demonstration can be, and what each may do."""
_ROLES = {_EDITOR: "editor", _OFFICER: "officer", "demo-township": "officer"}
_COUNTY_ROLES = {_ASKS: "operator", _AGREES: "organisation"}


class Bench:
    """Starts everything in order and stops it in reverse; a context manager."""

    def __init__(self, folder: Path, cast: list[CastStation], *, pcsc: bool, speaker: bool = False) -> None:
        self.folder = folder
        self.county = DemoCounty(folder / "county")
        self.stations = [
            DemoStation(
                station,
                folder=folder / "stations" / station.id,
                readers=["pcsc", "simulated"] if pcsc and place == 0 else ["simulated"],
                speaker=speaker,
            )
            for place, station in enumerate(cast)
        ]
        self._cast = cast
        self._accounts: set[str] = set()
        self._officers: dict[str, Officer] = {}

    def __enter__(self) -> "Bench":
        try:
            self.county.init()
            self.county.open_front_door()
            self.county.start()
            # The stations' names are in the sheet, so there is no claim code for one before it is imported.
            self.county.load(self._cast, self.folder)
            county = self._cast[0].village[:6] + "000000"
            self.county.publish_samples(county, self.folder)
            self.county.tool("account", ADMIN, "--role", "operator", "--region", county)
            where = self.county.where()
            for station in self.stations:
                station.enrol(url=where["url"], ca=Path(where["ca"]), claim=self.county.claim(station.cast.id))
                station.start()
        # Also at Ctrl+C: what has been started must not stay behind.
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def sign_in_link(self) -> str:
        """Return the address under which the console signs the operator in, once."""
        return self.county.tool("sign-in-link", ADMIN)

    def sign_in_links(self) -> list[tuple[str, str]]:
        """Return the address under which the console signs each visitor in, once, and who that is."""
        return [(self.county.tool("sign-in-link", name), f"{name}, {who}") for name, who in VISITORS.items()]

    def session(self, account: str) -> dict[str, str]:
        """Return the cookies by which a browser goes on as one of the township's accounts."""
        return self._officer(account).session

    def furnish(self) -> str:
        """Give every place of the kiosks something to show, and return the number of a question that is answered."""
        for account in _ROLES:
            self._make_account(account)
        show_the_boards(self._officer(_ASKS), self._officer(_AGREES))
        writer, publisher = self._officer(_EDITOR), self._officer(_OFFICER)
        return give_samples(writer, publisher, kiosks=[station.kiosk_socket for station in self.stations])

    def _officer(self, account: str) -> Officer:
        """Return somebody who is signed in: each account once, because it has one second factor."""
        if account not in self._officers:
            self._make_account(account)
            ca = Path(self.county.where()["ca"])
            self._officers[account] = Officer(self.county.tool("sign-in-link", account), ca)
        return self._officers[account]

    def _make_account(self, account: str) -> None:
        if account not in self._accounts:
            role = _COUNTY_ROLES.get(account)
            region = TOWNSHIP if role is None else self._cast[0].village[:6] + "000000"
            self.county.tool("account", account, "--role", role or _ROLES[account], "--region", region)
            self._accounts.add(account)

    def stop(self) -> None:
        """Stop the stations, then the county."""
        for station in self.stations:
            station.stop()
        self.county.stop()
