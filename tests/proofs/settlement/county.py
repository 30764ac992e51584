"""The county that lives the months of its townships: edits by the product's own functions, noted in books.

Import it after `django.setup`. Whatever the product refuses is not done, and so stands in no book.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator

from chinese_calendar import constants
from django.utils import timezone

from server_broker.accounts.models import Role, User
from server_broker.attendance.models import DaysKind, DutyWindow
from server_broker.dated.writing import Period
from server_broker.duty.models import Absence
from server_broker.duty.overlaps import WindowRefused
from server_broker.duty.roster_days import name_days, withdraw_days
from server_broker.duty.values import Crew
from server_broker.duty.windows import Terms, add_window, change_window
from server_broker.fleet.models import Station as StationRow
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.held import held_facts, write_off
from server_broker.ingest.reread import reread_held
from server_broker.people.cards import BindRefused, bind_card, card_found, end_binding, report_lost
from server_broker.people.changes import register
from server_broker.people.models import Card, Holding, HoldingState, Person, Unit, UnitKind
from server_broker.people.posts import PostRefused, change_holding, give_post, make_unit
from server_broker.regions.models import Region
from server_broker.requests.asking import Wish, ask
from server_broker.requests.deciding import decide_case
from server_broker.requests.kinds import LEAVES
from server_broker.requests.models import CountyRequest, Outcome
from server_broker.requests.refused import RequestRefused
from server_broker.requests.withdrawing import agree
from server_broker.settling.dead_stations import DeadRefused, declare_dead
from server_broker.settling.setting_terms import set_term
from server_broker.settling.stand_ins import Days, StandInRefused, name_stand_in
from server_broker.settling.term_specs import TermRefused
from server_broker.workdays.county_table import CountyWord, DayRefused, set_day
from server_broker.workdays.libraries import note_libraries
from server_broker.workdays.notices import NoticeRefused, set_notice, take_back
from tests.proofs.settlement.book import Book, Values
from tests.proofs.settlement.office import DAY, PEOPLE, Edit, Office
from tests.proofs.settlement.station import Station, aware, local, token_of
from tests.proofs.settlement.station_row import station_row
from tests.reckoning.worlds_people import VILLAGES

BY, WHY = "proof", "照实登记"
COUNTY = "990101000000"
DUTY_POST, MEMBER = "值班员", "委员"
REFUSALS = (
    *(WindowRefused, BindRefused, PostRefused, RequestRefused, DeadRefused, StandInRefused, TermRefused),
    *(DayRefused, NoticeRefused),
)
_STATES = {"借调": HoldingState.SECONDED, "停职": HoldingState.SUSPENDED, "离岗": HoldingState.OFF}
_WISHES = {"假": "leave", "出": "field_duty", "会": "meeting"}
_CODES = {word if word == "补休" else word.removesuffix("假"): code for code, word in LEAVES.items()}
_MARKS = {"in": "arrival", "out": "departure"}
_BEFORE = 20 * DAY
"""So long before the month everything that is not entered later has held."""


def calendar_of(first: dt.date, last: dt.date) -> Values:
    """Return what the library of announced holidays says of some dates, as a case has it."""
    days = [first + number * DAY for number in range((last - first).days + 1)]
    return {
        "source": "chinesecalendar",
        "from": first,
        "to": last,
        "holidays": [day for day in days if day.weekday() < 5 and day in constants.holidays],
        "workdays": [day for day in days if day.weekday() > 4 and day in constants.workdays],
    }


class NotTaken(Exception):
    """The county set an envelope aside."""


class Township:
    """One township with its four villages: a book of its own, and what the county calls its things."""

    def __init__(self, number: int, seed: str, month: str) -> None:
        self.name = f"t{number:03d}"
        self.office = Office(f"{seed} {self.name}", month)
        stories, self.edits = self.office.lived()
        self.book = Book(self.office.days)
        self.stations = {one.village: Station(self.name, one, seed) for one in stories}
        self.regions: dict[str, Region] = {}
        self.people: dict[str, Person] = {}
        self.windows: dict[tuple[int, str], DutyWindow] = {}
        """By the number of a roster and a window's start."""
        self.holdings: dict[tuple[str, str], Holding] = {}
        self.unit: Unit
        self.moved = {edit.row["number"] for edit in self.edits if edit.what == "move_window"}
        """Rosters whose windows change their times: a window is named by its start, so nothing is asked of these."""

    @property
    def villages(self) -> list[int]:
        """The villages' identities."""
        return [self.regions[village].identity for village in VILLAGES]

    def case(self, at: dt.datetime) -> Values:
        """Return the township's month as a case, as it was known at a moment."""
        stations = [station_row(station, at) for station in self.stations.values()]
        return self.book.case(self.name, at, stations)


