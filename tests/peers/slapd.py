"""OpenLDAP's server as Debian brings it: a directory of people that the test run throws away.

It takes a password over an encrypted connection only. Anybody may come in, and only READER reads people.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from humana.embedded.process import CannotStart, Child, free_port, on_free_port, spawn, wait_until
from humana.embedded.secrets import word
from tests.peers.certificates import certificate_for
from tests.peers.server import ENVIRONMENT, installed

PROGRAMS = ("slapd", "slapadd", "ldapwhoami")
NAME, SUFFIX = "localhost", "dc=example,dc=com"
PEOPLE, READER, STRANGER = f"ou=people,{SUFFIX}", f"cn=reader,{SUFFIX}", f"cn=stranger,{SUFFIX}"
#: How many people it knows: uid=person0 and on.
MANY = 25

SETTINGS = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {home}/pid
{encrypted}
database mdb
suffix {suffix}
directory {home}/data
maxsize 16777216
{limits}
access to attrs=userPassword by anonymous auth by * none
access to dn.subtree="{people}" by dn.exact="{reader}" read by * none
access to * by users read
"""
ENCRYPTED = """
TLSCertificateFile {home}/certificate.pem
TLSCertificateKeyFile {home}/key.pem
security simple_bind=128
"""


class Slapd:
    """One server below `home`, by StartTLS and by LDAPS. `name` is whom its certificate is made out to.

    Without a name it has no certificate and encrypts nothing. `limits` are lines of its configuration.
    """

    host = "127.0.0.1"

    def __init__(self, home: Path, *, name: str = NAME, days: int = 1, limits: str = "") -> None:
        self.home = home
        self.name, self.days, self.limits = name, days, limits
        self.password = word()
        self.port = self.port_encrypted = 0
        self.authority = ""

    def start(self) -> Child:
        """Write its people, start it, wait until the reader is let in; CannotStart with its log."""
        (self.home / "data").mkdir(mode=0o700, parents=True)
        self._certify()
        settings = SETTINGS.format(
            home=self.home, suffix=SUFFIX, people=PEOPLE, reader=READER, limits=self.limits,
            encrypted=ENCRYPTED.format(home=self.home) if self.name else "",
        )  # fmt: skip
        (self.home / "slapd.conf").write_text(settings)
        self._furnish()
        return on_free_port(self._start)

    def url(self, scheme: str = "ldap", host: str = NAME) -> str:
        return f"{scheme}://{host}:{self.port if scheme == 'ldap' else self.port_encrypted}"

    def _certify(self) -> None:
        if self.name:
            certificate, _key = certificate_for(self.name, self.home, days=self.days)
            self.authority = certificate.read_text()

    def _furnish(self) -> None:
        done = subprocess.run(
            [installed("slapadd"), "-q", "-f", self.home / "slapd.conf"],
            input="\n".join(_entries(self.password)),
            capture_output=True,
            text=True,
            env=ENVIRONMENT,
            check=False,
        )
        if done.returncode:
            raise CannotStart(f"slapadd failed:\n{done.stdout}{done.stderr}")

    def _start(self, port: int) -> Child:
        self.port, self.port_encrypted = port, free_port()
        doors = [f"ldap://{self.host}:{port}"]
        if self.name:
            doors.append(f"ldaps://{self.host}:{self.port_encrypted}")
        child = spawn(
            "slapd",
            [installed("slapd"), "-f", self.home / "slapd.conf", "-h", " ".join(doors), "-d", "0"],
            log=self.home.parent / "logs" / "slapd.log",
            directory=Path("/"),
            environ=ENVIRONMENT,
        )
        wait_until(self._answers, child, seconds=30)
        return child

    def _answers(self) -> bool:
        asked = ["-x", "-H", self.url(host=self.host), "-D", READER, "-w", self.password]
        known = subprocess.run(
            [installed("ldapwhoami"), *asked, *(["-ZZ"] if self.name else [])],
            capture_output=True,
            env={**ENVIRONMENT, "LDAPTLS_REQCERT": "never"},
            check=False,
        )
        return known.returncode == 0


def _entries(password: str) -> list[str]:
    """As LDIF, each with a line to end it."""
    entries = [
        f"dn: {SUFFIX}\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: Example\n",
        f"dn: {PEOPLE}\nobjectClass: organizationalUnit\nou: people\n",
    ]
    entries += [
        f"dn: {whose}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\n"
        f"cn: {whose.split(',', 1)[0][3:]}\nuserPassword: {password}\n"
        for whose in (READER, STRANGER)
    ]
    entries += [
        f"dn: uid=person{one},{PEOPLE}\nobjectClass: inetOrgPerson\nuid: person{one}\n"
        f"cn: Person {one}\nsn: {one}\n"
        for one in range(MANY)
    ]
    return entries
