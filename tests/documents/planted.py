"""Readers that were taken over by what they read, and programs that try what a confined one may not."""

from __future__ import annotations

from pathlib import Path

#: What each says or does instead of reading, and how that ends.
TAKEN_OVER = {
    "silent": ("time.sleep(600)", "too_slow"),
    "with a child": ("os.fork() or time.sleep(600); time.sleep(600)", "too_slow"),
    "gone": ("sys.exit(3)", "failed"),
    "dead": ("os.kill(os.getpid(), signal.SIGSEGV)", "too_complex"),
    "out of time": ("os.kill(os.getpid(), signal.SIGXCPU)", "too_slow"),
    "endless": ("while True: say('done', 0, 1)", "too_complex"),
    "a gigabyte at once": ("os.write(1, struct.pack('>I', 2**30)); os.write(1, b'x' * 1000)", "too_complex"),
    "no message": ("os.write(1, struct.pack('>I', 4) + b'\\xff\\xfe{}')", "too_complex"),
    "deep": ("os.write(1, struct.pack('>I', 200_000) + b'[' * 200_000)", "too_complex"),
    "too much": ("for n in range(100): say('text', '', 'x' * 20_000)", "too_complex"),
    "too long": ("say('text', '', 'x' * 20_001)", "too_complex"),
    "not to be kept": ("say('text', '', 'a\\x00b')", "too_complex"),
    "half a letter": ("say('text', '', 'a\\ud800b')", "too_complex"),
    "a word of its own": ("say('cannot', '<script>')", "too_complex"),
    "more than all": ("say('done', 2, 1)", "too_complex"),
    "has pictures": ("say('picture', 1); say('end')", "too_complex"),
    "is full of pictures": ("for n in range(1, 10**6): say('picture', n)", "too_complex"),
    "the picture of nothing": ("say('picture', 0); say('end')", "too_complex"),
    "stops in the middle": ("say('text', '', 'x'); sys.exit(0)", "failed"),
}
_BEFORE = """
import json, os, signal, struct, sys, time
def say(*parts):
    body = json.dumps(parts).encode()
    os.write(1, struct.pack('>I', len(body)) + body)
"""
#: What a program may not do once it is confined; each must fail.
FORBIDDEN = {
    "open a file": "open('/etc/passwd')",
    "write a file": "open('/tmp/humana-escaped.txt', 'w')",
    "look for a file": "os.stat('/etc/passwd')",
    "list a folder": "os.listdir('/')",
    "make a folder": "os.mkdir('/tmp/humana-escaped')",
    "dial": "socket.create_connection(('127.0.0.1', 9))",
    "have a socket": "socket.socket()",
    "have another process": "os.fork()",
    "start a program": "os.execv('/bin/true', ['true'])",
    "end another process": "os.kill(os.getppid(), 0)",
    "be somebody else": "os.setuid(65534)",
    "have more rights": "resource.setrlimit(resource.RLIMIT_CPU, (600, 600))",
    "share memory": "os.memfd_create('x')",
    "take much memory": "bytearray(200 * 1024 * 1024)",
}


def script(folder: Path, name: str) -> Path:
    """A reader that was taken over."""
    made = folder / "taken.py"
    made.write_text(_BEFORE + TAKEN_OVER[name][0])
    return made


def trying(home: Path, confined: str) -> str:
    """A program that gives up its rights so, tries everything, and says what it was able to do."""
    return f"""
import os, resource, socket, sys
sys.path.append({str(home)!r})
from documents.extraction import confining
from documents.extraction.contract import USUAL
able = []
{confined}
for name, attempt in {FORBIDDEN!r}.items():
    try:
        exec(attempt)
    except (OSError, MemoryError, ValueError, LookupError):
        continue
    able.append(name)
os.write(1, repr(able).encode())
"""
