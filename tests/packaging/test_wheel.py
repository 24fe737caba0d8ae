"""The distribution: what a wheel holds, and that what it holds is found."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from console import __version__
from console.errors import ConsoleError
from console.media.assets import asset

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ["pyproject.toml", "README.md", "LICENSE", "console", "resources"]
DATA = {".md", ".html", ".js", ".css", ".json"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel made of a copy, so that nothing is left in the clone."""
    clean = tmp_path_factory.mktemp("clone")
    for name in SHIPPED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, clean / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, clean / name)
    (clean / "resources" / "deeper" / "still").mkdir(parents=True)
    (clean / "resources" / "deeper" / "still" / "file.bin").write_bytes(b"\0")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--wheel-dir", clean, clean], check=True, timeout=100)
    (made,) = clean.glob("podium-*.whl")
    return made


def test_every_room_is_packed() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    folders = {path.parent.relative_to(ROOT) for path in (ROOT / "console").rglob("*.py")}
    assert sorted(listed) == sorted([*(".".join(folder.parts) for folder in folders), "podium_resources"])


def test_the_wheel_holds_code_data_and_resources(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    code = {path.relative_to(ROOT).as_posix() for path in (ROOT / "console").rglob("*.py")}
    data = {path.relative_to(ROOT).as_posix() for path in (ROOT / "console").rglob("*") if path.suffix in DATA}
    resources = {
        f"podium_resources/{path.relative_to(ROOT / 'resources').as_posix()}"
        for path in (ROOT / "resources").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert code | data | resources | {"podium_resources/deeper/still/file.bin"} <= names
    assert {name.partition("/")[0] for name in names} == {
        "console",
        "podium_resources",
        f"podium-{__version__}.dist-info",
    }
    entry = zipfile.ZipFile(wheel).read(f"podium-{__version__}.dist-info/entry_points.txt").decode()
    assert "podium = console.__main__:main" in entry


def test_an_installed_podium_finds_its_resources(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    code = "from console.media.assets import asset; print(asset('icons/podium.svg'))"
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}
    # Not the clone that an editable install in this environment points to: PYTHONPATH comes before it.
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert Path(done.stdout.strip()) == tmp_path / "podium_resources" / "icons" / "podium.svg"


def test_a_clone_finds_its_resources() -> None:
    assert asset("icons/podium.svg") == ROOT / "resources" / "icons" / "podium.svg"
    assert asset("icons").is_dir()


def test_a_missing_resource_is_named() -> None:
    with pytest.raises(ConsoleError, match=r"no-such\.png is missing\. Install Podium again\."):
        asset("icons/no-such.png")
