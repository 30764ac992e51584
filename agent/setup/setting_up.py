"""The whole way from an installed package to a station that takes cards.

It goes on where an earlier call has stopped. A station that took cards before takes them again, wherever it stops.
"""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import msgspec

from agent.causes import cause
from agent.config.station_config import BadConfig, StationConfig, load
from agent.doctor.problems import all_well
from agent.doctor.screen import screen
from agent.identity.enrolment import OTHER_NUMBER, CountyRefused, CountyUnreachable, EnrolmentFailed
from agent.identity.station_identity import Identity, IdentityBroken, load_identity
from agent.setup.conversation import Conversation, SetupRefused
from agent.setup.county import asked_claim, asked_claim_file, asked_county, check_county, of_claim_file, read_claim_file
from agent.setup.devices import found_devices
from agent.setup.place import Begun, SetupPlace
from agent.setup.ports import SetupTools
from agent.setup.station_file import drafted, read_devices
from protocol.claim_file import ClaimFile

AGENT, KIOSK, UPDATES = "cunhui-agent.service", "cunhui-kiosk.service", "cunhui-update.timer"
_WRONG_CLAIM = ("claim_refused", "bad_claim_code")
_SETTLES_S, _LOOK_EVERY_S = 30.0, 1.0
"""How long link and kiosk are waited for before the doctor looks."""
_TRIES = 5
_CALLS, _CALL_AGAIN_S = 3, 5.0
"""How often one claim is sent to a county that does not answer in time. Each call waits half a minute for an answer."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was typed behind ``setup``.

    Attributes:
        claim_file: ``claim.toml`` of the county.
        devices: A file with the sections of ``station.toml`` for devices, for technicians with many alike.
        again: Find the devices anew, though there is a ``station.toml``.
    """

    claim_file: Path | None = None
    devices: Path | None = None
    again: bool = False


def set_up(place: SetupPlace, wishes: Wishes, tools: SetupTools, talk: Conversation) -> bool:
    """Make this machine a station and show the doctor's screen. Return whether the doctor found all well.

    Raises:
        SetupRefused: It can't go on. What was done is kept.
    """
    place.check()
    with ExitStack() as at_the_end:
        if tools.units.there and tools.units.runs(AGENT):
            at_the_end.callback(_start_again, tools, talk)
        config = _made_ready(place, wishes, tools, talk)
    return _start(config, tools, talk)


def _made_ready(place: SetupPlace, wishes: Wishes, tools: SetupTools, talk: Conversation) -> StationConfig:
    """Do everything but start the station."""
    file = read_claim_file(wishes.claim_file) if wishes.claim_file else None
    known = _known_identity(place.folder)
    if file is not None and known is not None and known.station != file.station:
        raise SetupRefused(
            f"本机已经接入，是站点 {known.station}；接入文件是给 {file.station} 的，什么也没有改动。"
            f"拿错了文件请换一个。{OTHER_NUMBER}，或者换一张装好软件包的新卡"
        )
    begun = place.begun()
    if begun is not None:
        talk.say("接着做上次没有做完的。")
    if place.config.exists() and not wishes.again and (begun is None or begun.devices):
        config, begun = _existing(place, file, begun, talk)
    else:
        begun = _county(begun or _known_county(place, known), file, tools, talk)
        place.write(place.ca, begun.ca)
        # Only a county that was reached is remembered: the next call asks for a wrong one again.
        check_county(place, begun.url, tools.probe)
        place.keep(begun)
        config = _devices(place, begun, wishes, tools, talk)
        begun = msgspec.structs.replace(begun, devices=True)
        place.keep(begun)
    _enrolled(place, config, begun, tools, talk, anew=known is None or (wishes.again and file is not None))
    place.end()
    return config


def _start_again(tools: SetupTools, talk: Conversation) -> None:
    """Start an agent that ran before, also where the setup ended early: a station in use has to take cards."""
    if not tools.units.runs(AGENT):
        problem = tools.units.do("start", AGENT)
        talk.say(f"× 站点程序没有再启动起来：{problem}" if problem else "站点程序又启动了，可以打卡。")


