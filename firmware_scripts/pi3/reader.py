"""Runs on the board, as root, and is no part of the station: a card reader that types what it is told on stdin.

``python -m firmware_scripts.pi3.reader VENDOR:PRODUCT PIN`` plugs the reader in, says ``taken`` when another
program has it for itself alone, and types each line. With the last key, Enter, a pin goes up: so somebody outside sees
when the card was read, without a word of this machine's clock.
"""

import sys
import time

import evdev
import lgpio

from firmware_scripts.rig.typist import typist

_UP_S = 0.2
"""Long enough for a program that looks every few milliseconds."""
_TRY_EVERY_S = 0.5
_TAKEN_S = 300.0


def main(usb: str, pin: int) -> None:
    """Type until stdin ends."""
    chip = lgpio.gpiochip_open(0)
    lgpio.gpio_claim_output(chip, pin, 0)
    with typist(usb) as reader:
        end = time.monotonic() + _TAKEN_S
        while not _taken(reader.path):
            if time.monotonic() > end:
                sys.exit("nobody takes the reader")
            time.sleep(_TRY_EVERY_S)
        print("taken", flush=True)
        for line in sys.stdin:
            reader.type(line.strip())
            # The pin goes up before Enter, so that no delay of the board is left out of the time to the light.
            lgpio.gpio_write(chip, pin, 1)
            reader.type("\n")
            time.sleep(_UP_S)
            lgpio.gpio_write(chip, pin, 0)


def _taken(path: str) -> bool:
    """Return whether another program has grabbed a device (only one program can: EVIOCGRAB)."""
    device = evdev.InputDevice(path)
    try:
        device.grab()
    except OSError:
        return True
    finally:
        device.close()
    return False


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
