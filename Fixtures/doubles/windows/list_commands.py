"""Parses scripts by the grammar: a JSON list of texts in, a JSON list out, of what each calls, or of why it is none."""

import json
import sys

import syntax


def commands(script):
    try:
        return {"commands": syntax.commands(script)}
    except syntax.SyntaxTrouble as trouble:
        return {"error": str(trouble)}


json.dump([commands(script) for script in json.load(sys.stdin)], sys.stdout)
