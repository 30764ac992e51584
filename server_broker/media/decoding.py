"""Decode a picture to see whether it is whole. This module knows no database, because a process without one uses it."""

import warnings
from pathlib import Path
from typing import BinaryIO

from PIL import Image, UnidentifiedImageError

MAX_PIXELS = 4_000_000
"""Stills are 640 px wide; a picture that claims more than this is not decoded."""


def is_whole_picture(source: Path | BinaryIO, *, formats: tuple[str, ...] = ("JPEG", "PNG")) -> bool:
    """Tell whether bytes are a whole picture of one of ``formats`` and of a sane number of pixels."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(source, formats=formats) as picture:
                # Before `load`, which allocates memory for as many pixels as the file claims to have.
                if picture.width * picture.height > MAX_PIXELS:
                    return False
                picture.load()
    except (UnidentifiedImageError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return False
    # Pillow raises all of these for broken files.
    except (OSError, SyntaxError, ValueError, IndexError, EOFError):
        return False
    return True