def _known_identity(folder: Path) -> Identity | None:
    try:
        return load_identity(folder)
    except (IdentityBroken, OSError) as error:
        raise SetupRefused(f"本机的身份文件坏了或读不到（{cause(error)}）：先导出记录，再请县里处理") from error


def _known_county(place: SetupPlace, known: Identity | None) -> Begun | None:
    """Return the county of a station that is enrolled, so that nobody is asked for it again."""
    try:
        config = load(place.config, with_files=True)
        return Begun(url=config.county_url, ca=config.county_ca.read_text("ascii"), claim="") if known else None
    except (BadConfig, OSError, UnicodeDecodeError):
        return None


def _existing(
    place: SetupPlace, file: ClaimFile | None, begun: Begun | None, talk: Conversation
) -> tuple[StationConfig, Begun]:
    """Go on with the ``station.toml`` that is there."""
    try:
        config = load(place.config, with_files=True)
    except BadConfig as bad:
        raise SetupRefused(
            f"{place.config} 有 {len(bad.mistakes)} 处错误，改好再运行，或者加 --again 重写：\n{bad}"
        ) from bad
    talk.say(f"已有 {place.config}，照它继续。要重新找设备、重写这个文件，请加 --again")
    if file is not None and of_claim_file(file).url != config.county_url:
        raise SetupRefused(
            f"接入文件是 {file.url} 的，{place.config} 写的是 {config.county_url}，什么也没有改动。"
            "要照接入文件重写，请加 --again"
        )
    if file is not None:
        return config, msgspec.structs.replace(of_claim_file(file), devices=True)
    return config, begun or Begun(url=config.county_url, ca="", claim="", devices=True)


def _county(begun: Begun | None, file: ClaimFile | None, tools: SetupTools, talk: Conversation) -> Begun:
    if file is not None:
        talk.say(f"接入文件：{file.name}（{file.station}），县平台 {file.url}")
        return msgspec.structs.replace(of_claim_file(file), devices=False)
    if begun is not None:
        return msgspec.structs.replace(begun, devices=False)
    talk.say("随时可以按 Ctrl-C 停下，再运行一次会接着做。\n\n县平台")
    if not talk.somebody_answers:
        raise SetupRefused("不提问时（--yes）要有接入文件：--file claim.toml")
    given = asked_claim_file(talk)
    return of_claim_file(given) if given is not None else asked_county(talk, tools)


def _devices(place: SetupPlace, begun: Begun, wishes: Wishes, tools: SetupTools, talk: Conversation) -> StationConfig:
    """Find the devices, or take them from a file, and write ``station.toml``."""
    if tools.units.there and tools.units.runs(AGENT):
        talk.say("站点程序先停下，这段时间不能打卡。")
        tools.units.do("stop", AGENT)
    if wishes.devices is not None:
        devices = read_devices(wishes.devices)
    else:
        devices = found_devices(place, begun.url, tools, talk)
    text, _ = drafted(place, url=begun.url, devices=devices)
    place.write(place.config, text)
    talk.say(f"\n√ 写好了 {place.config}")
    return load(place.config)


