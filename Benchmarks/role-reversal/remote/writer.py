"""The writing client. It runs on the operator's machine and knows nothing of who switches what.

One row every interval, each committed by itself, on whichever copy accepts it: on an error it tries the other copy, and
goes back and forth until one accepts. It prints a line for each acknowledged row, and at the end of its input how many
of these are not there. A number is never used twice.
"""

import argparse
import json
import select
import sys
import time


class PostgreSQL:
    """Connections stay open while they can: a standby's goes on after its promotion."""

    def __init__(self, host, options):
        self.host, self.options, self.connection = host, options, None

    def execute(self, statement, values=()):
        import psycopg2

        try:
            if self.connection is None:
                self.connection = psycopg2.connect(
                    host=self.host, port=self.options.port, user="scheduler",
                    password=self.options.password, dbname="scheduler", sslmode="require",
                    connect_timeout=2)
                self.connection.autocommit = True
            with self.connection.cursor() as cursor:
                cursor.execute(statement, values)
                return cursor.fetchall() if cursor.description else []
        except psycopg2.Error:
            self.drop_if_broken()
            raise

    def drop_if_broken(self):
        if self.connection is not None and self.connection.closed:
            self.connection = None


class MariaDB:
    def __init__(self, host, options):
        self.host, self.options, self.connection = host, options, None

    def execute(self, statement, values=()):
        import pymysql

        try:
            if self.connection is None:
                self.connection = pymysql.connect(
                    host=self.host, port=self.options.port, user="scheduler",
                    password=self.options.password, database="scheduler", autocommit=True,
                    ssl={"ca": "/etc/lab-scheduler/ca.crt"}, connect_timeout=2, read_timeout=10)
            with self.connection.cursor() as cursor:
                cursor.execute(statement, values)
                return cursor.fetchall()
        except pymysql.Error:
            if self.connection is not None and not self.connection.open:
                self.connection = None
            raise


KINDS = {"postgresql": PostgreSQL, "mariadb": MariaDB}
TABLE = "CREATE TABLE IF NOT EXISTS benchmark_load (run VARCHAR(40), number BIGINT, PRIMARY KEY (run, number))"


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kind", choices=KINDS, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--interval", type=float, default=0.01)
    parser.add_argument("hosts", nargs=2)
    options = parser.parse_args()
    with open("/etc/lab-scheduler/database.password") as file:
        options.password = file.read().strip()
    return options


def tell(**line):
    print(json.dumps(line), flush=True)


def main():
    options = arguments()
    copies = [KINDS[options.kind](host, options) for host in options.hosts]
    present, number, acknowledged, made = 0, 0, [], False
    due = time.monotonic()
    while not select.select([sys.stdin], [], [], max(0, due - time.monotonic()))[0]:
        number += 1
        started = time.monotonic()
        try:
            if not made:
                copies[present].execute(TABLE)
                made = True
            copies[present].execute(
                "INSERT INTO benchmark_load (run, number) VALUES (%s, %s)", (options.run, number))
        except Exception as error:  # Any refusal means the same here: not written, try the other.
            tell(refused=copies[present].host, at=time.monotonic(), why=str(error).split("\n")[0])
            present = 1 - present
            due = started + options.interval / 2
            continue
        tell(number=number, host=copies[present].host, started=started, ended=time.monotonic())
        acknowledged.append(number)
        due = max(due + options.interval, time.monotonic())
    there = copies[present].execute(
        "SELECT number FROM benchmark_load WHERE run = %s", (options.run,))
    tell(acknowledged=len(acknowledged), lost=len(set(acknowledged) - {row[0] for row in there}))


main()
