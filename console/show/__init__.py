"""The truth: what the show is (set-up) and what is on air, the commands that change it, and the pure reducer.

Standard library and `media.time` only. Nothing here reads a clock, opens a file or knows a pixel.
"""
