"""One scheduler as JAMS's documentation describes it: what it reads when it runs, and when it takes control."""

import xml.etree.ElementTree as ElementTree

FOLDER = r"C:\Program Files\MVPSI\JAMS\Scheduler"
SERVER_CONFIG = FOLDER + r"\Server.config"
FAILOVER_CONFIG = FOLDER + r"\Failover.config"
COMMON_CONFIG = r"C:\ProgramData\MVPSI\JAMS\Common.config"
HOSTS = r"C:\Windows\System32\drivers\etc\hosts"
SERVICES = ("JAMSServer", "JAMSExecutor", "JAMSScheduler")
# After so many beats that didn't come the secondary takes over.
MISSED_BEATS = 3


class Scheduler:
    def __init__(self, host, name, site, rest):
        self.host, self.name, self.site, self.rest = host, name, site, rest
        self.missed, self.runs, self.is_in_control, self.files = 0, False, False, {}

    def look(self, seen, files):
        """What its host shows just now."""
        self.files = files
        self.runs = is_running(seen, *SERVICES)
        if not self.runs:
            self.missed, self.is_in_control = 0, False

    @property
    def guid(self):
        found = self._element(SERVER_CONFIG, ".//InstalledGUID")
        return None if found is None else (found.text or "").strip().upper() or None

    @property
    def database_server(self):
        found = self._element(COMMON_CONFIG, "./appSettings/add[@key='Server']")
        return None if found is None else found.get("value")

    @property
    def primary_name(self):
        """Of a pair's secondary: the name of its primary."""
        names = [self._element(FAILOVER_CONFIG, "./" + word) for word in ("Primary", "Secondary")]
        if any(each is None or not each.text for each in names):
            return None
        primary, secondary = (each.text.strip().lower() for each in names)
        return primary if secondary == self.name.lower() != primary else None

    def beat(self, primary):
        """Whether it may take control: a secondary only when its primary has been silent long enough."""
        if primary is None:
            return True
        self.missed = 0 if primary.runs else self.missed + 1
        return self.missed >= MISSED_BEATS

    def _element(self, path, place):
        text = self.files.get(path.lower())
        if text is None:
            return None
        try:
            return ElementTree.fromstring(text).find(place)
        except ElementTree.ParseError:
            return None


def is_running(seen, *services):
    return not seen["down"] and all(seen["services"].get(name) == "Running" for name in services)


def address_of(name, files):
    """What the hosts file says of a name."""
    for line in files.get(HOSTS.lower(), "").splitlines():
        words = line.split("#")[0].split()
        if name.lower() in (word.lower() for word in words[1:]):
            return words[0]
    return None
