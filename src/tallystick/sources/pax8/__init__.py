"""Pax8, read: the only place with its words. Changes nothing there but where it calls us."""
