"""Bringing sources onto the engine's clock: which picture is shown at a frame, which samples are heard.

Policies are pure functions; the classes keep counters and read rings. Nothing here waits.
"""
