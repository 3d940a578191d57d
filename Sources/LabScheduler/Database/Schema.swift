import GRDB

/// The tables of a scheduler database.
///
/// The database itself holds the two rules that no client may break: while it is not the primary,
/// it is read-only for everybody; and a role changes only in the ways that keep replication
/// sound. So any client with plain SQL, the runner among them, gets them enforced.
enum Schema {
  static func create(_ db: Database) throws {
    try db.execute(sql: tables)
    try db.execute(sql: roleChanges)
    for table in ["jobs", "job_queue", "job_history", "Failover"] {
      try db.execute(sql: readOnlyWhileReplica(table))
    }
  }

  private static let tables = """
    CREATE TABLE jobs (
      id INTEGER PRIMARY KEY,
      name TEXT NOT NULL UNIQUE,
      kind TEXT NOT NULL,
      interval_ms INTEGER NOT NULL CHECK (interval_ms > 0),
      next_run_at TEXT NOT NULL
    );
    CREATE TABLE job_queue (
      id INTEGER PRIMARY KEY,
      job_id INTEGER NOT NULL UNIQUE REFERENCES jobs (id),
      queued_at TEXT NOT NULL,
      started_at TEXT,
      guid TEXT
    );
    CREATE TABLE job_history (
      id INTEGER PRIMARY KEY,
      job_id INTEGER NOT NULL REFERENCES jobs (id),
      started_at TEXT NOT NULL,
      finished_at TEXT NOT NULL,
      guid TEXT NOT NULL,
      host TEXT NOT NULL,
      site TEXT NOT NULL,
      exit_status INTEGER NOT NULL,
      log_path TEXT NOT NULL
    );
    CREATE TABLE Failover (
      guid TEXT NOT NULL PRIMARY KEY,
      host TEXT NOT NULL,
      acquired_at TEXT NOT NULL,
      heartbeat_at TEXT NOT NULL
    );
    -- One row. (epoch, position) says how far this copy is in the line of all primaries' work.
    CREATE TABLE replication_state (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      role TEXT NOT NULL CHECK (role IN ('primary', 'draining', 'replica')),
      epoch INTEGER NOT NULL CHECK (epoch > 0),
      position INTEGER NOT NULL CHECK (position >= 0),
      as_of TEXT NOT NULL,
      source_site TEXT NOT NULL,
      -- The position that holds all that was written before draining, once it has been shipped.
      drained_position INTEGER,
      -- Where the present epoch's primary stood in the line when it was promoted.
      base_epoch INTEGER,
      base_position INTEGER,
      -- Set on a former primary that has not followed the new one yet: its last epoch, and what
      -- it had drained (null: it may hold work that nobody else has).
      demoted_epoch INTEGER,
      demoted_position INTEGER
    );
    """

  private static let roleChanges = """
    CREATE TRIGGER replication_state_has_one_row BEFORE DELETE ON replication_state BEGIN
      SELECT RAISE(ABORT, 'replication_state keeps its row');
    END;
    CREATE TRIGGER replication_epoch_never_falls BEFORE UPDATE OF epoch ON replication_state
    WHEN NEW.epoch < OLD.epoch BEGIN
      SELECT RAISE(ABORT, 'the epoch never falls');
    END;
    CREATE TRIGGER replication_promotion_raises_epoch BEFORE UPDATE OF role ON replication_state
    WHEN OLD.role = 'replica' AND NEW.role = 'primary' AND NEW.epoch <= OLD.epoch BEGIN
      SELECT RAISE(ABORT, 'a promotion needs a higher epoch');
    END;
    CREATE TRIGGER replication_replica_cannot_drain BEFORE UPDATE OF role ON replication_state
    WHEN OLD.role = 'replica' AND NEW.role = 'draining' BEGIN
      SELECT RAISE(ABORT, 'only a primary can be drained');
    END;
    CREATE TRIGGER replication_role_changed AFTER UPDATE OF role ON replication_state
    WHEN OLD.role <> NEW.role BEGIN
      UPDATE replication_state SET drained_position = NULL;
    END;
    CREATE TRIGGER replication_promoted AFTER UPDATE OF role ON replication_state
    WHEN OLD.role = 'replica' AND NEW.role = 'primary' BEGIN
      UPDATE replication_state SET
        base_epoch = OLD.epoch, base_position = OLD.position,
        demoted_epoch = NULL, demoted_position = NULL;
    END;
    CREATE TRIGGER replication_demoted AFTER UPDATE OF role ON replication_state
    WHEN OLD.role IN ('primary', 'draining') AND NEW.role = 'replica' BEGIN
      UPDATE replication_state SET
        demoted_epoch = OLD.epoch,
        demoted_position = CASE WHEN OLD.role = 'draining' AND OLD.drained_position = OLD.position
          THEN OLD.drained_position END;
    END;
    """

  private static func readOnlyWhileReplica(_ table: String) -> String {
    ["INSERT", "UPDATE", "DELETE"].map { operation in
      """
      CREATE TRIGGER \(table)_refuses_\(operation.lowercased()) BEFORE \(operation) ON \(table)
      WHEN (SELECT role FROM replication_state) IS NOT 'primary' BEGIN
        SELECT CASE (SELECT role FROM replication_state)
          WHEN 'draining' THEN RAISE(ABORT, 'this database is draining')
          ELSE RAISE(ABORT, 'this database is a replica')
        END;
      END;
      """
    }.joined(separator: "\n")
  }
}
