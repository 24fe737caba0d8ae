"""Linux: a frozen tree under /usr/lib/podium, as .deb, .rpm and .tar.zst.

The packages have no scripts: menus and icons are refreshed by the distribution's own triggers, and nothing is
written beside the packaged files, so that removal leaves nothing.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import struct
import subprocess
import tarfile
from datetime import UTC, datetime
from pathlib import Path

from build import Job, say
from linux.nfpm import configuration

PROGRAM = "usr/lib/podium"
DOCUMENTS = "usr/share/doc/podium"
_START = "import sys\n\nfrom console.__main__ import main\n\nsys.exit(main())\n"
_ELF = b"\x7fELF\x02\x01"
_PT_LOAD = 1


def build(job: Job) -> list[Path]:
    """Make the three packages. Raises Stop."""
    root = job.stage / "root"
    freeze(job, root / PROGRAM)
    furnish(job, root)
    document(job, root)
    settle(root, job.epoch_s)
    size = sum(path.stat().st_size for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    say(f"The tree is complete: {size / 1e6:.0f} MB")
    return [*packed(job, root), archive(job, root)]


def freeze(job: Job, program: Path) -> None:
    """The program and its libraries, stripped."""
    shutil.copy(job.stage / "packaging/linux/podium.spec", job.stage)
    shutil.copy(job.stage / "packaging/linux/unbundled.py", job.stage)
    (job.stage / "start.py").write_text(_START)
    say("Freezing")
    job.run(job.python, "-m", "PyInstaller", "--noconfirm", "--distpath", "frozen", "--workpath", "work", "podium.spec")
    program.parent.mkdir(parents=True)
    (job.stage / "frozen/podium").rename(program)
    saved = sum(strip(path) for path in sorted(program.rglob("*")) if path.is_file() and not path.is_symlink())
    say(f"Stripped {saved / 1e6:.0f} MB of symbols")


def strip(path: Path) -> int:
    """Take the symbols out of a library, unless that would break it; the bytes that were saved.

    `auditwheel` moves what it renames to the end of a file in a way that strip does not keep: then the loader would
    refuse it ("not page-aligned"), and the file stays as it was.
    """
    with path.open("rb") as file:
        if file.read(6) != _ELF:
            return 0
    if ".so" not in path.name:
        return 0
    slim = path.with_name(path.name + ".slim")
    done = subprocess.run(["strip", "--strip-unneeded", "-o", slim, path], capture_output=True, check=False)
    saved = path.stat().st_size - slim.stat().st_size if done.returncode == 0 else 0
    if saved <= 0 or not is_loadable(slim.read_bytes()):
        slim.unlink(missing_ok=True)
        return 0
    slim.chmod(path.stat().st_mode)
    slim.replace(path)
    return saved


def is_loadable(elf: bytes) -> bool:
    """Whether every segment of a 64-bit little-endian ELF file lies in the file as its alignment says."""
    (at,) = struct.unpack_from("<Q", elf, 32)
    size, count = struct.unpack_from("<HH", elf, 54)
    for index in range(count):
        kind, _, offset, address, _, in_file, _, align = struct.unpack_from("<IIQQQQQQ", elf, at + index * size)
        if kind == _PT_LOAD and ((align > 1 and (offset - address) % align) or offset + in_file > len(elf)):
            return False
    return True


def furnish(job: Job, root: Path) -> None:
    """What the desktop wants: the command, the menu entry, icons, a description."""
    here = job.stage / "packaging/linux"
    (root / "usr/bin").mkdir(parents=True)
    (root / "usr/bin/podium").symlink_to("../lib/podium/podium")
    day = datetime.fromtimestamp(job.epoch_s, UTC).date().isoformat()
    about = (here / "podium.metainfo.xml").read_text().replace("@VERSION@", job.version).replace("@DATE@", day)
    put(root / "usr/share/metainfo/podium.metainfo.xml", about)
    put(root / "usr/share/applications/podium.desktop", (here / "podium.desktop").read_text())
    drawing = job.stage / "podium_resources/icons/podium.svg"
    job.run(job.python, job.stage / "packaging/common/icons.py", drawing, job.stage / "icons")
    icons = root / "usr/share/icons/hicolor"
    put(icons / "scalable/apps/podium.svg", drawing.read_text())
    for size_px in (16, 24, 32, 48, 64, 128, 256, 512):
        place = icons / f"{size_px}x{size_px}/apps/podium.png"
        place.parent.mkdir(parents=True)
        shutil.copy(job.stage / f"icons/{size_px}.png", place)


def document(job: Job, root: Path) -> None:
    """Licences, notices and the bill of materials."""
    say("Writing notices and the bill of materials")
    program = root / PROGRAM
    collected = job.stage / "collected.json"
    places = [[f"_internal/{name}", source] for name, source in json.loads(collected.read_text())]
    collected.write_text(json.dumps(places))
    common = job.stage / "packaging"
    job.run(
        job.python,
        common / "common/inventory.py",
        program,
        collected,
        common / "requirements.txt",
        root / DOCUMENTS,
        job.version,
        str(job.epoch_s),
        job.stage / "LICENSE",
    )


def put(path: Path, text: str) -> None:
    """Write a file and its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def settle(root: Path, epoch_s: int) -> None:
    """One mode and one time for everything, whatever the umask and the hour of the build."""
    for path in sorted(root.rglob("*"), reverse=True):
        if not path.is_symlink():
            is_program = path.is_dir() or (path.parent == root / PROGRAM and path.name == "podium")
            path.chmod(0o755 if is_program else 0o644)
        os.utime(path, (epoch_s, epoch_s), follow_symlinks=False)
    os.utime(root, (epoch_s, epoch_s))


