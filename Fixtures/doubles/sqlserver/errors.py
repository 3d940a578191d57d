"""Errors as SQL Server words them: number, severity and text, after sys.messages in Microsoft's documentation.

https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors
"""

MESSAGES = {
    102: (15, "Incorrect syntax near '%s'."),
    137: (15, 'Must declare the scalar variable "%s".'),
    207: (16, "Invalid column name '%s'."),
    208: (16, "Invalid object name '%s'."),
    226: (16, "%s statement not allowed within multi-statement transaction."),
    229: (14, "The %s permission was denied on the object '%s', database '%s', schema '%s'."),
    245: (16, "Conversion failed when converting the %s value '%s' to data type %s."),
    262: (14, "%s permission denied in database '%s'."),
    297: (16, "The user does not have permission to perform this action."),
    300: (14, "VIEW SERVER STATE permission was denied on object 'server', database 'master'."),
    515: (16, "Cannot insert the value NULL into column '%s', table '%s'; column does not allow nulls. INSERT fails."),
    547: (16, "The statement conflicted with the FOREIGN KEY constraint \"%s\". The conflict occurred in database \"%s\"."),
    911: (16, "Database '%s' does not exist. Make sure that the name is entered correctly."),
    916: (14, 'The server principal "%s" is not able to access the database "%s" under the current security context.'),
    921: (14, "Database '%s' has not been recovered yet. Wait and try again."),
    922: (14, "Database '%s' is being recovered. Waiting until recovery is finished."),
    924: (14, "Database '%s' is already open and can only have one user at a time."),
    927: (14, "Database '%s' cannot be opened. It is in the middle of a restore."),
    942: (14, "Database '%s' cannot be opened because it is offline."),
    954: (14, 'The database "%s" cannot be opened. It is acting as a mirror database.'),
    955: (14, "Database %s is enabled for Database Mirroring, but the database lacks quorum: the database cannot be opened.  "
              "Check the partner and witness connections if configured."),
    956: (14, "Database %s is enabled for Database Mirroring, but has not yet synchronized with its partner. "
              "Try the operation again later."),
    976: (14, "The target database, '%s', is participating in an availability group and is currently not accessible for "
              "queries. Either data movement is suspended or the availability replica is not enabled for read access. To allow "
              "read-only access to this and other databases in the availability group, enable read access to one or more "
              "secondary availability replicas in the group.  For more information, see the ALTER AVAILABILITY GROUP "
              "statement in SQL Server Books Online."),
    983: (14, "Unable to access availability database '%s' because the database replica is not in the PRIMARY or SECONDARY "
              "role. Connections to an availability database is permitted only when the database replica is in the PRIMARY or "
              "SECONDARY role. Try the operation again later."),
    1222: (16, "Lock request time out period exceeded."),
    1416: (16, 'Database "%s" is not configured for database mirroring.'),
    1422: (16, 'The mirror server instance is not caught up to the recent changes to database "%s". Unable to fail over.'),
    1447: (16, 'ALTER DATABASE "%s" command cannot be executed until both partner server instances are up, running, and '
               "connected.  Start the partner and reissue the command."),
    1455: (16, 'The database mirroring service cannot be forced for database "%s" because the database is not in the correct '
               "state to become the principal database."),
    1456: (16, "The ALTER DATABASE command could not be sent to the remote server instance '%s'. The database mirroring "
               "configuration was not changed. Verify that the server is connected, and try again."),
    1470: (16, "The alter database for this partner config values may only be initiated on the current principal server for "
               'database "%s".'),
    1477: (16, 'The database mirroring safety level must be FULL to manually failover database "%s".  Set safety level to FULL '
               "and retry."),
    2627: (14, "Violation of UNIQUE KEY or PRIMARY KEY constraint. Cannot insert duplicate key in object '%s'."),
    2714: (16, "There is already an object named '%s' in the database."),
    2812: (16, "Could not find stored procedure '%s'."),
    3013: (16, "%s is terminating abnormally."),
    3021: (16, "Cannot perform a backup or restore operation within a transaction."),
    3101: (16, "Exclusive access could not be obtained because the database is in use."),
    3102: (16, "RESTORE cannot process database '%s' because it is in use by this session. It is recommended that the master "
               "database be used when performing this operation."),
    3117: (16, "The log or differential backup cannot be restored because no files are ready to rollforward."),
    3201: (16, "Cannot open backup device '%s'. Operating system error %s."),
    3241: (16, "The media family on device '%s' is incorrectly formed. SQL Server cannot process this media family."),
    3729: (16, "Cannot %s '%s' because it is being referenced by object '%s'."),
    3902: (16, "The COMMIT TRANSACTION request has no corresponding BEGIN TRANSACTION."),
    3903: (16, "The ROLLBACK TRANSACTION request has no corresponding BEGIN TRANSACTION."),
    3906: (16, 'Failed to update database "%s" because the database is read-only.'),
    4060: (11, 'Cannot open database "%s" requested by the login. The login failed.'),
    4208: (16, "The statement %s is not allowed while the recovery model is SIMPLE. Use BACKUP DATABASE or change the recovery "
               "model using ALTER DATABASE."),
    4305: (16, "The log in this backup set begins at LSN %s, which is too recent to apply to the database. An earlier log backup "
               "that includes LSN %s can be restored."),
    4312: (16, "This log cannot be restored because a gap in the log chain was created. Use more recent data backups to bridge "
               "the gap."),
    4326: (16, "The log in this backup set terminates at LSN %s, which is too early to apply to the database. A more recent log "
               "backup that includes LSN %s can be restored."),
    4330: (16, "This backup set cannot be applied because it is on a recovery path that is inconsistent with the database. The "
               "recovery path is the sequence of data and log backups that have brought the database to a particular recovery "
               "point. Find a compatible backup to restore, or restore the rest of the database to match a recovery point "
               "within this backup set, which will restore the database to a different point in time.  For more information "
               "about recovery paths, see SQL Server Books Online."),
    4701: (16, 'Cannot find the object "%s" because it does not exist or you do not have permissions.'),
    4711: (16, "Cannot truncate table '%s' because it is published for replication or enabled for Change Data Capture."),
    4712: (16, "Cannot truncate table '%s' because it is being referenced by a FOREIGN KEY constraint."),
    5011: (14, "User does not have permission to alter database '%s', the database does not exist, or the database is not in a "
               "state that allows access checks."),
    5069: (16, "ALTER DATABASE statement failed."),
    8134: (16, "Divide by zero error encountered."),
    8179: (16, "Could not find prepared statement with handle %s."),
    13545: (16, "Truncate failed on table '%s' because it is not a supported operation on system-versioned tables."),
    14262: (16, "The specified %s ('%s') does not exist."),
    15023: (16, "User, group, or role '%s' already exists in the current database."),
    15025: (16, "The server principal '%s' already exists."),
    15063: (16, "The login already has an account under a different user name."),
    15151: (16, "Cannot %s the %s '%s', because it does not exist or you do not have permission."),
    15002: (16, "The procedure '%s' cannot be executed within a transaction."),
    15007: (16, "'%s' is not a valid login or you do not have permission."),
    15401: (16, "Windows NT user or group '%s' not found. Check the name again."),
    18456: (14, "Login failed for user '%s'."),
    22022: (16, "SQLServerAgent Error: %s"),
    32008: (10, "Database %s does not exist as log shipping primary."),
    32009: (16, "A log shipping primary entry already exists for database %s."),
    41113: (16, "Cannot fail over availability group '%s' to this instance of SQL Server because a failover command is already "
                "pending on the local replica of this availability group.  Wait for the pending failover command to complete "
                "before issuing another command on the local replica of this availability group."),
    41122: (16, "Cannot failover availability group '%s' to this instance of SQL Server.  The local availability replica is "
                "already the primary replica of the availability group.  To failover this availability group to another instance "
                "of SQL Server, run the failover command on that instance of SQL Server.  If local instance of SQL Server is "
                "intended to host the primary replica of the availability group, then no action is required."),
    41131: (10, "Failed to bring availability group '%s' online.  The operation timed out. If this is a Windows Server Failover "
                "Clustering (WSFC) availability group, verify that the local WSFC node is online. Then verify that the "
                "availability group resource exists in the WSFC cluster.  If the problem persists, you might need to drop the "
                "availability group and create it again."),
    41140: (16, "Availability group '%s' cannot process an ALTER AVAILABILITY GROUP command, because the local availability "
                "replica is not the primary replica.  Connect to the server instance that is currently hosting the primary "
                "replica of this availability group, and rerun the command."),
    41142: (16, "The availability replica for availability group '%s' on this instance of SQL Server cannot become the primary "
                "replica. One or more databases are not synchronized or have not joined the availability group. If the "
                "availability replica uses the asynchronous-commit mode, consider performing a forced manual failover (with "
                "possible data loss). Otherwise, once all local secondary databases are joined and synchronized, you can "
                "perform a planned manual failover to this secondary replica (without data loss). For more information, see SQL "
                "Server Books Online."),
    41144: (16, "The local availability replica of availability group '%s' is in a failed state.  The replica failed to read or "
                "update the persisted configuration data (SQL Server error: %s).  To recover from this failure, either restart "
                "the local Windows Server Failover Clustering (WSFC) service or restart the local instance of SQL Server."),
    41146: (16, "Failed to bring Availability Group '%s' online.  The Windows Server Failover Clustering (WSFC) service may not "
                "be running, or it may not be accessible in its current state.  Please verify the local WSFC node is up and then "
                "retry the operation."),
    41152: (16, "Failed to create availability group '%s'."),
    41190: (16, "Availability group '%s' failed to process the command. The local availability replica does not exist."),
}

