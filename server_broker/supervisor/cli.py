"""The verbs of ``cunhui-server`` that need the database; each calls one function of its room."""

import argparse
import json
import logging
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from django.db import OperationalError, ProgrammingError, connection, transaction
from django.utils import timezone
from msgspec import ValidationError, convert
from psycopg.errors import DiskFull, UndefinedTable

from protocol.claim import format_claim_code
from protocol.commands import LiveTerms
from protocol.decisions import ClockConfirmed, SigningKeyReplaced, is_the_countys
from protocol.refusal import Refused
from protocol.topics import topic
from server_broker import broker
from server_broker.accounts import second_factor
from server_broker.accounts.links import make_sign_in_link
from server_broker.accounts.models import User
from server_broker.attendance.region_changes import RegionRefused, found_county
from server_broker.audit import log as audit
from server_broker.decisions.stream import decide
from server_broker.enrolment.claim_files import claim_file
from server_broker.enrolment.claims import ClaimRefused, make_claim, open_claim
from server_broker.enrolment.revocation import UnknownStation, revoke
from server_broker.fleet.models import Station
from server_broker.learning.packs import reseal_packs
from server_broker.people.private_numbers import NumberRefused, replace_number_keys
from server_broker.platform.configured_clock import configured_clock
from server_broker.platform.control import restart, runs
from server_broker.platform.county_account import persons_files, rights_of_the_person
from server_broker.platform.county_clock import CLOCK_WORDS, VOUCHED_WORDS
from server_broker.platform.county_config import read_config
from server_broker.platform.home import CountyHome
from server_broker.platform.invocation import command_line, typed_by
from server_broker.platform.processes import ServiceError
from server_broker.platform.units import start_line
from server_broker.regions.models import Region
from server_broker.rosters.card_forms import form_named
from server_broker.rosters.roster_import import import_people
from server_broker.sheets.cells import BadCell
from server_broker.supervisor import (
    accounts_cli,
    apt_cli,
    bundles_cli,
    daily_verbs,
    dumps_cli,
    people_cli,
    settings_cli,
)
from server_broker.supervisor.restored import ask_for_the_gap, tell_of_the_rest
from server_broker.supervisor.settle_cli import settle_month
from server_broker.trust.keys import county_keys, replace_signing_key


def run(name: str, home: CountyHome, chosen: argparse.Namespace) -> int:
    """Run verb ``name`` and return the exit status.

    Raises:
        ServiceError: The verb was refused or failed; the message is Chinese, for the person who typed it.
    """
    # A revocation needs no database, because the journal alone is enough to cut a station off; nor an empty workbook.
    without_database = name in ("revoke", "template") or (name == "clock" and not chosen.confirm and not chosen.earlier)
    try:
        if not without_database:
            connection.ensure_connection()  # before the verb begins something that it could not finish
        return _VERBS[name](home, chosen)
    except ProgrammingError as error:
        if not isinstance(error.__cause__, UndefinedTable):
            raise
        # The database answers before the first start, or a start after an update, has made its tables.
        raise ServiceError("县平台正在准备数据库，请过一会儿再试一次。") from error
    except OperationalError as error:
        if isinstance(error.__cause__, DiskFull):
            raise ServiceError(f"没有做成：磁盘满了。先腾出空间：{command_line(home, 'doctor')} 说是哪块盘") from error
        if not runs(home):
            raise ServiceError(f"县平台没有运行，数据库连接不上。请先运行：{start_line(home)}") from error
        raise ServiceError(f"县平台在运行，但数据库连接不上。请查原因：{command_line(home, 'doctor')}") from error


def _actor() -> str:
    return f"cli:{typed_by()}"


def _claim(home: CountyHome, chosen: argparse.Namespace) -> int:
    try:
        # In one transaction, because the decision about the code says of a new station where it stands.
        with transaction.atomic():
            station = Station.objects.filter(pk=chosen.station).first() or _new_station(chosen)
            code = make_claim(station, actor=_actor(), now=timezone.now())
            opened = open_claim(code, now=timezone.now()) if chosen.to else None
            content = claim_file(home, opened, code) if opened else b""
    except ClaimRefused as refused:
        raise ServiceError(str(refused)) from refused
    if chosen.to:
        _write_claim_file(Path(chosen.to), content)
    else:
        # The code alone goes to standard output, so that a script can take it from there.
        print(format_claim_code(code))
    print(f"{station.pk}（{station.village.name}）：24 小时内有效，只能用一次", file=sys.stderr)
    return 0


