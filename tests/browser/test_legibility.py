"""What judges the pages finds each fault on a page that has it, and none on a page without."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.legibility import BY_COLOUR_ALONE, CONTRAST, NAMELESS, READABLE, stands_well

GOOD = '<main><p>示例镇有两个村，<a href="/" style="color:#000">去看</a></p><button>绑定</button></main>'


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 390, "height": 844})
    yield opened
    opened.close()


def test_a_good_page_has_no_fault(page: Page) -> None:
    page.set_content(GOOD)
    stands_well(page)
    assert (page.evaluate(READABLE), page.evaluate(BY_COLOUR_ALONE)) == ([], [])


@pytest.mark.parametrize(
    ("judge", "fault", "found"),
    [
        (CONTRAST, '<p class="pale" style="color:#999">看不清</p>', {"P.pale": "2.85"}),
        (NAMELESS, '<button id="mute"></button>', ['<button id="mute"></button>']),
        (READABLE, '<p style="margin:0">上面</p><p style="margin:-16px 0 0">下面</p>', ["上面 / 下面"]),
        (
            BY_COLOUR_ALONE,
            '<p>在<a href="/" style="text-decoration:none">这里</a>看</p>',
            ["这里 in 在看"],
        ),
    ],
    ids=["contrast", "nameless", "overlapping", "by colour alone"],
)
def test_a_fault_is_found(page: Page, judge: str, fault: str, found: object) -> None:
    page.set_content(GOOD.replace("</main>", f"{fault}</main>"))
    assert page.evaluate(judge) == found


def test_what_is_wider_than_the_screen_does_not_stand_well(page: Page) -> None:
    page.set_content(GOOD.replace("</main>", '<p style="width:500px">太宽</p></main>'))
    with pytest.raises(AssertionError):
        stands_well(page)
