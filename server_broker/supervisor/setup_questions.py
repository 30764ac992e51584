"""What ``cunhui-server setup`` asks of a person, and how each answer is tried.

An answer is tried as far as this machine can try it: does the name lead here, is the port free.
"""

import re
import socket
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from protocol.system_errors import os_cause
from server_broker.platform.config_tables import HOST, Problems, toml_text
from server_broker.platform.county_clock import LinuxMachineClock
from server_broker.platform.county_config import console_problems, console_table, slip
from server_broker.platform.own_broker import OwnBroker, own_broker_problems
from server_broker.platform.own_certificate import OwnCertificate
from server_broker.platform.own_database import OwnDatabase, own_database_problems
from server_broker.platform.processes import ServiceError
from server_broker.supervisor.reach import addresses_of, is_free, leads_here

_TRIES = 5
"""Wrong answers to one question before it gives up: a script that answers wrongly must not go round for ever."""

type Ask = Callable[[str], str]
type JudgeConsole = Callable[[OwnCertificate], Sequence[tuple[str, str]]]
"""Returns the settings of ``[console]`` whose files can't be served, each with the reason in Chinese."""
type TryDatabase = Callable[[OwnDatabase], Sequence[str]]
"""Returns in Chinese what keeps a PostgreSQL of the county's own from being used."""

type TryBroker = Callable[[OwnBroker], Sequence[str]]
"""Returns in Chinese what keeps a RabbitMQ of the county's own from being used."""


@dataclass(frozen=True, slots=True)
class Question:
    """One answer that is needed.

    Attributes:
        key: Its name in the file of answers.
        asks: Chinese, as it is asked.
        usual: Returns what holds if nothing is answered; empty if an answer is needed.
        wrong: Returns in Chinese what is wrong with an answer; empty if nothing is.
        doubtful: Returns in Chinese what is odd about an answer that is not wrong; empty if nothing is. Who gives it
            again means it.
        ports: Those that `usual` chooses from, the best first.
    """

    key: str
    asks: str
    usual: Callable[[], str]
    wrong: Callable[[str], str]
    doubtful: Callable[[str], str] = lambda _answer: ""
    ports: tuple[int, ...] = ()


def questions() -> list[Question]:
    """Return what setup asks, in order."""
    return [
        Question("name", "县名，平时怎么叫", lambda: "", _wrong_name),
        Question("region", "县的区划代码，12 位（如 990101000000；6 位的会补零）", lambda: "", _wrong_region),
        Question("host", "站点和浏览器访问本机用的域名或地址", _own_address, _wrong_host, _doubtful_host),
        Question("other_hosts", "还有别的域名或地址吗，用空格隔开，没有就按回车", lambda: "", _wrong_hosts),
        _port_question("web_port", "网页端口", 443, 8443),
        _port_question("broker_port", "站点连接的端口", 8883, 18883),
        Question("clock", "本机时钟由谁校准：ntp（时间服务）或 manual（由人）", _usual_clock, _wrong_clock),
        Question("admin", "第一个系统管理员的账号名", lambda: "admin", _wrong_account),
    ]


def _port_question(key: str, asks: str, *ports: int) -> Question:
    return Question(key, asks, lambda: _free(*ports), _wrong_port, ports=ports)


def asked(ask: Ask, *, say: Callable[[str], None]) -> dict[str, str]:
    """Ask one question after another and return the answers.

    Raises:
        ServiceError: Nobody answers, or one answer was wrong `_TRIES` times.
    """
    answers: dict[str, str] = {}
    all_questions = questions()
    for number, question in enumerate(all_questions, start=1):
        usual = question.usual()
        shown = f"（{number}/{len(all_questions)}）{question.asks}{f' [{usual}]' if usual else ''}："
        if usual and question.ports and usual != str(question.ports[0]):
            say(f"  端口 {question.ports[0]} 已被别的程序占用，可以用 {usual}")
        doubted = ""
        for _ in range(_TRIES):
            try:
                answer = ask(shown).strip() or usual
            except (EOFError, KeyboardInterrupt) as error:
                raise ServiceError(f"\n没有答完，什么也没有改动{_as_file(answers)}") from error
            wrong = question.wrong(answer) or _taken(question, answer, answers)
            if not wrong and answer != doubted and (doubt := question.doubtful(answer)):
                doubted, wrong = answer, f"{doubt}。由路由器或防火墙转到本机的，照样再输一次就用它"
            if not wrong:
                break
            say(f"  {wrong}，请再输一次")
        else:
            raise ServiceError(f"{question.asks}：{wrong}。什么也没有改动{_as_file(answers)}")
        answers[question.key] = answer
    return _completed(answers)


