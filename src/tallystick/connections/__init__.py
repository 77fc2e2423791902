"""Configured instances of a connector: sealed credentials, policies, health, budget of calls.

Never says a vendor's word and never makes the calls itself.
"""
