"""What both benchmarks tell about the machine and about their figures."""

import json
import os
import platform
import statistics
import subprocess
import sys
import time


def say(text=""):
    print(text, flush=True)


def progress(text):
    print(text, file=sys.stderr, flush=True)


def output(*command):
    """The first line that a program prints, or why there is none."""
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except OSError as error:
        return str(error)
    return (result.stdout or result.stderr).strip().split("\n")[0]


def machine():
    """The machine that figures are of."""
    with open("/proc/cpuinfo") as file:
        models = [line.split(":")[1].strip() for line in file if line.startswith("model name")]
    with open("/proc/meminfo") as file:
        kilobytes = int(file.readline().split()[1])
    return {
        "processor": models[0] if models else platform.machine(),
        "cores": os.cpu_count(),
        "memory_gib": round(kilobytes / 1024 / 1024),
        "kernel": platform.release(),
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def describe(machine):
    return "{cores} cores of {processor}, {memory_gib} GiB, Linux {kernel}, {started}".format(**machine)


def load():
    """How many processes want to run, on average over the last minute: above the number of cores, figures are of a busy machine."""
    return round(os.getloadavg()[0], 1)


def table(heads, rows):
    """Prints rows under heads; the first column is text, the others are figures."""
    rows = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in [heads] + rows) for column in range(len(heads))]
    for row in [heads, ["-" * width for width in widths]] + rows:
        cells = [row[0].ljust(widths[0])] + [c.rjust(w) for c, w in zip(row[1:], widths[1:])]
        say("  ".join(cells).rstrip())


def median(values):
    values = [value for value in values if value is not None]
    return statistics.median(values) if values else None


def seconds(value):
    return "-" if value is None else f"{value:.2f}" if value < 100 else f"{value:.0f}"


def ratio(value, base):
    return "-" if value is None or not base else f"{value / base:.2f}"


def keep(path, result):
    """Writes the raw figures whole or not at all."""
    unfinished = f"{path}.new"
    with open(unfinished, "w") as file:
        json.dump(result, file, indent=1)
        file.write("\n")
    os.replace(unfinished, path)
    say(f"Raw figures: {path}")