def _write_claim_file(path: Path, content: bytes) -> None:
    """Write the file for its owner's eyes alone. A file that is there is not overwritten."""
    try:
        with rights_of_the_person():
            file = open(path, "xb", opener=partial(os.open, mode=0o600))  # noqa: SIM115 - closed below
        with file:
            file.write(content)
    except OSError as error:
        raise ServiceError(f"接入码已生成，但写不了 {path}：{error.strerror}。换个文件名再运行一次") from error


def _new_station(chosen: argparse.Namespace) -> Station:
    if not (chosen.village and chosen.name):
        raise ServiceError(f"没有站点 {chosen.station}；新站点请加 --village 和 --name")
    village = Region.objects.filter(pk=chosen.village).first()
    if village is None:
        raise ServiceError(f"没有区划 {chosen.village}")
    try:
        topic(shard=0, station=chosen.station, leaf="facts")
    except Refused as error:
        raise ServiceError("站点编号须为 4–32 个小写字母、数字或连字符，且不以连字符开头") from error
    if is_the_countys(chosen.station):
        raise ServiceError(f"{chosen.station} 是县里自己用的编号，请换一个")
    return Station.objects.create(pk=chosen.station, name=chosen.name[:64], village=village)


def _revoke(home: CountyHome, chosen: argparse.Namespace) -> int:
    if len(chosen.reason.strip()) < audit.LEAST_REASON:
        raise ServiceError(f"没有吊销：请写明理由（至少 {audit.LEAST_REASON} 个字）")
    # What failed stands in the outcome, in words for whoever typed this; the log's English would come before it.
    logging.disable(logging.ERROR)
    try:
        outcome = revoke(home, chosen.station, actor=_actor(), reason=chosen.reason, now=timezone.now())
    except UnknownStation as error:
        raise ServiceError(
            f"没有站点 {chosen.station}，没有吊销：名册和数据库里都没有它，它连不上。"
            "请核对编号；如果它是恢复的那份备份以后才接入的，先运行 "
            f"cunhui-server claim {chosen.station} --village 村代码 --name 名称，再吊销一次：编号不会再给别人，"
            "存储卡里的打卡也收得进来"
        ) from error
    finally:
        logging.disable(logging.NOTSET)
    print(outcome.said())
    return 0 if outcome.complete else 1


def _give_command(home: CountyHome, chosen: argparse.Namespace) -> int:
    from server_broker.commands.command_queue import RULES, CommandRefused, give_command  # noqa: PLC0415

    station = Station.objects.filter(pk=chosen.station).first()
    name = next((name for name in RULES if name == chosen.order), None)
    if station is None or name is None:
        raise ServiceError(
            f"没有站点 {chosen.station}" if station is None else f"没有这种命令，可选：{'、'.join(RULES)}"
        )
    try:
        terms = convert({"seconds": chosen.seconds, "viewer": "县里"}, LiveTerms) if chosen.seconds else None
        made = give_command(station, name, actor=_actor(), reason=chosen.reason[:200], now=timezone.now(), terms=terms)
    except (CommandRefused, ValidationError) as error:
        raise ServiceError(f"没有下命令：{error}") from error
    print(made.id)
    return 0


def _verify(home: CountyHome, chosen: argparse.Namespace) -> int:
    from server_broker.manifest import cli as record  # noqa: PLC0415 - loads the whole intake

    if chosen.station == "county":
        heads = Path(chosen.heads) if chosen.heads else None
        return record.verify_county(heads, as_json=chosen.json, say=print)
    from server_broker.ledger import verify  # noqa: PLC0415 - loads the whole intake

    return verify.run(chosen.station, as_json=chosen.json, say=print)


def _manifest(home: CountyHome, chosen: argparse.Namespace) -> int:
    from server_broker.manifest import cli as record  # noqa: PLC0415 - loads the whole intake

    match chosen.what:
        case "make":
            return record.make_manifest(home, say=print)
        case "export":
            return record.export_evidence(_folder_of(chosen), stations=chosen.station, say=print)
        case _:
            return record.verify_evidence(_folder_of(chosen), as_json=chosen.json, say=print)


def _folder_of(chosen: argparse.Namespace) -> Path:
    if not chosen.folder:
        raise ServiceError(f"请写明文件夹：cunhui-server manifest {chosen.what} 文件夹")
    return Path(chosen.folder)


