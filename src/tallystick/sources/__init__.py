"""Where subscriptions, mappings, prices and Azure amounts come from: files, whole or not at all.

What happened to a subscription ends in an operation: none is written behind the back of that room,
and no mapping is made but by the verb that the page uses.
"""
