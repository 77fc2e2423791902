"""Django's name for this room."""

from django.apps import AppConfig


class BooksConfig(AppConfig):
    name = "tallystick.books"
    label = "books"
