"""Everything that makes pictures and sound: patterns, stills, clips, live streams; one process per source.

An address goes in, pictures of the show's format and 48 kHz stereo come out in rings (`console.wire`), each with the
instant at which it is due. What the show does with them is not known here. `av` and `cv2` live in this room.
"""
