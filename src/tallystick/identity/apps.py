"""Django's name for this room."""

from django.apps import AppConfig


class IdentityConfig(AppConfig):
    name = "tallystick.identity"
    label = "identity"

    def ready(self) -> None:
        from django.db.backends.signals import connection_created

        from tallystick.identity.reach import watch

        connection_created.connect(watch, dispatch_uid="tallystick.reach")
