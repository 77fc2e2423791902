"""The tallystick command."""
