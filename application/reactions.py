"""What events set off, after their unit has committed; at least once each.

A reaction must stand being run twice. Most events set nothing off yet; mails and outgoing webhooks
will come here.
"""

from attrs import frozen

from application.ports.alerts import Alerts
from domain.events import Event, StaffAlerted


@frozen
class Reactions:
    """Hand an event to what it sets off."""

    alerts: Alerts

    def react(self, event: Event) -> None:
        """Do all that an event sets off."""
        if isinstance(event, StaffAlerted):
            self.alerts.alert(event.topic, event.subject, event.detail)
