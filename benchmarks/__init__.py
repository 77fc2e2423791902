"""Figures of Tallystick, measured on the machine they are printed on (docs/figures.md)."""
