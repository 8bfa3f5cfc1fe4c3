"""What every test may ask for."""

from hypothesis import settings

pytest_plugins = ["tests.databases"]

settings.register_profile("shared", deadline=None)  # the tests share their processors
settings.load_profile("shared")
