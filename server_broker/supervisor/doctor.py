"""Check every part of a county and report in Chinese what works, what does not, and what to do about it."""

import datetime as dt
import shutil
from dataclasses import dataclass

import psycopg
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from protocol.china_time import CHINA
from server_broker import broker
from server_broker.backup.setting_up import disk_problem
from server_broker.backup.state import backup_status, overdue, unproven
from server_broker.broker.rabbit.check import own_broker_lacks
from server_broker.platform.control import hold_file, pid_file, runs, service_pid
from server_broker.platform.county_clock import (
    UNVOUCHED,
    VOUCHED_WORDS,
    CountyClock,
    LinuxMachineClock,
    MachineClock,
    build_ms,
)
from server_broker.platform.county_config import CountyConfig, owning_line, read_config
from server_broker.platform.home import CountyHome
from server_broker.platform.installed import how_to_begin
from server_broker.platform.invocation import command_line
from server_broker.platform.own_broker import OwnBroker
from server_broker.platform.own_database import OwnDatabase
from server_broker.platform.processes import ServiceError, running_pid
from server_broker.platform.units import PART_WORDS, log_of, mend_line, restart_line, start_line
from server_broker.supervisor.database_check import (
    connected,
    connection_trouble,
    lost_in_a_power_cut,
    own_database_lacks,
)
from server_broker.supervisor.front_door import config_problems, config_warnings
from server_broker.supervisor.ingest_workers import workers_running
from server_broker.supervisor.own_names import console_certificate_problems, served_certificate
from server_broker.supervisor.parts import front_door_answers, web_answers
from server_broker.supervisor.reach import addresses_of
from server_broker.trust import StationJournal, county_keys
from server_broker.trust.county_mark import read_mark
from server_broker.trust.journal import MEND_JOURNAL
from server_broker.trust.keys import dropped_hosts
from server_broker.trust.own_certificate import OWN_CERTIFICATE_BEFORE, leaf_of
from server_broker.trust.record_key import kept_record_keys

LEAST_FREE_BYTES = 2 * 2**30
WARN_BEFORE = dt.timedelta(days=180)
"""Certificates are renewed when the county starts, and a county may run for many months without a start."""


@dataclass(frozen=True)
class PartFinding:
    """The result of one check. ``remedy`` is empty if all is well."""

    part: str
    well: bool
    state: str
    remedy: str = ""

    def __str__(self) -> str:
        line = f"{'√' if self.well else '×'} {self.part}：{self.state}"
        return line if self.well else f"{line}\n    处理：{self.remedy}"


def examine(home: CountyHome, *, now: dt.datetime, machine: MachineClock | None = None) -> list[PartFinding]:
    """Return the findings in the order in which a person should fix them.

    Args:
        machine: The machine's clock; by default the real one.
    """
    try:
        config = read_config(home)
    except ServiceError as error:
        mend = f"改正后运行 {command_line(home, 'config', 'check')}，再启动：{start_line(home)}"
        remedy = mend if home.config_file.exists() else f"{how_to_begin(home)}；或核对 --home"
        return [PartFinding("配置", False, str(error), remedy)]
    return [
        _config(home, config),
        _keys(home),
        _record_key(home),
        _journal(home),
        _certificate(home, "web", "网页证书", now),
        *([] if config.broker else [_certificate(home, "broker", "消息服务证书", now)]),
        *_names(home, config),
        *_own_certificate(home, config, now),
        _disk(home),
        _backup(home, config, now),
        _clock(home, config, machine or LinuxMachineClock()),
        _service(home),
        *examine_parts(home, config, now=now),
    ]


def examine_parts(
    home: CountyHome, config: CountyConfig, *, now: dt.datetime, try_broker: bool = True
) -> list[PartFinding]:
    """Return the findings of the parts that run, with broker and database also where the county has its own.

    Args:
        try_broker: Try the manners of a broker of the county's own, with a user that is made for a moment
            (`own_broker_lacks`). Otherwise it is only asked whether it answers and follows the journal.
    """
    return [
        _unless_held(home, "postgres", _database(home, config)),
        _unless_held(home, "mosquitto", _broker(home, config, try_own=try_broker)),
        _unless_held(home, "ingest", _ingest(home, config)),
        _unless_held(home, "chores", _process(home, "chores", "过期图片和日志暂不清理")),
        _unless_held(home, "notifier", _process(home, "notifier", "出了事不会有人收到消息")),
        _unless_held(home, "web", _web(home, config)),
        *(_unless_held(home, "front-door", finding) for finding in _front_door(home, config, now)),
    ]


