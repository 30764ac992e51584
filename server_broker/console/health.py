"""What a station's machine and devices are like, in plain Chinese, and what a person does about what is not well."""

from typing import NamedTuple

from protocol.health import HOT_C, BootReason, DeviceHealth, DeviceKind, Health, Machine, card_worn, disk_limit_kib
from server_broker.console.words import REMEDIES, UNKNOWN, UNTRIED, Word
from server_broker.fleet import health as fleet_health
from server_broker.fleet.models import StationStatus

WARM_C = 70
WEAK_PERCENT = 25
LITTLE_MEMORY_KIB = 60 * 1024
LEAST_UP_S = 6 * 3600
"""Starting writes more than running does: before this an average says nothing."""
_TONES = ("quiet", "good", "warn", "bad")


class Reading(NamedTuple):
    """One thing about a station. ``remedy`` is what a person does about it, where that is anything."""

    title: str
    word: Word
    note: str = ""
    remedy: str = ""


_DEVICES: dict[DeviceKind, tuple[str, str, str]] = {
    "reader": ("读卡器", "不可用", REMEDIES["reader_lost"]),
    "camera": ("摄像头", "拍不出", REMEDIES["camera_failed"]),
    "indicator": ("指示灯", "不亮", "请检查指示灯和蜂鸣器的接线。"),
    "input": ("门磁感应", "没有信号", REMEDIES["input_failed"]),
}
_LINKS = {"ethernet": "网线", "wifi": "Wi-Fi", "modem": "4G", "other": "其他网络"}
_SAVINGS = {"blobs": "图片暂缓上传", "vitals": "状态少报"}
_BOOTS: dict[BootReason, tuple[Word, str]] = {
    "ordered": (Word("✓", "正常关机后启动", "good"), ""),
    "abrupt": (Word("△", "断电或死机后启动", "warn"), "偶尔停电不要紧；常常这样请检查插座和电源。"),
    "undervoltage": (Word("✕", "多半因电压不足重启", "bad"), REMEDIES["undervoltage"]),
    "watchdog": (Word("△", "死机后自动重启", "warn"), "常常这样请联系县运维。"),
    "overheated": (Word("✕", "过热后重启", "bad"), REMEDIES["too_hot"]),
    "power_fault": (Word("✕", "电源故障后重启", "bad"), REMEDIES["undervoltage"]),
}


def readings(status: StationStatus | None) -> list[Reading]:
    """Return everything that a station has said of its health; nothing where it has said none."""
    said = fleet_health.read(status.health) if status is not None else None
    if said is None or status is None:
        return []
    machine = said.machine
    return [
        *(_device(device, untried=device.kind == "camera" and said.camera_untried) for device in said.devices),
        _heat(machine),
        _power(machine),
        _card(said),
        _disk(status.disk_free_kib, machine.disk_kib),
        _memory(machine, status.resident_kib),
        _link(machine),
        _month(status),
        Reading("上次启动", *_boot(said.boot_reason)),
        _board(machine),
    ]


def worst(status: StationStatus | None) -> Word:
    """Return the worst of it as one word, such as 电压不足; 正常 where nothing is problem_finding."""
    found = readings(status)
    if not found:
        return UNKNOWN
    gravest = max(found, key=lambda reading: _TONES.index(reading.word.tone))
    if gravest.word.tone in ("warn", "bad"):
        kind = gravest.title.split(" ", maxsplit=1)[0]
        device = kind in {title for title, _, _ in _DEVICES.values()}
        return gravest.word._replace(word=f"{kind}{gravest.word.word}") if device else gravest.word
    return Word("✓", "正常", "good")


def _device(device: DeviceHealth, *, untried: bool) -> Reading:
    title, broken, remedy = _DEVICES[device.kind]
    named = f"{title} {device.name}"
    note = "模拟硬件" if device.simulated else ""
    if device.ready and untried:
        return Reading(named, UNTRIED, note)
    if device.ready:
        return Reading(named, Word("✓", "正常", "good"), note)
    return Reading(named, Word("✕", broken, "bad"), note, remedy)


def _heat(machine: Machine) -> Reading:
    celsius = machine.temperature_c
    note = "正在降速运行" if machine.throttled == "now" else ""
    if celsius is None:
        return Reading("温度", UNKNOWN, note)
    if celsius >= HOT_C:
        return Reading("温度", Word("✕", f"过热 {celsius} °C", "bad"), note, REMEDIES["too_hot"])
    if celsius > WARM_C:
        return Reading("温度", Word("△", f"偏热 {celsius} °C", "warn"), note, REMEDIES["too_hot"])
    return Reading("温度", Word("✓", f"{celsius} °C", "good"), note)


