"""Which parameters of the rules hold in a region, from when on, and which region set them."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from django.db.models import F
from django.utils import timezone

from server_broker.attendance.timelines import Line, lines_of
from server_broker.dated.days import begin_of
from server_broker.regions.models import TOWNSHIP_DIGITS, Region, region_chain
from server_broker.settling.models import ParameterRecord
from server_broker.settling.term_specs import SPECS, Spec, Value, default_of
from server_broker.settling.terms import decides, holds

_VILLAGE_DIGITS = 12

type Rows = Mapping[tuple[str, str], Sequence[ParameterRecord]]
"""Rows with a value that stand, by region and parameter, the earliest first."""


@dataclass(frozen=True, slots=True)
class TermRow:
    """A parameter of a region, in words."""

    name: str
    spec: Spec
    value: str
    source: str
    """The region that set the value; empty: nobody did, and the rules' own holds."""
    since: dt.datetime | None
    """From when on it is so; None: always."""
    is_own: bool
    is_locked: bool
    """The county locks it."""
    code: str
    """The region's own value as the form writes it; empty: it has none."""
    coming: tuple[tuple[dt.datetime, str], ...]
    """What this region, or one above it, sets from a later day on."""


def is_village(region: Region) -> bool:
    """Tell whether a region is a village."""
    return region.code[TOWNSHIP_DIGITS:] != "0" * (_VILLAGE_DIGITS - TOWNSHIP_DIGITS)


def chains_of(villages: Sequence[Region]) -> dict[int, list[str]]:
    """Return each region's identity and those above it, up to the county, in one query."""
    wanted = {code for one in villages for code in region_chain(one.code)}
    identities = dict(Region.objects.filter(pk__in=wanted).values_list("code", "identity"))
    return {
        one.identity: [str(identities[code]) for code in reversed(region_chain(one.code)) if code in identities]
        for one in villages
    }


def rows_of(regions: Sequence[str]) -> Rows:
    """Return what these regions set, now and later, in one query."""
    standing = ParameterRecord.objects.known().filter(subject__region__in=[int(one) for one in regions])
    return grouped(standing.select_related("subject__region").order_by(F("valid_from").asc(nulls_first=True)))


def grouped(rows: Iterable[ParameterRecord]) -> Rows:
    """Return rows with a value by region and name, in their order."""
    found: dict[tuple[str, str], list[ParameterRecord]] = defaultdict(list)
    for row in rows:
        if row.value is not None:
            found[str(row.subject.region_id), row.subject.name].append(row)
    return found


def term_rows(region: Region, now: dt.datetime) -> list[TermRow]:
    """Return every parameter as it holds in a region now, in two queries."""
    chain = chains_of([region])[region.identity]
    rows = rows_of(chain)
    return [_row(name, region, chain, rows, now) for name in SPECS]


def _row(name: str, region: Region, chain: Sequence[str], rows: Rows, now: dt.datetime) -> TermRow:
    spec = SPECS[name]
    row = decides(chain, rows, name, now)
    own = next((one for one in rows.get((chain[0], name), ()) if holds(one, now)), None)
    later = [
        (one.valid_from, f"{one.subject.region.name} {spec.shown(one.value)}{'，锁定' if one.locked else ''}")
        for place in chain
        for one in rows.get((place, name), ())
        if one.valid_from is not None and one.valid_from > now
    ]
    return TermRow(
        name=name,
        spec=spec,
        value=spec.shown(default_of(name) if row is None else row.value),
        source="" if row is None else row.subject.region.name,
        since=None if row is None else row.valid_from,
        is_own=row is not None and row.subject.region_id == region.identity,
        is_locked=row is not None and row.locked,
        code="" if own is None else spec.code(own.value),
        coming=tuple(sorted(later)),
    )


def term_lines(region: Region, name: str, since: dt.date) -> list[Line]:
    """Return what a region sets of a parameter, and what holds in its villages from a day on, as lines."""
    spec = SPECS[name]

    def what(row: ParameterRecord) -> str:
        value = "不另设，按上级" if row.value is None else spec.shown(row.value)
        return f"{region.name} {value}{'，锁定' if row.locked else ''}"

    own = ParameterRecord.objects.known().filter(subject__region=region, subject__name=name)
    lines = lines_of(spec.word, what, list(own.order_by(F("valid_from").asc(nulls_first=True))))
    return lines + _village_lines(region, name, since)


def villages_under(region: Region) -> list[Region]:
    """Return the villages in a region, or the village itself."""
    return [one for one in Region.objects.all().under(region.code).filter(ended=False) if is_village(one)]


def values_set(name: str, days: Sequence[dt.date]) -> list[tuple[int, dt.date, int]]:
    """Return a parameter that is a number in each village (by its identity) on dates, where some region sets it."""
    setting = ParameterRecord.objects.known().filter(subject__name=name).values_list("subject__region", flat=True)
    regions = sorted({str(one) for one in setting})
    if not regions:
        return []
    rows = rows_of(regions)
    chains = chains_of([one for one in Region.objects.all() if is_village(one)])
    found = (
        (village, day, decides(chain, rows, name, begin_of(day))) for village, chain in chains.items() for day in days
    )
    return [(village, day, row.value) for village, day, row in found if row is not None and isinstance(row.value, int)]


def turns(rows: Rows, name: str, since: dt.date) -> list[dt.datetime]:
    """Return the first moment of a day, and all later ones at which somebody's value of a parameter changes."""
    first = begin_of(since)
    bounds = {at for (_, one), some in rows.items() if one == name for row in some for at in _ends(row)}
    return [first, *sorted(at for at in bounds if at > first)]


def _ends(row: ParameterRecord) -> list[dt.datetime]:
    return [at for at in (row.valid_from, row.valid_to) if at is not None]


def _village_lines(region: Region, name: str, since: dt.date) -> list[Line]:
    spec, villages = SPECS[name], villages_under(region)
    chains = chains_of(villages)
    rows = rows_of(sorted({place for chain in chains.values() for place in chain}))
    lines: list[Line] = []
    stood: list[str] = []
    for at, until in pairwise([*turns(rows, name, since), None]):
        assert at is not None
        count: Counter[Value] = Counter(_value(chain, rows, name, at) for chain in chains.values())
        said = [f"{n} 个村按 {spec.shown(value)}" for value, n in sorted(count.items(), key=lambda one: str(one[0]))]
        if said == stood:
            lines = [_until(one, until) if one.until == at else one for one in lines]
        else:
            lines += [Line("实际", text, at, until, timezone.now(), "", "") for text in said]
            stood = said
    return lines


def _until(line: Line, until: dt.datetime | None) -> Line:
    return Line(line.kind, line.what, line.since, until, line.recorded_at, line.recorded_by, line.reason)


def _value(chain: Sequence[str], rows: Rows, name: str, at: dt.datetime) -> Value:
    row = decides(chain, rows, name, at)
    if row is None:
        return default_of(name)
    value = row.value
    assert isinstance(value, int | str)
    return value
