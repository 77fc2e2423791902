"""A stand-in Autotask over HTTP, written from the vendor's published facts, with knobs and faults.

``running.running_simulator()`` runs one in a test, ``python -m tallystick.simulator`` by hand; the
manual is ``docs/simulator.md``. Shares no code with the client it tests: imports nothing of
Tallystick, no web framework and no HTTP client.
"""
