"""What there is in the billing system: companies, services, contracts, lines.

A copy with an age, for people who look for something. Never decides what is billed: whoever sends
reads again.
"""
