"""The kinds of incidents: what each is called, which alarms belong to it, who acts, and the one thing that they do.

A kind has alarms of the county or alarms that stations report about themselves, never both: a station chooses the codes
of its alarms, and must not get a word that the county has for what it found out itself.

An alarm whose code stands in no kind of its origin belongs to `OTHER` or `SAID`. So a new alarm is shown and told at
once, and whoever gives it a kind of its own gives it a better word.
"""

from dataclasses import dataclass
from typing import Final, Literal

from protocol import alarm_codes as station_codes
from protocol.facts import Severity
from server_broker.fleet import alarm_codes as county_codes
from server_broker.fleet.alarms import Origin

type Page = Literal["station", "held", "messages", "alarms"]
"""The console's page where the one thing is done, or where one sees what it is about."""

SEVERITIES: tuple[Severity, ...] = ("critical", "major", "minor", "info")
"""The gravest first."""
SEVERITY_WORDS: dict[str, str] = {"critical": "紧急", "major": "重要", "minor": "一般", "info": "提示"}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of incident. The texts are Chinese.

    Attributes:
        key: Stored, and never changed.
        word: What is the matter.
        who: Who acts.
        action: The one thing that they do.
        page: Where in the console.
        codes: The alarms, by the part of the code before the colon.
        origin: Who says it.
    """

    key: str
    word: str
    who: str
    action: str
    page: Page
    codes: frozenset[str] = frozenset()
    origin: Origin = "county"


HELP: Final = Kind(
    "help",
    "有人求助",
    "镇办",
    "请马上给村里打电话；点“确认”，大屏就显示您看到了。",
    "station",
    frozenset({county_codes.HELP_ASKED}),
)
OUTAGE: Final = Kind(
    "outage",
    "疑似停电或断网",
    "镇办",
    "请问供电所和运营商是否停电、断网；来电来网后站点自动补传，不用逐村打电话。",
    "alarms",
)
"""Many stations of one place went silent together."""
SILENT: Final = Kind(
    "silent",
    "站点没有消息",
    "镇办",
    "请给村里打电话，看站点是否断电、断网；连上后自动补传。",
    "station",
    frozenset({county_codes.STATION_SILENT}),
)
READER: Final = Kind(
    "reader",
    "读卡器用不了",
    "镇办",
    "请村里把读卡器的 USB 线拔下再插一次；还不行就换一个。",
    "station",
    frozenset({station_codes.CARDS_UNREADABLE, station_codes.CARDS_FLOOD}),
    "station",
)
"""Derived of the station's status too, because a reader that is gone raises no alarm."""
OTHER: Final = Kind("other", "其他告警", "县运维", "请看告警里写的处理办法。", "alarms")
SAID: Final = Kind(
    "said",
    "站点自报的其他告警",
    "县运维",
    "这是站点自己说的，不是县里查出来的，请打电话向村里核实；站点丢失或可疑，照常吊销。",
    "station",
    origin="station",
)
"""What a station says under a code that no list has for stations. What to do never follows from its text."""

_OLD_OR_COPIED: Final = (
    "请问村里是否换过旧卡；没有换过，就当卡被拷贝了：在站点页生成接入码，换新机器；没有新机器才吊销。"
)