def _as_file(answers: Mapping[str, str]) -> str:
    """Return what was answered as the lines of a file of answers, so that nobody has to find it out again."""
    lines = "\n".join(f"{key} = {toml_text(answer)}" for key, answer in answers.items())
    return f"。答好的可以存成文件，补上缺的，用 setup --file 文件：\n{lines}" if lines else ""


def from_file(
    path: Path,
    *,
    judge: JudgeConsole | None = None,
    try_database: TryDatabase | None = None,
    try_broker: TryBroker | None = None,
) -> dict[str, str]:
    """Read the answers from a TOML file of texts, whose keys are those of `questions`.

    It may have the tables ``[console]``, ``[database]`` and ``[broker]`` too, as ``county.toml`` will have them;
    ``judge`` tries the certificate of the first, ``try_database`` and ``try_broker`` the others. With
    ``forwarded = true`` a ``host`` that is not this machine's is taken.

    Raises:
        ServiceError: The file can't be read, or answers are missing or wrong: all of them, one line each.
    """
    values = _values_in(path)
    table, forwarded = values.pop("console", None), values.pop("forwarded", False) is True
    database, own_broker = values.pop("database", None), values.pop("broker", None)
    wrong = [f"{path}：{key} 不是这里的设置项" for key in values.keys() - {one.key for one in questions()}]
    answers: dict[str, str] = {}
    for question in questions():
        value = values.get(question.key)
        answer = " ".join(map(str, value)) if isinstance(value, list) else str(value if value is not None else "")
        answer = answer.strip() or question.usual()
        words = question.wrong(answer) or _taken(question, answer, answers)
        if not (words or forwarded) and (doubt := question.doubtful(answer)):
            words = f"{doubt}。由路由器或防火墙转到本机的，加一行 forwarded = true"
        if words:
            wrong.append(f"{path}：{question.key}（{question.asks}）：{words}")
        answers[question.key] = answer
    if table is not None:
        found = _wrong_console(table, answers, judge)
        wrong += _lines(path, "console", found)
        answers["console"] = "" if found else console_table(OwnCertificate(**table))
    if database is not None:
        found = _wrong_own(database, own_database_problems, OwnDatabase, try_database)
        wrong += _lines(path, "database", found)
        answers["database"] = "" if found else OwnDatabase(**database).as_table()
    if own_broker is not None:
        found = _wrong_own(own_broker, own_broker_problems, OwnBroker, try_broker)
        wrong += _lines(path, "broker", found)
        answers["broker"] = "" if found else OwnBroker(**own_broker).as_table()
    if wrong:
        raise ServiceError("\n".join(wrong))
    return _completed(answers)


