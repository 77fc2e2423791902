"""Our nouns to the PSA's nouns: customers, offers, subscriptions.

Never writes to the PSA.
"""