# After these nothing of the batch goes on, also without XACT_ABORT.
ENDS_BATCH = {102, 137, 207, 208, 245, 916, 8179}


class SQLError(Exception):
    """What a statement is refused with."""

    def __init__(self, number, *arguments, text=None, severity=None, state=1):
        known_severity, template = MESSAGES.get(number, (16, "Error %s of the double." % number))
        self.number = number
        self.severity = known_severity if severity is None else severity
        self.text = text if text is not None else fill(template, arguments)
        self.state = state
        self.line = None
        # By THROW: that ends the batch.
        self.is_thrown = False
        # An earlier error of the same statement, told before this one.
        self.follows = None
        super().__init__("%d: %s" % (number, self.text))

    @property
    def ends_batch(self):
        return self.number in ENDS_BATCH or self.severity >= 20

    def before(self, other):
        """`other`, told after this one: as BACKUP says why, and then that it ends."""
        other.follows = self
        return other


def fill(template, arguments):
    """The template's places, with what is there; a fault that a test scripts may give none."""
    places = template.count("%s")
    values = tuple(arguments[:places]) + ("?",) * (places - len(arguments))
    return template % values


def syntax(text):
    """What the double can't interpret, it refuses, and names the text."""
    return SQLError(102, text)


class ConnectionEnds(Exception):
    """The connection is cut without a further word."""


class Cancelled(Exception):
    """The client has sent an attention."""
