#!/usr/bin/env python3
"""Set Podium up from a clone, run it, test it: one command each, from nothing but Python.

What it does, in order: the system libraries that are missing (Debian and Ubuntu: by apt-get as root, otherwise it
prints the one command to paste), the virtual environment `.venv`, the packages of the lock file (each with its hash),
and the project itself, editable. What is done already is not done again. This file needs the standard library alone,
and is written so that an old Python still gets as far as being told that it is too old.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
SETUP_LOG = VENV / "setup.log"
LOCKS = {
    "run": "packaging/requirements.txt",
    "test": "packaging/requirements-test.txt",
    "build": "packaging/requirements-build.txt",
}
BUILD_TOOLS = "packaging/build-tools.in"
OLDEST = (3, 11)

USAGE = """\
usage: python3 packaging/dev.py VERB [ARGUMENTS]

  run [ARGUMENTS]    set up, then start the demo: ARGUMENTS go to `podium demo`; without a screen it runs headless
  test [ARGUMENTS]   set up with what the tests need, then every gate: ruff, mypy, import-linter, pytest;
                     ARGUMENTS go to pytest
  setup [test]       the set-up alone, with `test` what the tests need too
  lock [--upgrade]   write the lock files anew from pyproject.toml; with --upgrade take the newest versions

examples:
  python3 packaging/dev.py run
  python3 packaging/dev.py run --seconds 60 --report out.json
  python3 packaging/dev.py test
  python3 packaging/dev.py test tests/show -x

Exit status: 0 when all went well, 1 for a failure, 2 for wrong usage.
"""

# fmt: off
# What Qt's wheels need of the system: OpenGL and EGL, the xcb and Wayland plugins, D-Bus, Kerberos (QtNetwork); and
# fonts for titles: Droid has Chinese and Japanese, Nanum Korean.
RUN_PACKAGES = (
    "fontconfig", "fonts-dejavu-core", "fonts-droid-fallback", "fonts-nanum", "libdbus-1-3", "libegl1",
    "libgl1", "libglib2.0-0", "libgssapi-krb5-2", "libwayland-client0",
    "libwayland-cursor0", "libwayland-egl1", "libx11-xcb1", "libxcb-cursor0",
    "libxcb-icccm4", "libxcb-keysyms1", "libxcb-randr0", "libxcb-shape0",
    "libxcb-xkb1", "libxkbcommon-x11-0",
)
# What the tests talk to: a screen, its keys and its picture; other people's streams, a server, a browser.
TEST_PACKAGES = (
    "chromium", "ffmpeg", "imagemagick", "libnginx-mod-rtmp",
    "nginx", "srt-tools", "xdotool", "xvfb",
)
# fmt: on


class Stop(Exception):  # noqa: N818 - it ends the command, also for reasons that are no error
    """Something that ends the command: a sentence for the user, and the exit status."""

    def __init__(self, sentence: str, status: int = 1) -> None:
        super().__init__(sentence)
        self.status = status


class Step:
    """One line on the terminal: what is being done, and at the end how long it took."""

    def __init__(self, title: str) -> None:
        self.title = title
        self._live = sys.stdout.isatty()

    def __enter__(self) -> Step:
        self._began = time.monotonic()
        print(f"{self.title} ...", end="", flush=True)
        return self

    def note(self, detail: str) -> None:
        """Show what it is busy with, where the line can be written over."""
        if self._live:
            print(f"\r\033[K{self.title} ... {detail[:40]}", end="", flush=True)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        took = f"{time.monotonic() - self._began:.1f} s"
        start = f"\r\033[K{self.title} ..." if self._live else ""
        print(f"{start} {took if kind is None else f'failed after {took}'}", flush=True)


def masked(text: str) -> str:
    """The text without the user names and passwords that addresses may carry."""
    return re.sub(r"(?<=://)[^/\s@]+@", "***@", text)


def reason(output: str) -> str:
    """The line of a failed command's output that says why, to be shown."""
    unreachable = re.findall(r"connection broken by '(.*)': /", output)
    if unreachable:
        return masked(f"the package index can't be reached ({unreachable[-1]})")
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    told = [line for line in lines if re.match(r"(ERROR|E|error):", line)]
    return masked((told or lines or ["it says nothing"])[0 if told else -1])


