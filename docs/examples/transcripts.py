#!/usr/bin/env python3
"""Reads the golden transcripts, and plays the simple ones on a server.

    transcripts.py fixtures/transcripts                    counts what is there
    transcripts.py fixtures/transcripts 127.0.0.1:6379     plays cases in RESP2; the server is emptied

docs/TRANSCRIPTS.md specifies the format. This is an example of how to use the corpus from another
language: the reader is complete, the player leaves out what needs more than one connection.
"""
import pathlib
import re
import socket
import sys
from dataclasses import dataclass, field

DIRECTIVES = {"recorded-from", "proto", "since", "flavour", "config", "server", "requires", "labels"}
ESCAPES = {"\\": b"\\", '"': b'"', "n": b"\n", "r": b"\r", "t": b"\t"}


@dataclass
class Reply:
    """A value: its type byte, and text, children, or the name of a variable."""
    kind: str
    text: bytes | None = None
    null: bool = False
    variable: str = ""
    relaxation: str = ""
    condition: str = ""
    children: list = field(default_factory=list)
    attributes: list = field(default_factory=list)


@dataclass
class Step:
    connection: str
    action: str  # ">", "+>", ">>", or what stands behind "c1: "
    words: list  # of bytes; a str is an expression such as "now+5"
    condition: str = ""
    until: bool = False
    replies: list = field(default_factory=list)


@dataclass
class Case:
    name: str
    directives: list
    steps: list = field(default_factory=list)


def payload(text, at):
    """Reads a quoted string, and its repetition, at a position; returns bytes and the end."""
    out, at = bytearray(), at + 1
    while text[at] != '"':
        if text[at] != "\\":
            out += text[at].encode("utf-8", "surrogateescape")
            at += 1
        elif text[at + 1] == "x":
            out.append(int(text[at + 2:at + 4], 16))
            at += 4
        else:
            out += ESCAPES[text[at + 1]]
            at += 2
    at += 1
    times = re.compile(r"\*(\d+)").match(text, at)
    if times:
        return bytes(out) * int(times[1]), times.end()
    return bytes(out), at


def words(text):
    """Reads the words of a request. A word with a range becomes several."""
    out, at = [], 0
    while at < len(text):
        pieces = [[]]  # of each word that this one becomes
        while at < len(text) and text[at] != " ":
            span = re.compile(r"\{(\d+)\.\.(\d+)\}").match(text, at)
            expression = re.compile(r"<([a-z0-9_.]+(?:[+-]\d+)?)>").match(text, at)
            if text[at] == '"':
                piece, at = payload(text, at)
                choices = [piece]
            elif span:
                choices, at = [b"%d" % n for n in range(int(span[1]), int(span[2]) + 1)], span.end()
            elif expression:
                choices, at = [expression[1]], expression.end()
            else:
                choices, at = [text[at].encode("utf-8", "surrogateescape")], at + 1
            pieces = [p + [c] for p in pieces for c in choices]
        for p in pieces:
            out.append(b"".join(p) if all(isinstance(c, bytes) for c in p) else p)
        at += 1
    return out


def condition(line):
    """Takes a condition off the start of a line."""
    found = re.match(r"\[([^]]*)\] +", line)
    return (found[1], line[found.end():]) if found else ("", line)


def reply_line(line):
    relaxation = re.match(r"(any|match|approx \S+|unordered \d+|unordered) ?", line)
    out = Reply("", relaxation=relaxation[1] if relaxation else "")
    if relaxation:
        line = line[relaxation.end():]
    out.kind, rest = line[:1], line[1:]
    if rest == "-1" and out.kind in "$*":
        out.null = True
    elif rest.startswith('"'):
        out.text, _ = payload(rest, 0)
    elif rest.startswith("<"):
        out.variable = rest[1:-1]
    else:
        out.text = rest.encode()
    return out


def replies(lines):
    """Reads the replies in lines that belong to one step."""
    top, below = [], {}
    for line in lines:
        depth = (len(line) - len(line.lstrip(" "))) // 2
        when, rest = condition(line.strip()) if depth == 0 else ("", line.strip())
        node = reply_line(rest)
        node.condition = when
        siblings = top if depth == 0 else below[depth - 1].children
        if siblings and siblings[-1].kind == "|":  # which belongs to the value behind it
            attribute = siblings.pop()
            node.attributes, node.condition = attribute.children, attribute.condition
        siblings.append(node)
        below[depth] = node
    return top


