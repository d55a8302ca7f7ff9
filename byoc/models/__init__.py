"""Addresses of the outside world and what became of them. Always in the default database.

Endpoint            an address with sealed credentials: the platform's own, or an organization's
EgressGrant         what an operator lets one organization dial beside the public Internet
Watch               which organizations have endpoints to look after, and when next
EndpointHealth      how an endpoint is, with hysteresis; Probe is one look at it
Failover            what stood in for what, since when, until when
Notice              what the customer is told of it, by which way, and whether it arrived
"""

from __future__ import annotations

from byoc.models.endpoints import EgressGrant, Endpoint
from byoc.models.health import EndpointHealth, Failover, Notice, Probe, Watch
from byoc.models.storages import StorageCopy, StorageObject

__all__ = [
    "EgressGrant",
    "Endpoint",
    "EndpointHealth",
    "Failover",
    "Notice",
    "Probe",
    "StorageCopy",
    "StorageObject",
    "Watch",
]
