"""What flows: time, rates, formats, clocks, pictures, sound, burnt-in codes.

A leaf room: standard library and numpy only. No sockets, no codecs, no show.
"""
