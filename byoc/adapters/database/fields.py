"""What the types of databases ask for."""

from __future__ import annotations

from byoc.contracts.fields import Field, TypeSpec


def _(sentence: str) -> str:
    """Only marks what is in the catalogue."""
    return sentence


_USER = Field("user", _("User"), required=True, sealed=True, most=63)
_PASSWORD = Field("password", _("Password"), "secret", required=True, most=1_000)
_OWNER = (
    Field(
        "owner_user", _("User that owns the tables"), sealed=True, most=63,
        help=_("Where it is another one: then the user above cannot change policies or the trail."),
    ),
    Field("owner_password", _("Password of that user"), "secret", most=1_000),
)  # fmt: skip
_DATABASE = Field("database", _("Database"), required=True, most=63)


def _address(example: str) -> Field:
    """`example` shows how it begins."""
    return Field("url", _("Address"), "url", required=True, most=600, help=example)


def _encryption(*choices: tuple[str, str]) -> Field:
    return Field(
        "sslmode", _("Encryption"), "choice", default="verify-full", choices=choices,
        help=_(
            "The first is right nearly always. Without encryption everything can be read on the way: only for"
            " a network nobody else is on."
        ),
    )  # fmt: skip


_NAMED = ("verify-full", _("Encrypted, and the server proves its name"))
_PLAIN = ("disable", _("Not encrypted"))

POSTGRESQL = TypeSpec(
    "database", "postgresql", "PostgreSQL",
    (
        _address("postgresql://db.example.com:5432"), _DATABASE, _USER, _PASSWORD, *_OWNER,
        _encryption(
            _NAMED,
            ("verify-ca", _("Encrypted, and an authority vouches for the server")),
            ("require", _("Encrypted, whoever answers")),
            _PLAIN,
        ),
        Field("pooler", _("Behind a pooler"), "bool", default=False, help=_(
            "PgBouncer in transaction mode, or the like: each transaction may have another session."
        )),
        Field("most_lag_seconds", _("Seconds that a replica may be behind"), "int", default=300, least=1,
              most=86_400),
    ),
    ("primary", "replica", "backup"), {"postgresql": 5432},
)  # fmt: skip
MYSQL = TypeSpec(
    "database", "mysql", "MariaDB",
    (
        _address("mysql://db.example.com:3306"), _DATABASE, _USER, _PASSWORD, *_OWNER,
        _encryption(_NAMED, _PLAIN),
        Field("pooler", _("Behind a pooler"), "bool", default=False),
    ),
    ("primary",), {"mysql": 3306},
)  # fmt: skip
SQLITE = TypeSpec(
    "database", "sqlite", _("SQLite, in a file of this server"), (), ("primary",), operators=True
)
MONGODB = TypeSpec(
    "database", "mongodb", "MongoDB",
    (
        _address("mongodb://db.example.com:27017"), _DATABASE, _USER, _PASSWORD,
        Field("tls", _("Encrypted"), "bool", default=True, help=_(
            "The server then proves its name. Without, everything can be read on the way."
        )),
        Field("auth_source", _("Database that knows the user"), default="admin", most=63),
    ),
    ("documents",), {"mongodb": 27017},
)  # fmt: skip
CUSTOM = TypeSpec(
    "database", "custom", _("Another engine that Django speaks with"),
    (
        Field("engine", _("Engine"), required=True, most=200, help=_(
            "The Python path of a Django backend, one of those in HUMANA_DATABASE_ENGINES."
        )),
        Field("url", _("Address"), "url", most=600, help=_(
            "As database://db.example.com:1433, always with the port. Empty for an engine that keeps a file"
            " of this server."
        )),
        Field("database", _("Database"), most=63),
        Field("user", _("User"), sealed=True, most=63),
        Field("password", _("Password"), "secret", most=1_000),
        *_OWNER,
        Field("driver", _("Options of the driver (JSON)"), "lines", most=4_000, help=_(
            "An object, as OPTIONS in Django's settings. The driver is given a judged address, not the name."
        )),
    ),
    ("primary",), {"database": 0}, operators=True,
)  # fmt: skip

TYPES = (POSTGRESQL, MYSQL, SQLITE, MONGODB, CUSTOM)
