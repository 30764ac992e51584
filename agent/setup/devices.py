"""Find readers, camera and lamp, and try each in front of the technician."""

from collections.abc import Sequence
from queue import Empty, Queue

from agent.config.station_config import StationConfig
from agent.doctor.ports import CameraTrial
from agent.inputs.uid import Format, formats_that_fit
from agent.ports import Colour, DeviceError
from agent.setup.conversation import Conversation, SetupRefused
from agent.setup.place import SetupPlace
from agent.setup.ports import FoundDevice, SetupTools
from agent.setup.station_file import device_sections, drafted
from protocol.refusal import Refused

CARD_WITHIN_S = 30.0
"""How long one call for a card lasts. Keyboards are grabbed meanwhile, also the technician's own."""
_SHOWN_DIGITS = 4
_SIMULATED_LAMP = FoundDevice("simulated", {}, "没有指示灯")
_LAMPS: tuple[tuple[Colour, str], ...] = (("green", "绿灯"), ("amber", "黄灯"), ("red", "红灯"))
_SIMULATED_READER = FoundDevice("simulated", {}, "模拟的读卡器")
_USUAL_PINS = "17 27 22 23"
"""As in the guide 装机手册-灯与门磁."""
_CAMERA_WORDS: dict[CameraTrial, str] = {
    "well": "√ 拍到了画面",
    "black": "× 画面全黑：请看镜头盖和灯，装好后用自检再看",
    "covered": "× 镜头可能被遮挡，装好后用自检再看",
    "failed": "× 没有拍到，不写进配置",
}


def found_devices(place: SetupPlace, url: str, tools: SetupTools, talk: Conversation) -> str:
    """Return the sections of ``station.toml`` for what was found and tried.

    Raises:
        SetupRefused: There is no card reader.
    """
    readers = _readers(tools, talk)
    talk.say("\n指示灯")
    indicator = _indicator(tools, talk)
    talk.say("\n摄像头")

    def with_camera(camera: FoundDevice) -> StationConfig:
        sections = device_sections(readers=readers, indicator=indicator, camera=camera, place=place)
        return drafted(place, url=url, devices=sections)[1]

    camera = None
    for one in tools.cameras():
        talk.say(f"  找到 {one.says}，正在试拍……")
        outcome = tools.try_camera(with_camera(one))
        talk.say(f"  {_CAMERA_WORDS[outcome]}")
        if outcome != "failed":
            camera = one
            break
    if camera is None:
        talk.say("  没有能用的摄像头。打卡不受影响；以后接上了，运行 sudo cunhui-agent setup --again")
    return device_sections(readers=readers, indicator=indicator, camera=camera, place=place)


def _readers(tools: SetupTools, talk: Conversation) -> list[FoundDevice]:
    talk.say("\n读卡器")
    if not talk.somebody_answers:
        return _proven_readers(tools, talk)
    chosen: list[FoundDevice] = []
    while True:
        found = [one for one in tools.readers() if one not in chosen]
        _say_found(found, talk, more=bool(chosen))
        heard = _first_card(found, tools) if found else None
        if heard is None:
            if found:
                talk.say("  没有读到卡。")
            if not chosen and (proven := [one for one in found if one.proven]):
                names = "、".join(one.says for one in proven)
                if talk.yes(f"  不试了，就用 {names} 吗", usual=False):
                    return proven
        else:
            device, read = heard
            talk.say(f"  √ {device.says} 读到卡 ••••{read[-_SHOWN_DIGITS:]}")
            chosen.append(_with_format(device, read, talk) if device.driver == "wedge" else device)
        if chosen and not talk.yes("  还有别的读卡器吗", usual=False):
            return chosen
        if not chosen and not talk.yes("  检查接线，再试一次吗", usual=True):
            if _wants_simulated(talk):
                return [_SIMULATED_READER]
            raise SetupRefused("还没有读卡器。已做的都留着，接好了再运行一次会接着做")


def _say_found(found: Sequence[FoundDevice], talk: Conversation, *, more: bool) -> None:
    """Say what may be a reader, and call for a card, if there is anything that could read one."""
    if not found:
        another = "别的" if more else ""
        talk.say(f"  没有找到{another}读卡器：找过 USB（PC/SC）、串口和键盘式的。")
        return
    for one in found:
        talk.say(f"  看到 {one.says}" + ("" if one.proven else "，是不是读卡器刷卡才知道"))
    talk.say(f"  请刷一张卡，{CARD_WITHIN_S:.0f} 秒以内……")


