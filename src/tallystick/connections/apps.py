"""Django's name for this room."""

from django.apps import AppConfig


class ConnectionsConfig(AppConfig):
    name = "tallystick.connections"
    label = "connections"
