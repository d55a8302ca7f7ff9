"""One module per provider: an `EndpointSpec` in, events and dataclasses out.

No Django, no models, no app code. Vendor SDKs are imported here and nowhere else, and only when
an adapter first needs one, so that starting the web process does not pay for them.
"""