class County:
    """A county of some townships."""

    def __init__(self, townships: list[Township]) -> None:
        self.townships = townships
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.later: list[tuple[dt.datetime, Township, Edit]] = []
        """What follows from what was entered, and when."""
        self._processor = BatchProcessor(clock=lambda: self._now)
        self._now = timezone.now()
        self._actions: dict[str, Callable[[Township, Values, dt.datetime], None]] = {
            name: getattr(self, f"_{name}")
            for name in (
                *("roster", "move_window", "withdraw_day", "name_day", "pass_post", "away", "lose", "find", "hand_in"),
                *("bind", "leave", "decide", "back", "correction", "decide_correction", "second", "swap", "agree"),
                *("notice", "notice_back", "term", "dead", "read_again", "write_off", "renew"),
            )
        }

    # What is there before the month.

    def begin(self) -> None:
        """Make everything that is there before the month, and note it."""
        note_libraries()
        county = Region.objects.create(code=COUNTY, name="示例县")
        self._officers = {
            name: User.objects.create(username=f"proof-{name}", role=Role.OFFICER, region=county)
            for name in ("县", "县乙")
        }
        first, last = self.townships[0].office.days[0], self.townships[0].office.days[-1]
        table = calendar_of(first - 60 * DAY, last + 90 * DAY)
        for number, township in enumerate(self.townships):
            township.book.put("calendar", "library", [table])
            self._places(township, county, number)
            self._people(township)
            self._stations(township)

    def _places(self, township: Township, county: Region, number: int) -> None:
        township.regions["c"] = county
        rows: list[Values] = [{"id": "c"}]
        for name, digits in (("t1", 2 * number + 1), ("t2", 2 * number + 2)):
            code = f"990101{digits:03d}000"
            township.regions[name] = Region.objects.create(code=code, name=f"示例镇{digits}")
            rows.append({"id": name, "parent": "c"})
        for place, (village, above) in enumerate(VILLAGES.items(), 1):
            code = f"{township.regions[above].code[:9]}{place:03d}"
            township.regions[village] = Region.objects.create(code=code, name=f"示例村{code[6:]}")
            rows.append({"id": village, "parent": above})
        for region in township.regions.values():
            region.refresh_from_db()
        township.book.put("regions", "all", rows)

    def _people(self, township: Township) -> None:
        office, since = township.office, township.office.days[0] - _BEFORE
        homes = {row["id"]: row["village"] for row in office.people}
        for place, name in enumerate(PEOPLE):
            village = township.regions[homes[name]]
            number = f"{township.name}{place:02d}"
            township.people[name] = register(number, f"示例{name}", village, actor=BY, since=since)
            bind_card(token_of(township.name, f"k-{name}"), township.people[name], actor=BY)
            township.book.put("cards", f"k-{name}", [_card(f"k-{name}", name, aware(_midnight(since)))])
        people = [{"id": name, "village": homes[name]} for name in PEOPLE]
        people += [{"id": name, "village": "c", "rank": "county"} for name in ("县", "县乙")]
        township.book.put("people", "all", people)
        unit = make_unit(f"{township.name}村委会", UnitKind.COMMITTEE, township.regions["v1"], actor=BY)
        for name, title in (("丁", DUTY_POST), *((name, MEMBER) for name in ("甲", "乙"))):
            holding = give_post(township.people[name], unit, title, since=since, actor=BY)
            township.holdings[name, title] = holding
            township.book.put("posts", (name, title), [{"post": title, "person": name, "from": since}])
        township.unit = unit

    def _stations(self, township: Township) -> None:
        for village, station in township.stations.items():
            StationRow.objects.create(
                id=station.name,
                name=station.name,
                village=township.regions[village],
                record_key=station.public,
                enrolled_at=aware(station.story.begin),
            )
        for station in township.stations.values():
            if station.story.stands_in_for:
                alone = township.regions[station.story.stands_in_for]
                days = Days(township.office.days[0] - _BEFORE, None)
                row = StationRow.objects.get(pk=station.name)
                now = aware(dt.datetime.combine(days.first - DAY, dt.time(9)))
                name_stand_in(alone, row, days, WHY, by=self._officers["县"], now=now)

    @property
    def officer(self) -> User:
        """The county's officer, who has no windows of their own."""
        return self._officers["县"]

    # What happens.

    def events(self) -> Iterator[tuple[dt.datetime, Township, Edit]]:
        """Yield what is entered, with its local time. What is entered before the month has no time."""
        for township in self.townships:
            for edit in township.edits:
                yield edit.at, township, edit
            for station in township.stations.values():
                if station.story.renews is not None:
                    yield station.story.renews, township, Edit(station.story.renews, "renew", {"station": station})
                for one in station.story.told:
                    for key, what in (("held_until", "read_again"), ("write_off_at", "write_off")):
                        if key in one.more:
                            yield one.more[key], township, Edit(one.more[key], what, {"station": station})

    def enter(self, township: Township, edit: Edit) -> None:
        """Enter something now, by the product's functions, and note it in the township's book."""
        try:
            self._actions[edit.what](township, edit.row, timezone.now())
        except REFUSALS as refusal:
            self.refused[f"{edit.what}: {refusal}"[:60]] += 1
            return
        self.done[edit.what] += 1

    def take(self, station: Station, until: dt.datetime) -> int:
        """Have the county take what a station stated until then, and return how many envelopes that were."""
        self._now = timezone.now()
        count = 0
        for message, hold in station.send(until, local(self._now)):
            if not self._processor.process_batch([message], hold=hold):
                raise NotTaken(station.name)
            count += 1
        return count

    def _follow(self, township: Township, at: dt.datetime, what: str, row: Values) -> None:
        self.later.append((at, township, Edit(at, what, row)))

    # Rosters.

    def _roster(self, township: Township, row: Values, _: dt.datetime) -> None:
        number = row["number"]
        roster = township.office.rosters[number]
        village = township.regions[roster["village"]]
        weekly = roster["days"] == "working"
        people, posts = self._crew(township, roster)
        for start, end in _spans(roster):
            terms = Terms(
                name=f"班{number}-{start}",
                weekdays=[1, 2, 3, 4, 5] if weekly else [],
                start=start,
                end=end,
                people=people if weekly else [],
                posts=posts if weekly else [],
                days=DaysKind.WEEKLY if weekly else DaysKind.NAMED,
                marks=roster["marks"],
            )
            since = township.office.days[0] - _BEFORE
            window = add_window(village, terms, since=since, actor=BY)
            key = (number, _clock(start))
            township.windows[key] = window
            if weekly:
                content = {**_window(roster, start, end), **_whom(roster), "days": "working", "from": since}
                township.book.put("rosters", key, [content | {"known": _known()}], _known())
            else:
                crew = Crew(frozenset(people), frozenset(posts))
                name_days(window, dict.fromkeys(roster["days"], crew), actor=BY)
                for day in roster["days"]:
                    self._named(township, number, start, day, _whom(roster))

    def _crew(self, township: Township, roster: Values) -> tuple[list[int], list[int]]:
        if "persons" in roster:
            return [township.people[name].pk for name in roster["persons"]], []
        return [], [township.holdings["丁", DUTY_POST].post_id]

    def _named(self, township: Township, number: int, start: int, day: dt.date, whom: Values | None) -> None:
        """Note who is in a window on a date; nobody: None. Who is named again has been named since before."""
        roster, key = township.office.rosters[number], (number, _clock(start), day)
        end = dict(_spans(roster))[start]
        rows = []
        if whom is not None:
            rows = [{**_window(roster, start, end), **whom, "days": [day], "known": _known()}]
            if any(whom.items() <= stood.items() for stood in township.book.standing("rosters", key)):
                return
        township.book.put("rosters", key, rows, _known())

    def _move_window(self, township: Township, row: Values, _: dt.datetime) -> None:
        number, since = row["number"], row["since"]
        roster = township.office.rosters[number]
        start, end = _spans(roster)[0]
        window = township.windows.get((number, _clock(start)))
        if window is None:
            raise WindowRefused("it was not entered")
        people, posts = self._crew(township, roster)
        moved, until = start + row["minutes"], end + row["minutes"]
        terms = Terms(f"班{number}-{start}", [1, 2, 3, 4, 5], moved, until, people, posts, marks=roster["marks"])
        change_window(window, terms, since=since, actor=BY, reason=WHY)
        key, known = (number, _clock(start)), _known()
        (stood,) = township.book.standing("rosters", key)
        after = {**_window(roster, moved, until), **_whom(roster), "days": "working", "from": since, "known": known}
        township.book.put("rosters", key, [stood | {"to": since - DAY}, after], known)

    def _withdraw_day(self, township: Township, row: Values, _: dt.datetime) -> None:
        self._of_day(township, row, None)

    def _name_day(self, township: Township, row: Values, _: dt.datetime) -> None:
        self._of_day(township, row, {"persons": row["persons"]})

    def _of_day(self, township: Township, row: Values, whom: Values | None) -> None:
        number, day = row["number"], row["day"]
        start, _ = _spans(township.office.rosters[number])[0]
        window = township.windows.get((number, _clock(start)))
        if window is None:
            raise WindowRefused("it was not entered")
        if whom is None:
            withdraw_days(window, [day], actor=BY, reason=WHY)
        else:
            people = frozenset(township.people[name].pk for name in whom["persons"])
            name_days(window, {day: Crew(people)}, actor=BY, reason=WHY)
        self._named(township, number, start, day, whom)

    # Posts.

    def _pass_post(self, township: Township, row: Values, _: dt.datetime) -> None:
        last, unit = row["last"], township.unit
        holding = township.holdings["丁", DUTY_POST]
        change_holding(holding, HoldingState.ENDED, since=last + DAY, actor=BY, reason=WHY)
        (stood,) = township.book.standing("posts", ("丁", DUTY_POST))
        township.book.put("posts", ("丁", DUTY_POST), [stood | {"to": last}], _known())
        give_post(township.people["书1"], unit, DUTY_POST, since=last + DAY, actor=BY)
        given = {"post": DUTY_POST, "person": "书1", "from": last + DAY, "known": _known()}
        township.book.put("posts", ("书1", DUTY_POST), [given], _known())

    def _away(self, township: Township, row: Values, _: dt.datetime) -> None:
        name, state = row["person"], _STATES[row["kind"]]
        holding = township.holdings[name, MEMBER]
        change_holding(holding, state, since=row["from"], until=row["to"], actor=BY, reason=WHY)
        township.book.put("away", (name, row["from"]), [{**row, "known": _known()}], _known())

    # Cards.

    def _card(self, township: Township, card: str) -> Card:
        found = Card.objects.filter(token=token_of(township.name, card)).first()
        if found is None:
            raise BindRefused("nobody has it")
        return found

    def _lose(self, township: Township, row: Values, now: dt.datetime) -> None:
        card, since = row["card"], row["since"].replace(second=0)
        report_lost(self._card(township, card), actor=BY, reason=WHY, since=aware(since), now=now)
        *before, stood = township.book.standing("cards", card)
        lost = stood | {"lost": since, "lost_known": _known()}
        township.book.put("cards", card, [*before, lost], _known())

    def _find(self, township: Township, row: Values, now: dt.datetime) -> None:
        card = row["card"]
        card_found(self._card(township, card), actor=BY, reason=WHY, now=now)
        *before, stood = township.book.standing("cards", card)
        if "lost" not in stood:
            raise AssertionError(card)
        again = _card(card, stood["person"], now) | {"known": _known()}
        township.book.put("cards", card, [*before, stood | {"to": again["from"]}, again], _known())

    def _hand_in(self, township: Township, row: Values, now: dt.datetime) -> None:
        card, since = row["card"], row["since"].replace(second=0)
        end_binding(self._card(township, card), actor=BY, reason=WHY, since=aware(since), now=now)
        *before, stood = township.book.standing("cards", card)
        township.book.put("cards", card, [*before, stood | {"to": since}], _known())

    def _bind(self, township: Township, row: Values, now: dt.datetime) -> None:
        card, person = row["card"], row["person"]
        bind_card(token_of(township.name, card), township.people[person], actor=BY, now=now)
        before = township.book.standing("cards", card)
        begin = aware(before[-1]["to"]) if before else now
        given = _card(card, person, begin) | {"known": _known()}
        township.book.put("cards", card, [*before, given], _known())

    # What people ask for.

    def _leave(self, township: Township, row: Values, now: dt.datetime) -> None:
        person = township.people[row["person"]]
        wish = Wish(
            kind=_WISHES[row["cover"]],
            code=_CODES[row["kind"]] if row["cover"] == "假" else "",
            begin=aware(row["start"]),
            end=aware(row["end"]),
        )
        made = ask(person, wish, now=now)
        kind = {"kind": row["kind"]} if row["cover"] == "假" else {}
        asked: Values = {name: row[name] for name in ("person", "cover", "start", "end")} | kind
        asked |= {"asked": local(now), "decisions": []}
        township.book.put("leave", made.pk, [asked], local(now))
        for word in row["decisions"]:
            self._follow(township, word["at"], "decide", {"request": made.pk, "row": asked, **word})
        if "returned" in row:
            back = {"request": made.pk, "row": asked, "returned": row["returned"]}
            self._follow(township, row["returned_known"], "back", back)

    def _decide(self, township: Township, row: Values, now: dt.datetime) -> None:
        self._answer(row, now)
        row["row"]["decisions"].append({"by": row["by"], "at": local(now), "yes": row["yes"]})

    def _answer(self, row: Values, now: dt.datetime) -> bool:
        """Have an officer decide, and return whether another one has to agree."""
        outcome = Outcome.ACCEPTED if row["yes"] else Outcome.REFUSED
        answer = decide_case(f"c{row['request']}", outcome, text="按村里的安排", user=self._officers[row["by"]], at=now)
        return not answer.is_last

    def _back(self, township: Township, row: Values, now: dt.datetime) -> None:
        asked = CountyRequest.objects.get(pk=row["request"])
        absence = _absence(asked)
        person = township.people[row["row"]["person"]]
        begin = max(aware(row["returned"].replace(second=0)), now.replace(second=0, microsecond=0))
        if local(now) - row["returned"] < 3 * DAY and row["returned"] < local(now):
            begin = aware(row["returned"].replace(second=0))
        ask(person, Wish(kind="leave_ended", absence=absence, begin=begin), now=now)
        row["row"] |= {"returned": local(begin), "returned_known": local(now)}

    def _correction(self, township: Township, row: Values, now: dt.datetime) -> None:
        window = self._window_of(township, row)
        wish = Wish(
            kind="correction",
            window=window.pk,
            day=row["date"],
            mark=_MARKS[row["mark"]],
            mark_at=None if row["time"] == "none" else aware(row["time"]),
            note="打卡时机器没反应",
        )
        made = ask(township.people[row["person"]], wish, now=now)
        asked: Values = {name: row[name] for name in ("person", "date", "window", "mark", "time")}
        asked |= {"asked": local(now), "decisions": [], "second": []}
        township.book.put("corrections", made.pk, [asked], local(now))
        for word in row["decisions"]:
            later = {"request": made.pk, "row": asked, "next": row["second"], **word}
            self._follow(township, word["at"], "decide_correction", later)

    def _decide_correction(self, township: Township, row: Values, now: dt.datetime) -> None:
        waits = self._answer(row, now)
        row["row"]["decisions"].append({"by": row["by"], "at": local(now), "yes": row["yes"]})
        for word in row["next"] if waits else ():
            at = local(now) + dt.timedelta(minutes=word["after"])
            second = {"request": row["request"], "row": row["row"], "by": word["by"], "yes": True}
            self._follow(township, at, "second", second)

    def _second(self, township: Township, row: Values, now: dt.datetime) -> None:
        self._answer(row, now)
        row["row"]["second"].append({"by": row["by"], "at": local(now), "yes": True})

    def _window_of(self, township: Township, row: Values) -> DutyWindow:
        for number, roster in enumerate(township.office.rosters):
            if number in township.moved:
                continue
            mine = row.get("person", row.get("giver"))
            window = township.windows.get((number, row["window"]))
            if window is not None and mine in (*roster.get("persons", ()), *(("丁",) if "post" in roster else ())):
                return window
        raise RequestRefused("no such window")

    def _swap(self, township: Township, row: Values, now: dt.datetime) -> None:
        window = self._window_of(township, row)
        other = township.people[row["taker"]]
        wish = Wish(kind="swap", window=window.pk, day=row["date"], substitute=other)
        made = ask(township.people[row["giver"]], wish, now=now)
        asked: Values = {name: row[name] for name in ("date", "window", "giver", "taker")}
        asked["agreed"] = [{"by": row["giver"], "at": local(now)}]
        township.book.put("swaps", made.pk, [asked], local(now))
        self._follow(township, row["agreed"][1]["at"], "agree", {"request": made.pk, "row": asked})

    def _agree(self, township: Township, row: Values, now: dt.datetime) -> None:
        agree(CountyRequest.objects.get(pk=row["request"]), True, now=now)
        row["row"]["agreed"].append({"by": row["row"]["taker"], "at": local(now)})

    # Notices, parameters, stations.

    def _notice(self, township: Township, row: Values, _: dt.datetime) -> None:
        period = Period(aware(row["start"]), aware(row["end"]))
        notice = set_notice(township.regions[row["scope"]], period, "防汛", actor=BY)
        said = {name: row[name] for name in ("scope", "start", "end")} | {"known": _known()}
        township.book.put("notices", notice.pk, [said], _known())
        if row["back"] is not None:
            self._follow(township, row["back"], "notice_back", {"notice": notice, "row": said})

    def _notice_back(self, township: Township, row: Values, now: dt.datetime) -> None:
        since = now.replace(second=0, microsecond=0)
        take_back(row["notice"], since, "水退了", actor=BY)
        end = local(since)
        rows = [row["row"] | {"end": end}] if end > row["row"]["start"].replace(second=0) else []
        township.book.put("notices", row["notice"].pk, rows, _known())

    def _term(self, township: Township, row: Values, now: dt.datetime) -> None:
        region, name, value, since = (row[key] for key in ("region", "name", "value", "since"))
        officer = self._officers["县"]
        set_term(township.regions[region], name, value, since=since, by=officer, reason=WHY, now=now)
        key, known = (region, name), _known()
        # What was planned for later does not stand any more.
        stood = [one for one in township.book.standing("parameters", key) if one["from"] < since]
        said = {"region": region, "from": since, name: value, "known": known}
        township.book.put("parameters", key, [*stood, said], known)

    def _dead(self, township: Township, row: Values, now: dt.datetime) -> None:
        station = township.stations[row["village"]]
        assert station.story.dead is not None
        since = station.story.dead[0].replace(second=0)
        declare_dead(StationRow.objects.get(pk=station.name), aware(since), WHY, by=self._officers["县"], now=now)
        station.dead = {"dead": since, "dead_known": _known()}

    def _read_again(self, township: Township, row: Values, now: dt.datetime) -> None:
        station: Station = row["station"]
        reread_held(station.name, now=now)
        for one in station.stated:
            # All that it held is read now, also what was to be read later.
            if "held_until" in one.more and one.received is not None and "read" not in one.more:
                one.more |= {"held_until": max(one.received, _known()), "read": True}

    def _write_off(self, township: Township, row: Values, now: dt.datetime) -> None:
        station: Station = row["station"]
        for one in station.stated:
            due = one.more.get("write_off_at")
            if due is not None and due <= local(now) and one.received is not None and "written_off" not in one.more:
                facts = held_facts().filter(
                    stream__station=station.name, stream__epoch=station.epoch_of(one), seq=one.seq
                )
                if write_off(facts, reason="查过了", actor=BY, at=now):
                    one.more["written_off"] = local(now)

    def _renew(self, township: Township, row: Values, now: dt.datetime) -> None:
        station: Station = row["station"]
        assert station.story.renews is not None
        if not station.renew(station.story.renews):
            raise RequestRefused("it can't issue everything anew")

    def say_day(self, day: dt.date, *, working: bool) -> None:
        """Have the county say of a date whether it is a working day."""
        set_day(day, CountyWord(working, "县里定的"), actor=BY, reason=WHY)
        said: Values = {"source": "county", "from": day, "to": day, "known": _known()}
        weekend = day.weekday() > 4
        said |= {"holidays": [day] if not weekend and not working else []}
        said |= {"workdays": [day] if weekend and working else []}
        for township in self.townships:
            township.book.put("calendar", ("county", day, _known()), [said], _known())


