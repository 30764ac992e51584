"""The settings of stations: which values people chose, which of them count for a station, and how it took them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django.db import transaction
from django.db.models import Q
from msgspec import structs, to_builtins

from protocol.decisions import SettingChosen
from protocol.twin import Reported, Settings
from server_broker.audit.log import Detail, record
from server_broker.decisions.stream import decide
from server_broker.fleet.desired_changes import desired_changed, desired_changed_under
from server_broker.fleet.models import Station
from server_broker.fleet.shelf_changes import shelf_changed_under
from server_broker.platform.database_text import shown_line
from server_broker.regions.models import Region, region_chain, subtree_prefix
from server_broker.twin.models import SettingChoice, SettingReport
from server_broker.twin.setting_specs import SPECS, allowed, value_of

type State = Literal["default", "in_force", "pending", "refused", "unknown"]


@dataclass(frozen=True, slots=True)
class SettingRow:
    """A setting of a station or a region, in words."""

    name: str
    word: str
    note: str
    allowed: str
    choices: tuple[tuple[str, str, Any], ...]
    value: str
    code: str
    """The value chosen for this station or region itself, as the form writes it; empty if it is inherited."""
    source: str
    """The station or region for which the value was chosen; empty for the product's default."""
    state: State = "default"
    reason: str = ""
    kept: str = ""
    """The value that the station uses in place of a refused one."""


def choose(place: Station | Region, name: str, text: str, *, actor: str, now: datetime) -> None:
    """Choose a setting's value for a station, or for every station of a region that has no nearer choice.

    The stations concerned get a new desired state after the COMMIT.

    Args:
        text: As typed in the form; empty removes the choice.

    Raises:
        NotAllowed: Nothing is changed.
    """
    where: dict[str, Any] = {"station": place} if isinstance(place, Station) else {"region": place}
    value = value_of(name, text) if text.strip() else None
    with transaction.atomic():
        if value is None:
            rows = list(SettingChoice.objects.filter(**where, name=name))
            SettingChoice.objects.filter(**where, name=name).delete()
        else:
            chosen = {"value": value, "actor": actor, "at": now}
            rows = [SettingChoice.objects.update_or_create(**where, name=name, defaults=chosen)[0]]
        detail: Detail = {"name": name, "value": text.strip()}
        entry = record(actor=actor, action="setting.chosen", subject=place.pk, detail=detail)
        decide(entry, SettingChosen(place=place.pk, name=name, value=text.strip()[:400]), rows)
        # A roster has PINs only where people may sign in by number, and that is a setting.
        if isinstance(place, Station):
            desired_changed([place.pk])
            shelf_changed_under(place.village_id, at=now)
        else:
            desired_changed_under(place.code)
            shelf_changed_under(subtree_prefix(place.code), at=now)


def _choices(codes: Sequence[str], station: str | None) -> dict[str, SettingChoice]:
    """Return the nearest choice for each setting: a station's own before its village's, township's and county's."""
    found = SettingChoice.objects.filter(Q(region__in=codes) | Q(station=station, station__isnull=False))
    far_first = sorted(
        found.select_related("region", "station"),
        key=lambda choice: len(codes) if choice.region_id is None else codes.index(choice.region_id),
    )
    # The nearest choice comes last, so it replaces the farther ones of the same name. A stored choice may have a name
    # that this version of the program does not know.
    return {choice.name: choice for choice in far_first if choice.name in SPECS}


def wanted_settings(station: Station) -> dict[str, Any]:
    """Return the values chosen for a station, for its desired state. For the others the station uses its default."""
    choices = _choices(region_chain(station.village_id), station.pk)
    return {name: choices[name].value for name in sorted(choices)}


def settings_of(region: Region) -> Settings:
    """Return the settings of a region's stations that have chosen nothing of their own."""
    choices = _choices(region_chain(region.code), None)
    return structs.replace(Settings(), **{name: choice.value for name, choice in choices.items()})


