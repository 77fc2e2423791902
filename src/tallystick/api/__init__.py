"""The REST API under /api/v1. Imports no models: asks queries and verbs."""
