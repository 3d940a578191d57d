"""Role reversal: what is refused, what shows only later, and where the data is at the end."""

import unittest

from support import DoubleTest

MIRRORING = "SELECT mirroring_role_desc, mirroring_state_desc, mirroring_role_sequence FROM sys.database_mirroring WHERE database_id = DB_ID('M')"
GROUP = """SELECT ars.role_desc, ars.operational_state_desc, drs.synchronization_state_desc, drs.is_suspended, cs.is_failover_ready
    FROM sys.availability_groups ag
    JOIN sys.dm_hadr_availability_replica_states ars ON ars.group_id = ag.group_id AND ars.is_local = 1
    LEFT JOIN sys.dm_hadr_database_replica_states drs ON drs.replica_id = ars.replica_id
    LEFT JOIN sys.dm_hadr_database_replica_cluster_states cs ON cs.replica_id = ars.replica_id"""


class MirroringTest(DoubleTest):
    def test_planned(self):
        self.refused(954, "DR", "SELECT * FROM M.dbo.Failover")
        self.refused(1470, "DR", "ALTER DATABASE [M] SET PARTNER FAILOVER")
        self.refused(226, "PROD", "BEGIN TRAN; ALTER DATABASE [M] SET PARTNER FAILOVER")
        self.query("PROD", "INSERT INTO M.dbo.Failover (GUID, Host) VALUES (NEWID(), N'last')")
        self.query("PROD", "ALTER DATABASE [M] SET PARTNER FAILOVER")
        self.assertEqual(self.query("PROD", MIRRORING), [("PRINCIPAL", "PENDING_FAILOVER", 1)])
        self.ask(do="look", times=3)
        self.assertEqual(self.query("PROD", MIRRORING), [("MIRROR", "SYNCHRONIZED", 2)])
        self.assertEqual(self.query("DR", "SELECT count(*) FROM M.dbo.Failover"), [(2,)])
        self.refused(954, "PROD", "SELECT * FROM M.dbo.Failover")

    def test_preconditions(self):
        command = "ALTER DATABASE [M] SET PARTNER FAILOVER"
        self.refused(1416, "PROD", "ALTER DATABASE [P] SET PARTNER FAILOVER")
        self.ask(do="set", mirroring="M", changes={"lagging": True})
        self.refused(1422, "PROD", command)
        self.ask(do="set", mirroring="M", changes={"lagging": False, "safety": "OFF"})
        self.refused(1477, "PROD", command)
        self.refused(1455, "DR", "ALTER DATABASE [M] SET PARTNER FORCE_SERVICE_ALLOW_DATA_LOSS")
        self.ask(do="partition", between=["PROD", "DR"])
        self.refused(1447, "PROD", "ALTER DATABASE [M] SET PARTNER RESUME")
        self.refused(1456, "PROD", "ALTER DATABASE [M] SET PARTNER SAFETY FULL")

    def test_forced_with_loss_and_resumed(self):
        self.ask(do="partition", between=["PROD", "DR"])
        self.query("PROD", "INSERT INTO M.dbo.Failover (GUID, Host) VALUES (NEWID(), N'lost')")
        self.query("DR", "ALTER DATABASE [M] SET PARTNER FORCE_SERVICE_ALLOW_DATA_LOSS")
        self.ask(do="look", times=3)
        self.assertEqual(self.query("DR", MIRRORING), [("PRINCIPAL", "DISCONNECTED", 2)])
        # The old principal knows nothing of it: two principals at once.
        self.assertEqual(self.query("PROD", MIRRORING), [("PRINCIPAL", "DISCONNECTED", 1)])
        self.ask(do="partition", between=["PROD", "DR"], on=False)
        self.assertEqual(self.query("PROD", MIRRORING), [("MIRROR", "SUSPENDED", 2)])
        self.query("DR", "ALTER DATABASE [M] SET PARTNER RESUME")
        self.ask(do="look", times=3)
        self.assertEqual(self.query("DR", MIRRORING), [("PRINCIPAL", "SYNCHRONIZED", 2)])
        self.assertEqual(self.query("DR", "SELECT Host FROM M.dbo.Failover"), [("prod",)])

    def test_a_failover_may_be_taken_and_come_to_nothing(self):
        self.ask(do="set", mirroring="M", changes={"failing": True})
        self.query("PROD", "ALTER DATABASE [M] SET PARTNER FAILOVER")
        self.ask(do="look", times=3)
        self.assertEqual(self.query("PROD", MIRRORING), [("PRINCIPAL", "SYNCHRONIZED", 1)])

    def test_without_permission_it_looks_like_no_mirroring(self):
        self.assertEqual(self.query("PROD", MIRRORING, user="watcher", password="w"), [(None, None, None)])
        self.assertEqual(self.query("PROD", MIRRORING, user="monitor", password="m"), [("PRINCIPAL", "SYNCHRONIZED", 1)])


