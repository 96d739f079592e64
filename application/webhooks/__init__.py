"""Webhooks in: kept before they are acknowledged, then applied through the inbox.

A delivery is a hint. What it is about is read from the gateway as it is now, and applied by the
same functions that the request path uses; so duplicates, any order and delay change nothing.
"""

from application.webhooks.meanings import Meanings
from application.webhooks.processing import Processing
from application.webhooks.receiving import (
    GetDelivery,
    GetDeliveryHandler,
    ListDeliveries,
    ListDeliveriesHandler,
    ReceiveWebhook,
    ReceiveWebhookHandler,
    ReplayDelivery,
    ReplayDeliveryHandler,
    WebhookRejected,
)

__all__ = [
    "GetDelivery",
    "GetDeliveryHandler",
    "ListDeliveries",
    "ListDeliveriesHandler",
    "Meanings",
    "Processing",
    "ReceiveWebhook",
    "ReceiveWebhookHandler",
    "ReplayDelivery",
    "ReplayDeliveryHandler",
    "WebhookRejected",
]