STEP = re.compile(r"(?:\[(?P<when>[^]]*)\] +)?(?P<until>until +)?(?:(?P<on>[a-z][a-z0-9]*)?(?P<send>\+?>|>>)(?: (?P<words>.*))?$|(?P<name>[a-z][a-z0-9]*): (?P<mark>[a-z0-9 ]+)$)")


def read(text):
    """Returns the directives of a file and its cases."""
    directives, cases, pending = [], [], []

    def flush():
        if pending:
            cases[-1].steps[-1].replies = replies(pending)
            pending.clear()

    for line in text.split("\n"):
        line = line.rstrip(" \r")
        step = STEP.match(line)
        name, colon, value = line.partition(": ")
        if not line or line == "#" or line.startswith("# "):
            continue
        if line.startswith("=== "):
            flush()
            cases.append(Case(line[4:], []))
        elif condition(line)[1] == "effects":
            flush()
            cases[-1].steps.append(Step("", "effects", [], condition(line)[0]))
        elif colon and name in DIRECTIVES:
            (cases[-1].directives if cases else directives).append((name, value))
        elif step and (step["mark"] or step["on"] or not re.match(r">\d", line)):
            flush()
            send = step["send"]
            text = step["words"] or ""
            cases[-1].steps.append(Step(step["on"] or step["name"] or "c1", send or step["mark"],
                                        ([payload(text, 0)[0]] if send == ">>" else words(text)) if send else [],
                                        step["when"] or "", bool(step["until"])))
        else:
            pending.append(line)
    flush()
    return directives, cases


class Server:
    def __init__(self, address):
        host, _, port = address.rpartition(":")
        self.socket = socket.create_connection((host, int(port)), 5)
        self.file = self.socket.makefile("rb")

    def send(self, parts):
        self.socket.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts))

    def receive(self):
        line = self.file.readline().rstrip(b"\r\n")
        kind, rest = chr(line[0]), line[1:]
        if kind in "$*" and rest == b"-1":
            return Reply(kind, null=True)
        if kind == "$":
            return Reply(kind, self.file.read(int(rest) + 2)[:-2])
        if kind == "*":
            return Reply(kind, rest, children=[self.receive() for _ in range(int(rest))])
        return Reply(kind, rest)

    def ask(self, *parts):
        self.send(parts)
        return self.receive()


def same(want, got):
    if want.relaxation == "any":
        return want.kind == got.kind
    if want.kind != got.kind or want.null != got.null or len(want.children) != len(got.children):
        return False
    if want.kind == "*":
        return all(same(w, g) for w, g in zip(want.children, got.children))
    return want.text == got.text


def plain(node):
    return not node.variable and node.relaxation in ("", "any") and all(plain(c) for c in node.children)


def simple(directives, case):
    """Tells whether the case is one connection's requests with exact replies, the same for all, and
    leaves nothing behind but keys."""
    if any(name not in ("recorded-from", "labels") and (name, value) != ("proto", "2") for name, value in directives + case.directives):
        return False
    return all(s.connection == "c1" and s.action == ">" and not s.until and not s.condition and s.words
               and all(isinstance(w, bytes) for w in s.words) and s.words[0].upper() not in (b"CONFIG", b"DEBUG")
               and all(plain(r) and r.condition in ("", "resp2", "resp3") for r in s.replies) for s in case.steps)


def play(server, case):
    server.ask(b"FLUSHALL")
    for step in case.steps:
        server.send(step.words)
        for want in step.replies:
            if want.condition != "resp3" and not same(want, got := server.receive()):
                return f"{step.words}: want {want}, got {got}"
    return ""


def main():
    files = cases = steps = values = played = failed = 0
    server = Server(sys.argv[2]) if len(sys.argv) > 2 else None
    for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.txt")):
        directives, found = read(path.read_text("utf-8", "surrogateescape"))
        files, cases = files + 1, cases + len(found)
        for case in found:
            steps += len(case.steps)
            values += sum(len(s.replies) for s in case.steps)
            if server and path.parent.name in ("string", "list", "set", "hash", "sorted-set") and simple(directives, case):
                played += 1
                if why := play(server, case):
                    failed += 1
                    print(f"{path}: {case.name}: {why}")
                    server = Server(sys.argv[2])
    print(f"{files} files, {cases} cases, {steps} steps, {values} replies")
    if server:
        print(f"{played - failed} of {played} simple cases passed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
