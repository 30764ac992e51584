"""A station's machine and devices in plain Chinese: how they are, and what a person should do about a problem."""

from typing import NamedTuple

from protocol.health import HOT_C, BootReason, DeviceHealth, DeviceKind, Health, Machine, card_worn, disk_limit_kib
from server_broker.console.words import REMEDIES, UNKNOWN, UNTRIED, Word
from server_broker.fleet import health as fleet_health
from server_broker.fleet.models import StationStatus

WARM_C = 70
WEAK_PERCENT = 25
LITTLE_MEMORY_KIB = 60 * 1024
LEAST_UP_S = 6 * 3600
"""A start writes much more than normal operation, so before this uptime the average would be far too high."""
_NOT_REPORTED = Word("·", "本机不报告", "quiet")
_TONES = ("quiet", "good", "warn", "bad")
"""From the least to the most serious."""


class Reading(NamedTuple):
    """One part of a station's health. ``remedy`` is what a person should do, or empty if there is nothing to do."""

    title: str
    word: Word
    note: str = ""
    remedy: str = ""


_DEVICES: dict[DeviceKind, tuple[str, str, str]] = {
    "reader": ("读卡器", "不可用", REMEDIES["reader_lost"]),
    "camera": ("摄像头", "拍不出", REMEDIES["camera_failed"]),
    "indicator": ("指示灯", "不亮", "请检查指示灯和蜂鸣器的接线。"),
    "input": ("门磁感应", "没有信号", REMEDIES["input_failed"]),
    "speaker": ("喇叭", "不响", "请检查喇叭的线。"),
    "microphone": ("话筒", "没有声音", "请检查话筒的线。"),
    "screen": ("屏幕", "不显示", "请检查屏幕的线和电源。"),
    "updater": ("升级程序", "用不了", "请联系县运维。"),
}
_DRIVERS = {
    "simulated": "",
    "pcsc": "USB（PC/SC）",
    "wedge": "USB（键盘式）",
    "pn532": "PN532",
    "em4100_serial": "串口（EM4100）",
    "qr_scanner": "扫码",
    "gpio": "接线（GPIO）",
    "v4l2": "USB",
    "picamera2": "排线",
}
"""How a device is called that has the name of its driver, because ``station.toml`` gives it none of its own."""
_LINKS = {"ethernet": "网线", "wifi": "Wi-Fi", "modem": "4G", "other": "其他网络"}
_SAVINGS = {"blobs": "图片暂缓上传", "vitals": "状态少报", "packs": "学习包等暂缓下载"}
_BOOT_REASONS: dict[BootReason, tuple[Word, str]] = {
    "ordered": (Word("✓", "正常关机后启动", "good"), ""),
    "abrupt": (Word("△", "断电或死机后启动", "warn"), "偶尔停电不要紧；常常这样请检查插座和电源。"),
    "undervoltage": (Word("✕", "多半因电压不足重启", "bad"), REMEDIES["undervoltage"]),
    "watchdog": (Word("△", "死机后自动重启", "warn"), "常常这样请联系县运维。"),
    "overheated": (Word("✕", "过热后重启", "bad"), REMEDIES["too_hot"]),
    "power_fault": (Word("✕", "电源故障后重启", "bad"), REMEDIES["undervoltage"]),
}


def readings(status: StationStatus | None) -> list[Reading]:
    """Return all parts of the health that a station last reported, or nothing if it has reported none."""
    health = fleet_health.read(status.health) if status is not None else None
    if health is None or status is None:
        return []
    machine = health.machine
    boot, boot_remedy = _BOOT_REASONS[health.boot_reason] if health.boot_reason is not None else (UNKNOWN, "")
    versions = " · ".join(filter(None, [machine.system, machine.kernel]))
    return [
        *(_device(device, untried=device.kind == "camera" and health.camera_untried) for device in health.devices),
        _temperature(machine),
        _power(machine),
        _sd_card(health),
        _disk(status.disk_free_kib, machine.disk_kib),
        _memory(machine, status.resident_kib),
        _link(machine),
        _data_volume(status),
        Reading("上次启动", boot, "", boot_remedy),
        Reading("主机", Word("·", machine.model or "未知", "quiet"), versions),
    ]


