"""Connectors to billing systems, each one a complete, deletable folder."""
