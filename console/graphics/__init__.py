"""Graphics locked to the world and titles: what is drawn over pictures, as fill and key, in a process of its own."""
