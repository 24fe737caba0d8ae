"""The plan of the .deb and the .rpm, for nfpm."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

# fmt: off
_DEB = [
    "libgl1", "libegl1", "libxcb1", "libwayland-client0", "libwayland-cursor0", "libwayland-egl1", "fontconfig-config",
]
# fmt: on
_RPM = [
    *(f"lib{name}()(64bit)" for name in ("GL.so.1", "EGL.so.1", "xcb.so.1")),
    *(f"libwayland-{name}()(64bit)" for name in ("client.so.0", "cursor.so.0", "egl.so.1")),
    "fontconfig",
]
_ABOUT = """Broadcast control-room console
 Podium takes in live pictures, shows them in a multiview, switches and mixes
 them frame by frame, lays titles and tracked graphics over them, and delivers
 the program to a cloud ingest."""


def configuration(version: str, epoch_s: int, glibc: str, root: Path) -> dict[str, Any]:
    """The plan: what the packages say of themselves, what they need, what they hold.

    `ffmpeg` with SRT is recommended: Podium uses it as a program of its own, for SRT alone, and does without.
    """
    when = datetime.fromtimestamp(epoch_s, UTC).isoformat().replace("+00:00", "Z")
    return {
        "name": "podium",
        "arch": "amd64",
        "platform": "linux",
        "version": version,
        "version_schema": "none",
        "release": "1",
        "section": "video",
        "priority": "optional",
        "maintainer": "The Podium project <podium@localhost>",
        "vendor": "The Podium project",
        "description": _ABOUT,
        "license": "GPL-3.0-or-later",
        "mtime": when,
        "umask": 0o022,
        "contents": contents(root, when),
        "overrides": {
            "deb": {"depends": [f"libc6 (>= {glibc})", *_DEB], "recommends": ["ffmpeg", "xdg-utils"]},
            "rpm": {"depends": [f"libc.so.6(GLIBC_{glibc})(64bit)", *_RPM], "recommends": ["/usr/bin/ffmpeg"]},
        },
        "deb": {"compression": "zstd"},
        "rpm": {"compression": "zstd:19", "buildhost": "localhost", "summary": "Broadcast control-room console"},
    }


def contents(root: Path, when: str) -> list[dict[str, Any]]:
    """Every file, and the folders that are Podium's own (the others belong to the distribution)."""
    rows = []
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        row: dict[str, Any] = {"dst": f"/{name}", "file_info": {"mtime": when, "owner": "root", "group": "root"}}
        if path.is_symlink():
            row |= {"src": str(path.readlink()), "type": "symlink"}
        elif path.is_dir():
            if not name.startswith(("usr/lib/podium", "usr/share/doc/podium")):
                continue
            row["type"] = "dir"
            row["file_info"]["mode"] = 0o755
        else:
            row["src"] = str(path)
            row["file_info"]["mode"] = path.stat().st_mode & 0o777
        rows.append(row)
    return rows
