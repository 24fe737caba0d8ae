"""Graphics laid over pictures: what stands in the world, drawn as each camera sees it, and titles; fill and key."""
