"""The whole examination, in the order in which a technician puts things right."""

import os
from datetime import UTC, datetime

from msgspec import Struct

from agent.config.station_config import OUTBOX_FILE, StationConfig
from agent.doctor.asking import NoStatus, ask_agent
from agent.doctor.county import examine_county
from agent.doctor.devices import (
    MissingLibraries,
    device_findings,
    examine_disk,
    examine_power,
    missing_libraries,
    try_devices,
)
from agent.doctor.identity import examine_identity
from agent.doctor.outbox import examine_outbox
from agent.doctor.ports import DoctorTools
from agent.doctor.problems import NOT_ENROLLED, OUTBOX_IN_USE, Finding, all_well, problem_finding
from protocol.china_time import china_time
from protocol.kiosk_status import Status
from protocol.units import DATED_QUALITIES

_QUALITIES = {"synced": "已校时", "holdover": "断网走时", "restored": "未校时", "unknown": "不知道时间"}
_NO_ANSWER: dict[NoStatus, int] = {"absent": 41, "silent": 42, "denied": 43}


class Examination(Struct, frozen=True):
    """What was found. ``station`` is empty if it was never enrolled."""

    station: str
    findings: list[Finding]

    @property
    def well(self) -> bool:
        """Whether nothing was found wrong."""
        return all_well(self.findings)


def examine(config: StationConfig, tools: DoctorTools, *, software: str, earliest_ms: int) -> Examination:
    """Examine everything.

    Args:
        earliest_ms: When the program was installed. A clock that shows an earlier time is wrong.
    """
    now = datetime.now(UTC)
    known = examine_identity(config.folder, now=now)
    findings = [Finding("配置", "没有错误"), *known.findings]
    if any(one.code == NOT_ENROLLED for one in known.findings):
        # Enrolment needs only the county. The agent makes everything else when it starts, so its lack means nothing.
        county = examine_county(config.county_url, config.county_ca, None, tools.probe_endpoint)
        return Examination("", [*findings, *county, Finding("其余", "接入以后再检查", well=None)])
    status = ask_agent(config.kiosk_socket)
    if isinstance(status, Status):
        says = f"运行中，{status.software}，内存 {status.resident_kib // 1024} MB"
        # After an update the old program runs on until it is restarted.
        newer = "" if status.software == software else f"；新装的是 {software}，重启后生效"
        findings.append(Finding("站点程序", says + newer))
    else:
        findings.append(problem_finding("站点程序", _NO_ANSWER[status]))
    findings += examine_county(config.county_url, config.county_ca, known.identity, tools.probe_endpoint)
    station = known.identity.station if known.identity is not None else ""
    if isinstance(status, Status):
        findings += _findings_of_running(status, missing_libraries(config))
    else:
        findings += _findings_of_stopped(config, tools, status, station, now.timestamp() * 1000 >= earliest_ms)
    return Examination(station, findings)


def _findings_of_running(status: Status, missing: MissingLibraries) -> list[Finding]:
    machine = status.health.machine
    waits = f"{status.waiting} 条记录、{status.blobs_waiting} 张图片等待上传"
    linked = status.link == "connected"
    link = _link_finding(status, waits, linked=linked)
    used = f"已用 {(status.month_bytes or 0) / 1_000_000:.1f} MB"
    if status.month_bytes is None:
        month = Finding("本月流量", "未知", well=None)
    elif status.saving:
        month = problem_finding("本月流量", 81, f"{used}，正在节省")
    else:
        month = Finding("本月流量", used)
    return [
        link,
        _clock_finding(status, linked=linked),
        Finding("大屏", "大屏程序已连上") if status.screen else problem_finding("大屏", 44),
        *examine_disk(status.disk_free_kib, machine),
        *device_findings(status.health.devices, camera_untried=status.health.camera_untried, missing=missing),
        *examine_power(machine),
        month,
    ]


def _link_finding(status: Status, waits: str, *, linked: bool) -> Finding:
    if status.county_refuses:
        return problem_finding("上传", 25, f"县里不让本机连上，{waits}")
    if status.identity_shared:
        # At this moment it may be connected: the two take turns.
        return problem_finding("上传", 28, f"另一台机器在用本站编号，{waits}")
    if linked:
        return Finding("上传", f"已连上县里，{waits}")
    return problem_finding("上传", 26, f"没连上，{waits}")


def _clock_finding(status: Status, *, linked: bool) -> Finding:
    quality = _QUALITIES[status.quality]
    if status.quality in DATED_QUALITIES:
        return Finding("时钟", f"{quality}，{china_time(status.wall):%m-%d %H:%M}")
    if not linked:
        return problem_finding("时钟", 31, quality)
    why = "县里说它自己还不知道时间" if status.county_untold else "县里还没有告诉本站时间"
    return problem_finding("时钟", 32, f"{quality}：已连上县里，{why}")


def _findings_of_stopped(
    config: StationConfig, tools: DoctorTools, why: NoStatus, station: str, plausible: bool
) -> list[Finding]:
    """Look at files and devices here, because no agent reports on them."""
    machine = tools.machine()
    too_early = problem_finding("时钟", 31, "本机时间早于程序安装的时间")
    findings = [Finding("时钟", "本机时间看上去可信") if plausible else too_early]
    # Somebody who listens on the socket is an agent, even if it sends no status.
    in_use = why != "absent"
    if station and not in_use:
        outbox = examine_outbox(config.folder / OUTBOX_FILE, station=station)
        findings.append(outbox)
        # An agent that just starts opens its outbox before it listens. Then its devices must not be opened here either.
        in_use = outbox.code == OUTBOX_IN_USE
    try:
        disk = os.statvfs(config.folder)
        # f_bavail leaves out the blocks that only root may use (statvfs(3)), and the agent is not root.
        findings += examine_disk(disk.f_bavail * disk.f_frsize // 1024, machine)
    except OSError:
        findings.append(Finding("磁盘", f"没有文件夹 {config.folder}", well=None))
    if in_use:
        findings.append(Finding("设备", "程序占着，没有检查", well=None))
    else:
        findings += try_devices(config, tools, missing_libraries(config))
    return [*findings, *examine_power(machine)]
