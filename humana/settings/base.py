"""Settings that hold everywhere. Values only; what differs is in dev, test and prod."""

from __future__ import annotations

from pathlib import Path

from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from humana import env
from humana.settings.csp import ADMIN_POLICY, PAGE_POLICY
from humana.settings.database import database

ROOT = Path(__file__).resolve().parents[2]
HUMANA_HOME = env.home()

SECRET_KEY = env.text("SECRET_KEY", "")
HUMANA_SEAL_KEY = env.text("HUMANA_SEAL_KEY", "")
DEBUG = False
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]

# --- applications -----------------------------------------------------------------------------

CONTROL_PLANE = ["tenants", "byoc"]
TENANT_PLANE = ["audit", "documents", "companions", "chats"]

SHARED_APPS = [
    "unfold",  # before django_tenants, whose list of applications knows no organization in hand
    "django_tenants",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.usersessions",
    "allauth.mfa",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "csp",
    "humana",
    *CONTROL_PLANE,
]
TENANT_APPS = TENANT_PLANE
# Ours first: `migrate` and the templates override what the libraries bring.
INSTALLED_APPS = [*CONTROL_PLANE, *TENANT_PLANE, *[app for app in SHARED_APPS if app not in CONTROL_PLANE]]

AUTH_USER_MODEL = "tenants.User"
TENANT_MODEL = "tenants.Placement"
TENANT_DOMAIN_MODEL = "tenants.Placement"  # organizations are named in the path; no domains
DATABASE_ROUTERS = ["tenants.routing.PlacementRouter", "django_tenants.routers.TenantSyncRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

MIDDLEWARE = [
    "humana.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "humana.middleware.CompressionMiddleware",
    "humana.middleware.ContentPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "humana.middleware.LanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "humana.middleware.ErrorMiddleware",
    "tenants.middleware.OrganizationMiddleware",
    "tenants.operators.OperatorMiddleware",
]

ROOT_URLCONF = "humana.urls"
WSGI_APPLICATION = "humana.wsgi.application"
ASGI_APPLICATION = "humana.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "humana.pages.page_context",
            ],
        },
    }
]

# --- data -------------------------------------------------------------------------------------

DATABASES = {"default": database(env.text("DATABASE_URL", ""))}
DATABASE_OWNER_URL = env.text("DATABASE_OWNER_URL", "")
HUMANA_MOST_DATABASES = env.integer("HUMANA_MOST_DATABASES", 64, least=1)  # besides this, per process
HUMANA_MOST_SCHEMAS = env.integer("HUMANA_MOST_SCHEMAS", 500, least=1)  # in one database
HUMANA_ROLLBACK_HOURS = env.integer("HUMANA_ROLLBACK_HOURS", 72, least=0)  # a moved source is kept
# Django backends that an operator allows beside ours, as Python paths: endpoints of the type "custom".
HUMANA_DATABASE_ENGINES = env.text("HUMANA_DATABASE_ENGINES", "").replace(",", " ").split()
HUMANA_APP_ROLE = DATABASES["default"]["USER"]

REDIS_URL = env.text("REDIS_URL", "")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_FUNCTION": "tenants.cache.tenant_key",
        "KEY_PREFIX": "humana",
    },
    # A session is the person's, wherever it is read or ended.
    "platform": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_FUNCTION": "tenants.cache.platform_key",
        "KEY_PREFIX": "humana",
    },
}
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_CACHE_ALIAS = "platform"
SESSION_COOKIE_AGE = 8 * 60 * 60  # seconds
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"

# --- people -----------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "tenants.passwords.LengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_ADAPTER = "tenants.accounts.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_FORMS = {
    "login": "tenants.forms.SignInForm",
    "signup": "tenants.forms.SignUpForm",
    "reset_password": "tenants.forms.ForgottenForm",
    "reset_password_from_key": "tenants.forms.NewPasswordForm",
    "change_password": "tenants.forms.ChangeForm",
    "add_email": "tenants.forms.NewEmailForm",
}
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True  # for another address of an account
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_PREVENT_ENUMERATION = True
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
MFA_ADAPTER = "tenants.two_step.SecondStepAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_FORMS = {
    "authenticate": "tenants.forms_two_step.CodeForm",
    "reauthenticate": "tenants.forms_two_step.CodeAgainForm",
    "activate_totp": "tenants.forms_two_step.TurnOnForm",
}
MFA_TOTP_TOLERANCE = 1  # periods of 30 seconds, for a watch that is not exact
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # of another address that waits: the form asks about the one in use
HUMANA_OPERATORS_TWO_STEP = env.flag("HUMANA_OPERATORS_TWO_STEP", True)
HUMANA_SIGNUP = env.flag("HUMANA_SIGNUP", True)
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
DEFAULT_FROM_EMAIL = env.text("HUMANA_MAIL_FROM", "Humana <no-reply@humana.example>")

# --- languages --------------------------------------------------------------------------------

