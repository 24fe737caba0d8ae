"""The demo venue: an athletics stadium seen by eight cameras, streamed as real cameras would be.

The world (`race`, `body`) and the cameras (`cameras`, `optics`) are pure functions of time in metres and degrees. How
they are drawn (`scene`, and under it `backdrop`, `stands`, `ground`, `figures`) knows nothing of streams. `clips`
draws and encodes everything once into a cache, and `venue` plays the cache for ever over real transports. With the
pictures it sends what tracks its cameras and athletes (`tracking`, `telemetry`) and a results feed (`feed`). `graphics`
is what the show makes of that, `starter` keeps the race clock in step with the picture, and `truth` says where things
truly are, to measure by. `verb` is `podium demo`.
Nothing here is used by the engine.
"""
