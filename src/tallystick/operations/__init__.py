"""What a user can do to a subscription: one verb a file, one shared last step.

The last step writes state, operation, deliveries and audit in one transaction. Never waits for
the PSA and never fails because of it.
"""
