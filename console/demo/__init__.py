"""The demo venue: an athletics stadium seen by eight cameras, streamed as real cameras would be.

The world (`race`, `body`) and the cameras (`cameras`, `optics`) are pure functions of time in metres and degrees. How
they are drawn (`scene`, and under it `backdrop`, `stands`, `ground`, `figures`) knows nothing of streams. `clips`
draws and encodes everything once into a cache, `venue` plays the cache for ever over real transports, and `verb` is
`podium demo`.
Nothing here is used by the engine.
"""
