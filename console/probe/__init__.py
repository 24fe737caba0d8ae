"""What was delivered, judged by what is burnt into it: frame numbers, source ids and tones.

`judge.judge(target)` reads a file, an HLS address or a channel of an endpoint's store. Decoding and fetching live in
`look`, `hear` and `fetch`; `count` is pure and takes lists of readings. Nothing here knows the engine or the cloud.
"""
