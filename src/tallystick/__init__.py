"""Tallystick keeps subscriptions and the Autotask contracts that bill them matched, provably."""
