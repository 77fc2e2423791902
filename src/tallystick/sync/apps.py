"""Django's name for this room."""

from django.apps import AppConfig


class SyncConfig(AppConfig):
    name = "tallystick.sync"
    label = "sync"
