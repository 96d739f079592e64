import logging

import pytest

from adapters.alerts import KeptAlerts, LoggedAlerts


def test_an_alert_is_a_line_that_monitoring_can_watch_for(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR, logger="alerts"):
        LoggedAlerts().alert("suspense", "pay_1", "somebody paid for nothing")
    (record,) = caplog.records
    assert record.levelname == "ERROR"
    assert vars(record)["topic"] == "suspense"
    assert vars(record)["alert_subject"] == "pay_1"


def test_kept_alerts_can_be_looked_at() -> None:
    alerts = KeptAlerts()
    alerts.alert("refund_failed", "re_1", "expired card")
    assert list(alerts.kept) == [("refund_failed", "re_1", "expired card")]
