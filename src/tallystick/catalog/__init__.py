"""What can be bought, and what it costs and is sold for: offers, price lists, promotions, margins.

Pure catalogue; never knows who bought what. Working out a price is pure (``price``); what it
depends on is read at once (``price_book``).
"""