def settings_of_regions(codes: Mapping[int, str]) -> dict[int, Settings]:
    """Return the settings of several regions, by the keys of their codes, as `settings_of` does for one; one query."""
    chains = {key: region_chain(code) for key, code in codes.items()}
    wanted = {code for chain in chains.values() for code in chain}
    chosen: dict[str, dict[str, Any]] = defaultdict(dict)
    for place, name, value in SettingChoice.objects.filter(region__in=wanted).values_list("region", "name", "value"):
        if name in SPECS:
            chosen[place][name] = value
    default = Settings()
    found = {}
    for key, chain in chains.items():
        nearest = {name: value for code in chain for name, value in chosen.get(code, {}).items()}
        found[key] = structs.replace(default, **nearest) if nearest else default
    return found


def region_rows(region: Region) -> list[SettingRow]:
    """Return every setting as it stands for a region's stations."""
    choices = _choices(region_chain(region.code), None)
    return [_row(name, choices.get(name), own=region.code) for name in SPECS]


def station_rows(station: Station) -> list[SettingRow]:
    """Return every setting of a station, and how the station took it."""
    choices = _choices(region_chain(station.village_id), station.pk)
    report = SettingReport.objects.filter(station=station).first() or SettingReport(station=station)
    return [_row(name, choices.get(name), own=station.pk, report=report) for name in SPECS]


def _row(name: str, choice: SettingChoice | None, *, own: str, report: SettingReport | None = None) -> SettingRow:
    spec = SPECS[name]
    value = getattr(Settings(), name) if choice is None else choice.value
    here = choice is not None and own in (choice.region_id, choice.station_id)
    source = ""
    if choice is not None:
        source = choice.region.name if choice.region is not None else "本站"
    state, reason, kept = _state_at_station(name, choice, report)
    return SettingRow(
        name=name,
        word=spec.word,
        note=spec.note,
        allowed=allowed(name),
        choices=spec.choices,
        value=spec.shown(value),
        code=spec.code(value) if here else "",
        source=source,
        state=state,
        reason=reason,
        kept=kept,
    )


def _state_at_station(name: str, choice: SettingChoice | None, report: SettingReport | None) -> tuple[State, str, str]:
    """Return a setting's state at the station; if it is refused also the reason and the value used instead."""
    if choice is None or report is None:
        return "default", "", ""
    station = report.station
    # The report is about the version that the station runs with, so it says nothing of a newer one.
    if station.reported_version < station.desired_version:
        return "pending", "", ""
    if name in report.unknown:
        return "unknown", "", ""
    if name in report.refused:
        return "refused", str(report.refused[name]), SPECS[name].shown(report.kept.get(name))
    return "in_force", "", ""


def note_settings(reported: Sequence[tuple[str, Reported]]) -> None:
    """Store how stations took their settings. A birth reports only a version (its ``at`` is 0) and changes nothing."""
    # Of several reports of a station, the last one counts.
    last = {station: said for station, said in reported if said.at}
    reports = [
        SettingReport(
            station_id=station,
            unknown=[_clean(name) for name in said.unknown],
            refused={_clean(name): _clean(reason) for name, reason in said.refused_settings.items()},
            kept={_clean(name): _plain(value) for name, value in said.kept_settings.items()},
        )
        for station, said in last.items()
    ]
    SettingReport.objects.bulk_create(
        reports, update_conflicts=True, unique_fields=["station"], update_fields=["unknown", "refused", "kept"]
    )


def _plain(value: Any) -> Any:
    """Return ``value`` if it has the type of a setting, otherwise as text, so that it can be shown."""
    plain = to_builtins(value, builtin_types=(bytes,))
    if isinstance(plain, bool | int):
        return plain
    if isinstance(plain, list) and all(isinstance(item, str) for item in plain):
        return [_clean(item) for item in plain]
    return _clean(str(plain))


def _clean(text: str) -> str:
    return shown_line(text)[:200]
