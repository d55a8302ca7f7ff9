"""Routes of endpoints and their health."""

from __future__ import annotations

from byoc.api import views
from humana.api.routes import route

urlpatterns = [
    route("endpoint-types/", views.EndpointTypesView, "api-endpoint-types"),
    route("endpoints/", views.EndpointListView, "api-endpoints"),
    route("endpoints/<uuid:endpoint_id>/", views.EndpointView, "api-endpoint"),
    route("endpoints/<uuid:endpoint_id>/validate/", views.ValidateView, "api-endpoint-validate"),
    route("endpoints/<uuid:endpoint_id>/activate/", views.ActivateView, "api-endpoint-activate"),
    route("endpoints/<uuid:endpoint_id>/withdraw/", views.WithdrawView, "api-endpoint-withdraw"),
    route("endpoints/<uuid:endpoint_id>/failover/", views.FailOverView, "api-endpoint-failover"),
    route("endpoints/<uuid:endpoint_id>/return/", views.ReturnView, "api-endpoint-return"),
    route("health/", views.HealthView, "api-health"),
]