def _new_record_key(home: CountyHome, chosen: argparse.Namespace) -> int:
    from server_broker.manifest import cli as record  # noqa: PLC0415 - loads the whole intake

    return record.new_record_key(home, actor=_actor(), reason=chosen.reason, stolen=chosen.stolen, say=print)


def _ledger(home: CountyHome, chosen: argparse.Namespace) -> int:
    """Print where the facts of one station or of all are; return 1 if something is unexplained."""
    from server_broker.ledger.ledger import LEDGER_WORDS, ledger  # noqa: PLC0415 - loads the whole intake

    wanted = [chosen.station] if chosen.station else Station.objects.values_list("pk", flat=True)
    ledgers = {station: ledger(station).as_dict() for station in wanted}
    if chosen.json:
        print(json.dumps(ledgers))
    else:
        for station, counts in ledgers.items():
            print(f"{station}：" + "，".join(f"{LEDGER_WORDS[name]} {count}" for name, count in counts.items()))
    return 1 if any(counts["unexplained"] for counts in ledgers.values()) else 0


def _reread(home: CountyHome, chosen: argparse.Namespace) -> int:
    """Read a station's held (unread) facts again; return 1 if some stay held."""
    from server_broker.ingest.reasons import reason_word  # noqa: PLC0415 - loads the whole intake
    from server_broker.ingest.reread import reread_held  # noqa: PLC0415

    if not Station.objects.filter(pk=chosen.station).exists():
        raise ServiceError(f"没有站点 {chosen.station}")
    result = reread_held(chosen.station)
    still = result.still_held.total()
    audit.record(_actor(), "held.reread", chosen.station, {"read": result.read, "still_held": still})
    print(f"读出 {result.read} 条，仍待审 {still} 条")
    for code, count in result.still_held.most_common():
        print(f"  {reason_word(code)}：{count} 条")
    return 1 if still else 0


def _ingest_file(home: CountyHome, chosen: argparse.Namespace) -> int:
    """Take in an export file or an outbox; return 1 if not all of it could be taken and read.

    Of a dead board facts are held on purpose, so that is no failure.
    """
    from server_broker.ingest.carried import FileRefused, take_file  # noqa: PLC0415 - loads the whole intake
    from server_broker.ingest.carried_file import as_export  # noqa: PLC0415

    path = Path(chosen.file)
    try:
        # An outbox has the newest records in a file beside it.
        with persons_files() as files, as_export(files.readable(path, Path(f"{path}-wal"))) as file:
            taken = take_file(file, dead_board=chosen.dead_board, actor=_actor(), clock=timezone.now)
    except FileRefused as refused:
        raise ServiceError(f"{path.name}：{refused}。没有收入任何记录") from refused
    print("\n".join(taken.sentences()))
    return 1 if taken.set_aside or (taken.held and not chosen.dead_board) else 0


def _import_people(home: CountyHome, chosen: argparse.Namespace) -> int:
    """Import an Excel file, or only print what it would change; return 1 if it is refused."""
    try:
        form = form_named(chosen.card_form)
    except BadCell as error:
        raise ServiceError(f"--card-form {chosen.card_form} {error}") from error
    with persons_files() as files:
        result = import_people(
            files.readable(Path(chosen.file)),
            actor=_actor(),
            card_form=form,
            renames=None if chosen.accept_renames else chosen.rename,
            dry_run=chosen.dry_run,
        )
    print("\n".join([*result.lines(), *(str(change) for change in result.changes if not change.is_new), *result.notes]))
    if any(error.lacks_choice for error in result.errors):
        print("卡号格式用 --card-form 选择，例如 --card-form 十进制", file=sys.stderr)
    if result.unconfirmed:
        print("确认改名请加 --rename 编号（可写多次），或用 --accept-renames 全部确认", file=sys.stderr)
    if chosen.dry_run and result.ok:
        print("以上只是预览，没有改动任何内容", file=sys.stderr)
    return 0 if result.ok else 1


def _export_people(home: CountyHome, chosen: argparse.Namespace) -> int:
    print(people_cli.export_people_file(chosen, actor=_actor()))
    return 0


def _settle(home: CountyHome, chosen: argparse.Namespace) -> int:
    content, said = settle_month(chosen, actor=_actor())
    if content:
        sys.stdout.buffer.write(content)
    else:
        print(said)
    return 0


def _publish_pack(home: CountyHome, chosen: argparse.Namespace) -> int:
    print(bundles_cli.publish_pack_file(home, chosen, actor=_actor()))
    return 0


