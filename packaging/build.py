#!/usr/bin/env python3
"""Make the installers of one system from the commit that is checked out: the same commit gives the same bytes.

The environment of the build has the packages of the lock files and nothing else, each with its hash. What is not in
the commit is not in the installer.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("packaging/requirements.txt", "packaging/requirements-build.txt")
TARGETS = {"linux": "linux.package"}
"""Each system's module has `build(job: Job) -> list[Path]`: it makes the files in `job.out` and names them."""


class Stop(Exception):  # noqa: N818 - it ends the command, also for reasons that are no error
    """Something that ends the build: a sentence for the user."""


@dataclass(frozen=True)
class Job:
    """What is built, and where. `python` has the locked packages; `stage` is empty but for the commit's files."""

    version: str
    epoch_s: int
    python: Path
    stage: Path
    out: Path

    def run(self, *command: str | Path, cwd: Path | None = None) -> str:
        """Run a command in the build's own environment; its output. Raises Stop when it fails."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.stage),
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "PYTHONHASHSEED": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": str(self.stage),
            "QT_QPA_PLATFORM": "offscreen",
            "SOURCE_DATE_EPOCH": str(self.epoch_s),
        }
        done = subprocess.run(
            list(map(str, command)), cwd=cwd or self.stage, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            tail = "\n".join((done.stdout + done.stderr).splitlines()[-25:])
            raise Stop(f"{Path(command[0]).name} {' '.join(map(str, command[1:4]))} failed:\n{tail}")
        return done.stdout


def say(sentence: str) -> None:
    """One line of progress, with the seconds since the start."""
    print(f"{time.monotonic() - _BEGAN:7.1f} s  {sentence}", flush=True)


_BEGAN = time.monotonic()


def git(*arguments: str) -> str:
    """What git says. Raises Stop outside a clone."""
    try:
        return subprocess.check_output(["git", *arguments], cwd=ROOT, text=True).strip()
    except (OSError, subprocess.CalledProcessError) as error:
        raise Stop(f"The installers are made from a clone with git: {error}") from error


def environment(place: Path) -> Path:
    """The Python of an environment with the locked packages; made when the locks have changed."""
    locks = b"".join((ROOT / lock).read_bytes() for lock in LOCKS)
    name = hashlib.sha256(locks + sys.version.encode()).hexdigest()[:12]
    folder = place / f"environment-{name}"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not (folder / "complete").exists():
        say("Installing the locked packages")
        subprocess.check_call([sys.executable, "-m", "venv", "--clear", str(folder)])
        pip = [str(python), "-m", "pip", "--no-input", "--disable-pip-version-check", "--quiet", "install"]
        wanted = [part for lock in LOCKS for part in ("-r", lock)]
        subprocess.check_call([*pip, "--require-hashes", "--only-binary", ":all:", *wanted], cwd=ROOT)
        (folder / "complete").touch()
    return python


def lay_out(stage: Path) -> None:
    """The commit's own files, as the program is to find them."""
    with tempfile.TemporaryFile() as archive:
        subprocess.check_call(
            ["git", "archive", "HEAD", "console", "resources", "packaging", "LICENSE"], cwd=ROOT, stdout=archive
        )
        archive.seek(0)
        with tarfile.open(fileobj=archive) as commit:
            commit.extractall(stage, filter="data")
    (stage / "resources").rename(stage / "podium_resources")


def version_of(stage: Path) -> str:
    """The version that the commit says it is."""
    scope: dict[str, str] = {}
    exec((stage / "console" / "__init__.py").read_text(), scope)
    return scope["__version__"]


def build(target: str, out: Path, work: Path) -> list[Path]:
    """Make the installers of a system and their checksums. Raises Stop."""
    changed = git("status", "--porcelain", "--untracked-files=no", "--", "console", "resources", "packaging")
    if changed:
        say(f"{len(changed.splitlines())} files differ from the commit; the commit is what is built")
    out.mkdir(parents=True, exist_ok=True)
    work.mkdir(parents=True, exist_ok=True)
    python = environment(work)
    # One fixed name, or the path of the stage would stand in what is built.
    stage = work / "stage"
    if stage.exists():
        raise Stop(f"{stage} is there already: another build runs, or one was stopped. Remove it when none runs")
    stage.mkdir()
    try:
        lay_out(stage)
        job = Job(version_of(stage), int(git("log", "-1", "--format=%ct")), python, stage, out.resolve())
        say(f"Podium {job.version} of commit {git('rev-parse', '--short', 'HEAD')} for {target}")
        made = importlib.import_module(TARGETS[target]).build(job)
    finally:
        shutil.rmtree(stage)
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in sorted(made)]
    sums = out / f"SHA256SUMS-{target}"
    sums.write_text("".join(lines))
    return [*made, sums]


def main() -> int:
    """Do what the command line says; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", required=True, choices=TARGETS)
    parser.add_argument("--out", type=Path, default=Path("dist"), metavar="DIR", help="where the files go (dist)")
    parser.add_argument(
        "--work", type=Path, default=ROOT / "build", metavar="DIR", help="where the environment and the stage are"
    )
    arguments = parser.parse_args()
    try:
        for path in build(arguments.target, arguments.out, arguments.work.resolve()):
            say(f"{path}  {path.stat().st_size / 1e6:.1f} MB")
    except Stop as stop:
        print(stop, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.modules["build"] = sys.modules[__name__]  # the targets import Job and Stop from here
    sys.exit(main())
