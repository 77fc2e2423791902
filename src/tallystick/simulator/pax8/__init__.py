"""A stand-in for Pax8's partner API, over HTTP. Shares no code with us."""
