"""What holds for all tests: property tests print how to run a failure again, and are never judged by a time."""

from hypothesis import settings

settings.register_profile("fenban", deadline=None, print_blob=True)
settings.load_profile("fenban")
