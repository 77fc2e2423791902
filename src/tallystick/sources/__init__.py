"""Where subscriptions come from: CSV import. Everything ends in an operation.

Never writes a subscription behind the back of the operations room.
"""
