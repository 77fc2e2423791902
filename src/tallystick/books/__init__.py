"""What a billing administrator answers for: is all well, may I post, what was the month.

Reads what the other rooms know and says what follows from it; never sends, never edits.
"""
