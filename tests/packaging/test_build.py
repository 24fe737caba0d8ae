"""Making installers: icons, what a library may lose, what the packages hold."""

from __future__ import annotations

import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "packaging"))

from common import icons  # noqa: E402 - found by the line above
from linux import nfpm, package  # noqa: E402

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the Linux packages are made on Linux")
DRAWING = ROOT / "resources/icons/podium.svg"


def test_every_size_is_drawn_from_the_one_drawing(tmp_path: Path) -> None:
    draw = [sys.executable, str(ROOT / "packaging/common/icons.py"), str(DRAWING), str(tmp_path)]
    subprocess.run(draw, check=True, timeout=60, env={"QT_QPA_PLATFORM": "offscreen"})
    for size_px in icons.PNG_SIZES_PX:
        png = (tmp_path / f"{size_px}.png").read_bytes()
        assert png.startswith(b"\x89PNG")
        assert struct.unpack(">II", png[16:24]) == (size_px, size_px)
    ico = (tmp_path / "podium.ico").read_bytes()
    assert struct.unpack_from("<HHH", ico) == (0, 1, len(icons.ICO_SIZES_PX))
    for index in range(len(icons.ICO_SIZES_PX)):
        side, *_, length, offset = struct.unpack_from("<BBBBHHII", ico, 6 + 16 * index)
        assert ico[offset : offset + length] == (tmp_path / f"{side or 256}.png").read_bytes()
    icns = (tmp_path / "podium.icns").read_bytes()
    assert icns[:8] == b"icns" + struct.pack(">I", len(icns))


def test_what_is_no_drawing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.svg").write_text("no")
    draw = [sys.executable, str(ROOT / "packaging/common/icons.py"), str(tmp_path / "bad.svg"), str(tmp_path)]
    done = subprocess.run(draw, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert "is no drawing" in done.stderr


def test_a_segment_that_the_loader_would_refuse_is_seen() -> None:
    def elf(offset: int, in_file: int) -> bytes:
        head = b"\x7fELF\x02\x01".ljust(32, b"\0") + struct.pack("<Q", 64)
        head = head.ljust(54, b"\0") + struct.pack("<HH", 56, 1)
        segment = struct.pack("<IIQQQQQQ", 1, 5, offset, 0x1000, 0x1000, in_file, in_file, 0x1000)
        return head.ljust(64, b"\0") + segment.ljust(0x2000, b"\0")

    assert package.is_loadable(elf(0x1000, 16))
    assert not package.is_loadable(elf(0x1001, 16))  # what strip does to a library that auditwheel renamed
    assert not package.is_loadable(elf(0x1000, 0x2000))  # past the end of the file


def test_what_is_no_library_is_not_stripped(tmp_path: Path) -> None:
    (tmp_path / "notes.so").write_text("no library")
    assert package.strip(tmp_path / "notes.so") == 0
    assert (tmp_path / "notes.so").read_text() == "no library"


def test_packages_own_their_folders_and_have_no_scripts(tmp_path: Path) -> None:
    package.put(tmp_path / "usr/lib/podium/podium", "program")
    package.put(tmp_path / "usr/share/applications/podium.desktop", "entry")
    (tmp_path / "usr/bin").mkdir()
    (tmp_path / "usr/bin/podium").symlink_to("../lib/podium/podium")
    package.settle(tmp_path, 1_700_000_000)
    plan = nfpm.configuration("1.2.3", 1_700_000_000, "2.34", tmp_path)
    assert "scripts" not in plan
    assert "libc6 (>= 2.34)" in plan["overrides"]["deb"]["depends"]
    rows = {row["dst"]: row for row in plan["contents"]}
    assert set(rows) == {
        "/usr/lib/podium",
        "/usr/lib/podium/podium",
        "/usr/share/applications/podium.desktop",
        "/usr/bin/podium",
    }
    assert rows["/usr/bin/podium"]["type"] == "symlink"
    assert rows["/usr/lib/podium/podium"]["file_info"]["mode"] == 0o755
    assert rows["/usr/share/applications/podium.desktop"]["file_info"]["mode"] == 0o644
    assert {row["file_info"]["mtime"] for row in rows.values()} == {"2023-11-14T22:13:20Z"}


def test_the_menu_entry_is_valid() -> None:
    if not (validate := shutil.which("desktop-file-validate")):
        pytest.skip("desktop-file-validate is not here")
    done = subprocess.run(
        [validate, str(ROOT / "packaging/linux/podium.desktop")], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_the_description_is_valid(tmp_path: Path) -> None:
    if not (validate := shutil.which("appstreamcli")):
        pytest.skip("appstreamcli is not here")
    text = (ROOT / "packaging/linux/podium.metainfo.xml").read_text()
    about = tmp_path / "podium.metainfo.xml"
    about.write_text(text.replace("@VERSION@", "1.2.3").replace("@DATE@", "2026-01-01"))
    # Podium has no domain to be named after.
    rule = "--override=cid-desktopapp-is-not-rdns=info"
    done = subprocess.run(
        [validate, "validate", "--no-net", rule, str(about)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
