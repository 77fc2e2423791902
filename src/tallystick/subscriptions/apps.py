"""Django's name for this room."""

from django.apps import AppConfig


class SubscriptionsConfig(AppConfig):
    name = "tallystick.subscriptions"
    label = "subscriptions"