def _wants_simulated(talk: Conversation) -> bool:
    talk.say("  没有读卡器也可以先试用：模拟的读卡器读不了真的卡，大屏和县里都写着“模拟”。村里正式用的站点不要选。")
    if not talk.yes("  只是试用，用模拟的读卡器吗", usual=False):
        return False
    talk.say("  用模拟的读卡器，只供试用。放一次卡：sudo cunhui-agent touch 卡号")
    talk.say("  接上真的以后运行 sudo cunhui-agent setup --again")
    return True


def _proven_readers(tools: SetupTools, talk: Conversation) -> list[FoundDevice]:
    proven = [one for one in tools.readers() if one.proven]
    if not proven:
        raise SetupRefused(
            "没有找到读卡器。键盘式的要刷一张卡才认得出：去掉 --yes 再运行，或者把设备写成文件，用 --devices 文件"
        )
    for one in proven:
        talk.say(f"  用 {one.says}（没有刷卡试）")
    return proven


def _first_card(found: Sequence[FoundDevice], tools: SetupTools) -> tuple[FoundDevice, str] | None:
    cards: Queue[tuple[FoundDevice, str]] = Queue()
    with tools.listen(found, lambda device, read: cards.put((device, read)) if read else None):
        try:
            return cards.get(timeout=CARD_WITHIN_S)
        except Empty:
            return None


def _with_format(device: FoundDevice, printed: str, talk: Conversation) -> FoundDevice:
    """Add in which form a keyboard writes numbers: by a card whose number is known, else by the number's shape."""
    known = talk.text(
        "  这张卡的卡号（县里发卡台上的，如 04A22B1C；不知道就按回车）", wrong=lambda text: _wrong(text, printed)
    )
    if known:
        fitting = formats_that_fit(printed, known)
        # Ten digits that begin with 0 are padded. Then 8H10D is the better format, because it shows a lost digit.
        padded = printed.startswith("0") and "8H10D" in fitting
        form: Format = "8H10D" if padded else fitting[0]
    else:
        form = _likely(printed)
        talk.say(
            f"  先按 {form} 写。刷县里发过的卡亮黄灯的话，按《装机手册-读卡器》用 cunhui-agent doctor --card 卡号 核对"
        )
    return FoundDevice("wedge", {**device.settings, "format": form}, device.says)


def _wrong(known: str, printed: str) -> str:
    if not known:
        return ""
    try:
        fits = formats_that_fit(printed, known)
    except Refused:
        return f"“{known}”不是卡号：请写十六进制卡号，例如 04A22B1C；不知道就按回车"
    return "" if fits else "和读到的对不上：请确认刷的就是这张卡；不知道就按回车"


def _likely(printed: str) -> Format:
    if not printed.isdecimal():
        return "hex"
    return "8H10D" if len(printed) == 10 else "decimal"


def _indicator(tools: SetupTools, talk: Conversation) -> FoundDevice:
    if not tools.has_pins():
        talk.say("  本机没有引脚，接不了指示灯：打卡结果只在大屏上显示，自检里写“模拟”")
        return _SIMULATED_LAMP
    if not talk.yes("  接了指示灯吗", usual=False):
        talk.say("  没有写进配置：打卡结果只在大屏上显示，自检里写“模拟”")
        return _SIMULATED_LAMP
    while True:
        pins = talk.text(
            "  绿、黄、红灯和蜂鸣器的引脚（BCM 编号，没有蜂鸣器只写三个）", usual=_USUAL_PINS, wrong=_wrong_pins
        )
        lamp = FoundDevice(
            "gpio", dict(zip(("green", "amber", "red", "buzzer"), map(int, pins.split()), strict=False)), "指示灯"
        )
        if _lights(lamp, tools, talk):
            return lamp
        if not talk.yes("  检查接线，再试一次吗", usual=True):
            return lamp if talk.yes("  先照这样写进配置吗", usual=True) else _SIMULATED_LAMP


def _lights(lamp: FoundDevice, tools: SetupTools, talk: Conversation) -> bool:
    """Light one lamp after another. Nobody takes this green for a card's: the person was told that it is a trial."""
    try:
        indicator = tools.indicator(lamp)
    except (OSError, DeviceError) as error:
        talk.say(f"  × 引脚用不了：{error}")
        return False
    try:
        for colour, word in _LAMPS:
            talk.say(f"  现在试{word}，亮三秒……")
            indicator.show(colour, fact="")
            if not talk.yes(f"  {word}亮了吗", usual=True):
                return False
    except DeviceError as error:
        talk.say(f"  × 引脚用不了：{error}")
        return False
    finally:
        indicator.close()
    return True


def _wrong_pins(text: str) -> str:
    pins = text.split()
    good = len(pins) in (3, 4) and all(pin.isdecimal() and 2 <= int(pin) <= 27 for pin in pins)
    return "" if good and len(set(pins)) == len(pins) else "请写三个或四个不同的数字，2 到 27，用空格隔开"
