"""Whom the front door lets in: each person to their own month, by their own PIN or by a fresh code of a kiosk of their
own village, and nobody to the console.

Two fictional villagers touch their cards at a real ingest. The kiosks' codes are facts that their stations sign.
"""

import hashlib
import io
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from itertools import count

from openpyxl import Workbook

from protocol.cards import card_token
from protocol.china_time import CHINA
from protocol.facts import Fact, PhoneLinkShown, PinSet, Touch
from protocol.phone_link import PATH, code_hash, new_code
from protocol.pins import derive_verifier
from protocol.units import ClockQuality, FactRef, Moment
from tests.proofs.strangers.browser import Browser, Page, Telephone
from tests.proofs.strangers.case import Bench, Outcomes
from tests.proofs.strangers.console import make_account
from tests.proofs.strangers.county import OTHER_VILLAGE, VILLAGE, County
from tests.proofs.strangers.places import PLACES
from tests.proofs.strangers.signing_in import together
from tests.proofs.strangers.speaking import Speaker
from tests.proofs.strangers.station import Board
from tests.server_broker.station_double import BOOT, booted

_MINUTE_MS, _DAY_MS = 60_000, 86_400_000
_UP_MS = 2 * _DAY_MS
"""For how long the kiosks' machines have been up."""
_addresses = (f"127.{second}.{third}.1" for second in count(20) for third in range(256))
_OWN = {"/", "/sign-in/", "/sign-out/", "/favicon.ico"}
"""Paths that the front door has too, as its own pages."""
_GUESSES, _JUDGED = 30, 20
_SWEEPS = 30
"""How often four numbers are tried at once from everywhere."""
_COMMON = ("123456", "000000", "111111", "888888", "666666", "123123", "112233", "520520", "147258", "654321")


class Villager:
    """A fictional person with a card and, once it is set, a PIN."""

    def __init__(self, number: str, name: str, village: str, uid: str, pin: str) -> None:
        self.number, self.name, self.village, self.uid, self.pin = number, name, village, uid, pin


AMY = Villager("DOOR-1", "示例门甲", VILLAGE, "04d0000000aa01", "739204")
BEN = Villager("DOOR-2", "示例门乙", OTHER_VILLAGE, "04d0000000aa02", "618475")


class Kiosk:
    """A station's kiosk that shows codes, as its owner programs it."""

    def __init__(self, speaker: Speaker, card_key: bytes) -> None:
        self.speaker, self._card_key = speaker, card_key
        self.well = speaker.is_welcomed() and speaker.is_receipted(booted())

    def touch(self, person: Villager, *, ago_ms: int = 0) -> FactRef:
        """State a touch of a person's card."""
        token = card_token(self._card_key, person.uid)
        self._say(Touch(at=_moment(ago_ms), card=token, reader="gate", answer="recorded", direction="in"))
        return self.speaker.stream.ref(len(self.speaker.stream.sealed))

    def code(
        self,
        person: Villager,
        by: FactRef,
        *,
        ago_ms: int = 0,
        quality: ClockQuality = "synced",
        code: str = "",
    ) -> str:
        """State that a code was shown, and return it."""
        code = code or new_code()
        at = _moment(ago_ms, quality=quality)
        self._say(PhoneLinkShown(at=at, person=person.number, by=by, code=code_hash(code)))
        return code

    def set_pin(self, person: Villager, by: FactRef) -> None:
        """State that a person set their PIN."""
        verifier = derive_verifier(person.pin, salt=os.urandom(16))
        self._say(PinSet(at=_moment(0), person=person.number, verifier=verifier, by=by))

    def _say(self, *facts: Fact) -> None:
        self.well = self.speaker.is_receipted(*facts) and self.well


