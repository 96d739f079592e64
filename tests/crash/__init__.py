import pytest

pytest.register_assert_rewrite(
    "tests.crash.histories", "tests.crash.killing", "tests.crash.requests", "tests.crash.whole"
)
