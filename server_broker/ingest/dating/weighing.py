"""Weigh what is known of the clock of one boot, and say what dates which of its rows. Pure.

Words used here. A *boot* is one run of a station's machine, from switching on to switching off. Within a boot the
station's monotonic clock (``mono``, ms) only goes forward, so one known time dates everything else in that boot. An
*anchor* is such a known time: a `ClockCorrected` fact says that at ``mono`` of a boot it was ``wall``. A *word of the
county* is an anchor that came from the county's signed welcome. A *run* is a stretch in which the county's own clock
went without a step (`server_broker.fleet.clock_runs`).

Only the county's words and NTP make anchors. A real-time clock or a modem may be wrong by years, so it dates nothing.

1. A row whose station did not know the time is dated by the first anchor of its boot.
2. NTP is not signed: anybody on the network can forge it. If a word of the county follows an anchor of NTP, then
   everything since the county's word before that is dated by the county, where the two differ by more than 2 s. This
   includes rows for which the station thought that it knew the time.
3. Between two words of the county the station's own time stands. It ran on its crystal, and neither word says more.

The county's own clock can be wrong too. A word names its run. If the county has learnt since that its clock was ahead
in that run, the word is corrected by as much, and so are the rows that hang on it.

Words of the county in one boot may contradict each other by more than a crystal drifts. Then they are weighed by who
vouches for their runs: nobody, a person who set the clock, a time service, or a person who confirmed the time. A word
that weighs less counts like an NTP that lied. If words weigh the same and are more than a minute apart, nobody can say
which is right. The rows that depend on the contested ones are then dated by nobody: their quality becomes `DISPUTED`,
the quality that the station stated is kept beside it, and an alarm stays open until no row of the station is disputed.
A run may be *in doubt*: the county knows that it may have been wrong, and not by how much. Its word yields to every
other word that contradicts it. If a boot has no others all of its rows are disputed; an alarm of the county tells so.
One case looks like a contradiction and is none: a synchronised clock that steps forward. Its machine was halted for a
while, and what it said before was right.
"""

from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

from server_broker.platform.county_clock import SYNCHRONISED

DISPUTED = "disputed"
"""Quality of a row whose time depends on words of the county that contradict each other."""
DIFFERS_MS = 2_000
"""A station believes a welcome that took 2 s, so a good word of the county may be wrong by as much."""
CONTESTED_MS = 60_000
"""Attendance is counted in minutes, so words that are closer than this may both stand."""
DRIFT_PPM = 200
"""More than any quartz crystal drifts in the temperatures of an office: 200 ppm are 0.7 s in an hour."""
IN_DOUBT = -1
"""Weighs less than `UNVOUCHED`: the word comes from a run that is in doubt."""
_END = 2**63 - 1
"""Beyond every mono: a span with this end goes to the end of the boot."""


class Anchor(NamedTuple):
    """At ``mono`` it was ``wall`` (both in ms), by this source. The station knew it at ``known``, a little later."""

    mono: int
    wall: int
    source: Literal["county", "ntp"]
    known: int
    vouched: int = 0
    """Who vouches for the run of the county's clock that this word came from; more is better. `IN_DOUBT`: nobody."""
    moved: bool = False
    """Whether the station was told another ``wall``: the county has corrected this word since."""


class Span(NamedTuple):
    """Rows of a boot with ``after < mono <= through`` are dated by ``anchor``."""

    after: int
    through: int
    anchor: Anchor


class Plan(NamedTuple):
    """How the rows of a boot are dated."""

    undated: Span
    """Dates the rows that nobody has dated yet."""
    again: list[Span]
    """Date all rows within them whose time differs by more than `DIFFERS_MS`, also those that had a time."""
    disputed_through: int
    """Rows up to this mono are dated by nobody. -1: no row is disputed."""
    doubtful: bool = False
    """Whether some word of the county does not count as the station took it: it is wrong, was corrected, or is in
    doubt."""
    contradicted: bool = False
    """Whether words of the county contradict each other, so that the order in which they came leaves its traces; or all
    of them are in doubt."""
    in_doubt: bool = False
    """Whether all words of the county are in doubt, so that nothing dates the boot."""