def _values_in(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ServiceError(f"{path} 读不到：{os_cause(error)}") from error
    except UnicodeDecodeError as error:
        raise ServiceError(f"{path} 不是 UTF-8 文字") from error
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ServiceError(f"{path}:{slip(text, error)}") from error


def _wrong_console(table: Any, answers: Mapping[str, str], judge: JudgeConsole | None) -> Sequence[tuple[str, str]]:
    ports = {key: int(answers[key]) for key in ("web_port", "broker_port") if answers[key].isdecimal()}
    hosts = {"host": answers["host"], "other_hosts": answers["other_hosts"].split()}
    wrong = console_problems({"console": table, **ports, **hosts})
    if wrong:
        return wrong
    console = OwnCertificate(**table)
    if console.port not in ports.values() and not is_free(console.port):
        wrong.append(("port", f"端口 {console.port} 已被别的程序占用"))
    return [*wrong, *(judge(console) if judge else [])]


def _wrong_own[Own](
    table: Any,
    judge: Callable[[Any], Problems],
    make: Callable[..., Own],
    attempt: Callable[[Own], Sequence[str]] | None,
) -> Problems:
    """Judge the table of a server of the county's own; if nothing in it is wrong, try the server."""
    wrong = judge(table)
    if wrong or attempt is None:
        return wrong
    return [("", words) for words in attempt(make(**table))]


def _lines(path: Path, name: str, found: Iterable[tuple[str, str]]) -> list[str]:
    """Say each wrong key of a table with the file that it stands in."""
    return [f"{path}：{f'{name}.{key}' if key else f'[{name}]'} {words}" for key, words in found]


def _completed(answers: Mapping[str, str]) -> dict[str, str]:
    return {**answers, "region": answers["region"].ljust(12, "0")}


def _taken(question: Question, answer: str, before: Mapping[str, str]) -> str:
    same = question.key == "broker_port" and answer == before.get("web_port")
    return "和网页端口相同" if same else ""


def _own_address() -> str:
    """Return the name under which this machine is known, or else its address towards others."""
    name = socket.getfqdn()
    if "." in name and not _wrong_host(name):
        return name
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect(("192.0.2.1", 9))  # sends nothing: the kernel only chooses the interface
        except OSError:
            return ""
        return str(sock.getsockname()[0])


def _wrong_host(host: str) -> str:
    if not HOST.fullmatch(host):
        return "只写 county.example 这样的名字或地址，不带 https:// 和端口"
    return "" if addresses_of(host) else f"“{host}”查不到地址：请先请网管加上域名解析，或先用本机地址"


def _doubtful_host(host: str) -> str:
    addresses = addresses_of(host)
    if leads_here(addresses):
        return ""
    return f"“{host}”指向 {'、'.join(sorted(addresses))}，不是本机：请核对域名解析，或先用本机地址"


def _wrong_hosts(text: str) -> str:
    wrong = [host for host in text.split() if not HOST.fullmatch(host)]
    return f"“{wrong[0]}”不是主机名或地址" if wrong else ""


def _wrong_region(code: str) -> str:
    if re.fullmatch(r"[0-9]{6}(0{6})?", code, re.ASCII) is None:
        return "县的代码是 6 位数字，或这 6 位后面加 6 个 0"
    return ""


def _wrong_port(text: str) -> str:
    if re.fullmatch(r"[0-9]{1,5}", text, re.ASCII) is None or not 1 <= int(text) <= 65535:
        return "端口是 1 到 65535 的数字"
    return "" if is_free(int(text)) else f"端口 {text} 已被别的程序占用"


def _free(*ports: int) -> str:
    return next((str(port) for port in ports if is_free(port)), "")


def _usual_clock() -> str:
    return "ntp" if LinuxMachineClock().synchronised() else "manual"


def _wrong_clock(text: str) -> str:
    return "" if text in ("ntp", "manual") else "请输 ntp 或 manual"


def _wrong_name(text: str) -> str:
    if not 1 <= len(text) <= 64:
        return "应有 1 到 64 个字"
    # What a terminal sends that is not UTF-8 comes as surrogates, which no file can hold.
    return "" if text.isprintable() else "含有读不出的字：终端要用 UTF-8（export LANG=C.UTF-8）"


def _wrong_account(name: str) -> str:
    """Judge a name as ``cunhui-server account`` will, which comes last, when nobody is asked any more."""
    from django.core.exceptions import ValidationError  # noqa: PLC0415 - settling a case needs no Django

    from server_broker.accounts.names import check_name  # noqa: PLC0415

    try:
        check_name(name)
    except ValidationError as error:
        return f"账号名不能用：{''.join(error.messages)}"
    return ""
