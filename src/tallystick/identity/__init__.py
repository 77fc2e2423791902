"""Tenants, resellers, users, roles, API tokens, contexts: who may see and do what.

Never decides anything about subscriptions or Autotask.
"""
