"""What is inside an installer is told: every library has a licence, a text, its sources."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "packaging"))

from common import bill  # noqa: E402 - found by the line above

LOCK = (ROOT / "packaging/requirements.txt").read_text()


def test_every_text_that_is_named_is_there() -> None:
    named = {text for _, _, _, text, _ in bill.libraries() if ":" not in text} | set(bill.SHARED_TEXTS)
    assert {path.name for path in bill.TEXTS.iterdir()} == named


@pytest.mark.parametrize("name", bill.locked(LOCK))
def test_every_package_says_its_licence_and_brings_its_text(name: str) -> None:
    package = bill.python_package(name)
    assert package.licence
    assert package.texts
    assert package.purl == f"pkg:pypi/{name}@{package.version}"


def test_libraries_inside_the_wheels_are_all_known() -> None:
    import av
    import cv2
    import numpy

    places = []
    for module, folder in ((av, "av.libs"), (cv2, "opencv_python_headless.libs"), (numpy, "numpy.libs")):
        libs = Path(module.__file__ or "").parents[1] / folder
        places += [f"{folder}/{path.name}" for path in libs.glob("*.so*")]
    assert [place for place in places if bill.native(place, "6.11.3", "3.11") is None] == []


def test_ffmpeg_is_what_it_was_built_as() -> None:
    found = bill.native("_internal/av.libs/libavcodec-5e6b81c2.so.62.28.102", "", "")
    assert found
    assert (found.name, found.version, found.licence) == ("FFmpeg", "62.28.102", "GPL-3.0-or-later")


def test_the_notices_name_what_the_bill_names(tmp_path: Path) -> None:
    (tmp_path / "x.so").write_bytes(b"library")
    parts = [bill.python_package("numpy"), bill.Component("Thing", "1", "MIT", "https://thing.example")]
    parts[1].files.append("x.so")
    parts[1].texts["thing.txt"] = "a licence"
    folder = tmp_path / "doc"
    bill.write(parts, tmp_path, folder, "1.2.3", 1_700_000_000, ROOT / "LICENSE")
    told = bill.bill(parts, tmp_path, "1.2.3", 1_700_000_000)
    text = (folder / "THIRD-PARTY-NOTICES.txt").read_text()
    assert isinstance(told["components"], list)
    for component in told["components"]:
        assert f"\n{component['name']} {component['version']}\n" in text
    for name in re.findall(r"^    text     (.+)$", text, re.MULTILINE):
        assert (folder / name).is_file()
    assert '"timestamp": "2023-11-14T22:13:20Z"' in (folder / "sbom.cdx.json").read_text()


def test_a_library_of_nobody_stops_the_build(tmp_path: Path) -> None:
    (tmp_path / "libstrange.so.1").write_bytes(b"?")
    with pytest.raises(bill.UnknownLibrary, match="No licence is known for libstrange"):
        bill.components(tmp_path, [("libstrange.so.1", str(tmp_path / "libstrange.so.1"))], LOCK, "3.11")
