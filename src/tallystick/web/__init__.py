"""The pages. Imports no models: asks queries and verbs."""
