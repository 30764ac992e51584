"""Machine and devices: as the running agent says, or tried out where no agent holds them."""

from collections.abc import Iterable

from agent.config import Chosen, StationConfig
from agent.doctor.ports import CameraTrial, Tools
from agent.doctor.problems import Finding, amiss
from agent.health import HOT_C, SHORT_KIB, SHORT_SHARE, WORN_PERCENT
from protocol.health import DeviceHealth, DeviceKind, Machine

_PARTS: dict[DeviceKind, tuple[str, int]] = {
    "reader": ("读卡器", 61),
    "indicator": ("指示灯", 62),
    "camera": ("摄像头", 63),
    "input": ("门磁感应", 64),
}
_SEES_NO_ROOM: dict[CameraTrial, str] = {"black": "画面全黑", "covered": "镜头可能被遮挡"}


def told(devices: Iterable[DeviceHealth]) -> list[Finding]:
    """Say how devices are: those of a kind that are well share a line, each that is not has its own."""
    devices = list(devices)
    findings = []
    for kind, (part, code) in _PARTS.items():
        well = [_named(one) for one in devices if one.kind == kind and one.ready]
        findings += [Finding(part, f"{'、'.join(well)} 正常")] if well else []
        broken = [one for one in devices if one.kind == kind and not one.ready]
        findings += [amiss(part, code, f"{_named(one)} 用不了") for one in broken]
    return findings


def _named(device: DeviceHealth) -> str:
    return f"{device.name}（模拟）" if device.simulated else device.name


def tried(config: StationConfig, tools: Tools) -> list[Finding]:
    """Try every device of the configuration. Only where no agent runs: most can be opened once."""
    devices = [_health("reader", chosen, tools.reader(chosen)) for chosen in config.readers]
    devices.append(_health("indicator", config.indicator, tools.indicator()))
    devices += [_health("input", one.chosen, tools.contact(one.chosen)) for one in config.inputs]
    if config.camera is None:
        return told(devices)
    camera = tools.camera()
    seen = _health("camera", config.camera, camera != "failed")
    if words := _SEES_NO_ROOM.get(camera):
        return [*told(devices), amiss("摄像头", 65, f"{_named(seen)} {words}")]
    return told([*devices, seen])


def _health(kind: DeviceKind, chosen: Chosen, ready: bool) -> DeviceHealth:
    return DeviceHealth(name=chosen.name, kind=kind, ready=ready, simulated=chosen.driver == "simulated")


def examine_disk(free_kib: int, machine: Machine) -> list[Finding]:
    """Judge room and wear by the same limits as the agent's alarms."""
    size = machine.disk_kib
    limit = SHORT_KIB if size is None else min(SHORT_KIB, size // SHORT_SHARE)
    says = f"剩余 {_room(free_kib)}" + (f"，共 {_room(size)}" if size else "")
    findings = [amiss("磁盘", 54, says) if free_kib < limit else Finding("磁盘", says)]
    if (machine.card_worn_percent or 0) > WORN_PERCENT or machine.card_end in ("warning", "urgent"):
        findings.append(amiss("存储卡", 55))
    return findings


def _room(kib: int) -> str:
    mib = kib / 1024
    return f"{mib / 1024:.1f} GB" if mib >= 1024 else f"{mib:.0f} MB"


def examine_power(machine: Machine) -> list[Finding]:
    """Judge voltage and heat; a machine that tells neither is said to be unknown."""
    findings = []
    if machine.undervoltage == "now":
        findings.append(amiss("供电", 71))
    elif machine.undervoltage is not None:
        findings.append(Finding("供电", "正常" if machine.undervoltage == "no" else "现在正常，开机后曾经不足"))
    else:
        findings.append(Finding("供电", "未知，本机不报告", well=None))
    if machine.temperature_c is not None and machine.temperature_c >= HOT_C:
        findings.append(amiss("温度", 72, f"{machine.temperature_c} °C，过热"))
    elif machine.temperature_c is not None:
        findings.append(Finding("温度", f"{machine.temperature_c} °C"))
    return findings
