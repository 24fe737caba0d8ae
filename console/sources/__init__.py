"""Everything that makes pictures and sound: patterns, clips, stills, streams, and the host process of one source."""
