"""``cunhui-server settle``: settle a named case and say how it differs from what it expects."""

import json
from pathlib import Path

from server_broker.settlement.named_cases.answer import answer
from server_broker.settlement.named_cases.comparing import differences
from server_broker.settlement.named_cases.reading import Case, read_case
from server_broker.settlement.named_cases.refused import NotACase
from server_broker.settlement.settle import settle

AS_EXPECTED, DIFFERENT, NO_CASE = 0, 1, 2


def settle_case(file: Path) -> tuple[int, dict[str, object]]:
    """Return the exit code and the answer to the case in a file.

    Raises:
        NotACase: The file is no case.
        OSError: It cannot be read.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise NotACase(error.object.count(b"\n", 0, error.start) + 1, "不是 UTF-8 文字") from error
    return answer_to(read_case(text))


def answer_to(case: Case) -> tuple[int, dict[str, object]]:
    """Return the exit code and the answer to a case."""
    also = {row.month for row in case.file.expect_resident}
    said = answer(case.file.name, settle(case.world, case.file.days, case.at, also))
    said["differences"] = differences(case.file, said)
    return (DIFFERENT if said["differences"] else AS_EXPECTED), said


def as_json(said: dict[str, object]) -> str:
    """Return an answer as one line."""
    return json.dumps(said, ensure_ascii=False)
