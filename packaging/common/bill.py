"""What is inside an installer: the bill of materials (CycloneDX 1.6), the licence texts, and the notices to be read.

Three kinds of components: Python packages (of the lock), libraries inside their wheels (`natives.json`), and libraries
of the distribution that the build ran on (dpkg knows them). A library that none of these explains stops the build.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import Distribution, distribution
from pathlib import Path

HERE = Path(__file__).parent
TEXTS = HERE / "licences"
SHARED_TEXTS = ("GPL-2.0.txt", "LGPL-2.0.txt", "LGPL-2.1.txt", "LGPL-3.0.txt", "Apache-2.0.txt")
"""Licences that others refer to by name."""
LEFT_OUT = ("setuptools", "pycparser", "colorama", "imageio-ffmpeg")
"""In the lock, not in the program: they build it, serve other systems only, or are left out for their size."""
_SPDX = {
    "Apache 2.0": "Apache-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "BSD License": "BSD-3-Clause",
    "MIT License": "MIT",
}


class UnknownLibrary(Exception):  # noqa: N818 - a sentence for who builds
    """A file that no licence is known for."""


@dataclass
class Component:
    """One thing that somebody else made. `texts`: file name -> licence text; `files`: its files in the tree."""

    name: str
    version: str
    licence: str
    source: str
    purl: str = ""
    texts: dict[str, str] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)


def libraries() -> list[tuple[str, str, str, str, str]]:
    """The table of natives.json: pattern, name, licence, text, source."""
    return [tuple(row) for row in json.loads((HERE / "natives.json").read_text())["libraries"]]


def locked(lock: str) -> list[str]:
    """The packages of a lock file that are installed here, without those that only build."""
    names = re.findall(r"^([A-Za-z0-9._-]+)==", lock, re.MULTILINE)
    return [name for name in names if name not in LEFT_OUT and _installed(name)]


def _installed(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except ImportError:
        return None


def python_package(name: str) -> Component:
    """A package as its metadata tell."""
    found = distribution(name)
    about = found.metadata
    classifiers = [line.rpartition(" :: ")[2] for line in about.get_all("Classifier") or [] if "License ::" in line]
    licence = about.get("License-Expression") or about.get("License") or (classifiers or [""])[0]
    licence = _SPDX.get(licence, licence)
    if not licence or "\n" in licence:
        raise UnknownLibrary(f"The package {name} does not say its licence")
    texts = {
        str(file).partition(".dist-info/")[2].removeprefix("licenses/").replace("/", "-"): file.read_text()
        for file in found.files or []
        if re.search(r"dist-info/.*(licen[cs]e|copying|notice)", str(file), re.IGNORECASE) and file.suffix != ".pyc"
    }
    if not texts and "LGPL-3.0" in licence:
        texts = {"LGPL-3.0.txt": (TEXTS / "LGPL-3.0.txt").read_text()}
    source = f"https://pypi.org/project/{name}/{found.version}/"
    return Component(name, found.version, licence, source, f"pkg:pypi/{name}@{found.version}", texts)


def native(file: str, qt_version: str, python_version: str) -> Component | None:
    """The library of natives.json that a file of the tree belongs to."""
    for pattern, name, licence, text, source in libraries():
        if re.search(f"(^|/)({pattern})" if pattern.startswith("lib") else pattern, file):
            numbers = re.search(r"\.so\.([0-9][0-9a-z.]*)$", file)
            version = {"Qt": qt_version, "CPython": python_version}.get(name) or (numbers[1] if numbers else "")
            wheel, _, member = text.rpartition(":")
            if wheel:
                chosen = next(
                    value for key, value in python_package(wheel.replace("_", "-")).texts.items() if key == member
                )
            else:
                chosen = (TEXTS / text).read_text()
            return Component(name, version, licence, source, texts={member: chosen})
    return None


def of_the_system(source: Path) -> Component | None:
    """The distribution's package that a library came from, where dpkg is."""
    for path in (source, source.resolve(), Path(str(source).removeprefix("/usr")), Path("/usr" + str(source))):
        asked = subprocess.run(["dpkg-query", "-S", str(path)], capture_output=True, text=True, check=False)
        if asked.returncode == 0:
            package = asked.stdout.partition(": ")[0].partition(",")[0]
            break
    else:
        return None
    version, origin = subprocess.check_output(
        ["dpkg-query", "-W", "-f", "${Version} ${source:Package}", package], text=True
    ).split()
    name = package.partition(":")[0]
    notice = Path("/usr/share/doc", name, "copyright").read_text(errors="replace")
    named = re.findall(r"^License: *(\S.*)$", notice, re.MULTILINE)
    licence = " AND ".join(sorted(set(named))) if named else "see its notice"
    where = f"https://snapshot.debian.org/package/{origin}/{version}/"
    return Component(name, version, licence, where, f"pkg:deb/debian/{name}@{version}", {"copyright": notice})