KINDS: Final[tuple[Kind, ...]] = (
    HELP,
    OUTAGE,
    Kind(
        "county",
        "县里的记录或名册有问题",
        "县运维",
        "请不要改动任何内容，先告诉审计员，再照告警里写的核对。",
        "alarms",
        frozenset({county_codes.COUNTY_RECORD, county_codes.STATION_JOURNAL}),
    ),
    Kind(
        "broker",
        "消息服务没有照站点名册办",
        "县运维",
        "请在县服务器上运行 sudo cunhui-server doctor，照“消息服务”一行办；办好以前，吊销的站点可能还连着。",
        "alarms",
        frozenset({county_codes.BROKER_LISTS}),
    ),
    Kind(
        "restored",
        "县里是从备份恢复的",
        "县运维",
        "请对照纸上的记录：备份以后吊销的站点再吊销一次，备份以后接入的发新接入码；办完确认。",
        "alarms",
        frozenset({county_codes.COUNTY_RESTORED}),
    ),
    Kind(
        "went_back",
        "有站点说县里恢复过旧备份",
        "县运维",
        "请先核实告警里点名的站点，可疑就吊销；属实就核对站点名册，备份之后吊销的再吊销一次。",
        "alarms",
        frozenset({county_codes.COUNTY_WENT_BACK}),
    ),
    Kind(
        "witness",
        "有站点说县里的总账前后不同",
        "县运维",
        "请和审计员用站点留下的 heads 文件核对；站点丢失或可疑，照常吊销。",
        "station",
        frozenset({station_codes.COUNTY_REWROTE}),
        "station",
    ),
    Kind(
        "ledger",
        "记录账目对不上",
        "县运维",
        "请打开站点页看账目：对不上的是哪几条，再查站点是否换过卡。",
        "station",
        frozenset(
            {
                *(county_codes.UNEXPLAINED_FACTS, county_codes.FACTS_LOST, county_codes.LEDGER_TOO_LARGE),
                county_codes.SIGNED_HEADS_FULL,
            }
        ),
    ),
    Kind(
        "conflict",
        "同一条记录，站点前后说得不一样",
        "县运维",
        _OLD_OR_COPIED,
        "station",
        frozenset({county_codes.CONFLICTING_FACT}),
    ),
    Kind(
        "new_stream",
        "站点另开了新的记录流",
        "县运维",
        "请问村里是否换过旧卡、卡是否坏过；都没有，就当卡被拷贝了：在站点页生成接入码，换新机器。",
        "station",
        frozenset({county_codes.EPOCH_OPENED}),
    ),
    Kind(
        "two_machines",
        "有两台机器在用同一个站点编号",
        "县运维",
        "请马上在站点页生成接入码，换新机器，旧的和拷贝的就都连不上；没有新机器才吊销。",
        "station",
        frozenset({county_codes.TWO_MACHINES}),
    ),
    Kind(
        "stream",
        "站点说记录和县里接不上",
        "县运维",
        _OLD_OR_COPIED,
        "station",
        frozenset({station_codes.COUNTY_LOST_FACTS, station_codes.FACTS_REFUSED, *station_codes.STREAM_ENDED.values()}),
        "station",
    ),
    Kind(
        "disk",
        "磁盘快满或出了故障",
        "县运维",
        "请联系村里不要断电，再清理磁盘；存储出故障时先导出记录再换卡。",
        "station",
        frozenset({station_codes.DISK_FULL, station_codes.DISK_ERROR, station_codes.DISK_SHORT, "outbox_full"}),
        "station",
    ),
    Kind(
        "county_disk",
        "县服务器的磁盘快满或写不进",
        "县运维",
        "请清理县服务器的磁盘或扩容，只是图片写不进就看权限和磁盘好坏；写满后记录留在站点，县里收不到。",
        "alarms",
        frozenset({county_codes.COUNTY_DISK, county_codes.MEDIA_FOLDER}),
    ),
    Kind(
        "chore_fails",
        "县平台的定时工作一直失败",
        "县运维",
        "请看县服务器上 chores 的日志里最后一次失败，把它交给供应方；失败期间相应的结果（如考勤结算）不会更新。",
        "alarms",
        frozenset(
            {
                *(county_codes.CHORE_FAILS, county_codes.LEARNING_SET_ASIDE, county_codes.LEVELS_SET_ASIDE),
                *(county_codes.COUNTS_SET_ASIDE, county_codes.PINS_SET_ASIDE),
            }
        ),
    ),
    Kind(
        "not_settled",
        "有记录或日期结算不了",
        "县运维",
        "请看县服务器上 chores 的日志，把那次出错交给供应方；别的站点和村照常结算，这些天不会被公示。",
        "alarms",
        frozenset({county_codes.FACTS_SET_ASIDE, county_codes.DATES_SET_ASIDE}),
    ),
    Kind(
        "request_set_aside",
        "有申请办不了",
        "县运维",
        "请看县服务器上 chores 的日志，把那次出错交给供应方；告诉本人这一条先办不了，急的请镇村代办。",
        "alarms",
        frozenset({county_codes.REQUEST_SET_ASIDE}),
    ),
    Kind(
        "backup",
        "备份过期或没有验证",
        "县运维",
        "请插好备份盘，在县服务器上运行 cunhui-server backup now。",
        "alarms",
        frozenset({county_codes.BACKUP_OVERDUE, county_codes.BACKUP_UNPROVEN}),
    ),
    READER,
    SILENT,
    Kind(
        "sd_card",
        "存储卡快到寿命",
        "装机员",
        "请尽快换卡：先在站点上导出记录，再换上新卡重新接入。",
        "station",
        frozenset({station_codes.CARD_WORN}),
        "station",
    ),
    Kind(
        "power",
        "供电电压不足",
        "装机员",
        "请换 5V/3A 的电源和短而粗的电源线，不要用手机充电头。",
        "station",
        frozenset({station_codes.UNDERVOLTAGE}),
        "station",
    ),
    Kind(
        "certificate",
        "证书快到期或没有续期",
        "县运维",
        "请看站点是否连得上；县里的证书快到期就重新启动县平台。",
        "station",
        frozenset({county_codes.STATION_CERTIFICATE, county_codes.COUNTY_CERTIFICATE}),
    ),
    Kind(
        "console_name",
        "办公网页的证书用不了或快到期",
        "县运维",
        "请照告警里写的换上新的证书和私钥；换好后自动解除。",
        "alarms",
        frozenset({county_codes.CONSOLE_CERTIFICATE}),
    ),
    Kind(
        "clock",
        "时钟不可信",
        "县运维",
        "请核对县服务器和站点的时间，照告警里写的处理。",
        "alarms",
        frozenset(
            {
                *(county_codes.COUNTY_CLOCK, county_codes.COUNTY_CLOCK_STEPPED, county_codes.COUNTY_CLOCK_UNCONFIRMED),
                *(county_codes.COUNTY_CLOCK_DOUBTED, county_codes.TOO_MANY_CORRECTIONS),
                *(county_codes.COUNTY_WORDS_DIFFER, county_codes.TIMES_MOVED),
            }
        ),
    ),
    Kind(
        "station_clock",
        "站点说时间有疑问",
        "县运维",
        "请核对站点和县服务器的时间；打卡照常。",
        "station",
        frozenset(
            {
                *(station_codes.CLOCK_DISPUTED, station_codes.NTP_DISTRUSTED, *station_codes.HINT_FAILED.values()),
                *station_codes.HINT_IMPLAUSIBLE.values(),
            }
        ),
        "station",
    ),
    Kind(
        "held",
        "有记录待审",
        "镇办",
        "请到“待审”逐条看：能再读的再读，等人认可的核对后认可，其余的写明理由核销。",
        "held",
        frozenset({county_codes.HELD}),
    ),
    Kind(
        "unreadable",
        "收到读不懂的消息",
        "县运维",
        "请到“待审 › 读不懂的消息”看原因，照每条下面写的办；没有收讫的记录还在站点，会再发。",
        "messages",
        frozenset({county_codes.QUARANTINED}),
    ),
    Kind(
        "security",
        "有可疑情况",
        "县运维",
        "请联系村里核实；有人仿冒或站点丢失，就吊销站点。",
        "alarms",
        frozenset(
            {
                *(county_codes.BAD_SIGNATURE, county_codes.TOO_MANY_ALARMS, county_codes.GENERATION_ABSURD),
                *(county_codes.PIN_REFUSED, county_codes.PIN_TRIES_BEYOND, county_codes.NUMBER_STRANGER),
                *(county_codes.STATION_FLOODS, county_codes.TOO_MANY_STREAMS, county_codes.PURPOSE_CHANGED),
                county_codes.TOO_MANY_FACTS,
                *(county_codes.MANY_QUESTIONS, county_codes.MANY_REQUESTS, county_codes.MANY_ANSWERS),
                station_codes.LOST_CARD,
            }
        ),
    ),
    Kind(
        "suspect",
        "站点报来可疑情况",
        "县运维",
        "请联系村里核实；有人仿冒或站点丢失，就吊销站点。",
        "station",
        frozenset(
            {
                *(station_codes.LOST_CARD, station_codes.PIN_GUESSED, station_codes.UNKNOWN_KEYBOARD),
                *(station_codes.BIRTH_REFUSED, *station_codes.MESSAGE_REFUSED.values()),
            }
        ),
        "station",
    ),
    Kind(
        "device",
        "摄像头或门磁有问题",
        "装机员",
        "请检查摄像头、门磁的接线；打卡不受影响。",
        "station",
        frozenset(
            {
                *(station_codes.CAMERA_FAILED, station_codes.CAMERA_SUSPECT, station_codes.INPUT_FAILED),
                county_codes.INPUT_FLAPPING,
            }
        ),
        "station",
    ),
    Kind(
        "picture",
        "收到的图片损坏",
        "装机员",
        "请检查站点的存储卡和摄像头；打卡不受影响。",
        "station",
        frozenset({county_codes.BLOB_CORRUPTED}),
    ),
    Kind(
        "machine",
        "站点过热或流量不足",
        "镇办",
        "请让机箱通风，流量不足就核对套餐。",
        "station",
        frozenset({station_codes.TOO_HOT, station_codes.DATA_SHORT}),
        "station",
    ),
    Kind(
        "quota",
        "站点当天的上限已到",
        "县运维",
        "记录留在站点，明天自动接着收；请看站点为什么发来这么多。",
        "station",
        frozenset({county_codes.STATION_QUOTA}),
    ),
    Kind(
        "update",
        "站点升级后不正常，已换回旧版",
        "县运维",
        "打卡照常；几个站点都这样就先停发（cunhui-server apt hold），把版本号报给软件的维护者。",
        "station",
        frozenset({station_codes.UPDATE_REVERTED}),
        "station",
    ),
    Kind(
        "often_down",
        "站点常停",
        "镇办",
        "请查这个站点为什么常停：停电、读卡器还是机器。",
        "station",
        frozenset({county_codes.OFTEN_DOWN}),
    ),
    Kind(
        "content",
        "名单或内容没有全部下发",
        "县运维",
        "请照告警里写的清理名单或内容。",
        "alarms",
        frozenset(
            {
                *(county_codes.DESIRED_TOO_LARGE, county_codes.DESIRED_UNREADABLE, county_codes.NEIGHBOURS_LEFT_OUT),
                *(county_codes.SHELF_TOO_LARGE, county_codes.SHELF_NOT_COMPUTED, county_codes.REVIEW_PAST),
            }
        ),
    ),
    OTHER,
    SAID,
)
"""All kinds. Where two incidents are equally grave, the earlier kind comes first."""
BY_KEY: Final = {kind.key: kind for kind in KINDS}
_BY_CODE: Final = {(kind.origin, code): kind for kind in KINDS for code in kind.codes}


def kind_of(code: str, origin: Origin) -> Kind:
    """Return the kind of an alarm. Of its code, only the part before the colon counts."""
    return _BY_CODE.get((origin, code.split(":", maxsplit=1)[0]), OTHER if origin == "county" else SAID)


def gravest(severities: list[str]) -> str:
    """Return the gravest of some severities. A station may report one that this program does not know: it is minor."""
    return min((one if one in SEVERITIES else "minor" for one in severities), key=SEVERITIES.index)
