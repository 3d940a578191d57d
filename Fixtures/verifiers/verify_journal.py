#!/usr/bin/env python3
"""Verifies a Lifeboat journal without Lifeboat, by docs/journal-format.md alone.

Needs Python's standard library and the package `cryptography`.

    verify_journal.py JOURNAL.sqlite [--key VERIFIER-KEY]... [--checkpoint FILE]...
    verify_journal.py --proof PROOF.json [--key VERIFIER-KEY]...

Prints what it found as JSON; exits 0 when all is sound, 1 when it isn't.
"""

import argparse
import base64
import hashlib
import json
import math
import sqlite3
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ENTRY_MEMBERS = {"v", "index", "at", "kind", "run", "step", "epoch", "body"}


class Unsound(Exception):
    pass


# --- The tree: RFC 9162, section 2.1


def leaf_hash(content):
    return hashlib.sha256(b"\x00" + content).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The roots of the complete subtrees that a size is made of, the largest first."""

    def __init__(self):
        self.size = 0
        self.hashes = []

    def append(self, leaf):
        self.hashes.append(leaf)
        size = self.size
        while size & 1:
            right = self.hashes.pop()
            self.hashes.append(node_hash(self.hashes.pop(), right))
            size >>= 1
        self.size += 1

    def root(self):
        if not self.hashes:
            return hashlib.sha256(b"").digest()
        root = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            root = node_hash(left, root)
        return root


def root_of_inclusion(leaf, index, size, path):
    """RFC 9162, 2.1.3.2."""
    if not 0 <= index < size:
        raise Unsound("no such place in a tree of that size")
    place, last, root = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise Unsound("the path is too long")
        if place & 1 or place == last:
            root = node_hash(sibling, root)
            while place and not place & 1:
                place >>= 1
                last >>= 1
        else:
            root = node_hash(root, sibling)
        place >>= 1
        last >>= 1
    if last != 0:
        raise Unsound("the path is too short")
    return root


def check_consistency(old_size, old_root, new_size, new_root, path):
    """RFC 9162, 2.1.4.2."""
    if old_size == new_size:
        if path or old_root != new_root:
            raise Unsound("two roots of one size")
        return
    if old_size == 0:
        if path or old_root != hashlib.sha256(b"").digest():
            raise Unsound("nothing has another root")
        return
    if not 0 < old_size < new_size:
        raise Unsound("a journal doesn't shrink")
    path = list(path)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    if not path:
        raise Unsound("the path is too short")
    place, last = old_size - 1, new_size - 1
    while place & 1:
        place >>= 1
        last >>= 1
    old = new = path[0]
    for hash in path[1:]:
        if last == 0:
            raise Unsound("the path is too long")
        if place & 1 or place == last:
            old, new = node_hash(hash, old), node_hash(hash, new)
            while place and not place & 1:
                place >>= 1
                last >>= 1
        else:
            new = node_hash(new, hash)
        place >>= 1
        last >>= 1
    if last != 0 or old != old_root or new != new_root:
        raise Unsound("the one is not the beginning of the other")


# --- Canonical JSON: RFC 8785


def canonical_number(number):
    if isinstance(number, int):
        return str(number)
    if number == 0:
        return "0"
    if number == math.floor(number) and abs(number) < 1e21:
        return str(int(number))
    mantissa, _, exponent = repr(number).partition("e")
    if not exponent:
        return mantissa
    digits = mantissa.replace(".", "").replace("-", "")
    power = int(exponent)
    sign = "-" if number < 0 else ""
    if -7 <= power < 0:
        return sign + "0." + "0" * (-power - 1) + digits
    head = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
    return f"{sign}{head}e{'+' if power > 0 else '-'}{abs(power)}"


def canonical(value):
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, (int, float)):
        return canonical_number(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    members = sorted(value.items(), key=lambda member: member[0].encode("utf-16-be"))
    return "{" + ",".join(f"{canonical(name)}:{canonical(item)}" for name, item in members) + "}"


def entry(content):
    parsed = json.loads(content)
    if not isinstance(parsed, dict) or set(parsed) != ENTRY_MEMBERS or parsed["v"] != 1:
        raise Unsound("it is no entry")
    if canonical(parsed).encode() != content:
        raise Unsound("it is not canonical JSON")
    return parsed


# --- Checkpoints: C2SP tlog-checkpoint in C2SP signed-note


class Key:
    def __init__(self, text):
        self.text = text
        self.name, hash, key = text.split("+", 2)
        key = base64.b64decode(key, validate=True)
        if key[0] != 1 or len(key) != 33:
            raise Unsound(f"{text} is no Ed25519 key")
        self.hash = hashlib.sha256(self.name.encode() + b"\n" + key).digest()[:4]
        if self.hash.hex() != hash:
            raise Unsound(f"{text} has the hash of another key")
        self.key = Ed25519PublicKey.from_public_bytes(key[1:])


def signers(note, keys):
    """The text that was signed, and who of `keys` signed it."""
    text, _, signatures = note.rpartition("\n\n")
    text += "\n"
    found = []
    for line in signatures.splitlines():
        dash, name, signature = line.split(" ")
        signature = base64.b64decode(signature, validate=True)
        for key in keys:
            if dash == "—" and key.name == name and key.hash == signature[:4]:
                try:
                    key.key.verify(signature[4:], text.encode())
                except InvalidSignature:
                    raise Unsound(f"a signature bears the name of {name}, and isn't by its key")
                found.append(key)
    return text, found


def checkpoint(note, keys):
    text, found = signers(note, keys)
    lines = text.splitlines()
    if not any(key.name == lines[0] for key in found):
        raise Unsound("the checkpoint isn't signed by a key that is accepted")
    return int(lines[1]), base64.b64decode(lines[2], validate=True)


class KeyHistory:
    """Keys that vouch for each other, chain by chain."""

    def __init__(self):
        self.chains = []

    def take(self, parsed):
        body = parsed["body"]
        if parsed["kind"] == "key.created":
            self.chains.append([Key(body["key"])])
        elif parsed["kind"] == "key.rotated":
            old, new = Key(body["previous"]), Key(body["key"])
            text, found = signers(body["note"], [old, new])
            if (
                not self.chains
                or self.chains[-1][-1].text != old.text
                or text != f"lifeboat key rotation\n{old.text}\n{new.text}\n"
                or {key.text for key in found} != {old.text, new.text}
            ):
                raise Unsound("the key's rotation isn't signed by both keys, or not by the last one")
            self.chains[-1].append(new)

    def accepted(self, given):
        if not given:
            return [key for chain in self.chains for key in chain]
        texts = {key.text for key in given}
        chains = [chain for chain in self.chains if texts & {key.text for key in chain}]
        return given + [key for chain in chains for key in chain]


# --- What is asked


def verify_journal(path, keys, checkpoints):
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    tree, history, roots = Frontier(), KeyHistory(), {0: Frontier().root()}
    rows = database.execute("SELECT idx, bytes, leaf_hash, root, kind, run FROM entries ORDER BY idx")
    for index, content, hash, root, kind, run in rows:
        try:
            if index != tree.size:
                raise Unsound("entries are missing before it" if index > tree.size else "it is added")
            if leaf_hash(content) != hash:
                raise Unsound("its bytes are not those that were hashed")
            parsed = entry(content)
            if parsed["index"] != index:
                raise Unsound(f"its bytes are those of entry {parsed['index']}")
            if (parsed["kind"], parsed["run"]) != (kind, run):
                raise Unsound("it is filed elsewhere")
            tree.append(hash)
            if tree.root() != root:
                raise Unsound("it is not the one that the tree was built with")
            roots[tree.size] = root
            history.take(parsed)
        except (ValueError, KeyError, TypeError) as error:
            return failure(index, f"it is no entry: {error}")
        except Unsound as error:
            return failure(index, str(error))
    size, root, frontier = database.execute("SELECT size, root, frontier FROM tree").fetchone()
    if size != tree.size:
        return failure(min(size, tree.size), f"the tree knows {size} entries, and {tree.size} are there")
    if root != tree.root() or frontier != b"".join(tree.hashes):
        return failure(0, "the tree's record is not the one that the entries give")
    accepted = history.accepted(keys)
    agreed = 0
    sizes = []
    for file in checkpoints:
        try:
            sizes.append(checkpoint(open(file, encoding="utf-8").read(), accepted))
        except (ValueError, IndexError) as error:
            return failure(None, f"{file} is no checkpoint: {error}")
        except Unsound as error:
            return failure(None, f"{file}: {error}")
    for signed_size, signed_root in sorted(sizes):
        if signed_size > size:
            return failure(size, f"{signed_size} entries were signed for, and {size} are there")
        if roots[signed_size] != signed_root:
            return failure(agreed, f"its first {signed_size} entries are not those that were signed for")
        agreed = signed_size
    return {
        "sound": True,
        "size": size,
        "root": "sha256:" + root.hex(),
        "signed": agreed,
        "keys": [key.text for key in accepted],
    }


def failure(index, message):
    return {"sound": False, "index": index, "message": message}


def digest(text):
    prefix, _, digits = text.partition(":")
    if prefix != "sha256" or len(digits) != 64:
        raise Unsound(f"{text} is no digest")
    return bytes.fromhex(digits)


def verify_proof(path, keys):
    proof = json.load(open(path, encoding="utf-8"))
    hashes = [digest(hash) for hash in proof["path"]]
    try:
        if proof["kind"] == "lifeboat.inclusion-proof":
            content = proof["entry"].encode()
            root = root_of_inclusion(leaf_hash(content), proof["index"], proof["size"], hashes)
            if root != digest(proof["root"]):
                raise Unsound("the entry and the path don't give the root")
            if entry(content)["index"] != proof["index"]:
                raise Unsound("the entry is another one")
            heads = [(proof["checkpoint"], proof["size"], root)]
        else:
            old, new = digest(proof["from_root"]), digest(proof["to_root"])
            check_consistency(proof["from"], old, proof["to"], new, hashes)
            heads = [
                (proof.get("from_checkpoint"), proof["from"], old),
                (proof.get("to_checkpoint"), proof["to"], new),
            ]
        for note, size, root in heads:
            if note is not None and keys and checkpoint(note, keys) != (size, root):
                raise Unsound("the checkpoint is another one's")
    except Unsound as error:
        return {"sound": False, "message": str(error)}
    return {"sound": True}


def main():
    parser = argparse.ArgumentParser(description="Verifies a Lifeboat journal without Lifeboat.")
    parser.add_argument("journal", nargs="?")
    parser.add_argument("--proof")
    parser.add_argument("--key", action="append", default=[], type=Key)
    parser.add_argument("--checkpoint", action="append", default=[])
    options = parser.parse_args()
    if options.proof:
        found = verify_proof(options.proof, options.key)
    else:
        found = verify_journal(options.journal, options.key, options.checkpoint)
    print(json.dumps(found))
    sys.exit(0 if found["sound"] else 1)


if __name__ == "__main__":
    main()