def _known() -> dt.datetime:
    """Return the moment by which what was just entered is known."""
    return local(timezone.now())


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time())


def _card(card: str, person: str, begin: dt.datetime) -> Values:
    return {"card": card, "person": person, "from": local(begin).replace(microsecond=0)}


def _spans(roster: Values) -> list[tuple[int, int]]:
    """Return the windows of a roster in minutes after midnight."""
    found = []
    for window in roster["windows"]:
        start, end = ((int(clock[:2]) * 60 + int(clock[3:])) for clock in window.split("-"))
        found.append((start, end if end > start else end + 1440))
    return found


def _clock(minutes: int) -> str:
    return f"{minutes % 1440 // 60:02}:{minutes % 60:02}"


def _window(roster: Values, start: int, end: int) -> Values:
    window = f"{_clock(start)}-{_clock(end)}"
    return {"village": roster["village"], "windows": [window], "roster": roster["village"], "marks": roster["marks"]}


def _whom(roster: Values) -> Values:
    return {"persons": roster["persons"]} if "persons" in roster else {"post": DUTY_POST}


def _absence(asked: CountyRequest) -> Absence:
    found = Absence.objects.filter(source=f"request:c{asked.pk}").first()
    if found is None:
        raise RequestRefused("it was not approved")
    return found
