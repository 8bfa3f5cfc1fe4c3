"""What every test may ask for."""

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.databases"]

# The tests share their processors: neither an example nor the making of one is timed.
settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")
