"""The set-up script: what it wants, what it says, when it has nothing to do."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import types
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "packaging" / "dev.py"


@pytest.fixture
def dev() -> types.ModuleType:
    """The script as a module, fresh for each test."""
    spec = importlib.util.spec_from_file_location("podium_dev", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def clone(dev: types.ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that the module takes for its clone: locks, project and a set-up environment."""
    (tmp_path / "packaging").mkdir()
    for name in [*dev.LOCKS.values(), "pyproject.toml"]:
        (tmp_path / name).write_text(f"of {name}")
    monkeypatch.setattr(dev, "ROOT", tmp_path)
    monkeypatch.setattr(dev, "VENV", tmp_path / ".venv")
    python = dev.venv_program("python")
    python.parent.mkdir(parents=True)
    python.touch()
    for level in dev.LOCKS:
        (tmp_path / ".venv" / f"setup-{level}").write_text(dev.stamp(level))
    return tmp_path


def call(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, **environment}
    return subprocess.run(
        [sys.executable, str(SCRIPT), *arguments], capture_output=True, text=True, env=env, check=False, timeout=60
    )


class TestSystemPackages:
    def test_only_what_is_installed_counts(self, dev: types.ModuleType) -> None:
        listing = "installed\tnginx\t\nconfig-files\tffmpeg\t\nnot-installed\txvfb\t\n\nnonsense"
        assert dev.installed_packages(listing) == {"nginx"}

    def test_a_package_counts_for_what_it_provides(self, dev: types.ModuleType) -> None:
        listing = "installed\tlibglib2.0-0t64\tlibglib2.0-0 (= 2.80.0-6ubuntu3), other\n"
        assert dev.installed_packages(listing) == {"libglib2.0-0t64", "libglib2.0-0", "other"}

    def test_the_tests_want_more(self, dev: types.ModuleType) -> None:
        run, test = (dev.wanted_packages(level, "debian", venv=True) for level in ("run", "test"))
        assert "libxcb-cursor0" in run
        assert "nginx" not in run
        assert {"chromium", "libnginx-mod-rtmp", "xvfb", *run} <= set(test)

    def test_no_browser_is_asked_of_ubuntu(self, dev: types.ModuleType) -> None:
        assert "chromium" not in dev.wanted_packages("test", "ubuntu", venv=True)

    def test_a_python_without_ensurepip_gets_it(self, dev: types.ModuleType) -> None:
        assert f"python3.{sys.version_info[1]}-venv" in dev.wanted_packages("run", "debian", venv=False)

    def test_one_shell_line_that_leaves_no_server_running(self, dev: types.ModuleType) -> None:
        assert "nginx" not in dev.apt_script(["xvfb"])
        line = dev.apt_script(["xvfb", "nginx"])
        assert "\n" not in line
        assert "'" not in line
        assert line.endswith("&& update-rc.d nginx disable && invoke-rc.d nginx stop")

    def test_os_release(self, dev: types.ModuleType) -> None:
        fields = dev.os_release('# a comment\nID=debian\nNAME="Debian GNU/Linux"\n\nbroken\n')
        assert fields == {"ID": "debian", "NAME": "Debian GNU/Linux"}

    @pytest.mark.skipif(not Path("/usr/bin/apt-get").exists(), reason="there is no apt on this system")
    def test_an_ordinary_user_is_given_the_line(self, dev: types.ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(dev, "RUN_PACKAGES", ("a-package-nobody-has",))
        monkeypatch.setattr(os, "geteuid", lambda: 1000)
        with pytest.raises(dev.Stop, match=r"sudo sh -c 'apt-get update; .* a-package-nobody-has.*'") as stopped:
            dev.system_libraries("run")
        assert stopped.value.status == 1


class TestStamp:
    def test_set_up_is_current(self, dev: types.ModuleType, clone: Path) -> None:
        assert dev.is_current("run")
        assert dev.is_current("test")

    def test_a_change_of_the_test_lock_leaves_the_run_set_up(self, dev: types.ModuleType, clone: Path) -> None:
        (clone / dev.LOCKS["test"]).write_text("other")
        assert dev.is_current("run")
        assert not dev.is_current("test")

    @pytest.mark.parametrize("name", ["pyproject.toml", "packaging/requirements.txt"])
    def test_a_changed_file_counts(self, dev: types.ModuleType, clone: Path, name: str) -> None:
        (clone / name).write_text("other")
        assert not dev.is_current("run")

    def test_another_python_counts(self, dev: types.ModuleType, clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "version", "3.99")
        assert not dev.is_current("run")

    def test_a_moved_clone_counts(self, dev: types.ModuleType, clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        moved = clone.with_name(clone.name + "-moved")
        clone.rename(moved)
        monkeypatch.setattr(dev, "ROOT", moved)
        monkeypatch.setattr(dev, "VENV", moved / ".venv")
        assert not dev.is_current("run")

    def test_a_lost_interpreter_counts(self, dev: types.ModuleType, clone: Path) -> None:
        dev.venv_program("python").unlink()
        assert not dev.is_current("run")

    def test_parts_do_not_run_into_each_other(self, dev: types.ModuleType) -> None:
        assert dev.fingerprint("ab", "c") != dev.fingerprint("a", "bc")


class TestWords:
    def test_passwords_of_an_index_are_not_shown(self, dev: types.ModuleType) -> None:
        assert dev.masked("at https://me:secret@host/simple and git@host") == "at https://***@host/simple and git@host"

    def test_the_line_that_says_why(self, dev: types.ModuleType) -> None:
        assert dev.reason("one\nERROR: it broke\nERROR: and more\n") == "ERROR: it broke"
        assert dev.reason("one\ntwo\n\n") == "two"
        assert dev.reason("") == "it says nothing"

    def test_an_index_out_of_reach_is_named_as_such(self, dev: types.ModuleType) -> None:
        output = (
            "WARNING: Retrying after connection broken by 'NewConnectionError(no route)': /simple/av/\n"
            "ERROR: Could not find a version that satisfies the requirement av\n"
        )
        assert dev.reason(output) == "the package index can't be reached (NewConnectionError(no route))"

    def test_a_failed_command_stops_with_sentence_and_reason(self, dev: types.ModuleType, clone: Path) -> None:
        dev.SETUP_LOG = clone / ".venv" / "setup.log"
        failing = [sys.executable, "-c", "print('ERROR: no https://me:pw@host'); raise SystemExit(3)"]
        with dev.Step("Trying") as step, pytest.raises(dev.Stop, match=r"^It failed: ERROR: no https://\*\*\*@host "):
            dev.work(step, failing, "It failed")
        log = dev.SETUP_LOG.read_text()
        assert "ERROR: no https://***@host" in log

    def test_a_program_that_is_not_there(self, dev: types.ModuleType) -> None:
        with dev.Step("Trying") as step, pytest.raises(dev.Stop, match=r"^It failed: .*no-such-program"):
            dev.work(step, ["no-such-program"], "It failed")


class TestVerbs:
    def test_a_screen_or_none(self, dev: types.ModuleType) -> None:
        assert dev.has_screen("linux", {"DISPLAY": ":0"})
        assert dev.has_screen("linux", {"WAYLAND_DISPLAY": "wayland-0"})
        assert not dev.has_screen("linux", {"DISPLAY": ""})
        assert dev.has_screen("darwin", {})
        assert dev.has_screen("win32", {})

    def test_the_demo_is_headless_where_nothing_can_be_shown(self, dev: types.ModuleType) -> None:
        assert dev.demo_command(["--seconds", "5"], screen=True)[1:] == ["demo", "--seconds", "5"]
        assert dev.demo_command(["--seconds", "5"], screen=False)[1:] == ["demo", "--headless", "--seconds", "5"]
        assert dev.demo_command(["--headless"], screen=False)[1:] == ["demo", "--headless"]

    def test_every_gate_runs_though_the_first_fails(
        self, dev: types.ModuleType, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
    ) -> None:
        commands = [("first", [sys.executable, "-c", "raise SystemExit(7)"]), ("last", [sys.executable, "-c", ""])]
        monkeypatch.setattr(dev, "set_up", lambda level: None)
        monkeypatch.setattr(dev, "gates", lambda arguments: commands)
        assert dev.test([]) == 1
        out = capfd.readouterr().out
        assert re.search(r"FAILED +first +\d", out)
        assert re.search(r"passed +last +\d", out)

    def test_pytest_gets_the_arguments(self, dev: types.ModuleType) -> None:
        *others, (name, command) = dev.gates(["tests/show", "-x"])
        assert [other for other, _ in others] == ["ruff check", "ruff format", "mypy", "lint-imports"]
        assert (name, command[-3:]) == ("pytest", ["pytest", "tests/show", "-x"])


class TestCommandLine:
    @pytest.mark.parametrize("arguments", [("--help",), ("run", "--help"), ("test", "-h")])
    def test_help_shows_examples(self, arguments: tuple[str, ...]) -> None:
        done = call(*arguments)
        assert done.returncode == 0
        assert "examples:\n  python3 packaging/dev.py run" in done.stdout

    @pytest.mark.parametrize("arguments", [(), ("fly",), ("setup", "everything"), ("lock", "--now")])
    def test_wrong_usage_is_one_line_and_status_2(self, arguments: tuple[str, ...]) -> None:
        done = call(*arguments)
        assert done.returncode == 2
        assert done.stdout == ""
        assert len(done.stderr.splitlines()) == 1

    def test_an_old_python_is_told_so(self, dev: types.ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
        dev.OLDEST = (99, 0)
        assert dev.main(["setup"]) == 1
        assert "needs Python" in capsys.readouterr().err

    def test_the_gate_calls_exactly_this(self) -> None:
        assert (ROOT / ".ci" / "run").read_text().splitlines()[-1] == "exec python3 packaging/dev.py test"


class TestLocks:
    @pytest.mark.parametrize("name", ["requirements.txt", "requirements-test.txt"])
    def test_every_pin_has_a_hash_and_nothing_names_a_place(self, name: str) -> None:
        text = (ROOT / "packaging" / name).read_text()
        pins = re.split(r"\n(?=\S)", re.sub(r"^#.*\n|^ +#.*\n", "", text, flags=re.MULTILINE).strip())
        assert len(pins) > 15
        for pin in pins:
            assert re.match(r"[a-z0-9-]+==\S+( ; [^\\]+)? \\\n    --hash=sha256:[0-9a-f]{64}", pin), pin
        assert not re.search(r"://|--index|--extra|--find|(?<![0-9a-z])/", text)

    def test_the_test_lock_holds_the_run_lock(self) -> None:
        run, test = ((ROOT / "packaging" / name).read_text() for name in ("requirements.txt", "requirements-test.txt"))
        assert set(re.findall(r"^\S+==\S+", run, re.MULTILINE)) <= set(re.findall(r"^\S+==\S+", test, re.MULTILINE))

    def test_the_build_backend_is_locked_too(self) -> None:
        assert re.search(r"^setuptools==", (ROOT / "packaging" / "requirements.txt").read_text(), re.MULTILINE)

    def test_the_qt_that_loses_none_is_not_for_old_pythons(self) -> None:
        text = (ROOT / "packaging" / "requirements.txt").read_text()
        for version, marker in re.findall(r"^pyside6-essentials==([\d.]+)(.*)", text, re.MULTILINE):
            assert tuple(map(int, version.split(".")[:2])) < (6, 12) or ">= '3.12'" in marker


def test_qt_does_not_lose_none() -> None:
    """PYSIDE-3474: a Qt for Python that loses a reference to None on each call ends the process in time."""
    code = (
        "import sys\n"
        "from PySide6.QtCore import QCoreApplication\n"
        "app = QCoreApplication([])\n"
        "before = sys.getrefcount(None)\n"
        "for _ in range(1000): app.processEvents()\n"
        "print(sys.getrefcount(None) - before)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert abs(int(done.stdout)) < 100
