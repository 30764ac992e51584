"""Rules of the engine, each turned: a line of its source that says something else. Each must make a world differ.

A mutant names the module, the text that stands there once, and what stands there instead.
"""

from typing import NamedTuple


class Mutant(NamedTuple):
    """One rule turned."""

    rule: str
    module: str
    was: str
    instead: str

    def changed(self, source: str) -> str:
        """Return the module's source with the rule turned.

        Raises:
            ValueError: The text does not stand there once, so nobody knows what was turned.
        """
        if source.count(self.was) != 1:
            raise ValueError(f"{self.rule}: {self.was!r} stands {source.count(self.was)} times in {self.module}")
        return source.replace(self.was, self.instead)


MUTANTS = (
    # What is due.
    Mutant(
        "a swap agreed at the start counts",
        "due",
        "complete >= begin_of(given.start)",
        "complete > begin_of(given.start)",
    ),
    Mutant("a swap to somebody who is away counts", "due", " or self.bar(swap.taker, swap.date, complete)", ""),
    Mutant(
        "whoever is away after all has the window",
        "due",
        "if bar := self.bar(swap.taker, swap.date):",
        "if bar := '':",
    ),
    Mutant(
        "a swapped window counts a whole day",
        "due",
        "entered=max(given.entered, complete))",
        "entered=given.entered, share=Fraction(1))",
    ),
    Mutant("the last day of a post is not one", "due", "row.first <= day <= row.last", "row.first <= day < row.last"),
    Mutant("a swapped Saturday is off", "due", "weekday or window.weekdays >= _WEEK", "weekday"),
    Mutant(
        "of two windows that the calendar brings both stand",
        "due",
        "return not self._entered_with[entered].on(turn.day).works",
        "return False",
    ),
    Mutant(
        "a post that is entered late is none", "due", "entered=max(window.known, post_known)", "entered=window.known"
    ),
    Mutant(
        "a library's table stands before the county's",
        "calendar",
        '_TRUST: tuple[Source, ...] = ("county", "chinesecalendar", "holidays")',
        '_TRUST: tuple[Source, ...] = ("chinesecalendar", "county", "holidays")',
    ),
    Mutant(
        "a computed holiday is announced", "calendar", 'provisional=table.source == "holidays"', "provisional=False"
    ),
    Mutant("a notice that leaves exactly min_rest takes all", "notices", ">= max(min_rest, 1)", "> max(min_rest, 1)"),
    Mutant(
        "a notice of a township does not reach its villages",
        "notices",
        "self._places.contains(one.scope, turn.window.village, turn.day)",
        "one.scope == turn.window.village",
    ),
    Mutant(
        "a village's parameter stands before the county's lock",
        "parameters",
        "if county is not None and county[0]:",
        "if False:",
    ),
    Mutant("a parameter holds from the day after", "parameters", "if row[0] <= day]", "if row[0] < day]"),
    # Which touch is which mark.
    Mutant("a lost card counts", "touches", "lost = hold is not None and minute >= hold.lost", "lost = False"),
    Mutant(
        "the first binding does not count back",
        "holders",
        "FIRST_MINUTE if not found else max(row.begin, free_from)",
        "max(row.begin, free_from)",
    ),
    Mutant(
        "a card on order is nobody's",
        "touches",
        "Bracket(minute, minute)",
        "Bracket(minute + 1, minute)",
    ),
    Mutant("a touch after 120 s is no repeat", "touches", "<= RUN", "< RUN"),
    Mutant(
        "a run departs with its first touch",
        "touches",
        "cut(touches[0].at), cut(touches[-1].at)",
        "cut(touches[0].at), cut(touches[0].at)",
    ),
    Mutant("a run has the direction chosen first", "touches", "max(chosen, key=", "min(chosen, key="),
    Mutant("the middle is a minute later", "units", "(unit.start + unit.end) // 2", "(unit.start + unit.end) // 2 + 1"),
    Mutant(
        "the arrival span opens a minute later",
        "units",
        "self.whole_start - self.first.values.open_before",
        "self.whole_start - self.first.values.open_before + 1",
    ),
    Mutant(
        "spans are cut at the end of the window before",
        "units",
        "(one.whole_end + other.whole_start) // 2",
        "one.whole_end",
    ),
    Mutant(
        "after a window of arrivals the span is the whole one",
        "units",
        "return max(self.unit.opens, self.before.whole_end)",
        "return self.unit.opens",
    ),
    Mutant("windows 30 minutes apart are near", "units", ">= NEAR", "> NEAR"),
    Mutant(
        "one touch does not serve two windows",
        "marks",
        "return stretch is not None and stretch[0] <= at <= stretch[1]",
        "return False",
    ),
    Mutant("上班 in a departure span departs", "marks", 'return "in" if at < self._unit.end else None', 'return "out"'),
    Mutant("下班 at the start departs", "marks", "at > self._unit.start else", "at >= self._unit.start else"),
    Mutant(
        "a direction does not reach over a half-way cut",
        "marks",
        "return self._from_a_neighbour(at, way) if self._cut else None",
        "return None",
    ),
    Mutant("a departure in the minute of the arrival counts", "marks", "one.departs > since", "one.departs >= since"),
    Mutant(
        "a departure touch is never the arrival",
        "marks",
        "if arrival is None and departure is not None and departure.minute is not None:",
        "if False:",
    ),
    Mutant(
        "下班 that was chosen may be the arrival",
        "marks",
        ' and way != "out"\n            yield',
        "\n            yield",
    ),
    Mutant("only the village's own station counts", "places", 'elif place == "township":', 'elif place == "nowhere":'),
    Mutant(
        "a stand-in is no station of the village",
        "places",
        "{station.village, *station.stands_in_for}",
        "{station.village}",
    ),
    Mutant("a mark from elsewhere is not marked", "lines", "any(run.station not in own for run in runs)", "False"),
    Mutant(
        "of several corrections the first stands",
        "lines",
        "found = Mark(one.minute, corrected=True)",
        "found = found or Mark(one.minute, corrected=True)",
    ),
    Mutant(
        "a correction before the window's end holds", "lines", "ended = cut(one.approved) >= turn.end", "ended = True"
    ),
    Mutant(
        "an undated touch could be nobody's",
        "touches",
        "for hold in self._holders.within(fact.card, *bracket):",
        "for hold in ():",
    ),
    Mutant(
        "a held fact could be nothing",
        "record",
        "held = [fact for fact in self._seen if self._held(fact) and fact.written_off > self._at]",
        "held: list[Fact] = []",
    ),
    Mutant(
        "a held fact waits though it is written off",
        "record",
        "self._held(fact) and fact.written_off > self._at]",
        "self._held(fact)]",
    ),
    Mutant(
        "what could make it worse is waited for too",
        "could_be",
        "[*candidates, *made]) < now",
        "[*candidates, *made]) != now",
    ),
    # What a window comes to.
    Mutant(
        "leave that leaves exactly min_rest covers all",
        "cover",
        "whole - minutes[name] < least",
        "whole - minutes[name] <= least",
    ),
    Mutant("the shortest leave gives its kind", "cover", "-_takes(left, one)", "_takes(left, one)"),
    Mutant("what covers a part is not named beside", "cover", "beside=tuple(taking),", "beside=(),"),
    Mutant("grace in is a minute shorter", "verdict", "minutes <= values.grace_in", "minutes < values.grace_in"),
    Mutant("grace out is a minute longer", "verdict", "minutes <= values.grace_out", "minutes <= values.grace_out + 1"),
    Mutant("so late as may be is 旷", "verdict", "minutes > values.late_absence", "minutes >= values.late_absence"),
    Mutant(
        "who is late and has no departure is only 缺", "lines", 'if said.result == "缺" and said.late:', "if False:"
    ),
    Mutant(
        "a provisional date blames",
        "lines",
        "entered_late or self._known.duties.calendar.on(day).provisional",
        "entered_late",
    ),
    Mutant(
        "a roster that was entered late blames", "lines", "share.turn.entered > begin_of(share.turn.start)", "False"
    ),
    Mutant(
        "a window is judged before its last minute", "lines", "if cut(self._known.at) < unit.last_minute:", "if False:"
    ),
    Mutant(
        "the last minute is the end of the span",
        "units",
        "max(values.open_after, AROUND + values.grace_in)",
        "values.open_after",
    ),
    Mutant("a station that was down excuses nobody", "lines", "if state.bad and self.down(way, unit)", "if False"),
    Mutant(
        "a station is down until the minute of its boot, included",
        "ups_and_downs",
        "self.stretches.append((begin, minute))\n\n\ndef _merged",
        "self.stretches.append((begin, minute + 1))\n\n\ndef _merged",
    ),
    Mutant(
        "a power cut begins when the station last wrote",
        "ups_and_downs",
        "max(cut(alive), self._last_dated)",
        "cut(alive)",
    ),
    Mutant(
        "a reader that is gone is no outage", "ups_and_downs", 'elif kind == "reader_lost":', 'elif kind == "reader":'
    ),
    Mutant(
        "a boot does not bring the reader back",
        "ups_and_downs",
        "for begin in (cut_off if self._off is None else self._off, self._unread_since):",
        "for begin in (cut_off if self._off is None else self._off,):",
    ),
    Mutant(
        "before its enrolment a station was up",
        "ups_and_downs",
        "found.append((FIRST_MINUTE, record.station.enrolled))",
        "found.append((FIRST_MINUTE, FIRST_MINUTE))",
    ),
    Mutant(
        "one station that is down is enough",
        "ups_and_downs",
        "for a, b in left\n            if a < end and begin < b",
        "for a, b in [(first, last + 1)]\n            if a < end and begin < b",
    ),
    Mutant(
        "a gap in the facts is none",
        "record",
        "return [told for told in self.told if _order(told.fact) <= (epoch, seq)]",
        "return list(self.told)",
    ),
    Mutant(
        "a lost seq does not fill the gap",
        "record",
        "elif (following := lost.through(epoch, seq + 1)) is not None:",
        "elif (following := None) is not None:",
    ),
    Mutant(
        "a new epoch goes on where the old one has a gap",
        "record",
        "elif lasts.get(epoch, seq + 1) <= seq:",
        "elif epoch in lasts:",
    ),
    Mutant(
        "of several corrections of a clock the first stands",
        "record",
        "for fact in read}",
        "for fact in reversed(list(read))}",
    ),
    Mutant(
        "a station that speaks again stays dead",
        "record",
        "return LAST_MINUTE if later else station.dead",
        "return station.dead",
    ),
    Mutant("a retired station is awaited for ever", "record", "or self.gone <= last_minute", ""),
    Mutant("all stations are awaited for a day less", "awaiting", "ALL_FOR = 7 * 24 * 60", "ALL_FOR = 6 * 24 * 60"),
    Mutant(
        "a station that was touched is not awaited",
        "awaiting",
        "{*own, *self._touched(share, unit, counting)}",
        "{*own}",
    ),
    Mutant(
        "whoever missed both ends was there between", "lines", 'word = "旷" if both_absent else "停"', 'word = "停"'
    ),
    Mutant(
        "the windows of ends are judged one by one",
        "units",
        "groups = [together] if together else []",
        "groups = [(share,) for share in together]",
    ),
    Mutant("facts that came after the moment are known", "record", "if fact.received <= at)", "if fact)"),
    # Requests, counting, closing, meetings.
    Mutant(
        "leave may be asked a day later",
        "requests",
        "ASKED_WITHIN = dt.timedelta(days=3)",
        "ASKED_WITHIN = dt.timedelta(days=4)",
    ),
    Mutant(
        "leave that is asked in the minute of its start is in time",
        "requests",
        "late = cut(row.asked) >= begin",
        "late = cut(row.asked) > begin",
    ),
    Mutant(
        "somebody is back early by no touch",
        "requests",
        "minute if touched and lately and during",
        "minute if lately and during",
    ),
    Mutant(
        "the asker approves",
        "powers",
        "if one.by in {person, asker, other_than}:",
        "if one.by in {person, other_than}:",
    ),
    Mutant(
        "a secretary approves two dates", "powers", '"secretary" if length <= 1 else', '"secretary" if length <= 2 else'
    ),
    Mutant(
        "an officer of elsewhere approves",
        "powers",
        "return enough and then.places.contains(people[decider].home, people[person].home, day_of(cut(then.at)))",
        "return enough",
    ),
    Mutant(
        "a second decision stands",
        "powers",
        "for one in sorted(known, key=lambda one: (one.commit, one.at, one.by, one.yes)):",
        "for one in sorted(known, key=lambda one: (one.commit, one.at, one.by, one.yes), reverse=True):",
    ),
    Mutant(
        "a correction more a month needs no second approver",
        "requests",
        "if number <= self._allowed(row)",
        "if number <= self._allowed(row) + 1",
    ),
    Mutant("the first approver is the second one too", "requests", "other_than=first.by,", 'other_than="",'),
    Mutant("a correction that is asked after the closing counts", "requests", " or cut(row.asked) >= cut(closed)", ""),
    Mutant("停 is not present", "counting", '"缺", "停", "出"', '"缺", "出"'),
    Mutant(
        "times of 缺 count days",
        "counting",
        'sum(1 for one in counted if one.result == "缺")',
        'len({one.day for one in counted if one.result == "缺"})',
    ),
    Mutant("a night begins at 18:00", "resident", "_EVENING = 17 * 60", "_EVENING = 18 * 60"),
    Mutant(
        "a signed sheet follows what comes later",
        "settle",
        "windows += [one for results in signed.values() for one in results.values()]",
        "windows = [*now]",
    ),
    Mutant("a month is closed though something is open", "settle", "return OPEN", "return READY"),
    Mutant(
        "a sign-in at start + 10 is late", "meeting", "at > meeting.begin + ON_TIME", "at >= meeting.begin + ON_TIME"
    ),
    Mutant(
        "exactly the share is more than it",
        "meeting",
        "there >= needed if meeting.at_least else there > needed",
        "there >= needed",
    ),
    Mutant(
        "the chair confirms",
        "meeting",
        "entry.confirmed_by not in {entry.by, entry.person}",
        "entry.confirmed_by != entry.person",
    ),
)
