"""What the types of storage ask for."""

from __future__ import annotations

from byoc.contracts.fields import Field, TypeSpec


def _(sentence: str) -> str:
    """Only marks what is in the catalogue."""
    return sentence


WEB = {"https": 443, "http": 80}
ROLES = ("documents", "attachments", "exports", "backup")

_PREFIX = Field("prefix", _("Folder"), most=200, help=_("Everything of ours is kept below it."))
_BACKUP = Field(
    "backup",
    _("Backup"),
    most=80,
    help=_("The name of the endpoint that takes what cannot be written here for a while."),
)
_S3 = (
    Field("bucket", _("Bucket"), required=True, most=255),
    Field("region", _("Region"), most=60, default="us-east-1"),
    Field("access_key", _("Access key"), required=True, sealed=True, most=200),
    Field("secret_key", _("Secret key"), "secret", required=True, most=400),
    _PREFIX,
    _BACKUP,
)
TYPES = (
    TypeSpec("storage", "s3", "Amazon S3", (
        Field("url", _("Address"), "url", most=600, help=_("Empty for Amazon's own of the region.")), *_S3,
    ), ROLES, WEB),
    TypeSpec("storage", "azure-blob", "Azure Blob Storage", (
        Field("url", _("Address"), "url", required=True, most=600,
              help=_("That of the account, for example https://name.blob.core.windows.net.")),
        Field("account", _("Account"), required=True, most=200),
        Field("container", _("Container"), required=True, most=63),
        Field("account_key", _("Account key"), "secret", required=True, most=400),
        _PREFIX,
        _BACKUP,
    ), ROLES, WEB),
    TypeSpec("storage", "gcs", "Google Cloud Storage", (
        Field("url", _("Address"), "url", default="https://storage.googleapis.com", most=600),
        Field("bucket", _("Bucket"), required=True, most=222),
        Field("project", _("Project"), most=63),
        Field("service_account", _("Key of the service account (JSON)"), "secret", most=8_000),
        _PREFIX,
        _BACKUP,
    ), ROLES, WEB),
    TypeSpec("storage", "custom", _("Another that speaks S3"), (
        Field("url", _("Address"), "url", required=True, most=600), *_S3,
    ), ROLES, WEB),
    TypeSpec("storage", "local", _("A folder of the server"), (
        Field("folder", _("Folder"), required=True, most=400), _PREFIX, _BACKUP,
    ), ROLES, {}, operators=True),
)  # fmt: skip
