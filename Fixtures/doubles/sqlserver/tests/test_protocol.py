"""The protocol, as FreeTDS and python-tds speak it."""

import datetime
import decimal
import os
import subprocess
import threading
import time
import unittest
import uuid

import pytds
from support import GUID, DoubleTest

HOSTILE = ["", " ", "ä€😀", "O'Brien \"x\" [y]] \\ % _", "a\nb\r\nc\t", "'; DROP TABLE Failover --", "\x01\x02", "ö😀" * 5000]


class ProtocolTest(DoubleTest):
    def test_it_says_what_it_is(self):
        version, = self.query("PROD", "SELECT @@VERSION")[0]
        self.assertIn("double (not Microsoft's)", version)

    def test_types(self):
        row = self.query("PROD", """SELECT CAST(1 AS tinyint), CAST(-2 AS smallint), 3, CAST(4 AS bigint), CAST(1 AS bit),
            CAST(1.5 AS float), CAST(34000000012300001 AS numeric(25,0)), CAST('%s' AS uniqueidentifier),
            CAST('2026-01-02 03:04:05.1234560' AS datetime2), CAST('2026-01-02 03:04:05' AS datetime), CAST('2026-01-02' AS date),
            0x00FF, N'ä', CAST('abc' AS varchar(10)), CAST(NULL AS uniqueidentifier), NULL""" % GUID)[0]
        moment = datetime.datetime(2026, 1, 2, 3, 4, 5)
        self.assertEqual(row, (
            1, -2, 3, 4, True, 1.5, decimal.Decimal(34000000012300001), uuid.UUID(GUID), moment.replace(microsecond=123456),
            moment, datetime.date(2026, 1, 2), b"\x00\xff", "ä", "abc", None, None))

    def test_hostile_values_arrive_unchanged(self):
        self.query("PROD", "CREATE TABLE texts (id int PRIMARY KEY, text nvarchar(max))", database="P")
        for number, text in enumerate(HOSTILE):
            self.query("PROD", "INSERT INTO texts VALUES (%s, %s)", (number, text), database="P")
            self.assertEqual(self.query("PROD", "SELECT text FROM texts WHERE id = %s", (number,), database="P"), [(text,)])

    def test_logins(self):
        with self.assertRaises(pytds.Error) as caught:
            self.connect("PROD", password="wrong")
        self.assertEqual(caught.exception.number, 18456)
        with self.assertRaises(pytds.Error):
            self.connect("PROD", database="nowhere")
        said, status = self.tsql("PROD", "SELECT 1", password="wrong")
        self.assertIn("18456", said)
        self.assertNotEqual(status, 0)

    def test_tsql_reads_rows_counts_and_errors(self):
        said, _ = self.tsql("PROD", "SELECT Host, GUID FROM M.dbo.Failover")
        self.assertIn("prod\t" + GUID, said)
        said, _ = self.tsql("PROD", "SELECT 1 AS one\nSELECT * FROM nowhere")
        self.assertIn("Msg 208 (severity 16, state 1) from PROD Line 2", said)

    def test_bsqldb_reads_rows(self):
        done = subprocess.run(
            ["bsqldb", "-S", "127.0.0.1:%d" % self.ports["PROD"], "-U", "sa", "-P", "secret", "-D", "M", "-q"],
            input="SELECT Host FROM Failover\ngo\n", env={**os.environ, "TDSVER": "7.4"}, text=True, timeout=30,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        self.assertIn("prod", done.stdout)

    def test_severities(self):
        """Up to 10 a message and the batch goes on; above it an error, with the number, the state and the line of its own."""
        for severity in range(0, 11):
            with self.connect("PROD") as connection, connection.cursor() as cursor:
                cursor.execute("RAISERROR('said', %d, 7); SELECT 1" % severity)
                while cursor.description is None and cursor.nextset():
                    pass
                self.assertEqual(cursor.fetchall(), [(1,)], severity)
                self.assertIn("said", [str(message) for _, message in cursor.messages][0])
        for severity in range(11, 19):
            with self.connect("PROD") as connection, connection.cursor() as cursor:
                with self.assertRaises(pytds.Error) as caught:
                    cursor.execute("RAISERROR('refused', %d, 7)" % severity)
                error = caught.exception
                self.assertEqual((error.number, error.severity, error.state), (50000, severity, 7))
                cursor.execute("SELECT 1")
                self.assertEqual(cursor.fetchall(), [(1,)], severity)
            said, _ = self.tsql("PROD", "RAISERROR('refused', %d, 7)" % severity)
            self.assertIn("Msg 50000 (severity %d, state 7) from PROD Line 1" % severity, said)

    def test_procedures_by_name(self):
        """By RPC, not as a batch: values in their own types, and what comes back in output parameters."""
        with self.connect("PROD", "P") as connection, connection.cursor() as cursor:
            cursor.callproc("sp_grantlogin", ["D\\it's; ]x"])
            while cursor.nextset():
                pass
            cursor.callproc("msdb.dbo.sp_update_job", {"@job_name": "LSBackup_L", "@enabled": 0})
            while cursor.nextset():
                pass
            with self.assertRaises(pytds.Error) as caught:
                cursor.callproc("sp_that_is_not_there", [1])
            self.assertEqual(caught.exception.number, 102)
            self.assertIn("sp_that_is_not_there", str(caught.exception))
        self.assertEqual(self.query("PROD", "SELECT name FROM sys.server_principals WHERE name = %s", ("D\\it's; ]x",)),
                         [("D\\it's; ]x",)])
        self.assertEqual(self.query("PROD", "SELECT enabled FROM msdb.dbo.sysjobs WHERE name = 'LSBackup_L'"), [(0,)])

    def test_an_attention_ends_a_statement_and_not_the_connection(self):
        with self.connect("PROD", timeout=1) as connection, connection.cursor() as cursor:
            before = time.monotonic()
            with self.assertRaises((pytds.Error, TimeoutError)):
                cursor.execute("WAITFOR DELAY '00:00:50'")
            cursor.cancel()
            self.assertLess(time.monotonic() - before, 20)
            cursor.execute("SELECT 1")
            self.assertEqual(cursor.fetchall(), [(1,)])

    def test_transactions_of_the_driver(self):
        with self.connect("PROD", "P", autocommit=False) as connection, connection.cursor() as cursor:
            cursor.execute("INSERT INTO Failover (GUID) VALUES (NEWID()), (NEWID())")
            self.assertEqual(cursor.rowcount, 2)
            cursor.execute("DELETE FROM Failover")
            self.assertEqual(cursor.rowcount, 3)
            cursor.execute("SELECT @@TRANCOUNT")
            self.assertEqual(cursor.fetchall(), [(1,)])
            connection.rollback()
            cursor.execute("SELECT count(*) FROM Failover")
            self.assertEqual(cursor.fetchall(), [(1,)])

    def test_what_is_not_committed_when_the_connection_ends_is_undone(self):
        with self.connect("PROD", "P") as connection, connection.cursor() as cursor:
            cursor.execute("BEGIN TRAN; DELETE FROM Failover")
            self.ask(do="cut", instance="PROD")
        self.assertEqual(self.query("PROD", "SELECT count(*) FROM P.dbo.Failover"), [(1,)])

    def test_writers_wait_for_each_other(self):
        with self.connect("PROD", "P") as connection, connection.cursor() as cursor:
            cursor.execute("BEGIN TRAN; DELETE FROM Failover")
            self.refused(1222, "PROD", "SET LOCK_TIMEOUT 50; DELETE FROM Failover", database="P")
            counts = []
            reader = threading.Thread(
                target=lambda: counts.append(self.query("PROD", "SELECT count(*) FROM P.dbo.Failover")))
            reader.start()
            cursor.execute("COMMIT")
            reader.join(20)
            self.assertEqual(counts, [[(0,)]])


class FaultTest(DoubleTest):
    def test_a_connection_is_cut_before_or_after_the_effect(self):
        for action, left in [("cut_before", 1), ("cut_after", 0)]:
            self.ask(do="fault", match="DELETE", action=action)
            with self.assertRaises((pytds.Error, OSError)):
                self.query("PROD", "DELETE FROM Failover", database="P")
            self.assertEqual(self.query("PROD", "SELECT count(*) FROM Failover", database="P"), [(left,)])

    def test_errors_at_will(self):
        self.ask(do="fault", match="Failover", action="error", number=955, arguments=["P"])
        self.refused(955, "PROD", "SELECT * FROM Failover", database="P")
        self.assertEqual(len(self.query("PROD", "SELECT * FROM Failover", database="P")), 1)

    def test_power(self):
        self.ask(do="power", instance="PROD", on=False)
        with self.assertRaises((pytds.Error, OSError)):
            self.connect("PROD")
        self.ask(do="power", instance="PROD", on=True)
        self.assertEqual(self.query("PROD", "SELECT 1"), [(1,)])


class EncryptionTest(DoubleTest):
    def world(self):
        key, certificate = (os.path.join(self.folder, name) for name in ("key.pem", "certificate.pem"))
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
             "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", key, "-out", certificate],
            check=True, capture_output=True)
        world = super().world()
        world["instances"]["PROD"]["tls"] = {"certificate": certificate, "key": key, "mode": "required"}
        world["instances"]["DR"]["tls"] = {"certificate": certificate, "key": key, "mode": "optional"}
        return world

    def configuration(self, instance, encryption):
        path = os.path.join(self.folder, "freetds.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write("[double]\nhost = localhost\nport = %d\ntds version = 7.4\nencryption = %s\nca file = %s\n" % (
                self.ports[instance], encryption, os.path.join(self.folder, "certificate.pem")))
        return path

    def test_all_of_it_or_the_login_only(self):
        for instance, encryption, option in [("PROD", "require", "TRUE"), ("DR", "require", "TRUE"), ("DR", "request", "FALSE")]:
            said, _ = self.tsql(instance, "SELECT CONNECTIONPROPERTY('encrypt_option')",
                                configuration=self.configuration(instance, encryption))
            self.assertIn(option, said, (instance, encryption))

    def test_rows_errors_and_long_answers_come_whole_through_it(self):
        """Long enough for many records of TLS, and many packets of TDS in each direction."""
        configuration = self.configuration("PROD", "require")
        statements = ["SELECT N'%s'" % ("x" * 2000)] * 30 + ["SELECT N'ö😀'", "SELECT 1/0"]
        said, _ = self.tsql("PROD", "\n".join(statements), configuration=configuration)
        # Its prompts come in between, wherever its buffer ends.
        self.assertEqual(said.count("x"), 30 * 2000)
        self.assertIn("ö😀", said)
        self.assertIn("Msg 8134 (severity 16", said)
        said, status = self.tsql("PROD", "SELECT 1", password="wrong", configuration=configuration)
        self.assertIn("18456", said)
        self.assertNotEqual(status, 0)

    def test_a_client_that_trusts_another_authority_is_not_let_through(self):
        configuration = self.configuration("PROD", "require")
        os.rename(os.path.join(self.folder, "certificate.pem"), os.path.join(self.folder, "servers.pem"))
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
             "-subj", "/CN=other", "-keyout", os.path.join(self.folder, "other.key"),
             "-out", os.path.join(self.folder, "certificate.pem")], check=True, capture_output=True)
        said, status = self.tsql("PROD", "SELECT 12345", configuration=configuration)
        self.assertNotIn("12345\n", said)
        self.assertNotEqual(status, 0)

    def test_a_server_that_requires_it_gets_it(self):
        said, _ = self.tsql("PROD", "SELECT CONNECTIONPROPERTY('encrypt_option')", configuration=self.configuration("PROD", "off"))
        self.assertNotIn("FALSE", said)


if __name__ == "__main__":
    unittest.main()
