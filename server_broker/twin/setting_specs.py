"""Each setting in the words of the form. Only `protocol.twin.Settings` decides which values are allowed."""

from dataclasses import dataclass
from typing import Any

import msgspec

from protocol.twin import Settings, judge_settings


class NotAllowed(Exception):
    """Text that is no value of the setting; the message is Chinese."""


@dataclass(frozen=True, slots=True)
class Spec:
    """A setting in the words of the form: a list of ``choices``, or without them a number in ``unit``."""

    word: str
    note: str
    unit: str = ""
    choices: tuple[tuple[str, str, Any], ...] = ()
    """Code in the form, Chinese, value on the wire."""

    def shown(self, value: Any) -> str:
        """Return a value in words."""
        wire = _wire(value)
        for _, word, one in self.choices:
            if one == wire:
                return word
        return f"{wire} {self.unit}".strip()

    def code(self, value: Any) -> str:
        """Return a value as the form writes it; empty if the form can't express it."""
        wire = _wire(value)
        if not self.choices:
            return str(wire)
        return next((code for code, _, one in self.choices if one == wire), "")


def _wire(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


_HOURS = tuple((f"{hour:02}:00", f"{hour:02}:00", hour * 60) for hour in range(24))
_YES_NO = (("yes", "是", True), ("no", "否", False))

SPECS: dict[str, Spec] = {
    "snapshots": Spec("打卡时抓拍", "打卡成功后拍一张现场，只作凭据", choices=_YES_NO),
    "open_before_min": Spec("上班卡最早", "值班时段开始之前多久起算上班卡", "分钟"),
    "open_after_min": Spec("下班卡最晚", "值班时段结束之后多久内仍算下班卡", "分钟"),
    "data_mb_month": Spec("每月流量", "用量接近时先停图片等，打卡记录从不停；0 表示不限", "MB"),
    "data_shed": Spec(
        "流量不足时",
        "用到 80 % 和 95 % 时依次停发；下载到 95 % 总会停",
        choices=(
            ("blobs-vitals", "先停图片，再停状态", ["blobs", "vitals"]),
            ("vitals-blobs", "先停状态，再停图片", ["vitals", "blobs"]),
            ("packs-blobs-vitals", "先停下载，再停图片和状态", ["packs", "blobs", "vitals"]),
            ("blobs-packs-vitals", "先停图片，再停下载和状态", ["blobs", "packs", "vitals"]),
            ("blobs", "只停图片", ["blobs"]),
            ("none", "都不停", []),
        ),
    ),
    "number_sign_in": Spec("编号打卡", "忘带卡时可用编号和密码打卡；只对名单里允许的人", choices=_YES_NO),
    "text_size": Spec(
        "大屏字号",
        "没有人按“字号”键时用的大小",
        choices=(("normal", "标准", "normal"), ("large", "大", "large"), ("largest", "特大", "largest")),
    ),
    "night_from_min": Spec("夜间下载开始", "不急的内容在夜里下载", choices=_HOURS),
    "night_until_min": Spec("夜间下载结束", "与开始相同就是全天", choices=_HOURS),
    "sound": Spec(
        "声音",
        "站点有喇叭才响；不念名字和编号",
        choices=(
            ("off", "不响", "off"),
            ("on_request", "按 * 才念", "on_request"),
            ("also_results", "打卡、答题也响", "also_results"),
        ),
    ),
    "espeak": Spec("机器念", "没有人录音的句子由机器念，不太自然", choices=_YES_NO),
    "theme": Spec("大屏颜色", "屋里暗、晚上用得多，选深色", choices=(("day", "浅色", "day"), ("dark", "深色", "dark"))),
    "rest_min": Spec("大屏歇屏", "没人用多久以后，轮流显示通知；0 表示不显示", "分钟"),
}


def value_of(name: str, text: str) -> Any:
    """Return the value for a text from the form.

    Raises:
        NotAllowed: There is no such setting, or its value can't be this.
    """
    spec = SPECS.get(name)
    if spec is None:
        raise NotAllowed("没有这项设置")
    text = text.strip()
    if spec.choices:
        found = [value for code, _, value in spec.choices if code == text]
        if not found:
            listed = "、".join(f"{code}（{word}）" if word != code else code for code, word, _ in spec.choices)
            raise NotAllowed(f"{spec.word}：“{text[:20]}”不行，可以是 {listed}")
        value = found[0]
    # `isdigit` is also true for digits of other scripts, and a very long number would take `int` a long time.
    elif text.isascii() and text.removeprefix("-").isdigit() and len(text) <= 12:
        value = int(text)
    else:
        raise NotAllowed(f"{spec.word}：“{text[:20]}”不是整数")
    if judge_settings({name: value}, last_good=Settings()).refused:
        raise NotAllowed(f"{spec.word}：“{text[:20]}”超出范围（{allowed(name)}）")
    return value


def allowed(name: str) -> str:
    """Return a number's range in words: 0–720 分钟; empty for a choice."""
    kind = next((field.type for field in msgspec.structs.fields(Settings) if field.name == name), None)
    info = msgspec.inspect.type_info(kind)
    if not isinstance(info, msgspec.inspect.IntType):
        return ""
    return f"{info.ge}–{info.le} {SPECS[name].unit}"
