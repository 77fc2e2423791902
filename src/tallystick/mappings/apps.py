"""Django's name for this room."""

from django.apps import AppConfig


class MappingsConfig(AppConfig):
    name = "tallystick.mappings"
    label = "mappings"
