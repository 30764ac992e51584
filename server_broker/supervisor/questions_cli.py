"""``cunhui-server questions``: question banks from Excel and GIFT into packs and into one another, and the template.

It needs no county: an editor may run it anywhere.
"""

import argparse
import datetime as dt
import json
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec

from protocol.china_time import CHINA
from protocol.system_errors import os_cause
from server_broker.content.bank import Bank, pack_of
from server_broker.content.files import BankFile, open_bank, write_bank
from server_broker.content.gathering import Outcome
from server_broker.content.lint import Finding, lint
from server_broker.content.sheet_writing import template
from server_broker.content.text_files import FileRefused
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError

SHOWN_FINDINGS = 100
_SEVERITY = {"stops": "要改", "warns": "请看"}


def questions(home: CountyHome, chosen: argparse.Namespace) -> int:
    """Do what is asked; return 1 if a question was refused or nothing could be written."""
    path = Path(chosen.file)
    match chosen.what:
        case "import":
            return _import(path, chosen)
        case "export":
            return _export(path, chosen)
        case _:
            _write_new(path, template())
            _say(f"已写入 {path}")
            return 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _open(path: Path) -> BankFile:
    try:
        return open_bank(path)
    except FileRefused as refused:
        raise ServiceError(f"{path}：{refused}") from refused


def _import(path: Path, chosen: argparse.Namespace) -> int:
    """Account for every question of a file, and write the pack beside it if it may be written."""
    account = _JsonAccount(path) if chosen.json else _Account(path)
    try:
        file = open_bank(path)
    except FileRefused as refused:
        return account.refuse(refused)
    account.begin(file)
    for outcome in file.outcomes:
        account.add(outcome)
    bank = file.bank()
    findings = lint(bank, today=dt.datetime.now(CHINA).date())
    stopped = any(finding.severity == "stops" for finding in findings)
    whole = not account.refused and not file.problems
    written = None
    if not chosen.dry_run and not stopped and (whole or chosen.take_good):
        written = _write_pack(bank, path, version=chosen.version)
    account.end(bank, findings, written)
    return 0 if whole and not stopped else 1


def _write_pack(bank: Bank, path: Path, *, version: int) -> Path:
    """Write the pack of a file beside it, in the place of an older one, which was made of the same file."""
    place = path.with_name(f"{path.name}.pack.json")
    part = place.with_name(f".{place.name}.part")
    try:
        part.write_bytes(msgspec.json.format(msgspec.json.encode(pack_of(bank, version=version)), indent=1) + b"\n")
        part.replace(place)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise ServiceError(f"{place} 写不进去：{os_cause(error)}") from error
    return place


def _export(path: Path, chosen: argparse.Namespace) -> int:
    """Write a file of questions in another format. Only a file that is good to the last question is written anew."""
    if not chosen.to:
        raise ServiceError("请写明写到哪里，例如 --to 题库.xlsx 或 --to 题库.gift")
    file = _open(path)
    refused = [outcome for outcome in file.outcomes if outcome.question is None]
    if refused or file.problems:
        count = len(refused) + len(file.problems)
        raise ServiceError(f"{path} 有 {count} 处问题，没有写。先运行 cunhui-server questions import {path} --dry-run")
    bank, place = file.bank(), Path(chosen.to)
    try:
        content = write_bank(bank, place)
    except FileRefused as wrong:
        raise ServiceError(f"{place}：{wrong}") from wrong
    _write_new(place, content)
    _say(f"已写入 {place}：{len(bank.levels)} 关，{sum(1 for _ in bank.questions())} 题")
    return 0


def _write_new(path: Path, content: bytes) -> None:
    """Write a file. One that is there already may be somebody's work, so it stays.

    Raises:
        ServiceError: It is there already, or can't be written.
    """
    try:
        with path.open("xb") as file:
            file.write(content)
    except FileExistsError as error:
        raise ServiceError(f"{path} 已经有了，没有改动它；请换一个文件名") from error
    except OSError as error:
        raise ServiceError(f"{path} 写不进去：{os_cause(error)}") from error


