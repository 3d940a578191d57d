"""Who asks: Basic, NTLM and Negotiate, the latter two by pyspnego's server side."""

import base64
import binascii
import os

import spnego


class Accounts:
    """Names and passwords. NTLM's are in a file, whose name pyspnego takes from the environment."""

    def __init__(self, passwords, directory):
        self.passwords = passwords
        path = os.path.join(directory, "accounts")
        with open(path, "w") as file:
            for user, password in passwords.items():
                # With the domain and without: a real host takes a local account either way.
                file.write(f":{user}:{password}\nDOUBLE:{user}:{password}\n")
        os.environ["NTLM_USER_FILE"] = path


class Answer:
    def __init__(self, user=None, headers=()):
        self.user, self.headers = user, list(headers)


class Authentication:
    """Of one connection."""

    def __init__(self, accounts):
        self.accounts, self.context, self.user = accounts, None, None

    def check(self, header, schemes):
        refusal = Answer(headers=[("WWW-Authenticate", scheme) for scheme in schemes])
        if not header:
            # Of a connection that was let in by NTLM, no further message says who it is.
            return Answer(self.user) if self.user else refusal
        scheme, _, token = header.partition(" ")
        known = next((s for s in schemes if s.split(" ")[0].lower() == scheme.lower()), None)
        if known is None:
            return refusal
        try:
            given = base64.b64decode(token, validate=True)
        except binascii.Error:
            return refusal
        return self._basic(given, refusal) if scheme.lower() == "basic" else self._negotiated(scheme, given, refusal)

    def _basic(self, given, refusal):
        user, _, password = given.decode("utf-8", "replace").partition(":")
        is_right = self.accounts.passwords.get(user) == password
        return Answer(user) if is_right else refusal

    def _negotiated(self, scheme, token, refusal):
        if self.context is None or self.context.complete:
            self.context = spnego.server(protocol="ntlm" if scheme.lower() == "ntlm" else "negotiate")
        try:
            reply = self.context.step(token)
        except (spnego.exceptions.SpnegoError, ValueError):
            self.context = None
            return refusal
        if not self.context.complete:
            challenge = base64.b64encode(reply or b"").decode()
            return Answer(headers=[("WWW-Authenticate", f"{scheme} {challenge}")])
        self.user = self.context.client_principal
        return Answer(self.user)
