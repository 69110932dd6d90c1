"""One settings file: embedded or production is chosen by DATABASE_URL and REDIS_URL alone.

Every variable read here is listed in docs/deployment.md.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import django_stubs_ext
import environ

django_stubs_ext.monkeypatch()  # lets generic Django classes be subscripted at run time

env = environ.Env()
BASE_DIR = Path(__file__).resolve().parent.parent
VERSION = "0.1.0"

# --- where and how this instance runs -------------------------------------------------------

DEBUG = env.bool("DEBUG", default=False)
# The demonstration's people page signs anyone in; `manage.py demo` alone sets this.
DEMO = env.bool("FELLOWSHIP_DEMO", default=False)
VAR_DIR = Path(env.str("FELLOWSHIP_VAR", default=str(BASE_DIR / "var"))).resolve()
BASE_URL = env.str("FELLOWSHIP_BASE_URL", default="http://127.0.0.1:8000").rstrip("/")
PRODUCTION = urlsplit(BASE_URL).scheme == "https"
REDIS_URL = env.str("REDIS_URL", default="")
if DEMO and PRODUCTION:
    raise environ.ImproperlyConfigured("The demonstration never runs on an https address.")


def _secret_key() -> str:
    """Return SECRET_KEY from the environment; the embedded mode keeps one of its own in var/."""
    if given := env.str("SECRET_KEY", default=""):
        return str(given)
    if PRODUCTION:
        raise environ.ImproperlyConfigured("SECRET_KEY must be set in production.")
    path = VAR_DIR / "secret_key"
    VAR_DIR.mkdir(parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(50))
    except FileExistsError:
        pass
    return path.read_text()


SECRET_KEY = _secret_key()
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
_HOST = urlsplit(BASE_URL).hostname or "localhost"
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[_HOST, "127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = [BASE_URL]

# --- apps, in the order of the import ladder ------------------------------------------------

INSTALLED_APPS = [
    "fellowship.kernel",
    "fellowship.accounts",
    "fellowship.history",
    "fellowship.clocks",
    "fellowship.notices",
    "fellowship.programs",
    "fellowship.web",
    "governance",
    "proposals",
    "scoping",
    "access",
    "findings",
    "publications",
    "oversight",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "simple_history",
    "guardian",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "csp",
    "django_htmx",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
]

MIDDLEWARE = [
    "fellowship.kernel.frames.roomy",
    "fellowship.web.middleware.RequestId",
    "fellowship.web.observing.Observe",
    "django.middleware.security.SecurityMiddleware",
    "fellowship.web.middleware.BrowserRules",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "fellowship.web.middleware.Doors",
    "fellowship.web.middleware.PlainInput",
    "fellowship.web.middleware.RequestSize",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "fellowship.web.middleware.Spelling",
    "django.middleware.csrf.CsrfViewMiddleware",
    "fellowship.accounts.middleware.Person",
    "fellowship.web.middleware.Language",
    "allauth.account.middleware.AccountMiddleware",
    "fellowship.accounts.middleware.KnownBrowser",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "fellowship.web.middleware.PersonZone",
    "fellowship.accounts.middleware.SecondFactor",
    "oversight.looks.RecordLooks",
    "fellowship.web.middleware.Once",
    "fellowship.web.middleware.SignedOut",
    "fellowship.web.middleware.Refusals",
]

ROOT_URLCONF = "fellowship.urls"
FORM_RENDERER = "fellowship.web.widgets.Renderer"
WSGI_APPLICATION = "fellowship.wsgi.application"
ASGI_APPLICATION = "fellowship.asgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            # Ours mark no words: they are found as a template is loaded (web.prose).
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "fellowship.web.loaders.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "builtins": [
                "fellowship.web.templatetags.saying",
                "fellowship.web.templatetags.addresses",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "fellowship.web.context.web",
            ],
        },
    },
]

# --- database, cache, broker ----------------------------------------------------------------


def _database() -> dict[str, Any]:
    """Return the database of DATABASE_URL; a SQLite file in var/ when it is not set."""
    config: dict[str, Any] = env.db_url(
        "DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'fellowship.sqlite3'}"
    )
    if config["ENGINE"] == "django.db.backends.sqlite3":
        Path(config["NAME"]).parent.mkdir(parents=True, exist_ok=True)
        config["OPTIONS"] = {
            # Row locks do not exist here: writers take the database's lock at BEGIN and wait.
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            "init_command": (
                "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA foreign_keys=ON;"
            ),
        }
    else:
        config["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
        config["CONN_HEALTH_CHECKS"] = True
        # On solid-state disks a page found by an index costs about what the next page does. With
        # the default of 4, late pages of long lists are sorted whole instead of read in order.
        # Statements that are prepared (kernel.prepared) look rows up by key: one plan serves all.
        tuned = (
            "random_page_cost=1.1",
            "join_collapse_limit=5",
            "plan_cache_mode=force_generic_plan",
        )
        options = env.str("PGOPTIONS", default=" ".join(f"-c {option}" for option in tuned))
        config["OPTIONS"] = {"options": options, **config.get("OPTIONS", {})}
    return config


DATABASES = {"default": _database()}
# Off behind a pooler that hands one connection from transaction to transaction.
PREPARED_STATEMENTS = env.bool("PREPARED_STATEMENTS", default=True)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        # Where Redis hangs, a page says so within seconds rather than hang with it.
        "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 3},
    }
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}
SESSION_ENGINE = "fellowship.accounts.signin.store"
# In the session, not in a cookie: the answer to a first click may never reach the browser.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# Without a broker, beat runs every task in its own process. Due times live in the database, so
# no task is ever sent with a countdown or an eta: a lost or repeated task is only a sweep more.
CELERY_BROKER_URL = REDIS_URL or "memory://"
CELERY_TASK_ALWAYS_EAGER = not REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 15 * 60
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "celerybeat-schedule")
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "clocks.sweep": {"task": "clocks.sweep", "schedule": 60.0},
    "notices.deliver": {"task": "notices.deliver", "schedule": 30.0},
    "notices.send": {"task": "notices.send", "schedule": 15.0},
    "history.seal": {"task": "history.seal", "schedule": 60.0},
    "oversight.index_words": {"task": "oversight.index_words", "schedule": 60.0},
    "files.clean": {"task": "files.clean", "schedule": 24 * 3600.0},
    "oversight.exports": {"task": "oversight.exports", "schedule": 15.0},
}

EXPORT_KEEP_DAYS = env.int("EXPORT_KEEP_DAYS", default=7)
"""Days for which the file of an export of the record is kept to be taken."""

EVENTS_LATE_DAYS = env.int("EVENTS_LATE_DAYS", default=7)
"""An access event reported more than so many days after it happened is marked late."""

# --- people ---------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "allauth.account.auth_backends.AuthenticationBackend",
    "guardian.backends.ObjectPermissionBackend",
]
# Length, and whether others would guess it; no rule says which signs it is made of.
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "fellowship.accounts.signin.passwords.NotGuessed"},
    {"NAME": "fellowship.accounts.signin.passwords.NotBreached"},
]
# Words of this installation that no password may lean on: its company, its projects.
PASSWORD_WORDS = env.list("PASSWORD_WORDS", default=[])
# A file of SHA-1 hashes of breached passwords, in order, as Pwned Passwords gives it out.
BREACHED_PASSWORDS_FILE = env.str("BREACHED_PASSWORDS_FILE", default="")
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"

ACCOUNT_ADAPTER = "fellowship.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email", "username"}
ACCOUNT_FORMS = {
    "login": "fellowship.accounts.login.LoginForm",
    "signup": "fellowship.accounts.login.SignupForm",
    "reset_password": "fellowship.accounts.login.ResetPasswordForm",
}
ACCOUNT_SIGNUP_FORM_CLASS = "fellowship.accounts.forms.SignupForm"
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if PRODUCTION else "optional"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS = 1
PASSWORD_RESET_TIMEOUT = 3600
# Attempts from one address, and for one name; `signin.known` counts a person's own browser apart.
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "signup": "20/m/ip",
    "reset_password": "20/m/ip,5/h/key",
}
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXIES", default=0)
MFA_ADAPTER = "fellowship.accounts.adapter.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "Fellowship"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION  # browsers allow http on loopback alone
# The rule of the programme says whose role needs a second factor. The demonstration signs anyone in
# with a button, so it shows what the rule asks for and does not ask for it.
SECOND_FACTORS_ASKED = not DEMO

# Sign-in by the company's own identity provider: on where its issuer is named.
OIDC_ISSUER = env.str("OIDC_ISSUER", default="").rstrip("/")
OIDC_NAME = env.str("OIDC_NAME", default="the company")
# Addresses in these domains sign in there alone, and nobody else does.
OIDC_DOMAINS = [domain.lower() for domain in env.list("OIDC_DOMAINS", default=[])]
# For providers that say of no address whether they verified it: all of theirs are believed.
OIDC_TRUST_ADDRESSES = env.bool("OIDC_TRUST_ADDRESSES", default=False)
# Where its sign-in pages lie, if not where the issuer does: the browser may be sent there.
OIDC_ORIGINS = env.list("OIDC_ORIGINS", default=[])
if PRODUCTION and OIDC_ISSUER and urlsplit(OIDC_ISSUER).scheme != "https":
    raise environ.ImproperlyConfigured("OIDC_ISSUER must be an https address in production.")
SOCIALACCOUNT_ADAPTER = "fellowship.accounts.company.CompanyAdapter"
SOCIALACCOUNT_ONLY = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_REQUESTS_TIMEOUT = 10
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "company",
                "name": OIDC_NAME,
                "client_id": env.str("OIDC_CLIENT_ID", default=""),
                "secret": env.str("OIDC_CLIENT_SECRET", default=""),
                "settings": {"server_url": OIDC_ISSUER},
            }
        ]
        if OIDC_ISSUER
        else [],
    }
}

# No row stands for the anonymous visitor: it would be an active user with permissions.
ANONYMOUS_USER_NAME = None
GUARDIAN_MONKEY_PATCH_USER = False

SIMPLE_HISTORY_HISTORY_CHANGE_REASON_USE_TEXT_FIELD = True

# --- web ------------------------------------------------------------------------------------

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Production serves collected, hashed files; elsewhere they come straight from static/.
STATIC_ROOT = env.str("STATIC_ROOT", default=str(BASE_DIR / "staticfiles")) if PRODUCTION else None
MEDIA_ROOT = VAR_DIR / "files"  # private: no URL leads there
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_ALLOW_ALL_ORIGINS = False

_ISSUED = urlsplit(OIDC_ISSUER)
_OIDC_FORMS = [f"{_ISSUED.scheme}://{_ISSUED.netloc}", *OIDC_ORIGINS] if OIDC_ISSUER else []
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        # Browsers hold a form to it through redirects too: the way to the provider's sign-in.
        "form-action": ["'self'", *_OIDC_FORMS],
        "frame-ancestors": ["'none'"],
    }
}
# Powers of a browser that no page of ours uses; passkeys, copying and the whole screen are used.
# Those a browser has no name for are left out: it complains of each on every page.
PERMISSIONS_POLICY = ", ".join(
    [
        *(
            f"{power}=()"
            for power in (
                *("accelerometer", "autoplay", "browsing-topics", "camera", "display-capture"),
                *("encrypted-media", "geolocation", "gyroscope", "hid", "identity-credentials-get"),
                *("idle-detection", "local-fonts", "magnetometer", "microphone", "midi", "payment"),
                *("screen-wake-lock", "serial", "storage-access", "sync-xhr", "usb"),
                "xr-spatial-tracking",
            )
        ),
        *(
            f"{power}=(self)"
            for power in (
                *("clipboard-write", "fullscreen"),
                *("publickey-credentials-create", "publickey-credentials-get"),
            )
        ),
    ]
)
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_SSL_REDIRECT = PRODUCTION
# The API answers http with a refusal: a client that is led on would never know what it gave away.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$", r"^api/", r"^scim/"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
SECURE_HSTS_PRELOAD = PRODUCTION
if ALLAUTH_TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# On https no other host of the domain can set or read our cookies: that is what the prefix says.
COOKIE_PREFIX = "__Host-" if PRODUCTION else ""
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid"
SESSION_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_HTTPONLY = True
# Lax, not Strict: who comes from the company's sign-in or from a mail's link is still signed in.
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
# A session ends after so long without a request, and after so many hours whatever was done.
SESSION_COOKIE_AGE = env.int("SESSION_IDLE_MINUTES", default=60) * 60
SESSION_HOURS = env.int("SESSION_HOURS", default=12)
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrftoken"
CSRF_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
MAX_FILE_BYTES = 10_000_000
# A larger request is answered 413 unread; a file beyond MAX_FILE_BYTES is dropped as it comes in.
MAX_REQUEST_BYTES = 64_000_000
FILE_UPLOAD_HANDLERS = [
    "fellowship.web.files.UpToLimit",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
FILE_UPLOAD_MAX_MEMORY_SIZE = (
    MAX_FILE_BYTES + 1_000_000
)  # a whole file: no disk before it is judged

# Where clamd listens: unix:///run/clamav/clamd.ctl or tcp://clamd:3310. Files are then scanned.
CLAMD = env.str("CLAMD", default="")

LANGUAGE_CODE = "en-gb"
# Those a person may choose. A language is offered once its catalogue is whole, which a test checks.
LANGUAGES = [("en-gb", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "fellowship" / "locale"]
LANGUAGE_COOKIE_NAME = f"{COOKIE_PREFIX}language"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- API ------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "fellowship.accounts.tokens.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "fellowship.accounts.tokens.TokenScope",
    ],
    "DEFAULT_RENDERER_CLASSES": ["fellowship.web.bodies.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["fellowship.web.bodies.JSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "fellowship.web.schema.Described",
    "DEFAULT_THROTTLE_CLASSES": [
        "fellowship.web.api.throttling.PerVisitor",
        "fellowship.web.api.throttling.PerPerson",
    ],
    "DEFAULT_THROTTLE_RATES": {
        "anon": env.str("THROTTLE_ANON", default="60/min"),
        "user": env.str("THROTTLE_USER", default="1200/min"),
    },
    "NUM_PROXIES": ALLAUTH_TRUSTED_PROXY_COUNT,
    "EXCEPTION_HANDLER": "fellowship.web.api.problem_details",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Fellowship API",
    "DESCRIPTION": "Every verb that a page offers, with the same rules and the same refusals.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "PREPROCESSING_HOOKS": ["fellowship.web.schema.one_spelling"],
    "ENUM_NAME_OVERRIDES": {
        "ReviewConfidenceEnum": "proposals.models.Review.Confidence",
        "SuggestionStateEnum": "proposals.states.RunState",
        "AnomalyKindEnum": "access.states.AnomalyKind",
        "EventKindEnum": "access.states.EventKind",
        "EventVerdictEnum": "access.states.Verdict",
        "TargetKindEnum": "access.states.TargetKind",
        "DepositKindEnum": "access.release_states.DepositKind",
        "DeliveryStateEnum": "fellowship.notices.states.DeliveryState",
        "TrackKeyEnum": "fellowship.programs.models.Track.Key",
        "FellowshipModelKeyEnum": "fellowship.programs.models.FellowshipModel.Key",
        "PathStepKeyEnum": "fellowship.programs.states.TalentPath",
        "StageEnum": "fellowship.programs.states.Stage",
        "RoleEnum": "fellowship.accounts.roles.CHOICES",
        "IncidentHarmEnum": "governance.states.Harm",
        "SaidClassEnum": "findings.states.SAID_CLASSES",
        "TierEnum": "scoping.states.Tier",
        "OperationEnum": "scoping.states.Operation",
        "MilestoneStateEnum": "scoping.states.MilestoneState",
        "TalentStateEnum": "scoping.states.TalentState",
        "ContributionKindEnum": "scoping.models.Contribution.Kind",
        "CheckpointOutcomeEnum": "scoping.states.CheckpointOutcome",
        "MilestoneKindEnum": "scoping.models.Milestone.Kind",
        "TrainingKindEnum": "scoping.states.TrainingKind",
        "CallStateEnum": "fellowship.programs.states.CallState",
        "ConflictKindEnum": "fellowship.accounts.models.Conflict.Kind",
        "ProposalStateEnum": "proposals.states.ProposalState",
        "ReleaseVerdictEnum": "access.release_states.ReleaseVerdict",
        "OutputKindEnum": "access.release_states.OutputKind",
        "RuleKindEnum": "governance.states.RuleKind",
        "AmendmentStateEnum": "governance.states.AmendmentState",
        "CommentOutcomeEnum": "governance.states.CommentOutcome",
        "ReviewGroundEnum": "governance.review_states.ReviewGround",
        "RetentionGroundEnum": "oversight.states.Ground",
        "HoldGroundEnum": "oversight.states.HoldGround",
        "ObjectionGroundEnum": "publications.states.Ground",
        "ControlMetricEnum": "findings.states.Metric",
        "FindingClassEnum": "findings.states.FindingClass",
        "WorkKindEnum": "publications.states.Kind",
        "HitAnswerEnum": "publications.text_states.HitAnswer",
        "ChecklistAnswerEnum": "access.release_states.Answer",
        "ControlFamilyEnum": "findings.states.Family",
        "ControlTypeEnum": "findings.states.ControlType",
        "AuthorshipAnswerEnum": "publications.authorship_states.Answer",
        "OutcomeStageEnum": "publications.states.OutcomeStage",
        "ExceptionKindEnum": "governance.states.ExceptionKind",
        "ReleasedByEnum": "publications.states.ReleasedBy",
        "ReviewTrackEnum": "publications.states.ReviewTrack",
        "FellowshipStateEnum": "scoping.states.FellowshipState",
        "ClosingTextKindEnum": "oversight.states.ClosingKind",
        "HandbackKindEnum": "oversight.states.HeldKind",
        "RecommendationOutcomeEnum": "oversight.states.Outcome",
        "AgreementStateEnum": "publications.authorship_states.AgreementState",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "fellowship.web.schema.document_problems",
    ],
}

# --- ledger, mail, logs ---------------------------------------------------------------------

# The Ed25519 key that signs the ledger's checkpoints; made on first use when it is not there.
LEDGER_KEY_FILE = Path(env.str("LEDGER_KEY_FILE", default=str(VAR_DIR / "ledger.pem")))
# The log's name inside its checkpoints: it must not change while the log lives.
LEDGER_ORIGIN = env.str("LEDGER_ORIGIN", default=f"{_HOST}/fellowship")
# Verifier keys of earlier signing keys, whose checkpoints are still accepted.
LEDGER_OLD_KEYS = env.list("LEDGER_OLD_KEYS", default=[])
# Addresses outside this system that get the first checkpoint of each day.
LEDGER_WITNESSES = env.list("LEDGER_WITNESSES", default=[])

# Lets webhooks go to addresses of the own network, and without https to plain http as well.
WEBHOOKS_ALLOW_PRIVATE = env.bool("WEBHOOKS_ALLOW_PRIVATE", default=DEMO)
# Hosts that webhooks may go to, ".example.com" for all below one; empty lets them go to any.
WEBHOOKS_HOSTS = env.list("WEBHOOKS_HOSTS", default=[])
# Minutes for which notices that are not urgent are gathered into one mail.
NOTICES_DIGEST_MINUTES = env.int("NOTICES_DIGEST_MINUTES", default=15)
_MAIL: dict[str, Any] = env.email_url("EMAIL_URL", default="consolemail://")
EMAIL_BACKEND = _MAIL["EMAIL_BACKEND"]
EMAIL_HOST = _MAIL.get("EMAIL_HOST") or "localhost"
EMAIL_PORT = _MAIL.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = _MAIL.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = _MAIL.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS = _MAIL.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = _MAIL.get("EMAIL_USE_SSL", False)
EMAIL_FILE_PATH = _MAIL.get("EMAIL_FILE_PATH") or None
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default=f"Fellowship <fellowship@{_HOST}>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# One JSON object a line where machines read it, without personal data; else a line for people.
LOG_FORMAT = env.str("LOG_FORMAT", default="json" if PRODUCTION else "text")
_FORMATTERS = {
    "json": {"()": "fellowship.kernel.logs.JsonLines"},
    "text": {"()": "fellowship.kernel.logs.Readable"},
}
if LOG_FORMAT not in _FORMATTERS:
    raise environ.ImproperlyConfigured("LOG_FORMAT is json or text.")
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": _FORMATTERS[LOG_FORMAT]},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    # Django's own would write to a second place, and mail errors with all they hold.
    "loggers": {"django": {"handlers": [], "level": "INFO", "propagate": True}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}

# --- monitoring -----------------------------------------------------------------------------

# Who reads /metrics: whoever sends this token, and machines of these networks without a proxy.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
METRICS_NETWORKS = env.list("METRICS_NETWORKS", default=[])
# Where faults and spans go; each needs an extra of the package, and neither carries personal data.
SENTRY_DSN = env.str("SENTRY_DSN", default="")
OTEL_ENDPOINT = env.str("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", default="")
