"""Production: everything from the environment, TLS in front."""

from __future__ import annotations

from humana import env
from humana.settings import mail
from humana.settings.base import *  # noqa: F403

SECRET_KEY = env.required("SECRET_KEY")
HUMANA_SEAL_KEY = env.required("HUMANA_SEAL_KEY")
ALLOWED_HOSTS = env.required("HUMANA_HOSTS").split(",")
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in ALLOWED_HOSTS]
SECURE_SSL_REDIRECT = env.flag("HUMANA_SSL_REDIRECT", True)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-csrf"
STORAGES["staticfiles"] = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
globals().update(mail.by_url() or mail.by_name())
HUMANA_SERVER_FLOOR_IS_ERROR = True
