"""What the guide tells a county to write for a reverse proxy."""

import re
import tomllib
from pathlib import Path
from typing import Any

GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "县级安装手册.md"
_CHAPTER = "前面有反向代理"


def snippets() -> dict[str, str]:
    """Return the code of the guide's chapter about proxies, by its language."""
    _, _, chapter = GUIDE.read_text(encoding="utf-8").partition(_CHAPTER)
    chapter, _, _ = chapter.partition("\n## ")
    return dict(re.findall(r"```(\w+)\n(.*?)```", chapter, re.DOTALL))


def settings() -> dict[str, Any]:
    """Return what it tells to write into ``county.toml``."""
    return tomllib.loads(snippets()["toml"])