def newest_glibc(program: Path, job: Job) -> str:
    """The newest version of the C library that anything in the tree asks for."""
    found = {(2, 17)}
    for path in program.rglob("*"):
        if path.is_file() and not path.is_symlink() and (".so" in path.name or path.name == "podium"):
            told = job.run("objdump", "-T", path) if path.read_bytes()[:6] == _ELF else ""
            found |= {(int(a), int(b)) for a, b in re.findall(r"GLIBC_(\d+)\.(\d+)", told)}
    return ".".join(map(str, max(found)))


def packed(job: Job, root: Path) -> list[Path]:
    """The .deb and the .rpm, by nfpm."""
    glibc = newest_glibc(root / PROGRAM, job)
    plan = job.stage / "nfpm.json"  # JSON is YAML
    plan.write_text(json.dumps(configuration(job.version, job.epoch_s, glibc, root), indent=1))
    made = []
    for kind, name in (("deb", f"podium_{job.version}_amd64.deb"), ("rpm", f"podium-{job.version}-1.x86_64.rpm")):
        say(f"Packing {name} (C library {glibc} or newer)")
        target = job.out / name
        job.run(job.python.with_name("nfpm"), "package", "-f", plan, "-p", kind, "-t", target)
        made.append(target)
    return made


def archive(job: Job, root: Path) -> Path:
    """The same tree as .tar.zst: sorted, owned by root, of one time."""
    name = f"podium-{job.version}-linux-x86_64"
    plain = job.stage / f"{name}.tar"
    target = job.out / f"{name}.tar.zst"

    def neutral(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = 0
        member.uname = member.gname = "root"
        member.mtime = job.epoch_s
        return member

    with tarfile.open(plain, "w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(root.rglob("*")):
            tar.add(path, f"{name}/{path.relative_to(root)}", recursive=False, filter=neutral)
    say(f"Packing {target.name}")
    code = (
        "import sys, zstandard; a, b = (open(n, m) for n, m in zip(sys.argv[1:], ('rb', 'wb')));"
        " zstandard.ZstdCompressor(level=10, write_content_size=False).copy_stream(a, b); b.close()"
    )
    job.run(job.python, "-c", code, plain, target)
    return target