def components(tree: Path, collected: list[tuple[str, str]], lock: str, python_version: str) -> list[Component]:
    """Everything in the tree. `collected`: pairs of a library's place in the tree and where it came from.
    Raises UnknownLibrary."""
    packages = [python_package(name) for name in locked(lock)]
    folders = {_folder(name): package for name, package in zip(locked(lock), packages, strict=True)}
    qt_version = next(package.version for package in packages if package.name.startswith("pyside6"))
    found: dict[tuple[str, str], Component] = {}
    for place, source in collected:
        if not (tree / place).is_file() or (tree / place).is_symlink():
            continue
        part = native(place, qt_version, python_version)
        owner = folders.get(place.partition("/")[0].partition(".")[0].lstrip("_").lower())
        if part is None and owner is not None:
            owner.files.append(place)
            continue
        part = part or _wheel_owner(source, folders) or of_the_system(Path(source))
        if part is None:
            raise UnknownLibrary(f"No licence is known for {place}, which came from {source}: add it to natives.json")
        found.setdefault((part.name, part.version), part).files.append(place)
    return sorted([*packages, *found.values()], key=lambda part: (part.name.lower(), part.version))


def _folder(name: str) -> str:
    return {"opencv-python-headless": "cv2", "pyside6-essentials": "pyside6"}.get(name, name.replace("-", "_"))


def _wheel_owner(source: str, folders: dict[str, Component]) -> Component | None:
    if "site-packages/" not in source:
        return None
    first = source.rpartition("site-packages/")[2].partition("/")[0].partition(".")[0].lstrip("_").lower()
    return folders.get(first) or folders.get(first.partition("_backend")[0])


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def bill(parts: list[Component], tree: Path, version: str, epoch_s: int) -> dict[str, object]:
    """The bill of materials as CycloneDX 1.6."""
    listed = []
    for part in parts:
        entry: dict[str, object] = {
            "type": "library",
            "bom-ref": part.purl or f"{part.name}@{part.version}",
            "name": part.name,
            "version": part.version,
            "licenses": [{"license": {"name": part.licence}}],
            "externalReferences": [{"type": "distribution", "url": part.source}],
        }
        if part.purl:
            entry["purl"] = part.purl
        if part.files:
            entry["components"] = [
                {
                    "type": "file",
                    "bom-ref": f"file:{name}",
                    "name": name,
                    "hashes": [{"alg": "SHA-256", "content": digest(tree / name)}],
                }
                for name in sorted(part.files)
            ]
        listed.append(entry)
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(epoch_s, UTC).isoformat().replace("+00:00", "Z"),
            "component": {
                "type": "application",
                "bom-ref": f"podium@{version}",
                "name": "podium",
                "version": version,
                "licenses": [{"license": {"id": "GPL-3.0-or-later"}}],
            },
        },
        "components": listed,
    }


def notices(parts: list[Component], version: str) -> str:
    """The notices as one text: who made what, under which licence, where its sources are, which file holds the text."""
    lines = [
        f"Podium {version} is distributed under the GNU General Public License, version 3 or later (GPL-3.0.txt).",
        "It holds the work of others, each under its own licence; all of these allow what is done here.",
        "The sources of each are where its entry says; Podium's own are those of the release with this version.",
        "",
    ]
    for part in parts:
        lines += [
            f"{part.name} {part.version}".rstrip(),
            f"    licence  {part.licence}",
            f"    sources  {part.source}",
            *(f"    text     {text_name(part, name)}" for name in sorted(part.texts)),
            "",
        ]
    return "\n".join(lines)


def text_name(part: Component, name: str) -> str:
    """Where a licence text is kept, relative to the notices."""
    return f"licences/{part.name.replace(' ', '-')}/{name}"


def write(parts: list[Component], tree: Path, folder: Path, version: str, epoch_s: int, own: Path) -> None:
    """Write sbom.cdx.json, THIRD-PARTY-NOTICES.txt and the licence texts; `own` is Podium's licence."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "GPL-3.0.txt").write_text(own.read_text())
    for name in SHARED_TEXTS:
        (folder / name).write_text((TEXTS / name).read_text())
    for part in parts:
        for name, text in part.texts.items():
            path = folder / text_name(part, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    (folder / "THIRD-PARTY-NOTICES.txt").write_text(notices(parts, version))
    (folder / "sbom.cdx.json").write_text(json.dumps(bill(parts, tree, version, epoch_s), indent=1) + "\n")
