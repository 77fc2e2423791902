"""A stand-in for Microsoft's sign-in and Partner Center, over HTTP. Shares no code with us."""
