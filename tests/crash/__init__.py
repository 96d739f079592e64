import pytest

pytest.register_assert_rewrite("tests.crash.stage", "tests.crash.killing", "tests.crash.whole")
