"""What leaves the mix: the encoder, the program log on disk, and its export."""