def work(step: Step, command: list[str], sentence: str) -> None:
    """Run a command quietly, its output in the set-up log; Stop with the sentence and its reason when it fails."""
    env = {**os.environ, "PYTHONUNBUFFERED": "1"}
    env.pop("PYTHONHOME", None)
    said: list[str] = []
    try:
        child = subprocess.Popen(
            command,
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        raise Stop(f"{sentence}: {error}") from error
    with child:
        assert child.stdout
        for line in child.stdout:
            said.append(line)
            found = re.match(r"(?:Collecting|Unpacking|Setting up) (\S+)", line)
            if found:
                step.note(found[1])
    if VENV.is_dir():
        with SETUP_LOG.open("a", encoding="utf-8") as log:
            log.write(f"$ {shlex.join(command)}\n{masked(''.join(said))}\n")
    if child.returncode:
        where = f" (all of it: {SETUP_LOG})" if VENV.is_dir() else ""
        raise Stop(f"{sentence}: {reason(''.join(said))}{where}. Run the same command again when that is mended")


# The system's packages


def os_release(text: str) -> dict[str, str]:
    """The fields of an os-release file."""
    pairs = (line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))
    return {key.strip(): value.strip().strip("\"'") for key, value in pairs}


def installed_packages(listing: str) -> set[str]:
    """The names of installed packages and of what they stand for, from lines of `status<TAB>name<TAB>provides`."""
    names = set()
    for line in listing.splitlines():
        status, _, rest = line.partition("\t")
        if status == "installed":
            name, _, provides = rest.partition("\t")
            names.add(name)
            names.update(re.findall(r"(?:^|, )([a-z0-9][a-z0-9+.-]+)", provides))
    return names


def wanted_packages(level: str, distribution: str, *, venv: bool) -> list[str]:
    """What the system must have. `level` is run or test; `venv` says that this Python can make environments."""
    wanted = list(RUN_PACKAGES)
    if level == "test":
        wanted += TEST_PACKAGES
    if distribution == "ubuntu" and "chromium" in wanted:
        wanted.remove("chromium")  # a snap there, not a package: what needs a browser is skipped
    if not venv:
        wanted.append(f"python3.{sys.version_info[1]}-venv")
    return wanted


def apt_script(missing: list[str]) -> str:
    """The shell line that installs packages; a web server that comes with them is not left running."""
    script = f"apt-get update; apt-get install -y --no-install-recommends {' '.join(missing)}"
    if "nginx" in missing:
        script += " && update-rc.d nginx disable && invoke-rc.d nginx stop"
    return script


