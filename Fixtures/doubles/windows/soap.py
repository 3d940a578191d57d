"""The messages of WS-Management, as far as remote shells have them ([MS-WSMV])."""

import uuid
import xml.etree.ElementTree as tree
from xml.sax.saxutils import escape, quoteattr

SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
CMD = SHELL + "/cmd"
CREATE = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Create"
DELETE = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Delete"
_SPACES = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "w": "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
    "p": "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd",
    "rsp": SHELL,
    "x": "http://schemas.xmlsoap.org/ws/2004/09/transfer",
    "f": "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault",
}
_DECLARED = " ".join(f'xmlns:{prefix}="{space}"' for prefix, space in _SPACES.items())

OPERATION_TIMED_OUT = 2150858793
INVALID_SELECTORS = 2150858843
TOO_MANY_SHELLS = 2150859173
UNSUPPORTED = 2150858770


class Fault(Exception):
    def __init__(self, code, message, subcode="w:InternalError"):
        super().__init__(message)
        self.code, self.message, self.subcode = code, message, subcode


class Message:
    """A request."""

    def __init__(self, text):
        if b"<!DOCTYPE" in text:
            raise Fault(UNSUPPORTED, "a DOCTYPE")
        try:
            self.root = tree.fromstring(text)
        except tree.ParseError as trouble:
            raise Fault(UNSUPPORTED, f"no XML: {trouble}") from None
        for needed in ("a:Action", "a:To", "a:MessageID", "a:ReplyTo/a:Address", "w:ResourceURI", "w:OperationTimeout",
                       "w:MaxEnvelopeSize"):
            if self.one("s:Header/" + needed) is None:
                raise Fault(UNSUPPORTED, f"the header {needed} is missing")
        if self.one("s:Header/w:ResourceURI").text != CMD:
            raise Fault(UNSUPPORTED, "another resource")

    def one(self, path):
        return self.root.find(path, _SPACES)

    def all(self, path):
        return self.root.findall(path, _SPACES)

    @property
    def action(self):
        return self.one("s:Header/a:Action").text

    @property
    def id(self):
        return self.one("s:Header/a:MessageID").text

    @property
    def shell_id(self):
        found = self.one("s:Header/w:SelectorSet/w:Selector[@Name='ShellId']")
        return None if found is None else found.text

    @property
    def timeout(self):
        """In seconds."""
        return float(self.one("s:Header/w:OperationTimeout").text.removeprefix("PT").removesuffix("S"))

    def options(self):
        return {o.get("Name"): o.text for o in self.all("s:Header/w:OptionSet/w:Option")}


def envelope(action, body, related):
    return (f"<s:Envelope {_DECLARED}><s:Header><a:Action>{escape(action)}</a:Action>"
            f"<a:MessageID>uuid:{uuid.uuid4()}</a:MessageID><a:RelatesTo>{escape(related or '')}</a:RelatesTo>"
            "<a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:To></s:Header>"
            f"<s:Body>{body}</s:Body></s:Envelope>").encode()


def fault(trouble, related):
    words = escape(trouble.message)
    return envelope(
        "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault",
        "<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode>"
        f"<s:Value>{trouble.subcode}</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang=\"en-US\">{words}</s:Text>"
        f"</s:Reason><s:Detail><f:WSManFault Code={quoteattr(str(trouble.code))} Machine=\"double\"><f:Message>{words}"
        "</f:Message></f:WSManFault></s:Detail></s:Fault>", related)


def created(shell_id, related):
    return envelope(
        CREATE + "Response",
        f"<x:ResourceCreated><a:Address>https://double/wsman</a:Address><a:ReferenceParameters><w:ResourceURI>{CMD}"
        f"</w:ResourceURI><w:SelectorSet><w:Selector Name=\"ShellId\">{shell_id}</w:Selector></w:SelectorSet>"
        f"</a:ReferenceParameters></x:ResourceCreated><rsp:Shell><rsp:ShellId>{shell_id}</rsp:ShellId></rsp:Shell>",
        related)
