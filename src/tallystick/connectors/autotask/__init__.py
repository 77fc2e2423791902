"""The only place that says contractServiceID: client, zone, limits, errors, billing.

Never retries a write and never decides what to send.
"""
