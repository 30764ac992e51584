"""How the data tables under /admin/ look: the console's name, sign and colours (django-unfold's setting ``UNFOLD``)."""

from typing import Any

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "村慧",
    "SITE_HEADER": "村慧 · 系统管理",
    # The menu's own link to it is called 查看站点, and a 站点 is something else here.
    "SITE_URL": None,
    "ACCOUNT": {
        "navigation": [{"title": "返回控制台", "link": "/"}, {"title": "我的账号、密码", "link": "/account/"}],
    },
    "SITE_ICON": "/static/console/mark.svg",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "/static/console/mark.svg"}],
    "THEME": "light",
    "SHOW_VIEW_ON_SITE": False,
    "COLORS": {
        "base": {
            "50": "#f6f5f0",
            "100": "#efede6",
            "200": "#e3e0d6",
            "300": "#cfcbbe",
            "400": "#8d938e",
            "500": "#5f6863",
            "600": "#48504b",
            "700": "#363d39",
            "800": "#262c29",
            "900": "#1b211e",
            "950": "#101412",
        },
        "primary": {
            "50": "#eef7f2",
            "100": "#e3f1e9",
            "200": "#b9dcc8",
            "300": "#7fd3a8",
            "400": "#3fa377",
            "500": "#1f8a5f",
            "600": "#0c5a3d",
            "700": "#0c4f36",
            "800": "#0f3d2e",
            "900": "#0b3024",
            "950": "#071f17",
        },
    },
}
"""The colours are those of ``console.css``: ``base`` for backgrounds and text, ``primary`` for buttons and links."""
