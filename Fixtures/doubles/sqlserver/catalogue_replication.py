"""Mirroring and availability groups, as the catalogue shows them."""

from errors import SQLError

MIRRORING = ("database_id:int mirroring_guid:uniqueidentifier mirroring_state:tinyint mirroring_state_desc:nvarchar "
             "mirroring_role:tinyint mirroring_role_desc:nvarchar mirroring_role_sequence:int mirroring_safety_level:tinyint "
             "mirroring_safety_level_desc:nvarchar mirroring_safety_sequence:int mirroring_partner_name:nvarchar "
             "mirroring_partner_instance:nvarchar mirroring_witness_name:nvarchar mirroring_witness_state:tinyint "
             "mirroring_witness_state_desc:nvarchar mirroring_failover_lsn:lsn mirroring_connection_timeout:int "
             "mirroring_redo_queue:int mirroring_redo_queue_type:nvarchar mirroring_end_of_log_lsn:lsn "
             "mirroring_replication_lsn:lsn")


def mirroring(session, _):
    """A row for each database; of one that the login may not see the properties of, it is NULL as if it weren't mirrored."""
    world = session.world
    for database in session.instance.databases.values():
        session_of = world.mirroring_of(database)
        nothing = (database.database_id,) + (None,) * 20
        if not session_of or not may_see(session, session_of.is_mirror(database)):
            yield nothing
            continue
        partner = session_of.partner(database)
        state, description = session_of.state_seen_from(database)
        is_mirror = session_of.is_mirror(database)
        yield (database.database_id, session_of.guid, state, description, 2 if is_mirror else 1,
               "MIRROR" if is_mirror else "PRINCIPAL", session_of.sequence_seen_from(database), 2 if session_of.safety == "FULL" else 1,
               session_of.safety, 1, "TCP://%s.example:5022" % partner.instance.name.lower(), partner.instance.name, "", 0, "UNKNOWN",
               session_of.failover_lsn, 10, None, "UNLIMITED", database.lsn, database.lsn)


def may_see(session, is_mirror):
    """A mirror's properties are for sysadmin only, says the documentation; VIEW SERVER STATE is asked for the others here."""
    return session.login.sysadmin or (not is_mirror and session.login.may("VIEW SERVER STATE"))


def require_state(session):
    if not session.login.may("VIEW SERVER STATE"):
        raise SQLError(300).before(SQLError(297))


def groups_here(session):
    for group in session.world.groups:
        if session.instance.name in group.replicas:
            yield group


def groups(session, _):
    if not session.login.may("VIEW ANY DEFINITION"):
        return
    for group in groups_here(session):
        yield group.guid, group.name, group.guid.lower(), 3, 30000, 0, 0, "WSFC", 1


def replicas(session, _):
    if not session.login.may("VIEW ANY DEFINITION"):
        return
    for group in groups_here(session):
        for replica in group.replicas.values():
            synchronous, automatic = replica.mode == "SYNCHRONOUS_COMMIT", replica.failover == "AUTOMATIC"
            yield (replica.guid, group.guid, 1, replica.instance.name, "TCP://%s.example:5022" % replica.instance.name.lower(),
                   int(synchronous), replica.mode, int(not automatic), replica.failover, 10, 2, "ALL",
                   {"NO": 0, "READ_ONLY": 1, "ALL": 2}[replica.readable], replica.readable)


def replica_states(session, _):
    require_state(session)
    for group in groups_here(session):
        for replica in group.seen_from(session.instance):
            role = group.role(replica, session.instance)
            is_local = replica.instance is session.instance
            connected = is_local or session.world.connected(session.instance, replica.instance)
            healthy = connected and group.is_healthy(replica)
            yield (replica.guid, group.guid, int(is_local), {"RESOLVING": 0, "PRIMARY": 1, "SECONDARY": 2}[role], role,
                   group.operational_state(replica) if is_local else None, int(connected),
                   "CONNECTED" if connected else "DISCONNECTED", 1 if connected else 0, "ONLINE" if connected else "ONLINE_IN_PROGRESS",
                   2 if healthy else 0, "HEALTHY" if healthy else "NOT_HEALTHY", replica.error_number)