class _Account:
    """Tells a person what became of each question, while the file is read. Of those that were taken only the number."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.taken = self.refused = 0
        self.reasons: Counter[str] = Counter()
        self._lines: dict[str, int] = {}
        """Where each question that was taken stands, by its id, which its writer may never have seen."""

    def refuse(self, why: FileRefused) -> int:
        """Say that nothing of the file could be read."""
        raise ServiceError(f"{self._path}：{why}") from why

    def begin(self, file: BankFile) -> None:
        """Say what is wrong beside the questions."""
        for problem in file.problems:
            _say(f"× {problem}")
        for note in file.notes:
            _say(f"· {note}")

    def add(self, outcome: Outcome) -> None:
        """Take account of a question, and tell of one that was refused."""
        if outcome.question is not None:
            self.taken += 1
            self._lines[outcome.id] = outcome.line
        else:
            self.refused += 1
            self.reasons.update({refusal.code for refusal in outcome.refusals})
        self._tell(outcome)

    def _tell(self, outcome: Outcome) -> None:
        place = f"第 {outcome.line} 行{f'（{outcome.id}）' if outcome.id else ''}"
        if outcome.refusals:
            _say(f"× {place}：{'；'.join(refusal.says for refusal in outcome.refusals)}")
        if outcome.notes:
            _say(f"· {place}：{'；'.join(outcome.notes)}")

    def end(self, bank: Bank, findings: list[Finding], written: Path | None) -> None:
        """Say what it comes to."""
        for finding in findings[:SHOWN_FINDINGS]:
            line = self._lines.get(finding.question, 0)
            _say(f"{_SEVERITY[finding.severity]} {f'第 {line} 行：' if line else ''}{finding.says}")
        if len(findings) > SHOWN_FINDINGS:
            _say(f"另有 {len(findings) - SHOWN_FINDINGS} 处没有列出")
        _say(f"{bank.title}：共 {self.taken + self.refused} 题，收下 {self.taken}，没有收下 {self.refused}")
        _say(f"已写入 {written}，可以用 publish-pack 发布" if written else "没有写学习包")


class _JsonAccount(_Account):
    """Tells a program what became of each question, as one JSON object that is written while the file is read."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._first = True

    def refuse(self, why: FileRefused) -> int:
        refusal = {"code": why.code, "line": why.line, "says": why.says}
        _say(_json({"file": str(self._path), "refused_whole": refusal, "questions": [], "taken": 0, "refused": 0}))
        return 1

    def begin(self, file: BankFile) -> None:
        problems = [{"sheet": p.sheet, "row": p.row, "says": p.message} for p in file.problems]
        head = {"file": str(self._path), "format": file.form, "problems": problems, "notes": file.notes}
        sys.stdout.write(f'{_json(head)[:-1]}, "questions": [')

    def _tell(self, outcome: Outcome) -> None:
        row = {
            "line": outcome.line,
            "id": outcome.id,
            "level": outcome.level.name if outcome.level is not None else "",
            "taken": outcome.question is not None,
            "reasons": [asdict(refusal) for refusal in outcome.refusals],
            "notes": outcome.notes,
        }
        sys.stdout.write(f"{'' if self._first else ','}\n{_json(row)}")
        self._first = False

    def end(self, bank: Bank, findings: list[Finding], written: Path | None) -> None:
        tail = {
            "bank": {"id": bank.id, "title": bank.title, "levels": len(bank.levels)},
            "taken": self.taken,
            "refused": self.refused,
            "by_reason": dict(self.reasons.most_common()),
            "findings": [asdict(finding) for finding in findings],
            "written": str(written) if written else None,
        }
        _say(f"],\n{_json(tail)[1:]}")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