LANGUAGE_CODE = "pt-br"
LANGUAGES = [("pt-br", _("Português (Brasil)")), ("en", _("English"))]
LOCALE_PATHS = [ROOT / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "America/Sao_Paulo"

# --- files and headers ------------------------------------------------------------------------

HUMANA_FILES = env.text("HUMANA_FILES", str(HUMANA_HOME / "files"))  # of organizations; workers share it
STORAGES = {
    "default": {"BACKEND": "tenants.files.TenantFiles"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STATIC_URL = "/static/"
STATIC_ROOT: Path | None = HUMANA_HOME / "static"
STATICFILES_DIRS = [ROOT / "static"]
CONTENT_SECURITY_POLICY = {"DIRECTIVES": PAGE_POLICY}
HUMANA_ADMIN_POLICY = ADMIN_POLICY
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024  # bytes
FILE_UPLOAD_HANDLERS = [
    "byoc.uploads.Bounded",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
HUMANA_TRUSTED_PROXIES = env.integer("HUMANA_TRUSTED_PROXIES", 0)

# --- operators' console -----------------------------------------------------------------------

UNFOLD = {
    "SITE_TITLE": "Humana",
    "SITE_HEADER": "Humana",
    "SITE_URL": "/",
    "SITE_ICON": "humana.consoles.mark",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "humana.consoles.mark"}],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "8px",
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": "humana.consoles.navigation",
    },
    "ACCOUNT": {
        "navigation": [{"title": _("Change password"), "link": reverse_lazy("account_change_password")}]
    },
    "STYLES": ["humana.consoles.style_sheet"],
    "GLOBAL_CALLBACK": "humana.consoles.around",
    "DASHBOARD_CALLBACK": "humana.consoles.desk",
}

# --- API --------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["humana.api.authentication.MemberAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["humana.api.authentication.IsMember"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["humana.api.parsers.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "humana.api.errors.handle",
    "UNAUTHENTICATED_USER": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Humana",
    "DESCRIPTION": "Companions, chats and answers of one organization.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": [],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    # Whom a companion is reached by and who is told something are the same choices.
    "ENUM_NAME_OVERRIDES": {
        "BrandAssetKindEnum": "companions.models.assets.BrandAsset.Kind",
        "LevelEnum": "companions.models.knowledge.Level",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "chats.api.schema.document_events",
    ],
}

# --- work in the background -------------------------------------------------------------------

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 600  # seconds
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    "wake-storage-copies": {"task": "byoc.wake_storage_copies", "schedule": 15.0},
    "sweep-outbox": {"task": "audit.sweep", "schedule": 15.0},
    "wake-placement-jobs": {"task": "tenants.wake_placement_jobs", "schedule": 15.0},
    "sweep-deliveries": {"task": "companions.sweep_deliveries", "schedule": 5.0},
    "count-figures": {
        "task": "companions.count_figures",
        "schedule": 120.0,
        "options": {"expires": 100.0},  # a round that comes late is left to the next one
    },
    "sweep-meaning": {"task": "documents.sweep_meaning", "schedule": 15.0},
    "look-for-meaning": {"task": "documents.look_for_meaning", "schedule": 3600.0},
    "sweep-runs": {"task": "chats.sweep_runs", "schedule": 10.0},  # the dead are found within 30 s
    "sweep-health": {"task": "byoc.sweep_health", "schedule": 10.0},
    "send-notices": {"task": "byoc.send_notices", "schedule": 10.0},
    "forget-old-probes": {"task": "byoc.forget_old_probes", "schedule": 3600.0},
    "tidy-documents": {"task": "documents.tidy", "schedule": 3600.0},
    "forget-idempotency-keys": {"task": "audit.forget_idempotency_keys", "schedule": 3600.0},
}

# --- answers ----------------------------------------------------------------------------------

HUMANA_MESSAGE_LIMIT = 32_000  # characters of one message
#: What each plan allows an organization: questions in a minute, answers at the same time.
HUMANA_PLAN_LIMITS = {
    "free": (60, 16),
    "pro": (600, 64),
    "business": (3_000, 256),
    "enterprise": (60_000, 4_096),
}
#: And how much there may be of it: members (with open invitations), bytes of documents. None: without end.
HUMANA_PLAN_ROOM = {
    "free": (10, 2 * 1024**3),
    "pro": (100, 100 * 1024**3),
    "business": (1_000, 2_000 * 1024**3),
    "enterprise": (None, None),
}
HUMANA_WEB_THREADS = env.integer("HUMANA_WEB_THREADS", 4)
HUMANA_ASYNC_THREADS = env.integer("HUMANA_ASYNC_THREADS", 4)
HUMANA_RECHECK_SECONDS = env.integer("HUMANA_RECHECK_SECONDS", 15, least=1)  # of who reads a stream
HUMANA_STREAM_SECONDS = 600  # how long a run's sealed events stay in Valkey after the last one

HUMANA_MCP_COMMANDS = env.commands("HUMANA_MCP_COMMANDS")  # programs that serve tools, by name

HUMANA_TRACES = env.flag("HUMANA_TRACES", False)  # a log line for each span
HUMANA_TELEMETRY = env.flag("HUMANA_TELEMETRY", True)  # to customers' endpoints, else to this one
HUMANA_OTLP_URL = env.url("HUMANA_OTLP_URL", "", schemes=("http", "https"))
HUMANA_OTLP_KEY = env.text("HUMANA_OTLP_KEY", "")
HUMANA_OTLP_ZONE = env.text("HUMANA_OTLP_ZONE", "")  # where that collector is
# Of a hundred traces, how many name each question to a database or to Valkey.
HUMANA_TRACE_DETAIL = env.integer("HUMANA_TRACE_DETAIL", 10, least=0, most=100)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"context": {"()": "humana.logs.ContextFilter"}},
    "formatters": {"json": {"()": "humana.logs.JsonFormatter"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["context"]},
    },
    "root": {"handlers": ["console"], "level": env.text("HUMANA_LOG_LEVEL", "INFO")},
    "loggers": {
        "django.server": {"handlers": ["console"], "propagate": False},
        "azure": {"level": "WARNING"},  # so would this, with names of files
        "mcp": {"level": "WARNING"},  # two lines for each request
        "httpx2": {"level": "WARNING"},  # it would name every address at INFO
        "opentelemetry.attributes": {"level": "ERROR"},  # a line for every statement that it cuts short
    },
}
