"""Interlaced pictures made whole."""

from __future__ import annotations

import logging

import av

from console.media.time import Rate

_log = logging.getLogger("console.sources")


class Deinterlacer:
    """Passes progressive frames on untouched until an interlaced one comes; from then on all go through bwdif, which
    deinterlaces those that are marked. Where the show has the frames for it each field becomes a picture, so motion
    stays as smooth as it was shot. Adds one frame of delay."""

    def __init__(self, rate: Rate) -> None:
        self._show_fps = rate.fps
        self._graph: av.filter.Graph | None = None
        self._shape: tuple[int, int, str] | None = None
        self._useless = False
        self.doubles = False
        """Two pictures come out for each that goes in."""

    def whole(self, frame: av.VideoFrame, source_fps: float) -> list[av.VideoFrame]:
        """The progressive pictures that come out when a frame goes in."""
        if self._useless or (self._graph is None and not frame.interlaced_frame):
            return [frame]
        try:
            return self._filtered(frame, source_fps)
        except (ValueError, av.error.FFmpegError) as error:
            self._useless = True
            _log.info("Interlaced pictures of this kind are shown as they are (%s)", error)
            return [frame]

    def _filtered(self, frame: av.VideoFrame, source_fps: float) -> list[av.VideoFrame]:
        shape = (frame.width, frame.height, frame.format.name)
        if self._graph is None or shape != self._shape:
            self._graph = self._build(frame, source_fps)
            self._shape = shape
        self._graph.vpush(frame)
        frames = []
        while True:
            try:
                frames.append(self._graph.vpull())
            except (BlockingIOError, av.error.EOFError):
                return frames

    def _build(self, frame: av.VideoFrame, source_fps: float) -> av.filter.Graph:
        graph = av.filter.Graph()
        graph.threads = 1
        self.doubles = self._show_fps >= 1.5 * source_fps > 0
        source = graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base
        )
        bwdif = graph.add("bwdif", mode="send_field" if self.doubles else "send_frame", deint="interlaced")
        graph.link_nodes(source, bwdif, graph.add("buffersink")).configure()
        return graph