def worst(status: StationStatus | None) -> Word:
    """Return the most serious problem in one word, such as 电压不足, or 正常 if there is none."""
    found = readings(status)
    if not found:
        return UNKNOWN
    gravest = max(found, key=lambda reading: _TONES.index(reading.word.tone))
    if gravest.word.tone in ("warn", "bad"):
        # 不可用 alone would not tell which device has failed, so the word gets the kind of the device before it.
        kind = gravest.title.split(" ", maxsplit=1)[0]
        device = kind in {title for title, _, _ in _DEVICES.values()}
        return gravest.word._replace(word=f"{kind}{gravest.word.word}") if device else gravest.word
    return Word("✓", "正常", "good")


def _device(device: DeviceHealth, *, untried: bool) -> Reading:
    title, broken, remedy = _DEVICES[device.kind]
    named = " ".join(filter(None, [title, _DRIVERS.get(device.name, device.name)]))
    note = "模拟硬件" if device.simulated else ""
    if device.ready and untried:
        return Reading(named, UNTRIED, note)
    if device.ready:
        return Reading(named, Word("✓", "正常", "good"), note)
    return Reading(named, Word("✕", broken, "bad"), note, remedy)


def _temperature(machine: Machine) -> Reading:
    celsius = machine.temperature_c
    note = "正在降速运行" if machine.throttled == "now" else ""
    if celsius is None:
        return Reading("温度", _lacking(machine), note)
    if celsius >= HOT_C:
        return Reading("温度", Word("✕", f"过热 {celsius} °C", "bad"), note, REMEDIES["too_hot"])
    if celsius > WARM_C:
        return Reading("温度", Word("△", f"偏热 {celsius} °C", "warn"), note, REMEDIES["too_hot"])
    return Reading("温度", Word("✓", f"{celsius} °C", "good"), note)


def _lacking(machine: Machine) -> Word:
    """Return the word for a value that is absent: the machine does not report it, unless nobody has looked at it."""
    return UNKNOWN if machine == Machine() else _NOT_REPORTED


def _power(machine: Machine) -> Reading:
    match machine.undervoltage:
        case "now":
            return Reading("供电", Word("✕", "电压不足", "bad"), "", REMEDIES["undervoltage"])
        case "earlier":
            return Reading("供电", Word("△", "曾经电压不足", "warn"), "", REMEDIES["undervoltage"])
        case "no":
            return Reading("供电", Word("✓", "正常", "good"))
        case _:
            return Reading("供电", _lacking(machine))


def _sd_card(health: Health) -> Reading:
    machine, rate = health.machine, ""
    # Without a card the folder lies on a disk of the machine, of which the station writes the least part.
    has_card = machine.card is not None
    if has_card and health.disk_written_kib is not None and health.up_s is not None and health.up_s >= LEAST_UP_S:
        rate = f"平均每天写入 {_size(health.disk_written_kib * 86_400 // health.up_s)}"
    worn = machine.card_worn_percent
    if card_worn(machine):
        return Reading("存储卡", Word("✕", "快到寿命", "bad"), rate, REMEDIES["card_worn"])
    if worn is not None:
        tone = Word("△", f"已用约 {worn} %", "warn") if worn > 70 else Word("✓", f"已用约 {worn} %", "good")
        return Reading("存储卡", tone, _notes("写入寿命", rate))
    if machine.card == "sd":
        return Reading("存储卡", UNKNOWN, _notes("SD 卡不报告寿命", rate))
    return Reading("存储卡", _lacking(machine), rate)


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


def _data_volume(status: StationStatus) -> Reading:
    if status.month_bytes is None:
        return Reading("本月流量", UNKNOWN)
    forecast = status.month_forecast_bytes
    note = f"预计全月 {_megabytes(forecast)}" if forecast is not None else ""
    used = _megabytes(status.month_bytes)
    if status.saving:
        savings = "、".join(_SAVINGS[what] for what in status.saving if what in _SAVINGS)
        return Reading("本月流量", Word("△", f"{used}，不足", "warn"), savings, REMEDIES["data_short"])
    return Reading("本月流量", Word("✓", used, "good"), note)


def _size(kib: int) -> str:
    """Return a size of storage as people write it, in binary units: 588 MB, 13.9 GB."""
    mib = kib / 1024
    return f"{mib / 1024:.1f} GB" if mib >= 1024 else f"{mib:.0f} MB"


def _megabytes(count: int) -> str:
    """Return a volume of data in decimal megabytes, as network operators bill it."""
    return f"{count / 1_000_000:.1f} MB"