def _moment(ago_ms: int, *, quality: ClockQuality = "synced") -> Moment:
    return Moment(wall=time.time_ns() // 1_000_000 - ago_ms, boot=BOOT, mono=_UP_MS - ago_ms, quality=quality)


@contextmanager
def _kiosk(board: Board, outcomes: Outcomes, of: str) -> Iterator[Kiosk]:
    with Speaker(board) as speaker:
        kiosk = Kiosk(speaker, (board.county.home / "trust" / "card.key").read_bytes())
        yield kiosk
        outcomes.welcome(f"{of}: all that {board.station} said", kiosk.well)


def _settle(county: County) -> None:
    """Have both people on the county's list, and all tries of the last hours over."""
    book, out = Workbook(), io.BytesIO()
    book.remove(book["Sheet"])
    people, cards = book.create_sheet("人员"), book.create_sheet("卡")
    people.append(["编号", "姓名", "村代码"])
    cards.append(["卡号", "人员编号", "卡号格式"])
    for person in (AMY, BEN):
        people.append([person.number, person.name, person.village])
        cards.append([person.uid, person.number, "十六进制"])
    book.save(out)
    file = county.home / "villagers.xlsx"
    file.write_bytes(out.getvalue())
    county.tool("import-people", str(file))
    for table in ("public_wrongtry", "public_doortries", "public_phonesignin"):
        county.sql(f"DELETE FROM {table}")


def _telephone(county: County) -> Telephone:
    telephone = Telephone(county)
    telephone.come_from(next(_addresses))
    return telephone


def codes(bench: Bench, outcomes: Outcomes) -> None:
    """A code opens one page once: within minutes, of its own village's kiosk, for whoever touched there."""
    county = bench.county
    _settle(county)
    with (
        _kiosk(bench.first, outcomes, "codes") as own,
        _kiosk(bench.second, outcomes, "codes") as other,
    ):
        touched, theirs = own.touch(AMY), other.touch(BEN)
        code = own.code(AMY, touched)
        telephone = _telephone(county)
        outcomes.welcome("a fresh code", telephone.scan(code).leads_to == "/")
        outcomes.welcome("one's own month", telephone.shows(AMY.name))
        outcomes.refused("a code for the second time", _lets_in(_telephone(county).scan(code)))
        outcomes.welcome("a second code", _lets_in(_telephone(county).scan(own.code(AMY, touched))))
        raced = own.code(AMY, touched)
        taken = sum(_lets_in(page) for page in together([partial(_telephone(county).scan, raced) for _ in range(6)]))
        outcomes.welcome("one of six telephones at once", taken > 0)
        outcomes.refused("several of six telephones at once", taken != 1)
        old, before = own.touch(AMY, ago_ms=_DAY_MS), own.touch(AMY, ago_ms=7 * _MINUTE_MS)
        wrong = {
            "a code that no kiosk showed": new_code(),
            "no code": "",
            "a code's first half": raced[:6],
            "a code of yesterday": own.code(AMY, old, ago_ms=_DAY_MS - _MINUTE_MS),
            "a code that is six minutes old": own.code(AMY, before, ago_ms=6 * _MINUTE_MS),
            "a code of today for a touch of yesterday": own.code(AMY, old),
            "a code of a clock that is not known": own.code(AMY, touched, quality="unknown"),
            "a code of another village's kiosk": other.code(AMY, theirs),
            "a code for one who did not touch": own.code(BEN, touched),
            "a code for one whose card another touched": other.code(BEN, other.touch(AMY)),
            "a code that names another station's touch": other.code(BEN, touched),
            "a code that names no touch": own.code(AMY, FactRef(epoch=bytes(16), seq=1)),
            "a code for nobody": own.code(Villager("DOOR-9", "", VILLAGE, AMY.uid, ""), touched),
        }
        for case, wrong_code in wrong.items():
            outcomes.refused(case, _lets_in(_telephone(county).scan(wrong_code)))
        copied = own.code(AMY, touched, code=other.code(BEN, theirs))
        outcomes.refused("a code that another kiosk states too", _lets_in(_telephone(county).scan(copied)))
    _of_a_revoked_kiosk(bench, outcomes)


def _of_a_revoked_kiosk(bench: Bench, outcomes: Outcomes) -> None:
    county, board = bench.county, Board(bench.county)
    outcomes.welcome("a kiosk before its revocation", board.enrol(county.claim("door-01")).admitted)
    with _kiosk(board, outcomes, "codes") as kiosk:
        touched = kiosk.touch(AMY)
        telephone, code = _telephone(county), kiosk.code(AMY, touched)
        outcomes.welcome("its code before", _lets_in(telephone.scan(kiosk.code(AMY, touched))))
        outcomes.welcome("its session before", telephone.shows(AMY.name))
    county.tool("revoke", board.station, "--reason", "proof of the front door")
    outcomes.refused("a code of a revoked kiosk", _lets_in(_telephone(county).scan(code)))
    outcomes.refused("a session that a revoked kiosk opened", telephone.shows(AMY.name))


def _lets_in(page: Page) -> bool:
    return page.leads_to == "/"


def numbers(bench: Bench, outcomes: Outcomes) -> None:
    """A number and its own PIN open one's own month. Guesses are few, whoever makes them, and codes go on meanwhile."""
    county = bench.county
    _settle(county)
    with _kiosk(bench.first, outcomes, "numbers") as own, _kiosk(bench.second, outcomes, "numbers") as other:
        own.set_pin(AMY, own.touch(AMY))
        other.set_pin(BEN, other.touch(BEN))
        telephone = _telephone(county)
        outcomes.welcome("number and PIN", _lets_in(telephone.enter(AMY.number, AMY.pin)))
        outcomes.welcome("one's own month by PIN", telephone.shows(AMY.name))
        for case, number, pin in (
            ("another's PIN", AMY.number, BEN.pin),
            ("a PIN for a number that nobody has", "DOOR-9", AMY.pin),
            ("an empty PIN", AMY.number, ""),
            ("an empty number", "", AMY.pin),
            ("any number", "%", AMY.pin),
            ("a card's number", AMY.uid, AMY.pin),
            ("a name", AMY.name, AMY.pin),
        ):
            outcomes.refused(case, _lets_in(_telephone(county).enter(number, pin)))
        forged = Villager(AMY.number, AMY.name, AMY.village, AMY.uid, "402913")
        for case, by in (("another's", other.touch(BEN)), ("yesterday's", other.touch(AMY, ago_ms=_DAY_MS))):
            other.set_pin(forged, by)
            outcomes.refused(f"a PIN set by {case} touch", _lets_in(_telephone(county).enter(AMY.number, forged.pin)))
        outcomes.welcome("the own PIN after them", _lets_in(_telephone(county).enter(AMY.number, AMY.pin)))
        _guessing(county, outcomes)
        outcomes.welcome("a code while numbers rest", _lets_in(_telephone(county).scan(own.code(AMY, own.touch(AMY)))))


def _guessing(county: County, outcomes: Outcomes) -> None:
    shared = next(_addresses)

    def from_one_network(number: int) -> Page:
        telephone = Telephone(county)
        telephone.come_from(shared)
        return telephone.enter(f"DOOR-{100 + number}", _COMMON[number % len(_COMMON)])

    pages = together([partial(from_one_network, number) for number in range(_GUESSES)])
    judged = sum(page.status == HTTPStatus.FORBIDDEN or _lets_in(page) for page in pages)
    outcomes.refused(f"more than {_JUDGED} of {_GUESSES} guesses of one network judged", judged > _JUDGED)
    county.sql("DELETE FROM public_wrongtry")
    pages = [_telephone(county).enter(BEN.number, pin) for pin in _COMMON]
    outcomes.refused("the commonest PINs of one person", any(_lets_in(page) for page in pages))
    outcomes.refused("the right PIN after ten wrong ones", _lets_in(_telephone(county).enter(BEN.number, BEN.pin)))
    # One PIN for each of many numbers, from everywhere.
    for _ in range(_SWEEPS):
        deeds = [partial(_telephone(county).enter, f"DOOR-{200 + place}", "123456") for place in range(4)]
        pages = together(deeds)
    outcomes.refused("guessing numbers without end", pages[-1].status != HTTPStatus.TOO_MANY_REQUESTS)


def sessions(bench: Bench, outcomes: Outcomes) -> None:
    """A session is one person's, on one telephone, for half an hour, and shows their own alone."""
    county = bench.county
    _settle(county)
    with _kiosk(bench.first, outcomes, "sessions") as own, _kiosk(bench.second, outcomes, "sessions") as other:
        touched, theirs = own.touch(AMY), other.touch(BEN)
        amy, ben = _telephone(county), _telephone(county)
        outcomes.welcome("one person", _lets_in(amy.scan(own.code(AMY, touched))))
        outcomes.welcome("another person", _lets_in(ben.scan(other.code(BEN, theirs))))
        for wish in (
            "/",
            f"/?person={AMY.number}",
            f"/?number={AMY.number}",
            f"/sign-in/?number={AMY.number}",
            "/?id=1",
        ):
            outcomes.refused(f"{wish} shows another's month", AMY.name in ben.ask("GET", wish).text)
        outcomes.welcome("the own month meanwhile", ben.shows(BEN.name))
        _requests(county, outcomes, amy, ben)
        for case, guess in (
            ("a guessed session", "A" * 43),
            ("an empty session", ""),
            ("a person's number for a session", AMY.number),
            ("a session's hash", hashlib.sha256(amy.session().encode()).hexdigest()),
        ):
            guesser = _telephone(county)
            guesser.guess_session(guess)
            outcomes.refused(case, guesser.shows(AMY.name))
        forged = amy.ask("POST", "/sign-out/", has_token=False)
        outcomes.refused("a sign-out that another page forged", forged.status != HTTPStatus.FORBIDDEN)
        for case, said in (
            ("another origin", {"Origin": "https://stranger.example"}),
            ("another host", {"Host": "stranger.example"}),
        ):
            page = _telephone(county).ask("POST", PATH, {"code": own.code(AMY, touched)}, says=said)
            outcomes.refused(f"a code from {case}", _lets_in(page))
        thief = _telephone(county)
        thief.copy_session(amy)
        outcomes.welcome("a code on a second telephone", _lets_in(_telephone(county).scan(own.code(AMY, touched))))
        outcomes.refused("the first telephone's session after it", amy.shows(AMY.name))
        outcomes.refused("a copy of it", thief.shows(AMY.name))
        thief.copy_session(ben)
        ben.ask("POST", "/sign-out/")
        outcomes.refused("a copy of a session that was signed out", thief.shows(BEN.name))
        late = _telephone(county)
        outcomes.welcome("a session before its end", _lets_in(late.scan(other.code(BEN, theirs))))
        county.sql("UPDATE public_phonesession SET opened_at = opened_at - interval '31 minutes'")
        outcomes.refused("a session of half an hour ago", late.shows(BEN.name))


def _requests(county: County, outcomes: Outcomes, amy: Telephone, ben: Telephone) -> None:
    """What one person asks for, no other reads, takes back or agrees to, and no other page asks for it."""
    tomorrow = datetime.now(CHINA).date() + timedelta(days=1)
    wish = {"code": "sick", "from": str(tomorrow), "part": "pm"}
    made = amy.ask("POST", "/ask/leave/", wish)
    outcomes.welcome("one's own leave", made.leads_to != "" and not made.asks_to_sign_in)
    outcomes.welcome("the own request", amy.ask("GET", made.leads_to).status == HTTPStatus.OK)
    for who, other in (("another person", ben), ("anybody", _telephone(county))):
        page = other.ask("GET", made.leads_to)
        outcomes.refused(f"a request read by {who}", page.status == HTTPStatus.OK)
    for act in ("withdraw/", "agree/"):
        page = ben.ask("POST", f"{made.leads_to}{act}", {"agrees": "yes"})
        outcomes.refused(f"{act} of another's request", page.status != HTTPStatus.NOT_FOUND)
    asked = _telephone(county).ask("POST", "/ask/leave/", wish)
    outcomes.refused("leave by nobody", not (asked.asks_to_sign_in or asked.status == HTTPStatus.FORBIDDEN))
    forged = amy.ask("POST", "/ask/card_lost/", {}, has_token=False)
    outcomes.refused("a loss that another page forged", forged.status != HTTPStatus.FORBIDDEN)


def hosts(bench: Bench, outcomes: Outcomes) -> None:
    """The front door has no page of the console, and the console none of the front door's. Neither knows the other's
    sessions."""
    county = bench.county
    _settle(county)
    officer, telephone = Browser(county), _telephone(county)
    outcomes.welcome("an officer at the console", officer.sign_in(make_account(county, "door-operator", "operator")))
    officer.pass_second_factor()
    with _kiosk(bench.first, outcomes, "hosts") as kiosk:
        outcomes.welcome("a person at the front door", _lets_in(telephone.scan(kiosk.code(AMY, kiosk.touch(AMY)))))
    outcomes.welcome("a page of the console", officer.ask("GET", "/people/").status == HTTPStatus.OK)
    carried = _telephone(county)
    carried.show_cookie(Browser.session_cookie, officer.session())
    for who, asker in (("anybody", _telephone(county)), ("a signed-in person", telephone), ("an officer", carried)):
        for place in PLACES:
            # Its own pages are other pages under the same path.
            if place.path in _OWN:
                continue
            page = asker.ask(place.method, place.path.format(station=bench.first.station, picture=1, log=1))
            case = f"{place.method} {place.path} at the front door as {who}"
            outcomes.refused(case, page.status != HTTPStatus.NOT_FOUND)
        for path in ("/enrol", "/renew", "/packs/any", "/bundles/" + "0" * 64, "/static/console/console.js", "/admin/"):
            page = asker.ask("GET", path)
            outcomes.refused(f"{path} at the front door as {who}", page.status != HTTPStatus.NOT_FOUND)
    outcomes.refused("an officer's session at the front door", carried.shows(AMY.name))
    person = Browser(county)
    person.show_cookie(Browser.session_cookie, telephone.session())
    person.show_cookie(Telephone.session_cookie, telephone.session())
    for path in (PATH, "/people/", "/", "/today/"):
        page = person.ask("GET", path)
        outcomes.refused(f"{path} at the console by a person's session", page.status == HTTPStatus.OK)
    page = person.ask("POST", PATH, {"code": new_code()})
    nowhere = (HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN)
    outcomes.refused("the front door's form at the console", page.status not in nowhere)