class GroupTest(DoubleTest):
    def test_planned(self):
        self.assertEqual(self.query("DR", GROUP), [("SECONDARY", "ONLINE", "SYNCHRONIZED", False, True)])
        self.refused(976, "DR", "SELECT * FROM A.dbo.Failover")
        self.refused(41122, "PROD", "ALTER AVAILABILITY GROUP [ag] FAILOVER")
        self.refused(15151, "DR", "ALTER AVAILABILITY GROUP [other] FAILOVER")
        self.query("DR", "ALTER AVAILABILITY GROUP [ag] FAILOVER")
        self.refused(41113, "DR", "ALTER AVAILABILITY GROUP [ag] FAILOVER")
        self.ask(do="look", times=3)
        self.assertEqual(self.query("DR", GROUP), [("PRIMARY", "ONLINE", "SYNCHRONIZED", False, True)])
        self.assertEqual(self.query("DR", "SELECT DATABASEPROPERTYEX('A', 'Updateability')"), [("READ_WRITE",)])
        self.assertEqual(self.query("DR", "SELECT Host FROM A.dbo.Failover"), [("prod",)])

    def test_not_ready(self):
        self.ask(do="set", group="ag", replica="DR", changes={"lagging": ["A"]})
        self.refused(41142, "DR", "ALTER AVAILABILITY GROUP [ag] FAILOVER")
        self.ask(do="set", group="ag", replica="DR", changes={"lagging": [], "error_number": 41144})
        self.refused(41144, "DR", "ALTER AVAILABILITY GROUP [ag] FAILOVER")
        self.refused(983, "DR", "SELECT * FROM A.dbo.Failover")
        self.ask(do="set", group="ag", replica="DR", changes={"error_number": None})
        self.ask(do="set", group="ag", changes={"has_quorum": False})
        self.refused(41146, "DR", "ALTER AVAILABILITY GROUP [ag] FORCE_FAILOVER_ALLOW_DATA_LOSS")

    def test_a_time_out_while_bringing_online_is_a_message(self):
        self.ask(do="set", group="ag", changes={"times_out": True})
        said, _ = self.tsql("DR", "ALTER AVAILABILITY GROUP [ag] FAILOVER")
        self.assertIn("Failed to bring availability group 'ag' online", said)

    def test_forced_and_resumed(self):
        self.ask(do="power", instance="PROD", on=False)
        self.assertEqual(self.query("DR", GROUP)[0][0], "RESOLVING")
        self.refused(983, "DR", "SELECT * FROM A.dbo.Failover")
        self.refused(41142, "DR", "ALTER AVAILABILITY GROUP [ag] FAILOVER")
        self.query("DR", "ALTER AVAILABILITY GROUP [ag] FORCE_FAILOVER_ALLOW_DATA_LOSS")
        self.ask(do="look", times=3)
        self.assertEqual(self.query("DR", GROUP)[0][0], "PRIMARY")
        self.ask(do="power", instance="PROD", on=True)
        self.assertEqual(self.query("PROD", GROUP), [("SECONDARY", "ONLINE", "NOT SYNCHRONIZING", True, False)])
        self.query("PROD", "ALTER DATABASE [A] SET HADR RESUME")
        self.ask(do="look", times=3)
        self.assertEqual(self.query("PROD", GROUP), [("SECONDARY", "ONLINE", "SYNCHRONIZED", False, True)])

    def test_states_need_a_permission(self):
        self.refused(300, "PROD", GROUP, user="watcher", password="w")
        self.assertEqual(self.query("PROD", "SELECT * FROM sys.availability_groups", user="watcher", password="w"), [])


