"""Packages, extras and entry points of Cunhui (村慧).

Versions are ranges here and exact, with hashes, in ``requirements/lock.txt``.
"""

import os
import re
from pathlib import Path

from setuptools import find_packages, setup

_AGENT = Path(__file__).with_name("agent").joinpath("__init__.py").read_text(encoding="utf-8")
VERSION = re.findall(r'^VERSION = "(.+)"', _AGENT, re.MULTILINE)[0]

ROOMS = os.environ.get("CUNHUI_ROOMS", "protocol agent kiosk_tui firmware_scripts server_broker").split()
"""A Debian package has only the rooms that run where it is installed (``firmware_scripts/packaging``)."""
PROGRAMS = {
    "agent": "cunhui-agent=agent.cli:main",
    "kiosk_tui": "cunhui-kiosk=kiosk_tui.cli:main",
    "server_broker": "cunhui-server=server_broker.cli:main",
}

CONTRACT = ["msgspec>=0.20", "cryptography>=46"]

KIOSK = ["textual>=8.0", "segno>=1.6.6", "pillow>=12", "polib>=1.2"]

EXTRAS = {
    "agent": [
        *CONTRACT,
        "paho-mqtt>=2.1",
        "apsw>=3.51.3",
        "requests>=2.32",
        "pyscard>=2.3",
        "evdev>=1.9",
        "pyserial>=3.5",
        "linuxpy>=0.24",
        "gpiozero>=2.0.1",
        "pillow>=12",
        "fsrs>=6.3",
    ],
    "pi": ["picamera2>=0.3.30", "lgpio>=0.2.2"],
    "kiosk": [*CONTRACT, *KIOSK],
    # The county's editors see a question as the kiosk draws it.
    "server": [
        *CONTRACT,
        *KIOSK,
        "django>=5.2,<5.3",
        "django-unfold>=0.80",
        "django-htmx>=1.24",
        "django-axes>=8.0",
        "django-otp>=1.6",
        "django-ninja>=1.7.1",
        "psycopg[binary]>=3.2",
        "argon2-cffi>=25.1",
        "whitenoise>=6.9",
        "uvicorn>=0.38",
        "openpyxl>=3.1.5",
        "defusedxml>=0.7.1",
        "paho-mqtt>=2.1",
        "pypinyin>=0.55",
        "chinesecalendar>=1.11",
        "holidays>=0.109",
        "fsrs>=6.3",
        "markdown-it-py>=4",
        "prometheus-client>=0.23",
    ],
    "dev": [
        "setuptools>=77",
        "uv>=0.9",
        "pytest>=8.3",
        "pytest-timeout>=2.4",
        "pytest-xdist>=3.8",
        "pytest-asyncio>=1.2",
        "pytest-django>=4.11",
        "syrupy>=4.8",
        "hypothesis>=6.140",
        "ruff>=0.14",
        "mypy>=1.18",
        "import-linter>=2.5",
        "django-stubs>=5.2,<6",
        "types-requests",
        "types-polib>=1.2",
        "types-openpyxl",
        "types-pyserial",
        "types-defusedxml",
        "playwright>=1.55",
        "zxing-cpp>=3.1",
        "pillow>=12",
        "pyscard>=2.3",
    ],
}

setup(
    name="cunhui",
    version=VERSION,
    description="Village stations and the county service behind them: nothing that was shown green is ever lost",
    license="Apache-2.0",
    python_requires=">=3.13",
    packages=find_packages(include=[f"{room}*" for room in ROOMS]),
    package_data={
        "server_broker.broker.mosquitto": ["plugin_source/*.[ch]"],
        "server_broker.console": ["templates/**/*.html", "static/**/*", "locale/**/*"],
        "server_broker.content": ["official_words.txt", "starter/*.json"],
        "server_broker.metrics": ["prometheus/*"],
        "server_broker.schema": ["tables.sql", "migrations.txt"],
        "server_broker.public": ["templates/**/*.html", "static/**/*"],
        "kiosk_tui": ["**/*.ini", "*.tcss", "**/*.tcss", "locale/**/*.po*"],
    },
    extras_require=EXTRAS,
    entry_points={"console_scripts": [program for room, program in PROGRAMS.items() if room in ROOMS]},
)
