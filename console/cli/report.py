"""What this machine can do (`--self-test`) and where Podium keeps things (`--print-config`), as plain data."""

from __future__ import annotations

import importlib
import platform
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import platformdirs

from console import __version__
from console.media.picture import new_picture
from console.media.time import RATES
from console.show.codec import SCHEMA, to_json
from console.show.model import Setup, Source, Transition
from console.wire.place import DEFAULT_HOST, DEFAULT_PORT, runtime_root
from console.wire.ring import RingReader, RingWriter, create_ring

_LIBRARIES = ("aiohttp", "av", "cv2", "numpy", "PySide6", "miniaudio", "psutil")


def configuration() -> dict[str, Any]:
    """Directories, defaults with their units, and versions."""

    def folder(kind: Callable[..., str]) -> str:
        return kind("podium", appauthor=False)

    return {
        "version": __version__,
        "python": platform.python_version(),
        "directories": {
            "runtime": str(runtime_root()),
            "log": str(Path(folder(platformdirs.user_data_dir)) / "log"),
            "shows": folder(platformdirs.user_data_dir),
            "cache": folder(platformdirs.user_cache_dir),
            "settings": folder(platformdirs.user_config_dir),
        },
        "api": f"{DEFAULT_HOST}:{DEFAULT_PORT}",
        "show": {
            "schema": SCHEMA,
            "format": str(Setup().format),
            "rates": [name for name in RATES if name != "23.98"],
            "transition": to_json(Transition()),
            "take_interval_ms": Setup().take_interval_ms,
            "latency_ms": Source(id="", url="", name="").latency_ms,  # type: ignore[arg-type]
        },
    }


def self_test() -> dict[str, Any]:
    """Try what every show needs; `ok` is false when something that is needed does not work."""
    answer: dict[str, Any] = {"version": __version__, "python": sys.version, "platform": platform.platform()}
    faults: list[str] = []
    checks: tuple[tuple[str, Callable[[], Any]], ...] = (
        ("libraries", _libraries),
        ("ring", _ring),
        ("codecs", _codecs),
        ("decoders", _decoders),
        ("encoders", _encoders),
        ("srt", _srt),
        ("html", _html),
    )
    for name, check in checks:
        try:
            answer[name] = check()
        except Exception as error:  # whatever is wrong is the answer
            faults.append(f"{name}: {error or type(error).__name__}")
    return answer | {"faults": faults, "ok": not faults}


def _libraries() -> dict[str, str]:
    found = {}
    for name in _LIBRARIES:
        module = importlib.import_module(name)
        found[name] = str(getattr(module, "__version__", "present"))
    return found


def _ring() -> str:
    with tempfile.TemporaryDirectory() as directory:
        path = create_ring(Path(directory) / "test.picture", 64, 64, slots=2)
        writer, reader = RingWriter(path), RingReader(path)
        picture, _ = writer.begin()
        picture.copy_from(new_picture(64, 64))
        index = writer.publish(due_ns=1, now_ns=1)
        if not reader.holds(index):
            raise RuntimeError("a picture written to a ring does not come out")
    return "works"


def _codecs() -> dict[str, Any]:
    from console.outputs.ability import codec_ability  # noqa: PLC0415 - codecs are loaded when they are asked for

    return codec_ability()


def _decoders() -> dict[str, str]:
    from console.sources.trial import decoders  # noqa: PLC0415

    return decoders()


def _encoders() -> dict[str, str]:
    from console.outputs.ability import encoders  # noqa: PLC0415

    return encoders()


def _html() -> str:
    """An extra: to lack it is no fault."""
    from console.sources.page import refusal  # noqa: PLC0415

    reason = refusal()
    return "present" if reason is None else str(reason)


def _srt() -> str:
    from console.sources.bridge import executable  # noqa: PLC0415

    return f"through {Path(executable()).name}"
