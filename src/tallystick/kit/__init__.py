"""Clock, money, days, secrets, identifiers, log: tools that know nothing of the business.

The only room that reads the time or makes an identifier. Imports no other room.
"""
