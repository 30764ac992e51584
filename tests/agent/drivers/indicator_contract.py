"""What every lamp promises; run with the fake, the simulated and the one on pins."""

from collections.abc import Callable

import pytest

from agent.ports import Colour, DeviceError, Indicator


def check_indicator(lamp: Indicator, seen: Callable[[], str]) -> None:
    """Each outcome at once, whatever was shown before; nothing after `close`.

    Args:
        seen: Returns the colour that a person sees at this moment.
    """
    assert lamp.ready
    shown: tuple[Colour, ...] = ("green", "amber", "red", "green", "green")
    for number, colour in enumerate(shown):
        lamp.show(colour, fact="" if colour == "red" else f"ab/{number}")
        assert seen() == colour
    lamp.close()
    with pytest.raises(DeviceError):
        lamp.show("green", fact="ab/9")
