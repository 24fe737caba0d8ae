"""A venue with synthetic cameras, streamed over real transports, and the verdict on what arrived."""
