"""Stand-ins that really run: a clock, a website, a portal, a mail server, for the tests of syncd and of third-party adapters.

Each lives in a module of its own and is imported from there: `from syncd.testing.local_site import LocalSite`.
"""