def _publish_starter(home: CountyHome, chosen: argparse.Namespace) -> int:
    print(bundles_cli.publish_starter(home, chosen, actor=_actor()))
    return 0


def _publish_bundle(home: CountyHome, chosen: argparse.Namespace) -> int:
    print(bundles_cli.publish_listed(home, chosen, actor=_actor()))
    return 0


def _publish_documents(home: CountyHome, chosen: argparse.Namespace) -> int:
    print(bundles_cli.publish_document_file(home, chosen, actor=_actor()))
    return 0


def _withdraw_bundle(home: CountyHome, chosen: argparse.Namespace) -> int:
    print(bundles_cli.withdraw_bundle(chosen, actor=_actor()))
    return 0


def _shelf_stick(home: CountyHome, chosen: argparse.Namespace) -> int:
    print(bundles_cli.write_shelf_stick(home, chosen, actor=_actor()))
    return 0


def _setting(home: CountyHome, chosen: argparse.Namespace) -> int:
    print(settings_cli.choose_setting(chosen, actor=_actor()))
    return 0


def _apt(home: CountyHome, chosen: argparse.Namespace) -> int:
    print(apt_cli.run(home, chosen, actor=_actor()))
    return 0


def _status(home: CountyHome, chosen: argparse.Namespace) -> int:
    print(daily_verbs.status_text(home, as_json=chosen.json))
    return 0


def _station(home: CountyHome, chosen: argparse.Namespace) -> int:
    print(daily_verbs.station_lines(chosen.region))
    return 0


def _template(home: CountyHome, chosen: argparse.Namespace) -> int:
    print(daily_verbs.write_template(chosen.file))
    return 0


def _region(home: CountyHome, chosen: argparse.Namespace) -> int:
    if chosen.code == "list" and not chosen.region_name:
        print(daily_verbs.region_lines())
        return 0
    try:
        region = found_county(chosen.code, chosen.region_name, actor=_actor())
    except RegionRefused as refused:
        raise ServiceError(f"没有建立：{refused}") from refused
    print(f"{region.name} {region.code}。下面的镇和村用 Excel 导入：{command_line(home, 'import-people')} 文件.xlsx")
    return 0


def _account(home: CountyHome, chosen: argparse.Namespace) -> int:
    print(accounts_cli.run(home, chosen, actor=_actor()))
    return 0


def _sign_in_link(home: CountyHome, chosen: argparse.Namespace) -> int:
    user = User.objects.filter(username=chosen.user).first()
    if user is None:
        raise ServiceError(f"没有账号 {chosen.user}")
    if user.is_active and not user.is_open:
        raise ServiceError(
            f"账号 {user.username} 的本人已离任，不能登录。要再用它，请先运行 "
            + command_line(home, "account", "set-person", user.username)
        )
    if not user.is_active:
        enabling = command_line(home, "account", "enable", user.username)
        raise ServiceError(f"账号 {user.username} 已停用，不能登录。要再用它，请先运行 {enabling}")
    print(f"{read_config(home).console_url}{make_sign_in_link(user, actor=_actor())}")
    return 0


def _reset_second_factor(home: CountyHome, chosen: argparse.Namespace) -> int:
    user = User.objects.filter(username=chosen.user).first()
    if user is None:
        raise ServiceError(f"没有账号 {chosen.user}")
    was_set = second_factor.reset(user, actor=_actor())
    print("已重置，下次登录时重新设置" if was_set else "这个账号还没有设置第二步验证")
    return 0


def _restored(home: CountyHome, chosen: argparse.Namespace) -> int:
    generation, outcome = ask_for_the_gap(home, actor=_actor(), now=timezone.now())
    print(f"第 {generation} 代：站点会补报县里缺少的记录")
    for word, stations in (
        ("按名册重新吊销", outcome.revoked),
        ("按名册重新登记", outcome.enrolled),
        ("按数据库补记吊销", outcome.journal_revoked),
    ):
        if stations:
            print(f"{word}：{'、'.join(stations)}")
    print(tell_of_the_rest(home, now=timezone.now()))
    if outcome.unplaced:
        print(f"所在村不在库中，请先导入区划再运行一次：{'、'.join(outcome.unplaced)}")
    return 1 if outcome.unplaced else 0


def _dump(home: CountyHome, chosen: argparse.Namespace) -> int:
    print(dumps_cli.run(home, chosen, actor=_actor(), now=timezone.now()))
    return 0


