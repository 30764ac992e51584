"""A village whose people have numbers, and PINs of a cost that a test can pay."""

import hashlib
from collections.abc import Sequence

from protocol.bundle_contents import Roster, RosterPerson
from protocol.kiosk import TouchShown
from protocol.kiosk_visits import EnterNumber, OpenVisit, PinAsked, VisitShown
from protocol.pin_tries import NO_TRIES, PinTries
from protocol.pins import PinVerifier
from tests.agent.bench import Bench, desired

ZHANG_PIN, LI_PIN = "508213", "731946"
ZHANG_NUMBER, LI_NUMBER = "880001", "880002"


def verifier(pin: str, *, salt: bytes = b"salt-of-sample--") -> PinVerifier:
    """Return a verifier that is derived quickly."""
    digest = hashlib.scrypt(pin.encode(), salt=salt, n=2, r=1, p=1, dklen=32)
    return PinVerifier(log2_n=1, r=1, p=1, salt=salt, digest=digest)


def give_roster(
    station: Bench,
    *,
    pin: PinVerifier | None = None,
    tries: PinTries = NO_TRIES,
    voided: int = 0,
    set_at: int = 0,
    refused_pins: Sequence[bytes] = (),
    allowed: bool = True,
    others: int = 0,
) -> None:
    """Have the county send the roster, in which Zhang and Li have PINs, and so many others."""
    people = [
        RosterPerson(
            id="p1",
            name="张示例",
            number=ZHANG_NUMBER,
            may_number_sign_in=allowed,
            pin=pin or verifier(ZHANG_PIN),
            tries=tries,
            voided=voided,
            pin_set_at=set_at,
            refused=list(refused_pins),
        ),
        RosterPerson(
            id="p2", name="李示例", number=LI_NUMBER, may_number_sign_in=True, pin=verifier(LI_PIN, salt=b"x" * 16)
        ),
        *(
            RosterPerson(
                id=f"other-{one}",
                name="示例",
                number=f"99{one:04}",
                may_number_sign_in=True,
                pin=verifier(LI_PIN, salt=b"%016d" % one),
            )
            for one in range(others)
        ),
    ]
    station.bundles.put("roster", Roster(people=people))


def allow_numbers(station: Bench) -> None:
    """Have the county allow sign-in by number, and send the roster."""
    station.accept(desired(version=station.twin.version + 1, settings={"number_sign_in": True}))
    give_roster(station)


def enter(station: Bench, pin: str, *, number: str = ZHANG_NUMBER, kiosk: int = 1) -> object:
    """Enter a number and a PIN; return what the kiosk is answered last."""
    return station.ask(EnterNumber(number=number, pin=pin), kiosk=kiosk)[-1]


def refused(station: Bench, pin: str, *, number: str = ZHANG_NUMBER) -> PinAsked:
    """Enter a number and a PIN that open nothing; return what the kiosk says."""
    answer = enter(station, pin, number=number)
    assert isinstance(answer, PinAsked)
    return answer


def open_by_card(station: Bench, uid: str, *, kiosk: int = 1) -> VisitShown:
    """Touch a card and open the visit that its screen offers."""
    shown = station.touch(uid)
    assert isinstance(shown, TouchShown)
    (visit,) = station.ask(OpenVisit(visit=shown.visit), kiosk=kiosk)
    assert isinstance(visit, VisitShown)
    return visit
