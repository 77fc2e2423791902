"""Pax8, read: the only place with its words. Never changes anything there."""