def _config(home: CountyHome, config: CountyConfig) -> PartFinding:
    if line := owning_line(home):
        remedy = f"运行 {line}，再启动：{start_line(home)}"
        return PartFinding("配置", False, "县平台的账户读不到 county.toml", remedy)
    if not addresses_of(config.host):
        remedy = "请网管加上域名解析；写错了的改正 county.toml 的 host"
        return PartFinding("配置", False, f"host “{config.host}”在本机查不到地址", remedy)
    return PartFinding("配置", True, f"{config.name}，{config.host}")


def _unless_held(home: CountyHome, part: str, finding: PartFinding) -> PartFinding:
    """Return a finding; of a part that a person stopped, that it was stopped and how it runs again."""
    if finding.well or not hold_file(home, part).exists():
        return finding
    return PartFinding(finding.part, False, "被人停下了（hold）", f"要用就运行 {command_line(home, 'release', part)}")


def _keys(home: CountyHome) -> PartFinding:
    try:
        county_keys(home)
    except ServiceError as error:
        return PartFinding("密钥", False, str(error), "从备份恢复 trust 文件夹")
    loose = [path.name for path in (home.trust, *home.trust.iterdir()) if path.stat().st_mode & 0o077]
    if loose:
        return PartFinding("密钥", False, f"{'、'.join(loose)} 可被他人读取", f"chmod -R go= {home.trust}")
    return PartFinding("密钥", True, "齐全，只有本服务可读")


def _record_key(home: CountyHome) -> PartFinding:
    """Check the key without which no decision can be recorded, so that none is taken."""
    title, remedy = "记录密钥", "从备份恢复 trust 文件夹里的 record.key；恢复以前网页上不能作任何决定"
    try:
        opened, kept = read_mark(home) is not None, kept_record_keys(home)
    except (ServiceError, OSError) as error:
        return PartFinding(title, False, str(error), remedy)
    signing = _signing_now(home)
    if signing is None and not opened:
        return PartFinding(title, True, "齐全" if kept else "还没有决定，第一次决定时生成")
    if not kept:
        return PartFinding(title, False, "record.key 不见了", remedy)
    if signing is not None and signing not in kept:
        return PartFinding(title, False, "record.key 不是县记录链现在用的那一把", remedy)
    return PartFinding(
        title, True, "可用" if signing is not None else "读得出来；数据库连接不上，没有核对是不是现在用的"
    )


def _signing_now(home: CountyHome) -> bytes | None:
    """Return the public key that signs the county's stream at present; None before the first decision or if the
    database says nothing."""
    query = "SELECT record_key FROM decisions_countystream ORDER BY id DESC LIMIT 1"
    try:
        with connected(home) as link:
            row = link.execute(query).fetchone()
    except (psycopg.OperationalError, psycopg.errors.UndefinedTable):
        return None  # the database has a finding of its own, and a county that never ran has no tables
    return None if row is None else bytes(row[0])


def _journal(home: CountyHome) -> PartFinding:
    roll = StationJournal(home).read()
    if damage := roll.damage():
        return PartFinding("站点名册", False, damage, MEND_JOURNAL)
    return PartFinding("站点名册", True, f"在册 {len(roll.live())} 个，吊销证书 {len(roll.revoked_serials)} 张")


def _certificate(home: CountyHome, part: str, title: str, now: dt.datetime) -> PartFinding:
    again = restart_line(home, "web" if part == "web" else "mosquitto")
    try:
        certificate = x509.load_pem_x509_certificate((home.trust / f"{part}.pem").read_bytes())
    except (OSError, ValueError):
        return PartFinding(title, False, "没有可用的证书", f"{again}，会自动签发")
    ends = certificate.not_valid_after_utc
    state = f"有效期至 {ends:%Y-%m-%d}"
    return PartFinding(title, ends - now > WARN_BEFORE, state, f"{again}，会自动换发")


def _names(home: CountyHome, config: CountyConfig) -> list[PartFinding]:
    """Return a finding if certificates name hosts that ``county.toml`` has no more: stations may still use them."""
    gone = dropped_hosts(home, config.hosts)
    if not gone:
        return []
    state = f"{'、'.join(gone)} 不再写在 county.toml 里；站点可能还用它，证书上先留着"
    remedy = f"还有站点在用：写进 other_hosts；都不用了：{command_line(home, 'forget-host', gone[0])}"
    return [PartFinding("旧名字", False, state, remedy)]


