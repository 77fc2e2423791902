"""The engine: one turn of a lane, what an answer means, when to try again, what to look at.

Reads the ledger and drives it to settled; never edits a subscription, never guesses.
"""
