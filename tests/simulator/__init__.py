"""The stand-in Autotask, over real HTTP."""