def _power(machine: Machine) -> Reading:
    match machine.undervoltage:
        case "now":
            return Reading("供电", Word("✕", "电压不足", "bad"), "", REMEDIES["undervoltage"])
        case "earlier":
            return Reading("供电", Word("△", "曾经电压不足", "warn"), "", REMEDIES["undervoltage"])
        case "no":
            return Reading("供电", Word("✓", "正常", "good"))
        case _:
            return Reading("供电", UNKNOWN)


def _card(said: Health) -> Reading:
    machine, rate = said.machine, _written_a_day(said)
    worn = machine.card_worn_percent
    if card_worn(machine):
        return Reading("存储卡", Word("✕", "快到寿命", "bad"), rate, REMEDIES["card_worn"])
    if worn is not None:
        tone = Word("△", f"已用约 {worn} %", "warn") if worn > 70 else Word("✓", f"已用约 {worn} %", "good")
        return Reading("存储卡", tone, _notes("写入寿命", rate))
    return Reading("存储卡", UNKNOWN, _notes("SD 卡不报告寿命" if machine.card == "sd" else "", rate))


def _written_a_day(said: Health) -> str:
    """Say how fast the card is written to, once the machine is up long enough for an average."""
    if said.disk_written_kib is None or said.up_s is None or said.up_s < LEAST_UP_S:
        return ""
    return f"平均每天写入 {_size(said.disk_written_kib * 86_400 // said.up_s)}"


def _notes(*notes: str) -> str:
    return "，".join(filter(None, notes))


def _disk(free_kib: int, size_kib: int | None) -> Reading:
    note = f"共 {_size(size_kib)}" if size_kib else ""
    if free_kib < disk_limit_kib(size_kib):
        return Reading("磁盘剩余", Word("✕", _size(free_kib), "bad"), note, REMEDIES["disk_short"])
    return Reading("磁盘剩余", Word("✓", _size(free_kib), "good"), note)


def _memory(machine: Machine, own_kib: int) -> Reading:
    note = f"本程序用 {_size(own_kib)}"
    free = machine.memory_free_kib
    if free is None:
        return Reading("空闲内存", UNKNOWN, note)
    if free < LITTLE_MEMORY_KIB:
        return Reading("空闲内存", Word("△", _size(free), "warn"), note, "请重启一次站点程序；还是这样请联系县运维。")
    return Reading("空闲内存", Word("✓", _size(free), "good"), note)


def _link(machine: Machine) -> Reading:
    if machine.link is None:
        return Reading("网络", UNKNOWN)
    kind, signal = _LINKS[machine.link], machine.signal_percent
    if signal is None:
        return Reading("网络", Word("✓", kind, "good"))
    if signal < WEAK_PERCENT:
        return Reading("网络", Word("△", f"{kind} 信号弱 {signal} %", "warn"), "", "请把天线或站点挪到靠窗的地方。")
    return Reading("网络", Word("✓", f"{kind} 信号 {signal} %", "good"))


def _month(status: StationStatus) -> Reading:
    if status.month_bytes is None:
        return Reading("本月流量", UNKNOWN)
    forecast = status.month_forecast_bytes
    note = f"预计全月 {_megabytes(forecast)}" if forecast is not None else ""
    used = _megabytes(status.month_bytes)
    if status.saving:
        put_off = "、".join(_SAVINGS[what] for what in status.saving or [] if what in _SAVINGS)
        return Reading("本月流量", Word("△", f"{used}，不足", "warn"), put_off, REMEDIES["data_short"])
    return Reading("本月流量", Word("✓", used, "good"), note)


def _boot(reason: BootReason | None) -> tuple[Word, str, str]:
    word, remedy = _BOOTS[reason] if reason is not None else (UNKNOWN, "")
    return word, "", remedy


def _board(machine: Machine) -> Reading:
    versions = " · ".join(filter(None, [machine.system, machine.kernel]))
    return Reading("主机", Word("·", machine.model or "未知", "quiet"), versions)


def _size(kib: int) -> str:
    """Return a size as people say it: 588 MB, 13.9 GB (binary)."""
    mib = kib / 1024
    return f"{mib / 1024:.1f} GB" if mib >= 1024 else f"{mib:.0f} MB"


def _megabytes(count: int) -> str:
    """Return a line's traffic as it is billed, in decimal megabytes."""
    return f"{count / 1_000_000:.1f} MB"
