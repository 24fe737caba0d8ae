"""What the venue tells about itself: where cameras stand and look, where athletes are.

Here live the codecs of FreeD D1, OpenTrackIO and PosiStageNet (pure: bytes to typed samples and back), the state and
the counts of a stream, the socket that receives it, and the recorder and replayer. No picture and no scene is here.

A codec keeps the sender's axes, signs and units; `mapping` brings them into the world: metres, right-handed, Z up,
pan 0 looking along +Y and positive to the right, tilt positive upwards, roll positive clockwise seen from behind.
"""
