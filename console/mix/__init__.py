"""From show to pixels: the mix plan, tally, the compositor and its kernels, and the sound mix."""
