"""Where subscriptions and their changes come from: files, events, snapshots, vendors' lists.

What happened to a subscription ends in an operation: none is written behind the back of that room,
and no mapping is made but by the verb that the page uses. Never orders anything at a vendor, and
never takes for gone what a list does not show.
"""
