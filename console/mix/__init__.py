"""From the show to what is drawn (pure plans, tally) and from plans to pixels and sound (kernels).

The only room that blends pixels. It knows pictures by source id and neither rings nor clocks.
"""
