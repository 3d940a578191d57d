"""One command line on a host: what cmd.exe makes of it, PowerShell's start, and its habits."""

import base64
import binascii

from host import Cut
from interpreter import Exit, Interpreter, Scope
from syntax import SyntaxTrouble, parse
from values import Refused, Thrown

LINE_LIMIT = 8191
# What a real one writes on standard error when nothing is wrong.
NOISE = ("#< CLIXML\r\n<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">"
         "<Obj S=\"progress\" RefId=\"0\"><TN RefId=\"0\"><T>System.Management.Automation.PSCustomObject</T>"
         "<T>System.Object</T></TN><MS><I64 N=\"SourceId\">1</I64><PR N=\"Record\"><AV>Preparing modules for first use."
         "</AV><AI>0</AI><Nil /><PI>-1</PI><PC>-1</PC><T>Completed</T><SR>-1</SR><SD> </SD></PR></MS></Obj></Objs>")


def clixml_error(message):
    """An error as PowerShell writes it where nobody told it otherwise: escaped, and cut into lines."""
    escaped = (message.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
    return ("#< CLIXML\r\n<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">"
            f"<S S=\"Error\">{escaped}_x000D__x000A_</S></Objs>")


class Result:
    def __init__(self, code, output="", error=""):
        self.code, self.output, self.error = code, output, error


class Session:
    def __init__(self, host):
        self.host = host
        self.assemblies = set()
        self.written = []

    def write(self, text):
        self.written.append(text)

    def needs_assembly(self, name):
        if name not in self.assemblies:
            raise Refused(f"a type of {name} before Add-Type: Windows PowerShell doesn't know it")

    def breathe(self):
        """In a loop: others get their turn."""
        self.host.lock.release()
        self.host.lock.acquire()


def run(host, line, read_input):
    """`line` as cmd.exe gets it after /c. Throws `Cut` when a fault cuts the connection."""
    if len(line) > LINE_LIMIT:
        return Result(1, error="The command line is too long.\r\n")
    try:
        encoded = powershell(words(line))
    except Refused as refused:
        return Result(9009, error=f"double: cmd.exe: {refused}\r\n")
    if encoded is None:
        return Result(9009, error=f"'{line.split(' ')[0]}' is not recognized as an internal or external command,\r\n")
    lines = read_input().decode("utf-8", "replace").splitlines()
    with host.lock:
        host.running += 1
        try:
            return interpret(host, encoded, lines)
        finally:
            host.running -= 1


def interpret(host, encoded, lines):
    session = Session(host)
    interpreter = Interpreter(session)
    code, error = 0, NOISE
    try:
        out = interpreter.run(parse(encoded), Scope(input=lines))
        session.written.extend(f"{item}\r\n" for item in out)
    except Exit as end:
        code = end.code
    except Thrown as thrown:
        code, error = 1, clixml_error(thrown.error.message)
    except (Refused, SyntaxTrouble) as refused:
        return Result(98, error=f"double: can't interpret {refused}\r\n")
    return Result(code, "".join(session.written), error)


def words(line):
    """The words of a line, as cmd.exe and then the program's own start code divide it."""
    found, word, quoted, escaped = [], None, False, False
    for sign in line:
        if escaped:
            word, escaped = (word or "") + sign, False
        elif sign == '"':
            quoted, word = not quoted, word or ""
        elif sign == "^" and not quoted:
            escaped = True
        elif sign in "&|<>()\n\r" and not quoted:
            raise Refused(f"{sign!r} would mean something to cmd.exe")
        elif sign in "%!\\":
            raise Refused(f"{sign!r}: what becomes of it depends on what surrounds it")
        elif sign == " " and not quoted:
            if word is not None:
                found.append(word)
            word = None
        else:
            word = (word or "") + sign
    if quoted:
        raise Refused("a quotation mark without another")
    return found + ([word] if word is not None else [])


_FLAGS = {"-noprofile", "-noninteractive", "-nologo"}
_VALUES = {"-outputformat": {"text"}, "-inputformat": {"text"}, "-executionpolicy": {"bypass", "remotesigned"}}


def powershell(arguments):
    """The script of a command line that starts PowerShell; None for another program."""
    if not arguments or arguments[0].lower() not in ("powershell", "powershell.exe"):
        return None
    rest, seen = list(arguments[1:]), set()
    while rest:
        option = rest.pop(0).lower()
        seen.add(option)
        if option == "-encodedcommand" and len(rest) == 1:
            if not {"-noprofile", "-noninteractive"} <= seen:
                raise Refused("PowerShell with a profile, or that asks")
            try:
                return base64.b64decode(rest[0], validate=True).decode("utf-16-le")
            except (binascii.Error, UnicodeDecodeError):
                raise Refused("-EncodedCommand that is no base64 of UTF-16LE") from None
        if option in _FLAGS:
            continue
        if option in _VALUES and rest and rest[0].lower() in _VALUES[option]:
            rest.pop(0)
            continue
        raise Refused(f"PowerShell's option {option}")
    raise Refused("PowerShell without a script")


__all__ = ["Cut", "Result", "run", "words", "powershell"]