def _enrolled(
    place: SetupPlace, config: StationConfig, begun: Begun, tools: SetupTools, talk: Conversation, *, anew: bool
) -> None:
    """Enrol the station unless it is enrolled already."""
    if not anew:
        identity = _known_identity(config.folder)
        if identity is not None:
            talk.say(f"√ 本机已经接入：{identity.enrolled.village}，站点 {identity.station}")
            talk.say(
                f"  县里又给了 {identity.station} 的接入码：运行 sudo cunhui-agent enrol --again，"
                f"再重启站点程序。{OTHER_NUMBER}"
            )
            return
    talk.say("\n接入")
    claim, until = begun.claim, begun.expires
    for _ in range(_TRIES):
        claim = claim or asked_claim(talk)
        try:
            identity = _enrolled_by(tools, talk, config, claim)
        except CountyRefused as refused:
            if refused.reason not in _WRONG_CLAIM:
                raise SetupRefused(f"没有接入：{refused.message}。已做的都留着，好了再运行一次会接着做") from refused
            expired = f"（接入文件写着有效期到 {until}）" if until else ""
            if not talk.somebody_answers:
                place.keep(msgspec.structs.replace(begun, claim="", expires=""))
                raise SetupRefused(f"没有接入：{refused.message}{expired}") from refused
            talk.say(f"  {refused.message}{expired}")
            claim = until = ""
            place.keep(msgspec.structs.replace(begun, claim="", expires=""))
        except EnrolmentFailed as failed:
            place.keep(msgspec.structs.replace(begun, claim=claim))
            raise SetupRefused(f"没有接入：{failed.message}\n已做的都留着，好了再运行一次会接着做") from failed
        except (IdentityBroken, OSError) as error:
            raise SetupRefused(
                f"没有接入：站点文件夹 {config.folder} 有问题（{cause(error)}），好了再运行一次会接着做"
            ) from error
        else:
            talk.say(f"√ 接入成功：{identity.enrolled.village}，站点 {identity.station}")
            return
    raise SetupRefused("接入码一直不对。已做的都留着，向县里要新的接入码，再运行一次会接着做")


def _enrolled_by(tools: SetupTools, talk: Conversation, config: StationConfig, claim: str) -> Identity:
    """Make the enrolment call, again while no answer comes: the county takes a claim twice from the same board."""
    for _ in range(_CALLS - 1):
        try:
            return tools.enrol(config, claim)
        except CountyUnreachable:
            talk.say("  县里没有回答，再问一次……")
            tools.wait(_CALL_AGAIN_S)
    return tools.enrol(config, claim)


def _start(config: StationConfig, tools: SetupTools, talk: Conversation) -> bool:
    """Start agent and kiosk, let them settle, and show the doctor's screen."""
    if not tools.units.there:
        talk.say("\n本机没有运行 systemd，没有启动站点程序：请在真机上再运行一次 sudo cunhui-agent setup")
        return _doctor(config, tools, talk)
    talk.say("\n启动")
    for act in ("enable", "start"):
        if problem := tools.units.do(act, AGENT):
            raise SetupRefused(f"站点程序没有启动起来：{problem}\n排除后再运行一次 sudo cunhui-agent setup")
    talk.say("√ 站点程序在运行，开机会自己启动")
    # The timer fetches the key of the county's repository, where there is one, and later what the county offers.
    if problem := tools.units.do("enable", UPDATES) or tools.units.do("start", UPDATES):
        talk.say(f"× 不会自己升级：{problem}")
    if problem := tools.units.do("enable", KIOSK):
        talk.say(f"× 大屏没有设成开机启动：{problem}")
    if tools.on_first_terminal:
        well = _doctor(config, tools, talk)
        talk.text("\n按回车后大屏接管这个屏幕")
        tools.units.do("start", KIOSK)
        return well
    if problem := tools.units.do("start", KIOSK):
        talk.say(f"× 大屏没有启动起来：{problem}")
    else:
        # Whether it shows anything is seen below, where it says so to the agent.
        talk.say("大屏在第一个终端上启动，看不看得到见下面的自检……")
    return _doctor(config, tools, talk)


def _doctor(config: StationConfig, tools: SetupTools, talk: Conversation) -> bool:
    """Show the doctor's screen, once link and kiosk have had their time to come up."""
    if tools.units.there:
        waited_s = 0.0
        while waited_s < _SETTLES_S:
            status = tools.status(config)
            if status is not None and status.link == "connected" and (status.screen or tools.on_first_terminal):
                break
            tools.wait(_LOOK_EVERY_S)
            waited_s += _LOOK_EVERY_S
    found = tools.examine(config)
    talk.say("\n" + screen(" ".join(filter(None, ["村慧站点自检", found.station])), found.findings))
    return all_well(found.findings)
