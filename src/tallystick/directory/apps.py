"""Django's name for this room."""

from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    name = "tallystick.directory"
    label = "directory"
