"""Verbs of ``cunhui-server`` for a look at the county: its state, its stations and regions, an empty workbook."""

import json
from collections import Counter
from collections.abc import Sequence

from django.utils import timezone

from server_broker.attendance.models import Touch
from server_broker.console.words import state_of, status_of
from server_broker.fleet.models import Alarm, Station
from server_broker.platform.county_config import CountyConfig, read_config
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError
from server_broker.platform.release import program_version
from server_broker.platform.units import PART_WORDS, part_names
from server_broker.regions.models import Region, subtree_prefix
from server_broker.rosters.roster_export import template
from server_broker.supervisor.doctor import examine_parts
from server_broker.supervisor.ingest_workers import workers_running
from server_broker.supervisor.people_cli import write_new
from server_broker.supervisor.unit_states import parts_down


def status_text(home: CountyHome, *, as_json: bool) -> str:
    """Return what a person wants to know first, in Chinese or as JSON."""
    config = read_config(home)
    states = Counter(state_of(station).word for station in Station.objects.select_related("status"))
    down = parts_down(home, part_names(config))
    workers = workers_running(home, config)
    alarms = Alarm.objects.filter(resolved_at=None).count()
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    touches = Touch.objects.filter(wall__gte=midnight).count()
    if as_json:
        county = {"name": config.name, "version": program_version(), "console": config.console_url}
        counts = {
            "parts_down": down,
            "ingest_workers": workers,
            "stations": dict(states),
            "open_alarms": alarms,
            "touches_today": touches,
        }
        return json.dumps({**county, **counts}, ensure_ascii=False)
    counted = "，".join(f"{word} {count}" for word, count in states.items())
    return "\n".join(
        [
            f"{config.name}，版本 {program_version()}，{config.console_url}/",
            f"部件：{_parts_line(home, config, [PART_WORDS[part] for part in down], workers)}",
            f"站点：{states.total()} 个{f'（{counted}）' if counted else ''}",
            f"没有解除的告警：{alarms} 条；今天的打卡：{touches} 次",
        ]
    )


def _parts_line(home: CountyHome, config: CountyConfig, down: Sequence[str], workers: int) -> str:
    """Return whether the parts run and work. A part may run and not work, and a broker may be another machine's."""
    ill = [
        f"{one.part}（{one.state}）"
        for one in examine_parts(home, config, now=timezone.now(), try_broker=False)
        if not one.well and one.part not in down
    ]
    if not down and not ill:
        return f"都在运行，{workers} 个接收进程"
    said = [f"没有运行的有 {'、'.join(down)}"] if down else []
    said += [f"不正常的有 {'、'.join(ill)}"] if ill else []
    return "；".join(said) + "，请运行 doctor 查原因"


def station_lines(region: str) -> str:
    """Return a line for each station in ``region`` (all, if empty): number, name, village, state, last heard.

    Raises:
        ServiceError: There is no such region.
    """
    found = Station.objects.select_related("village", "status").order_by("village_id", "pk")
    if region:
        if not Region.objects.filter(pk=region).exists():
            raise ServiceError(f"没有区划 {region}")
        found = found.filter(village__code__startswith=subtree_prefix(region))
    lines = []
    for station in found:
        status = status_of(station)
        heard = status.heard_at if status else None
        shown = f"{timezone.localtime(heard):%Y-%m-%d %H:%M}" if heard else "从未连上"
        lines.append(f"{station.pk}  {station.name}  {station.village}  {state_of(station).word}  {shown}")
    return "\n".join(lines) or "没有站点：用 claim 登记第一个"


def region_lines() -> str:
    """Return a line for each region: code and name."""
    lines = [f"{region.pk}  {region.name}" for region in Region.objects.order_by("pk")]
    return "\n".join(lines) or "还没有区划：先建县，region 代码 名称"


def write_template(file: str) -> str:
    """Write the empty workbook that ``import-people`` reads, and say where.

    Raises:
        ServiceError: The file is there already, or can't be written.
    """
    write_new(file, template(), mode=0o644)  # it holds nothing yet, and another account may have to fill it in
    return f"已写入 {file}：填好后用 import-people 导入"
