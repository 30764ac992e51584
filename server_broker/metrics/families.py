"""Every metric by its name: what it is, its labels, and the words that Prometheus shows for it.

Labels have few values, which the county itself chooses (ids of stations, codes of townships, closed lists). Text that
a station may choose freely is no label: each new value would be a new series for ever.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

type Family = GaugeMetricFamily | CounterMetricFamily
type Sample = tuple[tuple[str, ...], float]
"""Values of the labels, in order, and the value."""
type OpenAlarm = tuple[str | None, str, str, str]
"""The station of an alarm, its code, its severity and who says it."""

STATION_LABELS = ("station", "township")


@dataclass(frozen=True, slots=True)
class Metric:
    """One family. ``says`` is Chinese, for whoever looks at it in Prometheus."""

    name: str
    says: str
    labels: tuple[str, ...] = ()
    kind: Literal["gauge", "counter"] = "gauge"

    def family(self, samples: Iterable[Sample]) -> Family:
        """Return the family with its samples."""
        made: Family = (GaugeMetricFamily if self.kind == "gauge" else CounterMetricFamily)(
            self.name, self.says, labels=self.labels
        )
        for labels, value in samples:
            made.add_metric(labels, value)
        return made


def _of_station(name: str, says: str, *, kind: Literal["gauge", "counter"] = "gauge") -> Metric:
    return Metric(f"cunhui_station_{name}", says, STATION_LABELS, kind)


BUILD = Metric("cunhui_build_info", "县平台的版本", ("version",))
PART_UP = Metric("cunhui_part_up", "部件的进程在运行（1）或没有（0）", ("part",))
BROKER_ANSWERS = Metric("cunhui_broker_answers", "消息服务答复县里自己的连接（1）或没有（0）")
BROKER_CONNECTIONS = Metric("cunhui_broker_connections", "消息服务端口上的 TCP 连接数", ("port",))
FACTS = Metric("cunhui_facts_receipted", "县里已收下并开出回执的记录数", kind="counter")
QUARANTINED = Metric("cunhui_messages_quarantined", "被隔离的消息数，从建库算起", kind="counter")
HELD = Metric("cunhui_facts_held", "收下了而读不懂、等人处理的记录数")
LAST_RECEIPT = Metric("cunhui_last_receipt_timestamp_seconds", "全县最近一次开出回执的时间")
STATIONS = Metric(
    "cunhui_stations", "站点数，按状态：online、offline、waiting（未接入）、revoked（已吊销）", ("state",)
)
ALARMS = Metric("cunhui_alarms_open", "没有结束的告警数，按级别", ("severity",))
ALARMS_BY_CODE = Metric("cunhui_alarms_open_by_code", "没有结束的告警数，按代码；没有告警的代码不列", ("code",))
SHELF_DUE = Metric("cunhui_shelf_queue", "等着重算目录的站点数")
COMMANDS_OPEN = Metric("cunhui_commands_open", "还没有结果的有效命令数")
CERTIFICATE_END = Metric("cunhui_certificate_expiry_timestamp_seconds", "县里证书的到期时间", ("certificate",))
CLOCK_VOUCHED = Metric("cunhui_clock_vouched", "本机时钟有人或时间服务担保（1）或没有（0）")
DISK_FREE = Metric("cunhui_disk_free_bytes", "文件夹所在磁盘的剩余字节", ("place",))
DISK_SIZE = Metric("cunhui_disk_size_bytes", "文件夹所在磁盘的总字节", ("place",))
BACKUP_COPY = Metric(
    "cunhui_backup_copy_timestamp_seconds", "最近一次把备份送出本机的时间；一次也没有就是设置备份的时间"
)
BACKUP_PROOF = Metric("cunhui_backup_proof_timestamp_seconds", "最近一次试恢复成功的时间；一次也没有就是设置备份的时间")
DATABASE_SIZE = Metric("cunhui_database_size_bytes", "数据库占用的字节")

ONLINE = _of_station("online", "站点在线（1）或不在线（0）")
HEARD = _of_station("heard_timestamp_seconds", "最近一次收到站点消息的时间")
RECEIPT = _of_station("receipt_timestamp_seconds", "最近一次给站点开出回执的时间")
STATION_FACTS = _of_station("facts_receipted", "站点已有回执的记录数", kind="counter")
WAITING = _of_station("waiting_facts", "站点上没有回执的记录数")
BLOBS_WAITING = _of_station("waiting_pictures", "站点上没有送到的图片数")
STATION_HELD = _of_station("held_facts", "站点等人处理的待审记录数")
STATION_ALARMS = _of_station("alarms_open", "站点没有结束的告警数")
READER = _of_station("reader_ready", "读卡器可用（1）或不可用（0）")
CAMERA = _of_station("camera_ready", "摄像头可用（1）或不可用（0）")
CLOCK_DATED = _of_station("clock_dated", "站点知道时间（1）或不知道（0）")
STATION_DISK_FREE = _of_station("disk_free_bytes", "站点磁盘的剩余字节")
STATION_DISK_SIZE = _of_station("disk_size_bytes", "站点磁盘的总字节")
RESIDENT = _of_station("resident_bytes", "站点程序占用的内存")
MEMORY_FREE = _of_station("memory_free_bytes", "站点可用的内存")
TEMPERATURE = _of_station("temperature_celsius", "站点处理器的温度")
UNDERVOLTAGE = _of_station("undervoltage", "站点此刻供电电压过低（1）或正常（0）")
THROTTLED = _of_station("throttled", "站点此刻被降频（1）或没有（0）")
CARD_WORN = _of_station("card_worn_ratio", "站点存储卡已用掉的寿命，1 为用完")
CARD_SPENT = _of_station("card_spent", "站点存储卡该换了（1）或不用换（0）")
SIGNAL = _of_station("signal_ratio", "站点无线信号强度，1 为满格")
STARTED = _of_station("started_timestamp_seconds", "站点机器最近一次启动的时间")
MONTH_BYTES = _of_station("month_bytes", "站点本月已用的流量")
MONTH_FORECAST = _of_station("month_forecast_bytes", "照最近七天估计，站点本月共用的流量")
STATION_CERTIFICATE_END = _of_station("certificate_expiry_timestamp_seconds", "站点证书的到期时间")
CONTRACT = _of_station("contract_minor", "站点说的协议小版本")

ALL: tuple[Metric, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Metric))