def _own_certificate(home: CountyHome, config: CountyConfig, now: dt.datetime) -> list[PartFinding]:
    """Return one finding where browsers have a certificate of their own, else none."""
    console, title, taken = config.console, "办公网页证书", "改好后 30 秒内自动启用，不用重启；这期间用的是先前那一份"
    if console is None:
        return []
    if problems := console_certificate_problems(home, config, now=now):
        return [PartFinding(title, False, "；".join(problems), taken)]
    ends = leaf_of(home.root, console).not_valid_after_utc
    state = f"{console.address}，有效期至 {ends:%Y-%m-%d}"
    if ends - now < OWN_CERTIFICATE_BEFORE:
        return [PartFinding(title, False, state, f"请续期，把新文件放到 {console.files(home.root)[0].parent}")]
    served = served_certificate(console)
    if served is not None and served != leaf_of(home.root, console).public_bytes(Encoding.DER):
        # Root reads every file, and the web's account may not.
        state = f"{console.address} 用的还不是 {console.files(home.root)[0]} 里的这一份"
        remedy = f"30 秒后再看；还是这样，就让网页的账户读得到证书和私钥，再查看 {log_of(home, 'web')}"
        return [PartFinding(title, False, state, remedy)]
    if served is None:
        remedy = f"{restart_line(home, 'web')}；查看 {log_of(home, 'web')} 和端口 {console.port} 是否被占用"
        return [_unless_held(home, "web", PartFinding(title, False, f"{console.address} 没有响应", remedy))]
    return [PartFinding(title, True, state)]


def _disk(home: CountyHome) -> PartFinding:
    """Check the disk with the least free space, because the database and the pictures may have disks of their own."""
    folders = [folder for folder in (home.root, home.postgres_data, home.media) if folder.exists()]
    free, place = min((shutil.disk_usage(folder).free, place) for place, folder in enumerate(folders))
    where = f"{folders[place]} " if place else ""
    state = f"{where}剩余 {free / 2**30:.1f} GB"
    remedy = "清理磁盘或扩容，见《县服务器-值守》“磁盘满”；写满后站点会保留数据，县里收不到"
    return PartFinding("磁盘", free >= LEAST_FREE_BYTES, state, remedy)


def _backup(home: CountyHome, config: CountyConfig, now: dt.datetime) -> PartFinding:
    """Check that copies leave the machine, lie on the disk and were proven. A county for a demonstration needs none."""
    status, backup = backup_status(home), config.backup
    if config.database is not None:
        return PartFinding("备份", True, "数据库由它的管理员备份；本机的文件夹也要有人备份，见《备份与恢复手册》")
    if backup is None:
        remedy = "插上备份盘，运行 cunhui-server backup setup 文件夹；见《备份与恢复手册》"
        return PartFinding("备份", not home.by_units, "没有设置，机器坏了就没有了", remedy)
    on_disk, copy = disk_problem(home, backup)
    said = (overdue(status, now=now), unproven(status, now=now), status.problem)
    problems = [words for words in said if words]
    if on_disk and on_disk not in status.problem:
        problems.append(on_disk)
    if problems or copy is None:
        remedy = (
            f"插好备份盘，运行 {command_line(home, 'backup', 'now')}，再运行 {command_line(home, 'backup', 'check')}"
        )
        return PartFinding("备份", False, "；".join(problems), remedy)
    return PartFinding("备份", True, f"{status.target}，最近一次 {copy.made_at.astimezone(CHINA):%m-%d %H:%M}")


def _clock(home: CountyHome, config: CountyConfig, machine: MachineClock) -> PartFinding:
    status = CountyClock(home.root, machine=machine, mode=config.clock, build_ms=build_ms()).look()
    by_nobody = status.run.vouched == UNVOUCHED and config.clock == "manual"
    vouched = "由人校准，开机后没有人改过或确认过" if by_nobody else VOUCHED_WORDS[status.run.vouched]
    return PartFinding("时钟", status.judges_age, f"北京时间 {status.shown()}，{vouched}", status.sentence())


def _service(home: CountyHome) -> PartFinding:
    if not runs(home):
        return PartFinding("服务", False, "没有运行", f"运行 {start_line(home)}")
    return PartFinding("服务", True, "由 systemd 运行" if home.by_units else f"运行中，进程 {service_pid(home)}")


def _database(home: CountyHome, config: CountyConfig) -> PartFinding:
    if config.database is not None:
        return _own_database(home, config.database)
    try:
        with connected(home) as link:
            safe = not lost_in_a_power_cut(link)
    except psycopg.OperationalError:
        remedy = f"{mend_line(home, 'postgres', runs=_runs(home, 'postgres'))}；磁盘满时先腾空间"
        return PartFinding("数据库", False, "连接不上", remedy)
    return PartFinding("数据库", safe, "可用" if safe else "fsync 或 synchronous_commit 被关闭", "改回 on 并重新启动")


