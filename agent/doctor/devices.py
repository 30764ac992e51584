"""Examine machine and devices: by what the running agent reports, or by a trial here if no agent runs."""

from collections.abc import Iterable, Mapping

from agent.config.catalogue import not_installed
from agent.config.station_config import ChosenDriver, StationConfig
from agent.doctor.ports import CameraTrial, DoctorTools
from agent.doctor.problems import Finding, problem_finding
from protocol.health import HOT_C, DeviceHealth, DeviceKind, Machine, card_worn, disk_limit_kib

_PARTS: dict[DeviceKind, tuple[str, int]] = {
    "reader": ("读卡器", 61),
    "indicator": ("指示灯", 62),
    "camera": ("摄像头", 63),
    "input": ("门磁感应", 64),
    "speaker": ("喇叭", 67),
}
_PINS_ALONE: dict[DeviceKind, str] = {
    "indicator": "引脚正常，灯亮不亮要刷卡看",
    "input": "引脚正常，线接没接好要动一次看",
}
"""The machine can't see what is wired to a pin until something happens there."""
type MissingLibraries = Mapping[tuple[DeviceKind, str], str]
_NONE_MISSING: MissingLibraries = {}
_SEES_NO_ROOM: dict[CameraTrial, str] = {"black": "画面全黑", "covered": "镜头可能被遮挡"}


def device_findings(
    devices: Iterable[DeviceHealth], *, camera_untried: bool = False, missing: MissingLibraries = _NONE_MISSING
) -> list[Finding]:
    """Return how devices are. Those of a kind that are well share a line; each that is not has a line of its own.

    Args:
        camera_untried: Nothing is known of the camera yet.
        missing: The library that a device needs and that is not installed here, by kind and name.
    """
    devices = list(devices)
    findings = []
    for kind, (part, code) in _PARTS.items():
        of_kind = [one for one in devices if one.kind == kind]
        untried = kind == "camera" and camera_untried
        known = [] if untried else [one for one in of_kind if one.ready]
        # A simulated device has no pins that could be wired wrongly.
        for simulated, says in ((True, "正常"), (False, _PINS_ALONE.get(kind, "正常"))):
            alike = [_named(one) for one in known if one.simulated is simulated]
            findings += [Finding(part, f"{'、'.join(alike)} {says}")] if alike else []
        for one in of_kind:
            if not one.ready:
                library = missing.get((kind, one.name))
                findings.append(
                    problem_finding(part, 66, f"{_named(one)} 用不了，少装了 {library}")
                    if library
                    else problem_finding(part, code, f"{_named(one)} 用不了")
                )
            elif untried:
                findings.append(Finding(part, f"{_named(one)} 还没拍过照片，好不好不知道", well=None))
    return findings


def _named(device: DeviceHealth) -> str:
    return f"{device.name}（模拟）" if device.simulated else device.name


def missing_libraries(config: StationConfig) -> MissingLibraries:
    """Return the devices of a configuration that need a library which is not installed here, with its name."""
    chosen: list[tuple[DeviceKind, ChosenDriver]] = [("indicator", config.indicator)]
    chosen += [("camera", config.camera)] if config.camera is not None else []
    chosen += [("input", one.chosen) for one in config.inputs]
    return {(kind, one.name): libraries[0] for kind, one in chosen if (libraries := not_installed(one.driver))}


def try_devices(config: StationConfig, tools: DoctorTools, missing: MissingLibraries = _NONE_MISSING) -> list[Finding]:
    """Try every device of the configuration. Call it only if no agent runs: most devices can be opened only once."""
    devices = [_health("reader", chosen, tools.reader(chosen)) for chosen in config.readers]
    devices.append(_health("indicator", config.indicator, tools.indicator()))
    devices += [_health("input", one.chosen, tools.contact(one.chosen)) for one in config.inputs]
    if config.camera is None:
        return device_findings(devices, missing=missing)
    camera = tools.camera()
    seen = _health("camera", config.camera, camera != "failed")
    # A camera that takes pictures without showing the room gets this finding alone, and not also that it is well.
    if words := _SEES_NO_ROOM.get(camera):
        return [*device_findings(devices, missing=missing), problem_finding("摄像头", 65, f"{_named(seen)} {words}")]
    return device_findings([*devices, seen], missing=missing)


def _health(kind: DeviceKind, chosen: ChosenDriver, ready: bool) -> DeviceHealth:
    return DeviceHealth(name=chosen.name, kind=kind, ready=ready, simulated=chosen.driver == "simulated")


def examine_disk(free_kib: int, machine: Machine) -> list[Finding]:
    """Judge free space and wear by the limits of the agent's alarms."""
    size = machine.disk_kib
    says = f"剩余 {_room(free_kib)}" + (f"，共 {_room(size)}" if size else "")
    findings = [problem_finding("磁盘", 54, says) if free_kib < disk_limit_kib(size) else Finding("磁盘", says)]
    if card_worn(machine):
        findings.append(problem_finding("存储卡", 55))
    return findings


def _room(kib: int) -> str:
    mib = kib / 1024
    return f"{mib / 1024:.1f} GB" if mib >= 1024 else f"{mib:.0f} MB"


def examine_power(machine: Machine) -> list[Finding]:
    """Judge voltage and heat. A machine that does not report its voltage gets a finding that says so."""
    findings = []
    if machine.undervoltage == "now":
        findings.append(problem_finding("供电", 71))
    elif machine.undervoltage is not None:
        findings.append(Finding("供电", "正常" if machine.undervoltage == "no" else "现在正常，开机后曾经不足"))
    else:
        findings.append(Finding("供电", "未知，本机不报告", well=None))
    if machine.temperature_c is not None and machine.temperature_c >= HOT_C:
        findings.append(problem_finding("温度", 72, f"{machine.temperature_c} °C，过热"))
    elif machine.temperature_c is not None:
        findings.append(Finding("温度", f"{machine.temperature_c} °C"))
    return findings
