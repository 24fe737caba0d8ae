"""What processes share: rings of pictures and sound, child processes' lines, messages, the engine's client.

Above `show` and `media`; no codec, no window, no policy.
"""