def system_libraries(level: str) -> None:
    """Install what the system lacks, or say how. Does nothing where there is no apt."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-query")):
        return
    listing = subprocess.run(
        ["dpkg-query", "-W", "-f", "${db:Status-Status}\\t${Package}\\t${Provides}\\n"],
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=False,
    ).stdout
    release = Path("/etc/os-release")
    distribution = os_release(release.read_text(encoding="utf-8")).get("ID", "") if release.exists() else ""
    # A Python that did not come with the system has its own ensurepip, or no package could bring it.
    venv = importlib.util.find_spec("ensurepip") is not None or sys.base_prefix != "/usr"
    installed = installed_packages(listing)
    missing = [name for name in wanted_packages(level, distribution, venv=venv) if name not in installed]
    if not missing:
        return
    script = apt_script(missing)
    if os.geteuid() != 0:
        paste = f"\n\n  sudo sh -c '{script}'\n"
        raise Stop(f"System packages are missing. Paste this line, then run the same command again:{paste}")
    with Step(
        f"Installing {len(missing)} system packages ({', '.join(missing[:3])}{', ...' * (len(missing) > 3)})"
    ) as step:
        quiet = ["env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C"]
        work(step, [*quiet, "sh", "-c", script], "The system packages can't be installed")


# The virtual environment


def venv_program(name: str) -> Path:
    """Where a program of the environment is."""
    return VENV / "Scripts" / f"{name}.exe" if os.name == "nt" else VENV / "bin" / name


def fingerprint(*parts: bytes | str) -> str:
    """A name for the state that these parts make up."""
    state = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        state.update(f"{len(data)}:".encode() + data)
    return state.hexdigest()


def stamp(level: str) -> str:
    """What an environment was set up from: the lock, the project, this Python, this folder."""
    lock = (ROOT / LOCKS[level]).read_bytes()
    return fingerprint(lock, (ROOT / "pyproject.toml").read_bytes(), sys.version, str(ROOT))


def is_current(level: str) -> bool:
    """Whether the environment is as the lock says; asked before anything slow."""
    note = VENV / f"setup-{level}"
    return venv_program("python").exists() and note.is_file() and note.read_text() == stamp(level)


def environment() -> None:
    """Make `.venv`, or make it anew when it is of another Python or another folder."""
    maker = VENV / "made-by"
    made_by = fingerprint(sys.version, str(ROOT))
    if venv_program("python").exists() and maker.is_file() and maker.read_text() == made_by:
        return
    if importlib.util.find_spec("ensurepip") is None:
        raise Stop(
            f"{sys.executable} can't make virtual environments: it has no ensurepip. Install it, or another Python"
        )
    with Step("Making the virtual environment .venv") as step:
        python = getattr(sys, "_base_executable", sys.executable)  # this may be the Python of the old environment
        work(step, [python, "-m", "venv", "--clear", str(VENV)], "The virtual environment can't be made")
        maker.write_text(made_by)


def set_up(level: str) -> None:
    """Everything that `level` (run or test) needs."""
    system_libraries(level)
    if is_current(level):
        return
    environment()
    pip = [str(venv_program("python")), "-m", "pip", "--no-input", "--disable-pip-version-check", "install"]
    pins = len(re.findall(r"^\S+==", (ROOT / LOCKS[level]).read_text(), re.MULTILINE))
    with Step(f"Installing {pins} packages of {LOCKS[level]}") as step:
        work(step, [*pip, "--require-hashes", "-r", LOCKS[level]], "The locked packages can't be installed")
    with Step("Installing Podium, editable") as step:
        # The build backend is one of the locked packages: nothing more is fetched, nothing is without its hash.
        work(step, [*pip, "--no-deps", "--no-build-isolation", "--editable", "."], "Podium can't be installed")
    # The test lock holds the run lock.
    for done in ("run", "test") if level == "test" else (level,):
        (VENV / f"setup-{done}").write_text(stamp(done))


# Verbs


def has_screen(platform: str, environ: dict[str, str]) -> bool:
    """Whether a window can be shown."""
    return not platform.startswith("linux") or bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))


def demo_command(arguments: list[str], *, screen: bool) -> list[str]:
    """The demo as it is started."""
    headless = [] if screen or "--headless" in arguments else ["--headless"]
    return [str(venv_program("podium")), "demo", *headless, *arguments]


def run(arguments: list[str]) -> int:
    """Set up, then become the demo."""
    set_up("run")
    screen = has_screen(sys.platform, dict(os.environ))
    if not screen and "--headless" not in arguments:
        print("No screen (neither DISPLAY nor WAYLAND_DISPLAY is set): the demo runs headless.", flush=True)
    command = demo_command(arguments, screen=screen)
    if os.name == "posix":
        os.execv(command[0], command)
    return subprocess.call(command)


def gates(arguments: list[str]) -> list[tuple[str, list[str]]]:
    """What must hold, each by name and command."""
    python = [str(venv_program("python")), "-m"]
    return [
        ("ruff check", [*python, "ruff", "check", "."]),
        ("ruff format", [*python, "ruff", "format", "--check", "."]),
        ("mypy", [*python, "mypy"]),
        ("lint-imports", [str(venv_program("lint-imports"))]),
        ("pytest", [*python, "pytest", *arguments]),
    ]


def test(arguments: list[str]) -> int:
    """Set up, then every gate, each to its end; the sum comes last."""
    set_up("test")
    results = []
    for name, command in gates(arguments):
        print(f"\n== {name}", flush=True)
        began = time.monotonic()
        failed = subprocess.call(command, cwd=ROOT)
        results.append((name, failed, time.monotonic() - began))
    print("\n== all gates")
    for name, failed, seconds in results:
        print(f"{'FAILED' if failed else 'passed'}  {name:<13} {seconds:6.1f} s")
    return 1 if any(failed for _, failed, _ in results) else 0


def setup(arguments: list[str]) -> int:
    """The set-up alone."""
    if arguments not in ([], ["test"]):
        raise Stop(f"setup does not know '{' '.join(arguments)}'. Write `setup` or `setup test`", 2)
    set_up("test" if arguments else "run")
    print("Ready.")
    return 0


def lock(arguments: list[str]) -> int:
    """Write the lock files, with a resolver in an environment of its own."""
    if arguments not in ([], ["--upgrade"]):
        raise Stop(f"lock does not know '{' '.join(arguments)}'. Write `lock` or `lock --upgrade`", 2)
    import tomllib  # noqa: PLC0415 - not there before 3.11, which is told first

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="podium-lock-") as folder:
        place = Path(folder)
        build = place / "build.in"
        build.write_text("\n".join(project["build-system"]["requires"]) + "\n")
        uv = place / ("Scripts/uv.exe" if os.name == "nt" else "bin/uv")
        with Step("Fetching the resolver") as step:
            work(step, [sys.executable, "-m", "venv", folder], "An environment for the resolver can't be made")
            work(step, [str(uv.with_name("python")), "-m", "pip", "install", "uv"], "The resolver can't be installed")
        for level, target in LOCKS.items():
            with Step(f"Writing {target}") as step:
                work(step, lock_command(uv, build, level, arguments), f"{target} can't be written")
    return 0


def lock_command(uv: Path, build: Path, level: str, arguments: list[str]) -> list[str]:
    """The resolver's command: one version of each package for every system and Python, with the hashes of all files."""
    command = [str(uv), "pip", "compile", "--no-config", "--universal", "--fork-strategy", "fewest"]
    command += ["--python-version", ".".join(map(str, OLDEST)), "--generate-hashes", "--no-build"]
    command += ["--no-annotate", "--custom-compile-command", "python3 packaging/dev.py lock", *arguments]
    if level == "build":  # what makes the installers goes beside the run lock, into the same environment
        return [*command, "--constraint", LOCKS["run"], "--output-file", LOCKS[level], BUILD_TOOLS]
    if level == "test":
        command += ["--extra", "test", "--constraint", LOCKS["run"]]
    return [*command, "--output-file", LOCKS[level], "pyproject.toml", str(build)]


VERBS = {"run": run, "test": test, "setup": setup, "lock": lock}


def main(arguments: list[str]) -> int:
    """Do what the command line says; the exit status."""
    if arguments and (arguments[0] in ("-h", "--help", "help") or arguments[1:2] in (["-h"], ["--help"])):
        print(USAGE, end="")
        return 0
    try:
        if not arguments or arguments[0] not in VERBS:
            given = f"There is no verb '{arguments[0]}'" if arguments else "A verb is missing"
            raise Stop(f"{given}: write run, test, setup or lock; --help tells more", 2)
        if sys.version_info < OLDEST:
            have = ".".join(map(str, sys.version_info[:3]))
            newer = "Use a newer one, as in python3.12 packaging/dev.py"
            raise Stop(f"Podium needs Python 3.11 or newer, and {sys.executable} is {have}. {newer}")
        return VERBS[arguments[0]](arguments[1:])
    except Stop as stop:
        print(stop, file=sys.stderr)
        return stop.status
    except OSError as error:
        print(f"{error.strerror or error}: {error.filename or ROOT}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. The same command goes on from here.", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
