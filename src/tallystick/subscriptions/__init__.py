"""Customers and what they hold, and the pure rules of what may be done to it.

Never writes an operation and never talks to the outside.
"""