class LogShippingTest(DoubleTest):
    def run_job(self, instance, name):
        self.query(instance, "EXEC msdb.dbo.sp_start_job @job_name = %s", (name,))
        self.ask(do="look", times=3)

    def ship(self):
        self.run_job("PROD", "LSBackup_L")
        self.run_job("DR", "LSCopy_PROD_L")
        self.run_job("DR", "LSRestore_PROD_L")

    def hosts(self, instance):
        return [row[0] for row in self.query(instance, "SELECT Host FROM L.dbo.Failover ORDER BY Host")]

    def insert(self, host):
        self.query("PROD", "INSERT INTO L.dbo.Failover (GUID, Host) VALUES (NEWID(), %s)", (host,))

    def test_with_the_tail(self):
        self.ship()
        self.query("PROD", "EXEC msdb.dbo.sp_update_job @job_id = %s, @enabled = 0", self.query(
            "PROD", "SELECT backup_job_id FROM msdb.dbo.log_shipping_primary_databases")[0])
        self.insert("tail")
        self.refused(927, "DR", "SELECT * FROM L.dbo.Failover")
        self.query("PROD", "BACKUP LOG [L] TO DISK = N'C:\\log\\tail.trn' WITH NORECOVERY, INIT")
        self.assertEqual(self.query("PROD", "SELECT state_desc FROM sys.databases WHERE name = 'L'"), [("RESTORING",)])
        self.query("DR", "RESTORE LOG [L] FROM DISK = N'\\\\PROD\\log\\tail.trn' WITH NORECOVERY")
        self.refused(4326, "DR", "RESTORE LOG [L] FROM DISK = N'\\\\PROD\\log\\tail.trn' WITH NORECOVERY")
        self.query("DR", "RESTORE DATABASE [L] WITH RECOVERY")
        self.assertEqual(self.hosts("DR"), ["prod", "tail"])
        # The old primary follows on: it left the new one's path at its tail.
        self.query("DR", "BACKUP LOG [L] TO DISK = N'\\\\PROD\\log\\back.trn'")
        self.query("PROD", "RESTORE LOG [L] FROM DISK = N'C:\\log\\back.trn' WITH NORECOVERY")

    def test_a_gap_is_refused_and_so_is_another_path(self):
        for name in ("one", "two"):
            self.insert(name)
            self.query("PROD", "BACKUP LOG [L] TO DISK = N'C:\\log\\%s.trn'" % name)
        self.refused(4305, "DR", "RESTORE LOG [L] FROM DISK = N'\\\\PROD\\log\\two.trn' WITH NORECOVERY")
        self.query("DR", "RESTORE LOG [L] FROM DISK = N'\\\\PROD\\log\\one.trn' WITH NORECOVERY")
        self.query("DR", "RESTORE DATABASE [L] WITH RECOVERY")
        self.assertEqual(self.hosts("DR"), ["one", "prod"])
        self.query("DR", "BACKUP LOG [L] TO DISK = N'\\\\PROD\\log\\new.trn'")
        self.query("PROD", "BACKUP LOG [L] TO DISK = N'C:\\log\\tail.trn' WITH NORECOVERY")
        self.refused(4330, "PROD", "RESTORE LOG [L] FROM DISK = N'C:\\log\\new.trn' WITH NORECOVERY")

    def test_backups_need_the_database_for_themselves(self):
        with self.connect("PROD", "L"):
            self.refused(3101, "PROD", "BACKUP LOG [L] TO DISK = N'C:\\log\\tail.trn' WITH NORECOVERY")
        self.refused(3021, "PROD", "BEGIN TRAN; BACKUP LOG [L] TO DISK = N'C:\\log\\x.trn'")
        self.refused(3201, "PROD", "BACKUP LOG [L] TO DISK = N'Q:\\x.trn'")

    def test_reversal_by_the_procedures(self):
        self.query("DR", "RESTORE DATABASE [L] WITH RECOVERY")
        self.query("DR", """DECLARE @job uniqueidentifier, @primary uniqueidentifier
            EXEC master.dbo.sp_add_log_shipping_primary_database @database = N'L', @backup_directory = N'D:\\copy',
              @backup_share = N'\\\\DR\\copy', @backup_job_name = N'LSBackup_L', @backup_retention_period = 4320,
              @backup_job_id = @job OUTPUT, @primary_id = @primary OUTPUT, @overwrite = 1
            EXEC master.dbo.sp_add_log_shipping_primary_secondary @primary_database = N'L', @secondary_server = N'PROD',
              @secondary_database = N'L'
            IF @job IS NULL RAISERROR('no job', 16, 1)""")
        jobs = self.query("DR", """SELECT j.name, j.enabled FROM msdb.dbo.log_shipping_primary_databases p
            JOIN msdb.dbo.sysjobs j ON j.job_id = p.backup_job_id""")
        self.assertEqual(jobs, [("LSBackup_L", 0)])
        self.refused(32009, "PROD", """EXEC sp_add_log_shipping_primary_database @database = N'L', @backup_directory = N'C:\\log',
            @backup_share = N'\\\\PROD\\log'""")

    def test_history_and_files(self):
        self.ship()
        last = "SELECT TOP 1 restore_type, destination_database_name FROM msdb.dbo.restorehistory ORDER BY restore_date DESC"
        self.assertEqual(self.query("DR", last), [("L", "L")])
        own = "SELECT type, server_name FROM msdb.dbo.backupset WHERE database_name = 'L' ORDER BY backup_set_id"
        self.assertEqual(self.query("PROD", own), [("D", "PROD"), ("L", "PROD")])
        self.assertEqual(self.query("DR", own), [("D", "PROD"), ("L", "PROD")])
        redo = "SELECT redo_start_lsn FROM sys.master_files WHERE database_id = DB_ID(N'L') AND type = 0"
        self.assertIsNotNone(self.query("DR", redo)[0][0])
        self.assertIsNone(self.query("PROD", redo)[0][0])
        fork = "SELECT recovery_fork_guid, fork_point_lsn FROM sys.database_recovery_status WHERE database_id = DB_ID(N'L')"
        self.assertIsNone(self.query("PROD", fork)[0][1])
        self.assertEqual(self.query("DR", fork), [(None, None)])
        self.refused(229, "PROD", own, user="monitor", password="m")

    def test_a_single_user_goes_along_in_the_log(self):
        self.query("PROD", "ALTER DATABASE [L] SET SINGLE_USER WITH ROLLBACK IMMEDIATE")
        with self.connect("PROD", "L"):
            self.refused(924, "PROD", "USE L")
        # Whoever still has the place is sent away.
        self.query("PROD", "ALTER DATABASE [L] SET SINGLE_USER WITH ROLLBACK IMMEDIATE")
        self.query("PROD", "BACKUP LOG [L] TO DISK = N'C:\\log\\tail.trn' WITH NORECOVERY")
        self.query("DR", "RESTORE LOG [L] FROM DISK = N'\\\\PROD\\log\\tail.trn' WITH RECOVERY")
        access = "SELECT user_access_desc FROM sys.databases WHERE name = 'L'"
        self.assertEqual(self.query("DR", access), [("SINGLE_USER",)])
        self.query("DR", "ALTER DATABASE [L] SET MULTI_USER")
        self.assertEqual(self.query("DR", access), [("MULTI_USER",)])

    def test_a_restore_over_another_servers_files(self):
        self.query("PROD", "BACKUP DATABASE [L] TO DISK = N'C:\\log\\full.bak' WITH COPY_ONLY, INIT")
        restore = "RESTORE DATABASE [L] FROM DISK = N'\\\\PROD\\log\\full.bak' WITH REPLACE, NORECOVERY, MOVE N'%s' TO N'E:\\L.mdf'"
        self.refused(3234, "DR", restore % "other")
        self.query("DR", restore % "L")
        self.assertEqual(
            self.query("DR", "SELECT physical_name FROM sys.master_files WHERE database_id = DB_ID(N'L') AND type = 0"), [("E:\\L.mdf",)])

    def test_a_delayed_restore_and_a_schedule(self):
        self.query("DR", "EXEC master.dbo.sp_change_log_shipping_secondary_database @secondary_database = N'L', @restore_delay = 60")
        self.insert("young")
        self.ship()
        last = "SELECT last_restored_file FROM msdb.dbo.log_shipping_secondary_databases"
        self.assertEqual(self.query("DR", last), [(None,)])
        self.query("DR", "EXEC master.dbo.sp_change_log_shipping_secondary_database @secondary_database = N'L', @restore_delay = 0")
        self.run_job("DR", "LSRestore_PROD_L")
        self.assertIsNotNone(self.query("DR", last)[0][0])
        self.query("PROD", """EXEC msdb.dbo.sp_add_jobschedule @job_name = N'LSBackup_L', @name = N'more', @enabled = 1, @freq_type = 4,
            @freq_interval = 1, @freq_subday_type = 4, @freq_subday_interval = 5""")
        self.assertEqual(self.query("PROD", "SELECT COUNT(*) FROM msdb.dbo.sysjobschedules"), [(2,)])

    def test_a_running_job_goes_on_after_it_was_disabled(self):
        self.query("PROD", "EXEC msdb.dbo.sp_start_job @job_name = N'LSBackup_L'")
        self.query("PROD", "EXEC msdb.dbo.sp_update_job @job_name = N'LSBackup_L', @enabled = 0")
        running = "SELECT count(*) FROM msdb.dbo.sysjobactivity WHERE start_execution_date IS NOT NULL AND stop_execution_date IS NULL"
        self.assertEqual(self.query("PROD", running), [(1,)])
        self.ask(do="look", times=3)
        self.assertEqual(self.query("PROD", running), [(0,)])


if __name__ == "__main__":
    unittest.main()
