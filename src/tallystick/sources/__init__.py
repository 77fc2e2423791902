"""Where subscriptions come from, and mappings go out and in: CSV. Everything ends in a verb.

Never writes a subscription behind the back of the operations room, nor a mapping of its own.
"""
