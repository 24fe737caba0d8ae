"""Decoding in hardware where there is some: never a reason to fail, never a reason to open slowly.

`PODIUM_HWACCEL` chooses: `off`, or the name of a device type (cuda, vaapi, qsv, d3d11va, videotoolbox). Unset, what
the platform is likely to have is tried, and nothing when there is no sign of a device.
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

import av
from av.codec.hwaccel import HWAccel, hwdevices_available

_log = logging.getLogger("console.sources")
ENVIRONMENT = "PODIUM_HWACCEL"
_failed: set[str] = set()


def candidates() -> list[str]:
    """The device types worth trying here, best first."""
    wanted = os.environ.get(ENVIRONMENT, "").strip().lower()
    if wanted:
        return [] if wanted in ("off", "0", "none") else [wanted]
    if sys.platform == "darwin":
        likely = ["videotoolbox"]
    elif sys.platform == "win32":
        likely = ["d3d11va"]
    else:
        likely = ["cuda"] if Path("/dev/nvidiactl").exists() else []
        if any(Path("/dev/dri").glob("renderD*")):
            likely += ["vaapi", "qsv"]
    available = hwdevices_available()
    return [name for name in likely if name in available]


def accelerator() -> HWAccel | None:
    """What to open a container with; None for decoding in software. A device that does not work is tried once."""
    for name in candidates():
        if name in _failed:
            continue
        if name not in hwdevices_available():
            give_up(name, "it is no device of this FFmpeg")
            continue
        try:
            accel = HWAccel(name, allow_software_fallback=True)
            accel.create(av.Codec("h264", "r"))  # before a sender is connected, not after
        except (NotImplementedError, RuntimeError, ValueError, av.error.FFmpegError) as error:
            give_up(name, str(error))
        else:
            return accel
    return None


def give_up(name: str, why: str) -> None:
    """A device does not work: not tried again in this process; said once."""
    if name not in _failed:
        _failed.add(name)
        _log.info("Decoding with %s is not possible (%s); decoding in software", name, why)


def name_of(stream: av.VideoStream) -> str | None:
    """The device type that a stream's decoder was given, None for software."""
    if not stream.codec_context.is_hwaccel:
        return None
    return next((name for name in candidates() if name not in _failed), None)
