"""Django's name for this room."""

from django.apps import AppConfig


class SourcesConfig(AppConfig):
    name = "tallystick.sources"
    label = "sources"
