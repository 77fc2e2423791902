"""What happened, for ever: the catalogue of events, and one verb that records them.

Never changes or deletes a record, and knows no other room but the kit.
"""
