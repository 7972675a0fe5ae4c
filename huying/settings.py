"""One file of settings, everything from HUYING_* variables, safe by default.

SQLite comes from the pysqlite3 wheel: Debian 12's 3.40.1 can lose committed writes in WAL mode (fixed in
3.53.0) and answers short Chinese LIKE queries on trigram tables wrongly.
"""

from __future__ import annotations

import ipaddress
import os
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pysqlite3
import pysqlite3.dbapi2

sys.modules["sqlite3"] = pysqlite3
sys.modules["sqlite3.dbapi2"] = pysqlite3.dbapi2

# name -> (default, meaning); docs/reference/settings.md names each, and a test holds them together.
SETTINGS: dict[str, tuple[str, str]] = {
    "HUYING_MODE": ("production", "production, demo (loopback only, invented people) or test"),
    "HUYING_HOME": ("~/.local/share/huying", "folder of the SQLite file, attachments and local cities"),
    "HUYING_DATABASE_URL": (
        "",
        "sqlite:///PATH or postgres://USER:PASSWORD@HOST:PORT/NAME; default: a file in HUYING_HOME",
    ),
    "HUYING_SECRET_KEY": ("", "the city's secret, at least 32 characters; needed in production"),
    "HUYING_SECRET_KEY_FILE": ("", "a file to read the secret from"),
    "HUYING_HOST": ("127.0.0.1", "address that `huying serve` listens on"),
    "HUYING_PORT": ("8311", "port that `huying serve` listens on"),
    "HUYING_HOSTS": ("", "further host names that requests may name, separated by commas"),
    "HUYING_PROXIES": ("", "addresses of the reverse proxies whose X-Forwarded-For is believed, separated by commas"),
    "HUYING_QUESTIONS": ("3600", "questions that one address without a key may ask in an hour"),
    "HUYING_LANGUAGE": ("zh-Hans", "language of the command line and of letters: zh-Hans or en"),
    "HUYING_PUBLIC_URL": ("http://127.0.0.1:8311", "address at which people reach the pages; links begin with it"),
    "HUYING_IDLE": ("30", "minutes without a touch after which whoever is signed in must sign in again"),
    "HUYING_EXPORT_ROWS": ("5000", "the most rows that one Excel file of a list may have"),
    "HUYING_SMTP_URL": ("", "smtp://USER:PASSWORD@HOST:PORT (smtps:// for TLS); without it e-mail waits"),
    "HUYING_MAIL_PORT": (
        "",
        "port on this machine at which the loop takes in the city's mail by SMTP; without it none",
    ),
    "HUYING_NOW": ("", "fixed clock of demo and test mode, such as 2026-06-15T09:00:00+08:00"),
}


def _get(name: str) -> str:
    return os.environ.get(name, "") or SETTINGS[name][0]


def _refuse(chinese: str, english: str) -> None:
    sys.stderr.write(f"{chinese}\n{english}\n")
    raise SystemExit(2)


def database(url: str, home: Path) -> dict[str, Any]:
    """Django's database table for a URL; raises ValueError for a scheme that isn't sqlite or postgres."""
    parts = urlsplit(url or f"sqlite:///{home / 'huying.sqlite3'}")
    if parts.scheme == "sqlite":
        pragmas = "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"
        init = "".join(f"PRAGMA {pragma};" for pragma in pragmas)
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": unquote(parts.path[1:]) if parts.path.startswith("//") else unquote(parts.path),
            "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": init},
            # Opening and closing costs as much as a step, so under load a thread keeps its connection; but not for
            # long: a file that was put in the old one's place, from a backup for example, must be seen.
            "CONN_MAX_AGE": 1,
            # Tests run on a real file too: a database in memory knows neither WAL nor a crash.
            "TEST": {"NAME": str(home / "test.sqlite3")},
        }
    if parts.scheme in ("postgres", "postgresql"):
        options = dict(parse_qsl(parts.query))
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.lstrip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": options.pop("host", "") or unquote(parts.hostname or ""),
            "PORT": str(parts.port or ""),
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
            # Statements that are sent again and again are parsed and planned once. As on SQLite, nobody waits
            # longer than twenty seconds for what another holds.
            "OPTIONS": {"connect_timeout": 10, "prepare_threshold": 3, "options": "-c lock_timeout=20s", **options},
        }
    raise ValueError(f"HUYING_DATABASE_URL: {parts.scheme or url!r} is neither sqlite nor postgres")


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _secret() -> str:
    path = _get("HUYING_SECRET_KEY_FILE")
    secret = Path(path).read_text(encoding="utf-8").strip() if path else _get("HUYING_SECRET_KEY")
    if HUYING_MODE == "production" and len(secret) < 32:
        _refuse(
            "没有设置 HUYING_SECRET_KEY（至少 32 个字符），不能启动。"
            "请设置它，或用 HUYING_SECRET_KEY_FILE 指向存放它的文件。",
            "HUYING_SECRET_KEY (at least 32 characters) isn't set, so nothing starts. "
            "Set it, or point HUYING_SECRET_KEY_FILE to a file that holds it.",
        )
    return secret or "only for demo and test: never a secret"


HUYING_MODE = _get("HUYING_MODE")
if HUYING_MODE not in ("production", "demo", "test"):
    _refuse(
        f"HUYING_MODE 不能是「{HUYING_MODE}」，只能是 production、demo 或 test。",
        f"HUYING_MODE can't be {HUYING_MODE!r}; it is production, demo or test.",
    )
HUYING_HOME = Path(_get("HUYING_HOME")).expanduser()
HUYING_HOST = _get("HUYING_HOST")
HUYING_PORT = int(_get("HUYING_PORT")) if _get("HUYING_PORT").isdecimal() else 0
if not 0 < HUYING_PORT < 65536:
    _refuse("HUYING_PORT 必须是 1 到 65535 的整数。", "HUYING_PORT must be a whole number from 1 to 65535.")
