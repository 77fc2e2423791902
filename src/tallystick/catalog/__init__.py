"""What can be bought: offers with their segment, term and billing cycle.

Pure catalogue; never knows who bought what.
"""
