"""What the supervisor keeps for graphics: their rings, in step with the set-up, and what their process is told.

The process is started once the set-up has anything for it and then stays. The rings outlive it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from console.errors import ConsoleError
from console.media.time import Format
from console.show.model import KEYERS
from console.wire.ring import PREMULTIPLIED, create_ring

_log = logging.getLogger("console.engine.graphics")
_OVERLAY_SLOTS, _TITLE_SLOTS = 6, 4

SourceRings = Mapping[str, Mapping[str, str]]


class GraphicsRings:
    """A ring for the graphics of every source with a camera, and one for the title of each downstream keyer."""

    def __init__(self, directory: Path, form: Format) -> None:
        self._directory, self._format = directory, form
        self._overlays: dict[str, str] = {}
        self._titles: list[str] = []
        self.needed = False
        """Whether the set-up has, or has had, anything for the graphics process."""
        self.trouble = ""
        """Why a ring is missing."""

    def follow(self, setup: Mapping[str, Any], sources: SourceRings) -> bool:
        """Make and remove rings as a set-up (as JSON) wants; True when they changed."""
        world, before = setup["world"], (dict(self._overlays), len(self._titles))
        wanted = {
            camera["source"]: str(Path(sources[camera["source"]]["picture"]).with_suffix(".overlay"))
            for camera in world["cameras"]
            if camera["source"] in sources
        }
        for source in [known for known, path in self._overlays.items() if wanted.get(known) != path]:
            Path(self._overlays.pop(source)).unlink(missing_ok=True)
        self.needed = self.needed or any(setup["titles"]) or any(world[part] for part in ("inputs", "cameras", "feeds"))
        self.trouble = ""
        try:
            for source in wanted.keys() - self._overlays.keys():
                self._make(Path(wanted[source]), _OVERLAY_SLOTS)
                self._overlays[source] = wanted[source]
            if self.needed and not self._titles:
                paths = [self._directory / f"title-{number}.picture" for number in range(1, KEYERS + 1)]
                for path in paths:
                    self._make(path, _TITLE_SLOTS)
                self._titles = [str(path) for path in paths]
        except ConsoleError as error:
            self.trouble = str(error)
            _log.error("Some graphics have no ring: %s", error)
        return before != (self._overlays, len(self._titles))

    def _make(self, path: Path, slots: int) -> None:
        form = self._format
        create_ring(path, form.width, form.height, slots=slots, key=True, flags=PREMULTIPLIED)

    def for_engine(self) -> dict[str, Any]:
        """What the tick is told of them."""
        return {"overlays": dict(self._overlays), "titles": self._titles or [None] * KEYERS}

    def for_process(self, sources: SourceRings) -> dict[str, Any]:
        """The rings of the sources that graphics are drawn for, as the graphics process is told."""
        return {
            source: {kind: sources[source][kind] for kind in ("picture", "tile")} | {"overlay": path}
            for source, path in self._overlays.items()
        }

    @property
    def titles(self) -> list[str]:
        """The rings of the titles; none before they are needed."""
        return self._titles


def graphics_status(told: Mapping[str, Any] | None, trouble: str = "") -> dict[str, Any] | None:
    """The status of graphics from what their process told (None: there is no process); None while none are needed.

    `trouble` is what the supervisor itself knows to be wrong.
    """
    if told is None and not trouble:
        return None
    nothing = {"tracking": {}, "cameras": {}, "subjects": 0, "feeds": {}, "render_ms": 0.0, "troubles": []}
    status: dict[str, Any] = nothing | dict(told or {})
    if trouble:
        status["troubles"] = [trouble, *status["troubles"]]
    starts = told is not None and not told.get("restarts")
    return status | {"state": "running" if told and "render_ms" in told else "starting" if starts else "away"}