def plan(anchors: Sequence[Anchor]) -> Plan:
    """Weigh the anchors of one boot, which are in the order of ``mono``."""
    words = [anchor for anchor in anchors if anchor.source == "county"]
    if not words:
        return Plan(Span(-1, _END, anchors[0]), [], -1)
    # The word that weighs most is the measure for the others. Of several, it is the latest.
    stands = max(words, key=lambda word: (word.vouched, word.mono))
    if stands.vouched == IN_DOUBT:
        return Plan(Span(_END, _END, stands), [], _END, doubtful=True, contradicted=True, in_doubt=True)
    wrong = [word for word in words if _yields(word, stands)]
    good = [word for word in words if word not in wrong]
    # A wrong word that weighs as much as the measure is a dispute: it might be the measure that is wrong. It reaches
    # to the word after the last of them, because from there on the station went by a time that nobody contests.
    contested = [word.mono for word in wrong if word.vouched == stands.vouched]
    through = next((word.known for word in words if word.mono > contested[-1]), stands.known) if contested else -1
    first = good[0] if anchors[0] in wrong or contested else anchors[0]
    again = overriding(anchors, wrong=wrong)
    doubtful = bool(wrong) or any(word.moved or word.vouched == IN_DOUBT for word in good)
    if doubtful:
        # Earlier weighing may have dated these rows by a word that does not count any more, or by nobody, while all
        # words were in doubt.
        again += [Span(-1, good[0].known, good[0]), *_reigns(words, good)]
    # What is disputed is dated by nobody, so the spans are cut to begin after it.
    kept = [span._replace(after=max(span.after, through)) for span in again if span.through > through]
    return Plan(Span(through, _END, first), kept, through, doubtful, bool(wrong))


def _yields(word: Anchor, stands: Anchor) -> bool:
    """Tell whether a word of the county contradicts the one that weighs most, and is given up for it."""
    # How much later this word makes it than the other one does, at the same moment of the boot.
    ahead = (word.wall - word.mono) - (stands.wall - stands.mono)
    if abs(ahead) <= DIFFERS_MS + abs(word.mono - stands.mono) * DRIFT_PPM // 1_000_000:
        return False
    if word.vouched >= SYNCHRONISED:
        # Behind the other word: the county's machine was halted between the two, and this word was right in its time.
        return ahead > CONTESTED_MS
    return word.vouched < stands.vouched or abs(ahead) > CONTESTED_MS


def _reigns(words: Sequence[Anchor], good: Collection[Anchor]) -> list[Span]:
    """Return the spans in which the station went by a word that was corrected, or by wrong words to the boot's end.

    A span begins with the moment at which the station knew the word, because the `ClockCorrected` fact that states
    the word is dated by it.
    """
    reigns = [(word, after.known) for word, after in pairwise(words)] + [(words[-1], _END)]
    spans = [Span(word.known - 1, until, word) for word, until in reigns if word in good and word.moved]
    last_good = max(good, key=lambda word: word.mono)
    tail = [word for word in words if word.mono > last_good.mono]
    return [*spans, *([Span(tail[0].known - 1, _END, last_good)] if tail else [])]


def overriding(anchors: Iterable[Anchor], *, wrong: Collection[Anchor] = ()) -> list[Span]:
    """Return the spans in which a word of the county replaces NTP, or an earlier word of its own that was ``wrong``.

    ``anchors`` are those of one boot, in the order of ``mono``.
    """
    spans = []
    # `spoke`: when the station knew the county's last good word. `doubtful`: it has heard something lesser since then.
    spoke, doubtful = -1, False
    for anchor in anchors:
        if anchor.source != "county" or anchor in wrong:
            doubtful = True
            continue
        if doubtful:
            spans.append(Span(spoke, anchor.known, anchor))
        spoke, doubtful = anchor.known, False
    return spans
