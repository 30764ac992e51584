"""What stands between digits, and around words, decides whether they are one number or a mark."""

import pytest

from server_broker.guard.finding import County, find, find_in_table

ELSEWHERE = "987654197809250184"
"""A day of birth and a right check digit, but no province."""


@pytest.mark.parametrize(
    "text",
    [
        "养老保险缴费档次：200、300、500、1000、2000、3000、5000",
        "惠农卡发放金额：4000、4500、5000、3500、3000元",
        "电话补贴500，300，2000元",
        "存折账户：5000，3000，2000元",
        "项目总投资13 800 000 000元",
        "公示期：20250115、20250215、20250315、20250415",
        "热线：12345、95598、12388",
        f"单号{ELSEWHERE}",
        "支出\n1380   1200   1500 元\n2026   1234   5678",
        "示例政发〔2026〕12号、〔2026〕13号，示例字【2026】第1234号",
        "上午8:30-12:00，下午14:30-17:30，每周一！3！5！",
        "政府信息涉及国家秘密、商业秘密、个人隐私的不得公开",
        "本文件不属于国家秘密，可以公开",
        "关掉手机\n密切联系群众",
    ],
)
def test_lists_sums_and_talk_about_secrets_pass(text: str) -> None:
    assert find(text) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("示例13900000781元旦后来", [("mobile", "13900000781")]),
        ("13900000781990121200311301445", [("identity_number", "990121200311301445"), ("mobile", "13900000781")]),
        ("示例 +86-399-2000892", [("landline", "03992000892")]),
        ("手机号 1 3 9，0000 0569", [("mobile", "13900000569")]),
        ("请找139★0000●0781", [("mobile", "13900000781")]),
        ("请找139【0000】0781", [("mobile", "13900000781")]),
        ("请找“139”“0000”→“0781”！", [("mobile", "13900000781")]),
        ("请找 139   0000   0781", [("mobile", "13900000781")]),
        ("请找\n139\n00000781", [("mobile", "13900000781")]),
        ("张三①③⑨⓪⓪⓪⓪⓪⑦⑧①", [("mobile", "13900000781")]),
        (f"证号 990121{' ' * 40}20031130{chr(10) * 40}1445", [("identity_number", "990121200311301445")]),
        ("密级：工作秘密", [("secret_word", "密级。工作秘密")]),
        ("不\r\n得外传", [("secret_word", "不得外传")]),
    ],
)
def test_what_is_cut_or_joined_is_found(text: str, found: list[tuple[str, str]]) -> None:
    assert [(one.what, one.value) for one in find(text)] == found


def test_an_identity_number_of_no_province_may_be_let_pass() -> None:
    assert [one.what for one in find(ELSEWHERE)] == ["identity_number"]
    assert find(ELSEWHERE, County(allowed=frozenset({ELSEWHERE}))) == []
    assert find(f"身份证号{ELSEWHERE}", County(allowed=frozenset({ELSEWHERE})))


def test_cells_without_a_zero_ahead_are_sums() -> None:
    assert find_in_table([["示例", "138", "1200", "1500"]]) == []
    assert [one.what for one in find_in_table([["示例", "138", "0000", "1500"]])] == ["mobile"]


@pytest.mark.parametrize(
    "digits",
    [
        "0⑴⑵⑶⑷⑸⑹⑺⑻⑼",
        "0⒈⒉⒊⒋⒌⒍⒎⒏⒐",
        "⓿❶❷❸❹❺❻❼❽❾",
        "0㈠㈡㈢㈣㈤㈥㈦㈧㈨",
        "〇〡〢〣〤〥〦〧〨〩",
        "零壹弍弎肆伍陆柒捌玖",
        "洞幺两三四五六拐八勾",
    ],
)
def test_digits_that_somebody_disguises_are_found(digits: str) -> None:
    said = "".join(digits[int(digit)] for digit in "13912345678")
    (found,) = find(f"有事请拨 {said}。")
    assert (found.what, found.value) == ("mobile", "13912345678")


@pytest.mark.parametrize("between", ["*", "\\", '"', "…", "━", "─"])
def test_signs_between_the_parts_of_a_number_hide_nothing(between: str) -> None:
    (found,) = find(f"电话：{between.join(('139', '1234', '5678'))}。")
    assert found.value == "13912345678"


@pytest.mark.parametrize("mark", ["機密★", "密级：機密", "本件系內部資料，不得外傳", "國家秘密★"])
def test_a_mark_in_traditional_characters_is_one(mark: str) -> None:
    assert {found.what for found in find(mark)} == {"secret_word"}
