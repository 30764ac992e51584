"""Judge whether a camera sees a room: whether its picture is black, covered or frozen. Nothing here recognises people.

The measures are taken on a grey version of the picture, which is scaled down so that a sensor's noise averages out:

- **black**: the brightest hundredth is darker than `BLACK_LEVEL`, and it differs from the darkest by less than
  `BLACK_SPREAD`. A room at night has a window, a lamp of a device or at least shades. So it is dim and not black, as
  long as these are stronger than the sensor's noise.
- **covered**: fewer than `EDGE_SHARE` of neighbouring cells differ by more than `EDGE_STEP`. A hand, tape or paper
  before the lens leaves one colour or a soft shade; furniture, doors and windows have outlines even when it is dim.
  A picture that is wholly out of focus, or of a bare wall, is called covered, too: it is no evidence either.
- **frozen**: equal to each of the last `FROZEN_AFTER` pictures to within `FROZEN_DIFFERENCE`. A working sensor never
  repeats a picture: its noise is one to two steps of 256 in a pixel of mid-grey, some of this is left in cells of 4×4
  pixels, and the light of a room changes. A camera that hangs repeats its last frame exactly. A camera that writes a
  running clock into a frozen picture is not found.

This module loads Pillow, so only the camera's process imports it.
"""

from collections import deque

from PIL import Image, ImageChops

from agent.ports import Suspect

BLACK_LEVEL, BLACK_SPREAD = 24, 12
EDGE_STEP, EDGE_SHARE = 6, 0.005
FROZEN_AFTER, FROZEN_DIFFERENCE = 3, 0.01
"""Mean difference of the cells, in steps of 256."""
_OUTLINE, _DETAIL = (80, 60), (160, 120)
_HUNDREDTH = 0.01


class Sight:
    """Judges a camera's pictures one after the other."""

    def __init__(self) -> None:
        self._before: deque[Image.Image] = deque(maxlen=FROZEN_AFTER)

    def judge(self, image: Image.Image) -> Suspect:
        """Return the first thing that is wrong with the camera's picture, which must not be masked yet."""
        detail = image.convert("L").resize(_DETAIL, Image.Resampling.BOX)
        frozen = self._frozen(detail)
        self._before.append(detail)
        outline = detail.resize(_OUTLINE, Image.Resampling.BOX)
        if _black(outline):
            return "black"
        if _covered(outline):
            return "covered"
        return "frozen" if frozen else ""

    def _frozen(self, detail: Image.Image) -> bool:
        if len(self._before) < FROZEN_AFTER:
            return False
        for before in self._before:
            histogram = ImageChops.difference(detail, before).histogram()
            mean = sum(level * count for level, count in enumerate(histogram)) / (detail.width * detail.height)
            if mean > FROZEN_DIFFERENCE:
                return False
        return True


def _black(grey: Image.Image) -> bool:
    dark, bright = _level(grey, _HUNDREDTH), _level(grey, 1 - _HUNDREDTH)
    return bright < BLACK_LEVEL and bright - dark < BLACK_SPREAD


def _level(grey: Image.Image, share: float) -> int:
    """Return the level below which ``share`` of the cells lie."""
    wanted = share * grey.width * grey.height
    counted = 0
    for level, count in enumerate(grey.histogram()):
        counted += count
        if counted >= wanted:
            return level
    return 255


def _covered(grey: Image.Image) -> bool:
    width, height = grey.size
    neighbours = (
        (grey.crop((0, 0, width - 1, height)), grey.crop((1, 0, width, height))),
        (grey.crop((0, 0, width, height - 1)), grey.crop((0, 1, width, height))),
    )
    edges = sum(sum(ImageChops.difference(*pair).histogram()[EDGE_STEP + 1 :]) for pair in neighbours)
    return edges < EDGE_SHARE * 2 * width * height
