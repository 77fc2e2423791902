"""Webhooks of the sources that we read: a call only says where to look, and never what is so."""
