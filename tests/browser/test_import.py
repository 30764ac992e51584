"""An import as an officer meets it: choose a file, see what it would change, confirm; on a desk and on a telephone."""

from collections.abc import Iterator
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Browser, Page, expect

from firmware_scripts.pictures.console import sign_in
from server_broker.accounts.links import make_sign_in_link
from server_broker.people.models import Person
from tests.browser.legibility import stands_well
from tests.cast import LI, OPERATOR, SHILI_VILLAGE, YANSHI_VILLAGE, ZHANG
from tests.server_broker.county import make_county, user_of, window
from tests.server_broker.rosters.workbooks import book

pytestmark = pytest.mark.django_db(transaction=True)

SHEETS: dict[str, list[tuple[str, ...]]] = {
    "人员": [
        ("a1", "王别人", SHILI_VILLAGE),
        ("a2", "李示例", YANSHI_VILLAGE),
        *[(f"c{number}", f"新示例{number}", SHILI_VILLAGE) for number in range(8)],
    ],
    "卡": [("04a1b2c3", "c0"), ("04a1b2c4", "c1")],
    "值班": [(SHILI_VILLAGE, "上午班", "1-5", "8:00", "12:30", "a1，c0，c1")],
}
HEADS = {"人员": ("编号", "姓名", "村代码", "备注")}


@pytest.fixture(params=[1440, 390])
def page(request: pytest.FixtureRequest, browser: Browser, web: str) -> Iterator[Page]:
    county = make_county()
    county.add(LI)
    window(SHILI_VILLAGE, "上午班", [county.people[ZHANG]])
    operator = user_of(OPERATOR)
    context = sign_in(browser, urljoin(web, make_sign_in_link(operator)), width=request.param)
    yield context.new_page()
    context.close()


def choose(page: Page, data: bytes) -> None:
    page.set_input_files("#file", {"name": "名单.xlsx", "mimeType": "", "buffer": data})
    page.get_by_role("button", name="读取并预览").click()


def test_a_file_is_looked_at_and_then_taken(page: Page, web: str) -> None:
    page.goto(urljoin(web, "/people/"))
    page.get_by_role("link", name="用 Excel 导入").click()
    expect(page.get_by_role("button", name="读取并预览")).to_be_visible()
    stands_well(page)
    choose(page, book(SHEETS, heads=HEADS))
    expect(page.get_by_role("heading", name="核对后确认导入")).to_be_visible()
    expect(page.get_by_text("1 个已有的编号会改名")).to_be_visible()
    expect(page.get_by_text("王别人").first).to_be_visible()
    expect(page.get_by_text("人员 这些列不导入：备注")).to_be_visible()
    stands_well(page)
    page.get_by_role("button", name="确认导入").click()  # the browser asks for the tick first
    expect(page.get_by_role("heading", name="核对后确认导入")).to_be_visible()
    assert Person.objects.get(number="a1").name == "张示例"
    page.get_by_label("这 1 个我已逐个核对").check()
    page.get_by_role("button", name="确认导入").click()
    expect(page.get_by_text("导入完成")).to_be_visible()
    assert Person.objects.get(number="a1").name == "王别人"
    assert Person.objects.filter(number__startswith="c").count() == 8


def test_a_long_list_of_errors_is_seen_whole_without_a_box_of_its_own(page: Page, web: str) -> None:
    page.goto(urljoin(web, "/people/import/"))
    choose(page, book({"人员": [(f"n{number}", "张示例", "9") for number in range(40)]}))
    listed = page.get_by_role("list", name="错误列表")
    expect(listed.get_by_role("listitem")).to_have_count(40)
    assert listed.evaluate("list => list.scrollHeight - list.clientHeight") == 0


def test_what_is_wrong_stands_under_the_form(page: Page, web: str) -> None:
    page.goto(urljoin(web, "/people/import/"))
    wrong: dict[str, list[tuple[str, ...]]] = {
        "人员": [("11010519491231002X", "张示例", "9")],
        "卡": [("0077736732", "a1"), ("0077736733", "a1")],
    }
    choose(page, book(wrong))
    expect(page.get_by_text("没有导入任何内容：共 3 处错误")).to_be_visible()
    expect(page.get_by_text("像是身份证号")).to_be_visible()
    expect(page.get_by_text("卡号只有数字（共 2 行：第 2、3 行）")).to_be_visible()
    stands_well(page)
    page.get_by_label("卡号格式（“卡”表里写明的除外）").select_option("十进制10位")
    choose(page, book({"卡": wrong["卡"]}))
    expect(page.get_by_text("尾号 2b1c")).to_be_visible()
