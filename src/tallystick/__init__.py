"""Tallystick keeps subscriptions and the Autotask contracts that bill them matched, provably."""

__version__ = "0.1.0"
