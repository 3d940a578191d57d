"""The language: what is interpreted, and that the rest is refused."""

import unittest

from support import GUID, DoubleTest


class LanguageTest(DoubleTest):
    def test_what_it_cannot_interpret_it_refuses(self):
        for sql, near in [
                ("MERGE INTO t USING u ON 1 = 1", "MERGE"), ("SELECT a FROM t FOR JSON PATH", "FOR"), ("EXEC xp_cmdshell 'x'", "xp_cmdshell"),
                ("SELECT soundex('a')", "SOUNDEX"), ("ALTER DATABASE P SET ENCRYPTION ON", "ENCRYPTION"), ("SELECT 1 = 1", "="),
                ("SELECT * FROM sys.databases PIVOT x", "x"), ("KILL 55", "KILL"), ("DROP TABLE P.dbo.Failover SELECT", "SELECT")]:
            self.assertIn("near '%s'" % near, self.refused(102, "PROD", sql), sql)
        self.assertEqual(self.query("PROD", "SELECT count(*) FROM P.dbo.Failover"), [(1,)])

    def test_names_that_are_not_there(self):
        self.refused(208, "PROD", "SELECT * FROM P.dbo.nothing")
        self.refused(207, "PROD", "SELECT \"nothing\" FROM P.dbo.Failover")
        self.refused(2812, "PROD", "EXEC nothing")
        self.refused(911, "PROD", "USE nothing")
        self.refused(137, "PROD", "SELECT @nothing")

    def test_control_flow(self):
        self.assertEqual(self.query("PROD", """DECLARE @x int = 3, @y nvarchar(10)
            IF @x > 2 AND NOT EXISTS (SELECT 1 FROM P.dbo.Failover WHERE Host = N'other') BEGIN SET @y = N'yes' END ELSE SET @y = N'no'
            WHILE @x < 5 SET @x = @x + 1
            SELECT @x, @y"""), [(5, "yes")])
        self.assertEqual(self.query("PROD", """BEGIN TRY BEGIN RAISERROR('bad luck', 16, 1) END END TRY
            BEGIN CATCH SELECT ERROR_NUMBER(), ERROR_MESSAGE() END CATCH"""), [(50000, "bad luck")])
        self.refused(50001, "PROD", "THROW 50001, 'stop', 1")

    def test_an_error_ends_the_transaction_with_xact_abort_only(self):
        insert = "INSERT INTO Failover (GUID) VALUES ('%s')" % GUID
        keeps = "BEGIN TRAN; DELETE FROM Failover WHERE Host = 'x'; INSERT INTO Failover (GUID, Host) VALUES (NEWID(), 'n'); %s; COMMIT"
        self.refused(2627, "PROD", keeps % insert, database="P")
        self.assertEqual(self.query("PROD", "SELECT count(*) FROM Failover", database="P"), [(2,)])
        self.refused(2627, "PROD", "SET XACT_ABORT ON; " + keeps % insert, database="P")
        self.assertEqual(self.query("PROD", "SELECT count(*) FROM Failover", database="P"), [(2,)])

    def test_truncation(self):
        self.refused(4701, "PROD", "TRUNCATE TABLE dbo.nothing", database="P")
        self.refused(4701, "PROD", "TRUNCATE TABLE dbo.Failover", database="P", user="watcher", password="w")
        for changes, number in [({"published": True}, 4711), ({"published": False, "temporal": True}, 13545),
                                ({"temporal": False, "indexed_view": "v"}, 3729), ({"indexed_view": None}, None)]:
            self.ask(do="set", instance="PROD", database="P", table="dbo.Failover", changes=changes)
            if number:
                self.refused(number, "PROD", "TRUNCATE TABLE dbo.Failover", database="P")
        self.query("PROD", "CREATE TABLE child (g uniqueidentifier REFERENCES dbo.Failover (GUID))", database="P")
        self.refused(4712, "PROD", "TRUNCATE TABLE dbo.Failover", database="P")
        self.query("PROD", "DROP TABLE child; BEGIN TRAN; TRUNCATE TABLE Failover; ROLLBACK", database="P")
        self.query("PROD", "BEGIN TRAN; DROP TABLE Failover; CREATE TABLE other (i int); ROLLBACK", database="P")
        self.refused(208, "PROD", "SELECT * FROM other", database="P")
        self.assertEqual(self.query("PROD", "SELECT count(*) FROM Failover", database="P"), [(1,)])

    def test_permissions(self):
        reader = {"database": "P", "user": "watcher", "password": "w"}
        self.assertEqual(self.query("PROD", "SELECT Host FROM Failover", **reader), [("prod",)])
        for sql, permission in [("DELETE FROM Failover", "DELETE"), ("INSERT INTO Failover (GUID) VALUES (NEWID())", "INSERT")]:
            self.assertIn(permission, self.refused(229, "PROD", sql, **reader))
        self.assertEqual(self.query("PROD", """SELECT HAS_PERMS_BY_NAME('dbo.Failover', 'OBJECT', 'SELECT'),
            HAS_PERMS_BY_NAME('dbo.Failover', 'OBJECT', 'ALTER'), HAS_PERMS_BY_NAME(NULL, NULL, 'VIEW SERVER STATE')""", **reader),
            [(1, 0, 0)])
        self.refused(229, "PROD", "EXEC msdb.dbo.sp_update_job @job_name = N'LSBackup_L', @enabled = 0", user="watcher", password="w")
        self.refused(5011, "PROD", "ALTER DATABASE [M] SET PARTNER FAILOVER", user="watcher", password="w")
        self.refused(916, "PROD", "SELECT * FROM P.dbo.Failover", user="monitor", password="m")

    def test_grants(self):
        account = "D\\H$"
        create = "IF SUSER_ID(N'%s') IS NULL CREATE LOGIN [%s] FROM WINDOWS" % (account, account)
        self.query("PROD", create)
        self.query("PROD", create)
        self.refused(15025, "PROD", "CREATE LOGIN [%s] FROM WINDOWS" % account)
        self.refused(15007, "PROD", "CREATE USER [D\\X$] FOR LOGIN [D\\X$]", database="P")
        self.query("PROD", "CREATE USER [%s] FOR LOGIN [%s]" % (account, account), database="P")
        self.refused(15023, "PROD", "CREATE USER [%s] FOR LOGIN [%s]" % (account, account), database="P")
        self.refused(15063, "PROD", "CREATE USER [other] FOR LOGIN [%s]" % account, database="P")
        self.refused(15151, "PROD", "ALTER ROLE [nothing] ADD MEMBER [%s]" % account, database="P")
        self.query("PROD", "ALTER ROLE [JAMSApp] ADD MEMBER [%s]" % account, database="P")
        self.assertEqual(self.query("PROD", """SELECT r.name FROM sys.database_role_members m
            JOIN sys.database_principals r ON r.principal_id = m.role_principal_id
            JOIN sys.database_principals u ON u.principal_id = m.member_principal_id WHERE u.sid = SUSER_SID(%s)""",
            (account,), database="P"), [("JAMSApp",)])
        self.query("PROD", "EXEC sp_grantlogin N'D\\O$'; EXEC sp_grantdbaccess N'D\\O$'; EXEC sp_addrolemember N'JAMSApp', N'D\\O$'",
                   database="P")
        self.refused(15002, "PROD", "BEGIN TRAN; EXEC sp_grantdbaccess N'D\\O$'", database="P")

    def test_a_login_keeps_its_sid_and_may_alter_one_table(self):
        for instance in ("PROD", "DR"):
            self.query(instance, "CREATE LOGIN operator WITH PASSWORD = N'o', SID = 0x5C1FD3A09B7E4E6C8A1F0D2B4C6E8F02")
        self.refused(15433, "PROD", "CREATE LOGIN other WITH PASSWORD = N'o', SID = 0x5C1FD3A09B7E4E6C8A1F0D2B4C6E8F02")
        self.refused(15419, "PROD", "CREATE LOGIN other WITH PASSWORD = N'o', SID = 0x5C1F")
        sid = self.query("PROD", "SELECT SUSER_SID('operator')")
        self.assertEqual(sid, self.query("DR", "SELECT SUSER_SID('operator')"))
        operator = {"user": "operator", "password": "o", "database": "P"}
        self.query("PROD", "CREATE USER operator FOR LOGIN operator; CREATE TABLE other (id int)", database="P")
        self.refused(4701, "PROD", "TRUNCATE TABLE Failover", **operator)
        self.query("PROD", "GRANT ALTER ON dbo.Failover TO operator", database="P")
        self.assertEqual(self.query("PROD", "SELECT HAS_PERMS_BY_NAME('dbo.Failover', 'OBJECT', 'ALTER')", **operator), [(1,)])
        self.query("PROD", "TRUNCATE TABLE Failover", **operator)
        self.refused(4701, "PROD", "TRUNCATE TABLE other", **operator)
        self.refused(229, "PROD", "SELECT * FROM Failover", **operator)

    def test_who_may_not_see_definitions_sees_fixed_principals_and_itself(self):
        names = "SELECT name FROM sys.database_principals ORDER BY name"
        sight = "SELECT HAS_PERMS_BY_NAME(DB_NAME(), 'DATABASE', 'VIEW DEFINITION')"
        reader = {"user": "watcher", "password": "w", "database": "P"}
        self.assertEqual(self.query("PROD", sight, **reader), [(0,)])
        seen = self.query("PROD", names, **reader)
        self.assertNotIn(("JAMSApp",), seen)
        self.assertIn(("watcher",), seen)
        self.assertEqual(self.query("PROD", sight, database="P"), [(1,)])
        self.assertIn(("JAMSApp",), self.query("PROD", names, database="P"))

    def test_columns_are_discovered(self):
        self.assertEqual(self.query("PROD", """SELECT c.name, t.name FROM sys.columns c JOIN sys.types t ON t.user_type_id = c.user_type_id
            WHERE c.object_id = OBJECT_ID(N'[dbo].[Failover]') ORDER BY c.column_id""", database="P"),
            [("GUID", "uniqueidentifier"), ("Host", "nvarchar"), ("Beat", "datetime2")])
        self.assertEqual(self.query("PROD", """SELECT COLUMN_NAME FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_NAME = 'failover'
            ORDER BY ORDINAL_POSITION""", database="P"), [("GUID",), ("Host",), ("Beat",)])


if __name__ == "__main__":
    unittest.main()
