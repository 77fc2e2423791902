"""Who is told what, and how: e-mail, signed webhooks, Teams and Slack; a digest instead of a flood.

It reads what is so and tells it. It never changes a subscription, never sends to Autotask, and no
other room waits for it.
"""
