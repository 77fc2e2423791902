"""Django's name for this room."""

from django.apps import AppConfig


class NotifyConfig(AppConfig):
    name = "tallystick.notify"
    label = "notify"
