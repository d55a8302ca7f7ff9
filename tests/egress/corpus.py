"""Spellings of addresses that lead, or may lead, where nobody may go: at least 250 of them.

SPELLINGS   whole addresses, for whatever takes a URL
HOSTS       what stands where only a server's name belongs, for databases and the like
"""

from __future__ import annotations

from ipaddress import IPv4Address

#: Loopback, private networks, metadata.
TARGETS = ("127.0.0.1", "10.0.0.7", "169.254.169.254", "192.168.1.1", "0.0.0.0")


def _numbers(text: str) -> list[str]:
    """One IPv4 address as the resolvers of the world also read it."""
    address = IPv4Address(text)
    a, b, c, d = address.packed
    whole = int(address)
    return [
        text, str(whole), hex(whole), f"0x{whole:X}", f"0{whole:o}", f"{a}.{b * 65536 + c * 256 + d}",
        f"{a}.{b}.{c * 256 + d}", f"0x{a:x}.0x{b:x}.0x{c:x}.0x{d:x}", f"0{a:o}.0{b:o}.0{c:o}.0{d:o}",
        f"0x{a:x}.{b}.{c}.{d}", f"0{a:o}.{b}.{c}.{d}", f"{a}.{b}.{c}.0x{d:x}", f"000{a:o}.{b}.{c}.{d}",
        f"{text}.", f"{text}..", f"{a}。{b}。{c}。{d}", f"{a}．{b}．{c}．{d}", f"{a}｡{b}｡{c}｡{d}",
        text.translate(str.maketrans("0123456789", "０１２３４５６７８９")), text.replace(".", "%2e"),
        f"{text}%00", f"{text}%20", f"{whole + 2**32}", f"{text}#@example.com", f"{text}\t", f"{text}\n",
    ]  # fmt: skip


def _sixes(text: str) -> list[str]:
    """The same inside IPv6: mapped, compatible, translated, tunnelled."""
    address = IPv4Address(text)
    high, low = divmod(int(address), 65536)
    teredo = f"{high ^ 0xFFFF:x}:{low ^ 0xFFFF:x}"
    return [
        f"[::ffff:{text}]", f"[::ffff:{high:x}:{low:x}]", f"[0:0:0:0:0:ffff:{high:x}:{low:x}]",
        f"[::{text}]", f"[64:ff9b::{text}]", f"[64:ff9b::{high:x}:{low:x}]", f"[64:ff9b:1::{text}]",
        f"[2002:{high:x}:{low:x}::]", f"[2001:0:4136:e378:8000:63bf:{teredo}]", f"[::FFFF:{text}]",
    ]  # fmt: skip


_OTHERS = [
    "[::]", "[::1]", "[0:0:0:0:0:0:0:1]", "[::1%25lo]", "[::1%lo]", "[fe80::1]", "[fe80::1%25eth0]",
    "[fd00:ec2::254]", "[fd20:ce::254]", "[fc00::1]", "[fec0::1]", "[ff02::1]", "[2001:db8::1]", "[::g]",
    "[::1", "::1", "[]", "[v1.fe80]", "0", "0x0", "00", "1", "127.1", "127.0.1", "0x7f.1", "017700000001",
    "100.100.100.200", "168.63.129.16", "192.0.0.192", "100.64.0.1", "198.18.0.1", "224.0.0.1",
    "255.255.255.255", "240.0.0.1", "172.16.0.1", "172.31.255.254", "localhost", "LOCALHOST", "LocalHost.",
    "localhost.", "localhost..", "localhost.localdomain", "ip6-localhost", "ｌocalhost", "loc%61lhost",
    "lоcalhost", "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ", "localhost%00.example.com", "localhost\\.example.com", "①②⑦.⓪.⓪.①",
    "metadata", "metadata.google.internal", "METADATA.google.internal.", "metadata.azure.internal",
    "instance-data", "kubernetes.default.svc", "host.docker.internal", "127.0.0.1.nip.io",
    "user@127.0.0.1", "user:pass@localhost", "example.com@127.0.0.1", "127.0.0.1@example.com",
    "127.0.0.1\\@example.com", "example.com\\@127.0.0.1", "example.com#@127.0.0.1", "example.com?@localhost",
    "example.com:80@127.0.0.1", "example.com%40127.0.0.1", "127.0.0.1;example.com", "127.0.0.1,example.com",
    "example.com,127.0.0.1", " localhost", "localhost ", "\tlocalhost", "loc\nalhost", "local\rhost",
    "localhost\x00", "\u200blocalhost", "local\u00adhost", "xn--", "xn--localhost-", "-localhost",
    "local_host.-x", "a..b", ".localhost", "*", "*.internal", "$HOME", "${HOST}", "%HOST%", "{host}",
]  # fmt: skip
_HOSTS = [one for target in TARGETS for one in (*_numbers(target), *_sixes(target))] + _OTHERS

_SCHEMES = [
    "file:///etc/passwd", "file://localhost/etc/passwd", "gopher://127.0.0.1:6379/_", "dict://127.0.0.1:11211/",
    "unix:///var/run/docker.sock", "unix://%2Fvar%2Frun", "ftp://127.0.0.1/", "ldap://127.0.0.1/",
    "jar:http://127.0.0.1!/", "data:text/plain,hello", "javascript:alert(1)", "netdoc:///etc/passwd",
    "http+unix://%2Fvar%2Frun%2Fdocker.sock/", "HTTP://127.0.0.1/", "hTtPs://localhost/", "https:/127.0.0.1/",
    "https:127.0.0.1", "https:///127.0.0.1", "https:\\\\127.0.0.1\\", "//127.0.0.1/", "127.0.0.1",
    "://127.0.0.1",
    "https://127.0.0.1:0/", "https://127.0.0.1:65536/", "https://127.0.0.1:22/", "https://127.0.0.1:443:80/",
    "https://127.0.0.1:４４３/", "https://127.0.0.1:+443/", "https://127.0.0.1: 443/", "https://localhost:/",
    "", "https://", "https://?", "https://#", "https://@/", "https://:443/", "https://[::1]:443@example.com/",
]  # fmt: skip

SPELLINGS = [f"{scheme}://{host}/" for host in _HOSTS for scheme in ("https", "http")] + _SCHEMES
HOSTS = [
    *_HOSTS, "/tmp", "/var/run/postgresql", "@abstract", "a.example,b.example", "a.example:5432,b.example",
    "service=ours", "host=localhost", "localhost hostaddr=10.0.0.1", "db?host=/tmp", "db?service=ours",
    "db?passfile=/etc/passwd", "db?sslrootcert=/etc/passwd", "db#x", "db/other", "", " ", "..", "%2Ftmp",
]  # fmt: skip

#: Names that lead there, whatever the resolver of this machine knows.
LEADS = {
    "localhost": "127.0.0.1", "localhost.localdomain": "127.0.0.1", "ip6-localhost": "::1",
    "metadata": "169.254.169.254", "metadata.google.internal": "169.254.169.254",
    "metadata.azure.internal": "169.254.169.254", "instance-data": "169.254.169.254",
    "kubernetes.default.svc": "10.0.0.1", "host.docker.internal": "172.17.0.1",
    "127.0.0.1.nip.io": "127.0.0.1",
}  # fmt: skip
