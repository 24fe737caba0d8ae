"""Reads burnt-in frame numbers, source numbers and tones back: what was lost, doubled, out of order, out of sync."""
