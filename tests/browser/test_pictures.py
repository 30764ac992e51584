"""The console's pictures are drawn from a running county."""

from pathlib import Path
from urllib.parse import urljoin

import pytest
from PIL import Image

from firmware_scripts.pictures.console import take
from server_broker.accounts.links import make_sign_in_link
from tests.browser.sample_day import make_day
from tests.cast import OPERATOR
from tests.server_broker.county import user_of


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_browser")
def test_fleet_station_and_today_are_drawn_at_both_widths(web: str, tmp_path: Path) -> None:
    make_day()
    operator = user_of(OPERATOR)
    drawn = take(web, urljoin(web, make_sign_in_link(operator)), tmp_path)
    widths = {path.name: Image.open(path).width for path in drawn}
    assert widths == {
        f"console-{name}-{width}.png": width * (2 if width == 390 else 1)
        for width in (1440, 390)
        for name in ("fleet", "station", "today")
    }
