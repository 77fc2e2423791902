"""Operations, deliveries, attempts, lanes: the order, the stop rule and every state change.

Does not know what Autotask is, and makes no call to the outside.
"""
