"""Machine and devices: as the running agent says, or tried out where no agent holds them."""

from collections.abc import Iterable, Mapping

from agent.config.catalogue import not_installed
from agent.config.station_config import Chosen, StationConfig
from agent.doctor.ports import CameraTrial, DoctorTools
from agent.doctor.problems import Finding, amiss
from protocol.health import HOT_C, DeviceHealth, DeviceKind, Machine, card_worn, disk_limit_kib

_PARTS: dict[DeviceKind, tuple[str, int]] = {
    "reader": ("读卡器", 61),
    "indicator": ("指示灯", 62),
    "camera": ("摄像头", 63),
    "input": ("门磁感应", 64),
}
_PINS_ALONE: dict[DeviceKind, str] = {
    "indicator": "引脚正常，灯亮不亮要刷卡看",
    "input": "引脚正常，线接没接好要动一次看",
}
"""Of what hangs on a pin the machine knows nothing, until something happens there."""
type Lacking = Mapping[tuple[DeviceKind, str], str]
_NOTHING: Lacking = {}
_SEES_NO_ROOM: dict[CameraTrial, str] = {"black": "画面全黑", "covered": "镜头可能被遮挡"}


def told(
    devices: Iterable[DeviceHealth], *, camera_untried: bool = False, lacking: Lacking = _NOTHING
) -> list[Finding]:
    """Say how devices are: those of a kind that are well share a line, each that is not has its own.

    Args:
        camera_untried: Nothing is known of the camera yet.
        lacking: The library that a device wants and this machine has not, by kind and name.
    """
    devices = list(devices)
    findings = []
    for kind, (part, code) in _PARTS.items():
        of_kind = [one for one in devices if one.kind == kind]
        untried = kind == "camera" and camera_untried
        known = [] if untried else [one for one in of_kind if one.ready]
        for simulated, says in ((True, "正常"), (False, _PINS_ALONE.get(kind, "正常"))):
            alike = [_named(one) for one in known if one.simulated is simulated]
            findings += [Finding(part, f"{'、'.join(alike)} {says}")] if alike else []
        for one in of_kind:
            if not one.ready:
                findings.append(_broken(part, code, one, lacking.get((kind, one.name), "")))
            elif untried:
                findings.append(Finding(part, f"{_named(one)} 还没拍过照片，好不好不知道", well=None))
    return findings


def _broken(part: str, code: int, device: DeviceHealth, library: str) -> Finding:
    if library:
        return amiss(part, 66, f"{_named(device)} 用不了，少装了 {library}")
    return amiss(part, code, f"{_named(device)} 用不了")


def _named(device: DeviceHealth) -> str:
    return f"{device.name}（模拟）" if device.simulated else device.name


def lacking_libraries(config: StationConfig) -> Lacking:
    """Return which devices of a configuration want a library that is not installed here."""
    chosen: list[tuple[DeviceKind, Chosen]] = [("indicator", config.indicator)]
    chosen += [("camera", config.camera)] if config.camera is not None else []
    chosen += [("input", one.chosen) for one in config.inputs]
    return {(kind, one.name): missing[0] for kind, one in chosen if (missing := not_installed(one.driver))}


def tried(config: StationConfig, tools: DoctorTools, lacking: Lacking = _NOTHING) -> list[Finding]:
    """Try every device of the configuration. Only where no agent runs: most can be opened once."""
    devices = [_health("reader", chosen, tools.reader(chosen)) for chosen in config.readers]
    devices.append(_health("indicator", config.indicator, tools.indicator()))
    devices += [_health("input", one.chosen, tools.contact(one.chosen)) for one in config.inputs]
    if config.camera is None:
        return told(devices, lacking=lacking)
    camera = tools.camera()
    seen = _health("camera", config.camera, camera != "failed")
    if words := _SEES_NO_ROOM.get(camera):
        return [*told(devices, lacking=lacking), amiss("摄像头", 65, f"{_named(seen)} {words}")]
    return told([*devices, seen], lacking=lacking)


def _health(kind: DeviceKind, chosen: Chosen, ready: bool) -> DeviceHealth:
    return DeviceHealth(name=chosen.name, kind=kind, ready=ready, simulated=chosen.driver == "simulated")


def examine_disk(free_kib: int, machine: Machine) -> list[Finding]:
    """Judge room and wear by the same limits as the agent's alarms."""
    size = machine.disk_kib
    says = f"剩余 {_room(free_kib)}" + (f"，共 {_room(size)}" if size else "")
    findings = [amiss("磁盘", 54, says) if free_kib < disk_limit_kib(size) else Finding("磁盘", says)]
    if card_worn(machine):
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