if HUYING_MODE != "production" and not _loopback(HUYING_HOST):
    _refuse(
        f"演示模式只能在本机打开，HUYING_HOST 不能是「{HUYING_HOST}」。请用 127.0.0.1，或改用 production。",
        f"Demo mode opens on this machine only; HUYING_HOST can't be {HUYING_HOST!r}. Use 127.0.0.1, or production.",
    )
HUYING_PROXIES = frozenset(part.strip() for part in _get("HUYING_PROXIES").split(",") if part.strip())
HUYING_QUESTIONS = int(_get("HUYING_QUESTIONS")) if _get("HUYING_QUESTIONS").isdecimal() else 0
if HUYING_QUESTIONS < 1:
    _refuse("HUYING_QUESTIONS 必须是正整数。", "HUYING_QUESTIONS must be a whole number above 0.")
HUYING_IDLE = int(_get("HUYING_IDLE")) if _get("HUYING_IDLE").isdecimal() else 0
if not 0 < HUYING_IDLE <= 720:
    _refuse("HUYING_IDLE 必须是 1 到 720 的整数（分钟）。", "HUYING_IDLE must be a whole number of minutes, 1 to 720.")
HUYING_EXPORT_ROWS = int(_get("HUYING_EXPORT_ROWS")) if _get("HUYING_EXPORT_ROWS").isdecimal() else 0
if not 0 < HUYING_EXPORT_ROWS <= 100_000:
    _refuse(
        "HUYING_EXPORT_ROWS 必须是 1 到 100000 的整数。", "HUYING_EXPORT_ROWS must be a whole number from 1 to 100000."
    )
HUYING_LANGUAGE = _get("HUYING_LANGUAGE") if _get("HUYING_LANGUAGE") in ("zh-Hans", "en") else "zh-Hans"
HUYING_NOW: datetime | None = None
if _get("HUYING_NOW"):
    try:
        HUYING_NOW = datetime.fromisoformat(_get("HUYING_NOW"))
    except ValueError:
        _refuse(
            "HUYING_NOW 不是时间，请写成 2026-06-15T09:00:00+08:00。",
            "HUYING_NOW is no time; write 2026-06-15T09:00:00+08:00.",
        )
    if HUYING_MODE == "production" or HUYING_NOW is None or HUYING_NOW.tzinfo is None:
        _refuse(
            "HUYING_NOW 只用于演示和测试，并且要带时区。",
            "HUYING_NOW is for demo and test mode only, and needs its time zone.",
        )

HUYING_MAIL_PORT = int(_get("HUYING_MAIL_PORT")) if _get("HUYING_MAIL_PORT").isdecimal() else 0
if _get("HUYING_MAIL_PORT") and not 0 < HUYING_MAIL_PORT < 65536:
    _refuse("HUYING_MAIL_PORT 必须是 1 到 65535 的整数。", "HUYING_MAIL_PORT must be a whole number from 1 to 65535.")
HUYING_PUBLIC_URL = _get("HUYING_PUBLIC_URL").rstrip("/")
HUYING_SMTP_URL = _get("HUYING_SMTP_URL")
if HUYING_SMTP_URL and urlsplit(HUYING_SMTP_URL).scheme not in ("smtp", "smtps"):
    _refuse(
        "HUYING_SMTP_URL 要写成 smtp://用户:密码@主机:端口。",
        "HUYING_SMTP_URL must read smtp://USER:PASSWORD@HOST:PORT.",
    )

SECRET_KEY = _secret()
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]", HUYING_HOST, *filter(None, _get("HUYING_HOSTS").split(","))]
try:
    DATABASES = {"default": database(_get("HUYING_DATABASE_URL"), HUYING_HOME)}
except ValueError as error:
    _refuse(f"{error}。", f"{error}.")
INSTALLED_APPS = [
    "django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions", "axes",
    "huying.city", "huying.ledger", "huying.intake", "huying.notify", "huying.desk", "huying.portal",
]  # fmt: skip
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "huying.urls"
PACKAGE = Path(__file__).parent
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE / "templates"],
        "OPTIONS": {
            "builtins": ["huying.pages.marks"],
            "context_processors": ["django.template.context_processors.request"],
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "zh-hans"
USE_TZ = True
TIME_ZONE = "UTC"
# Each address of a static file carries a digest of its content, so a browser may keep it for ever.
STATIC_URL = "/static/"
STATIC_ROOT = PACKAGE / "static"
WHITENOISE_MAX_AGE = 31536000
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        **{kind: ["'self'"] for kind in ("script-src", "style-src", "font-src", "connect-src", "form-action")},
        "img-src": ["'self'", "data:"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    }
}
# Cookies travel over TLS only, wherever people reach the pages over TLS.
_TLS = HUYING_PUBLIC_URL.startswith("https://")
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE = _TLS
CSRF_COOKIE_HTTPONLY = SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = SESSION_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = ["{0.scheme}://{0.netloc}".format(urlsplit(HUYING_PUBLIC_URL))]
CSRF_FAILURE_VIEW = "huying.desk.entrance.lost"
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "huying", "huying_form"
SESSION_COOKIE_AGE = HUYING_IDLE * 60
SESSION_SAVE_EVERY_REQUEST = True
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
if HUYING_MODE == "test":  # the tests' passwords guard nothing, and a slow hash would be most of their time
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Five wrong passwords for one account from one address lock that pair for a quarter of an hour.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "huying.intake.limits.address"
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
SILENCED_SYSTEM_CHECKS = ["axes.W002"]  # its middleware would answer for us: the entrance says who is locked out