def _own_database(home: CountyHome, database: OwnDatabase) -> PartFinding:
    try:
        lacks = own_database_lacks(home, database)
    except psycopg.OperationalError as error:
        remedy = "核对 county.toml 的 [database]、口令文件和防火墙，见《县级安装手册》"
        return PartFinding("数据库", False, f"{database.host} 连接不上：{connection_trouble(error)}", remedy)
    if lacks:
        return PartFinding("数据库", False, f"{database.host} 不合要求", f"请它的管理员改：{'；'.join(lacks)}")
    return PartFinding("数据库", True, f"可用，{database.host}")


def _own_broker(home: CountyHome, rabbit: OwnBroker, *, try_it: bool) -> PartFinding:
    where = "、".join(rabbit.hosts)
    remedy = "核对 county.toml 的 [broker]、口令文件和防火墙，见《县级安装手册》"
    if not try_it and not broker.is_ready(home):
        return PartFinding("消息服务", False, f"{where}：连接不上", remedy)
    try:
        lacks = own_broker_lacks(home, rabbit) if try_it else []
    except ServiceError as error:
        return PartFinding("消息服务", False, f"{where}：{error}", remedy)
    if lacks:
        given = f"请它的管理员照 {command_line(home, 'broker-files')} 写出的文件改：{'；'.join(lacks)}"
        return PartFinding("消息服务", False, f"{where} 不合要求", given)
    if not broker.follows_journal(home):
        return PartFinding(
            "消息服务", False, "没有照站点名册办，吊销的站点可能还连着", f"查看 {log_of(home, 'chores')}"
        )
    return PartFinding("消息服务", True, f"可用，{where}")


def _broker(home: CountyHome, config: CountyConfig, *, try_own: bool) -> PartFinding:
    if config.broker is not None:
        return _own_broker(home, config.broker, try_it=try_own)
    if not broker.is_ready(home):
        remedy = f"{mend_line(home, 'mosquitto', runs=_runs(home, 'mosquitto'))} 和端口是否被占用"
        return PartFinding("消息服务", False, "连接不上", remedy)
    # A broker that runs may still have old lists, for example if the disk was full when a station was revoked.
    if not broker.follows_journal(home):
        remedy = f"腾出磁盘空间，查看 {log_of(home, 'chores')}"
        return PartFinding("消息服务", False, "没有照站点名册办，吊销的站点可能还连着", remedy)
    return PartFinding("消息服务", True, "可用")


def _runs(home: CountyHome, part: str) -> bool:
    return running_pid(pid_file(home, part)) is not None


def _process(home: CountyHome, part: str, meanwhile: str) -> PartFinding:
    pid = running_pid(pid_file(home, part))
    well = pid is not None
    state = f"运行中，进程 {pid}" if well else "没有运行"
    return PartFinding(PART_WORDS[part], well, state, f"{mend_line(home, part, runs=well)}；{meanwhile}")


def _ingest(home: CountyHome, config: CountyConfig) -> PartFinding:
    finding = _process(home, "ingest", "站点会保留数据")
    wanted, running = config.ingest_workers, workers_running(home, config)
    if not finding.well:
        return finding
    well = running == wanted
    state = f"{finding.state}，{running} 个在接收" + ("" if well else f"，county.toml 要 {wanted} 个")
    # The doctor of a county that has just been told another number is asked before the restart.
    remedy = f"改过个数就运行 {restart_line(home, 'ingest')}；还是这样，查看 {log_of(home, 'ingest')}"
    return PartFinding(finding.part, well, state, remedy)


def _web(home: CountyHome, config: CountyConfig) -> PartFinding:
    well = web_answers(home, config)
    state = f"{config.web_url}/"
    remedy = f"{mend_line(home, 'web', runs=_runs(home, 'web'))} 和端口是否被占用"
    return PartFinding("网页", well, state if well else "没有响应", remedy)


def _front_door(home: CountyHome, config: CountyConfig, now: dt.datetime) -> list[PartFinding]:
    """Return one finding where there is a front door, else none."""
    if config.front_door is None:
        return []
    if problems := config_problems(home, config, now=now):
        return [PartFinding("手机入口", False, "；".join(problems), "改好后 10 秒内自动启用，不用重启")]
    if warnings := config_warnings(home, config):
        return [PartFinding("手机入口", False, "；".join(warnings), "改好后 10 秒内自动启用，不用重启")]
    well = front_door_answers(config.front_door)
    state = config.front_door.address if well else "没有响应"
    remedy = f"{mend_line(home, 'front-door', runs=_runs(home, 'front-door'))} 和端口是否被占用"
    return [PartFinding("手机入口", well, state, remedy)]
