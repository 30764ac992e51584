"""The camera's real process with its limits, in the rig: only its time is longer, because an emulator is slow."""

import json
import subprocess
import sys
from pathlib import Path

_PROGRAM = """
import os, sys
os.environ["OPENBLAS_NUM_THREADS"] = "1"
from agent.drivers import picamera2_camera
from agent.camera import camera_limits, camera_process
from tests.rig import picamera2_shim
camera_limits.CPU_S = camera_limits.PICTURE_S = 600
picamera2_camera._load = picamera2_shim.library
sys.exit(camera_process.main(sys.argv[1:]))
"""


def answers(driver: str, settings: dict[str, object], spool: Path, *, pictures: int = 2) -> list[str]:
    """Return what the process answers when it is asked for some pictures."""
    spool.mkdir()
    command = [sys.executable, "-c", _PROGRAM, driver, json.dumps(settings), "rig-0001", str(spool.parent), str(spool)]
    asked = "".join(f"random-none-0-{number}.jpg\n" for number in range(pictures))
    done = subprocess.run(command, input=asked, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.splitlines()
