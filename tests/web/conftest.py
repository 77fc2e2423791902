"""Pages are asked with the database rights of a web server, and no more."""

from as_process import requests_as_the_web_server

__all__ = ["requests_as_the_web_server"]