def cluster_states(session, _):
    require_state(session)
    for group in groups_here(session):
        for replica in group.replicas.values():
            for name in group.databases:
                yield (replica.guid, group.database_guids[name], name, int(group.is_ready(replica, name)), 0,
                       int(name in replica.joined), group.database(group.primary or session.instance, name).lsn, None)


def database_states(session, _):
    require_state(session)
    for group in groups_here(session):
        for replica in group.seen_from(session.instance):
            for name in sorted(replica.joined):
                database = group.database(replica.instance, name)
                state, description = group.synchronization(replica, name)
                suspended = name in replica.suspended
                healthy = description in ("SYNCHRONIZED",) or (description == "SYNCHRONIZING" and replica.mode != "SYNCHRONOUS_COMMIT")
                role = group.role(replica, session.instance)
                yield (database.database_id, group.guid, replica.guid, group.database_guids[name],
                       int(replica.instance is session.instance), int(role == "PRIMARY"), state, description,
                       int(description == "SYNCHRONIZED"), 2 if healthy else 0, "HEALTHY" if healthy else "NOT_HEALTHY",
                       0, "ONLINE" if role == "PRIMARY" else None, int(suspended),
                       (5 if replica.suspended_by_failover else 0) if suspended else None,
                       ("SUSPEND_FROM_RESTART" if replica.suspended_by_failover else "SUSPEND_FROM_USER") if suspended else None,
                       database.lsn, database.lsn, database.lsn, group.queue(replica, name), 0, group.last_commit[name])


VIEWS = {
    "database_mirroring": (MIRRORING, mirroring),
    "availability_groups": ("group_id:uniqueidentifier name:sysname resource_id:nvarchar failure_condition_level:int "
                            "health_check_timeout:int automated_backup_preference:tinyint cluster_type:tinyint "
                            "cluster_type_desc:nvarchar db_failover:bit", groups),
    "availability_replicas": ("replica_id:uniqueidentifier group_id:uniqueidentifier replica_metadata_id:int "
                              "replica_server_name:nvarchar endpoint_url:nvarchar availability_mode:tinyint "
                              "availability_mode_desc:nvarchar failover_mode:tinyint failover_mode_desc:nvarchar "
                              "session_timeout:int primary_role_allow_connections:tinyint "
                              "primary_role_allow_connections_desc:nvarchar secondary_role_allow_connections:tinyint "
                              "secondary_role_allow_connections_desc:nvarchar", replicas),
    "dm_hadr_availability_replica_states": (
        "replica_id:uniqueidentifier group_id:uniqueidentifier is_local:bit role:tinyint role_desc:nvarchar "
        "operational_state_desc:nvarchar connected_state:tinyint connected_state_desc:nvarchar recovery_health:tinyint "
        "recovery_health_desc:nvarchar synchronization_health:tinyint synchronization_health_desc:nvarchar "
        "last_connect_error_number:int", replica_states),
    "dm_hadr_database_replica_cluster_states": (
        "replica_id:uniqueidentifier group_database_id:uniqueidentifier database_name:sysname is_failover_ready:bit "
        "is_pending_secondary_suspend:bit is_database_joined:bit recovery_lsn:lsn truncation_lsn:lsn", cluster_states),
    "dm_hadr_database_replica_states": (
        "database_id:int group_id:uniqueidentifier replica_id:uniqueidentifier group_database_id:uniqueidentifier is_local:bit "
        "is_primary_replica:bit synchronization_state:tinyint synchronization_state_desc:nvarchar is_commit_participant:bit "
        "synchronization_health:tinyint synchronization_health_desc:nvarchar database_state:tinyint "
        "database_state_desc:nvarchar is_suspended:bit suspend_reason:tinyint suspend_reason_desc:nvarchar "
        "end_of_log_lsn:lsn last_hardened_lsn:lsn last_received_lsn:lsn log_send_queue_size:bigint redo_queue_size:bigint "
        "last_commit_time:datetime", database_states),
}
