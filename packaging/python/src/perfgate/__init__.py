"""perfgate, a regression gate for load tests.

The program is `perfgate` on the PATH, or `python -m perfgate`. `import perfgate.locust` in a locustfile adds `--perfgate FILE`
to Locust.
"""