def _clock(home: CountyHome, chosen: argparse.Namespace) -> int:
    """Print whether the machine's clock is believed; return 1 while stations are not told the time."""
    mode = read_config(home).clock
    clock = configured_clock(home)
    status = clock.look()
    if chosen.confirm:
        before, status = status, clock.confirm()
        detail: audit.Detail = {"problem": before.problem, "floor_ms": before.floor_ms}
        with transaction.atomic():
            decide(audit.record(_actor(), "county.clock_confirmed", "", detail), ClockConfirmed())
    if chosen.earlier:
        from server_broker.ingest.clock_corrections import take_word_for_earlier  # noqa: PLC0415 - loads the intake

        count = take_word_for_earlier(chosen.earlier, boot=status.run.boot, actor=_actor(), at=timezone.now())
        if count:
            print(f"已记下；上次关机前的 {count} 段时钟按此重新认定，记录的时间随之更正")
        else:
            print("没有改动：上次关机以前的时间没有疑问，或者已经这样认定过")
    vouched = f"{VOUCHED_WORDS[status.run.vouched]}（本县设为{CLOCK_WORDS[mode]}）"
    told = "向站点授时" + ("，站点几分钟内校好" if chosen.confirm else "")
    print(f"北京时间 {status.shown()}，{vouched}：" + (status.sentence() or told))
    return 0 if status.tells else 1


def _new_signing_key(home: CountyHome, chosen: argparse.Namespace) -> int:
    replace_signing_key(home)
    key = county_keys(home).signing_key
    with transaction.atomic():
        resealed = reseal_packs(key=key)
        detail: audit.Detail = {"reason": chosen.reason[:200], "packs": len(resealed)}
        entry = audit.record(_actor(), "county.signing_key_replaced", "", detail)
        decide(entry, SigningKeyReplaced(key=key.public_key().public_bytes_raw()), resealed)
    # The web service gives the key to stations and the ingest worker signs with it, so both must read it again. The
    # broker is restarted so that every station connects again and meets the new key.
    for part in ("web", "ingest"):
        restart(home, part)
    broker.reconnect_all(home)
    print(f"已换用新的签名密钥，重新签了 {len(resealed)} 个学习包；站点连上后会自己更换，旧密钥即刻作废")
    return 0


def _new_number_keys(home: CountyHome, chosen: argparse.Namespace) -> int:
    if len(chosen.reason.strip()) < audit.LEAST_REASON:
        raise ServiceError(f"没有更换：请写明理由（至少 {audit.LEAST_REASON} 个字）")
    try:
        count = replace_number_keys(actor=_actor(), reason=chosen.reason)
    except NumberRefused as refusal:
        raise ServiceError(f"没有更换：{refusal}") from refusal
    print(f"已换用新的密钥，{count} 个身份证号和手机号重新加密，旧密钥已删除。以前的备份要用旧密钥才打得开")
    return 0


def _audit(home: CountyHome, chosen: argparse.Namespace) -> int:
    check = audit.verify()
    if check.first_bad is None:
        print(f"√ 审计记录 {check.entries} 条，链完整")
        return 0
    print(f"× 审计记录从编号 {check.first_bad} 起被改动，此前 {check.entries} 条完整")
    return 1


_VERBS: dict[str, Callable[[CountyHome, argparse.Namespace], int]] = {
    "claim": _claim,
    "revoke": _revoke,
    "order": _give_command,
    "verify": _verify,
    "manifest": _manifest,
    "new-record-key": _new_record_key,
    "ledger": _ledger,
    "reread": _reread,
    "ingest-file": _ingest_file,
    "import-people": _import_people,
    "export-people": _export_people,
    "settle": _settle,
    "publish-pack": _publish_pack,
    "publish-starter": _publish_starter,
    "publish-bundle": _publish_bundle,
    "publish-documents": _publish_documents,
    "withdraw-bundle": _withdraw_bundle,
    "shelf-stick": _shelf_stick,
    "setting": _setting,
    "apt": _apt,
    "region": _region,
    "status": _status,
    "station": _station,
    "template": _template,
    "account": _account,
    "sign-in-link": _sign_in_link,
    "reset-second-factor": _reset_second_factor,
    "restored": _restored,
    "dump": _dump,
    "clock": _clock,
    "new-signing-key": _new_signing_key,
    "new-number-keys": _new_number_keys,
    "audit": _audit,
}
