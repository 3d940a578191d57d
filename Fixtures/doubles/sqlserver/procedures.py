"""System procedures. One that isn't here is refused: 102 when it is like one of the server's own, 2812 otherwise."""

import datatypes
import jobs
import principals
from errors import SQLError, syntax



def require(parts):
    """Before anything of the batch runs."""
    name = parts[-1].lower()
    if name not in PROCEDURES and name.startswith(("sp_", "xp_")):
        raise syntax(parts[-1])


def call(session, parts, given):
    """`given`: name, value and the variable for what comes out. Returns the status and what came out."""
    name = parts[-1].lower()
    if name not in PROCEDURES:
        raise SQLError(2812, parts[-1])
    parameters, run = PROCEDURES[name]
    arguments, outputs = {}, {}
    if name == "sp_executesql":
        execute_text(session, given)
        return 0, {}
    for index, (argument, value, variable) in enumerate(given):
        if argument is None:
            if index >= len(parameters):
                raise SQLError(8144, text="Procedure or function %s has too many arguments specified." % parts[-1])
            argument = parameters[index]
        if argument not in parameters:
            raise SQLError(8145, text="%s is not a parameter for procedure %s." % (argument, parts[-1]))
        arguments[argument] = value
        if variable:
            outputs[argument] = variable
    results = run(session, arguments) or {}
    return 0, {variable: results.get(argument, arguments[argument]) for argument, variable in outputs.items()}


def execute_text(session, given):
    """sp_executesql: the text, what is declared in it, and the values."""
    import parser
    text, declared = given[0][1], given[1][1] if len(given) > 1 else ""
    before, session.variables = session.variables, declared_variables(declared or "", [
        (name, value) for name, value, _ in given[2:]])
    try:
        session.run_block(parser.parse(text))
    finally:
        session.variables = before


def declared_variables(text, values):
    """`@p1 int, @p2 nvarchar(10)` with values, by name or in order."""
    import parser
    found = {}
    if not text.strip():
        return found
    cursor = parser.StatementParser(text)

    def one():
        name = cursor.take().value
        cursor.accept("AS")
        type_ = cursor.type()
        cursor.accept_any("OUTPUT", "OUT")
        found[name] = (type_, None)

    cursor.list(one)
    for index, (name, value) in enumerate(values):
        name = (name or list(found)[index]).lower()
        found[name] = (found[name][0], datatypes.converted(value, found[name][0]))
    return found


# Log shipping


def administrator(procedure):
    def guarded(session, arguments):
        if not session.login.sysadmin:
            raise SQLError(21089, text="Only members of the sysadmin fixed server role can perform this operation.")
        return procedure(session, arguments)
    return guarded


def add_primary(session, given):
    session.instance.database(given["@database"])
    if given["@database"].lower() in session.instance.log_shipping_primary:
        raise SQLError(32009, given["@database"])
    shipping = jobs.add_primary(
        session.instance, given["@database"], given["@backup_directory"], given["@backup_share"], given.get("@backup_job_name"))
    shipping.threshold = given.get("@backup_threshold", 60)
    return {"@backup_job_id": shipping.job.job_id, "@primary_id": shipping.primary_id}


def primary(session, name):
    shipping = session.instance.log_shipping_primary.get(name.lower())
    if not shipping:
        raise SQLError(32010, text="Database %s does not exist as log shipping primary." % name)
    return shipping


def add_primary_secondary(session, given):
    entry = (given["@secondary_server"], given["@secondary_database"])
    secondaries = primary(session, given["@primary_database"]).secondaries
    if entry not in secondaries:
        secondaries.append(entry)


def delete_primary_secondary(session, given):
    entry = (given["@secondary_server"].lower(), given["@secondary_database"].lower())
    shipping = primary(session, given["@primary_database"])
    shipping.secondaries = [each for each in shipping.secondaries if (each[0].lower(), each[1].lower()) != entry]


def delete_primary(session, given):
    shipping = session.instance.log_shipping_primary.get(given["@database"].lower())
    if not shipping:
        return
    if shipping.secondaries:
        raise SQLError(32011, text="Primary Database %s has active log shipping secondary database(s). Drop the secondary "
                                   "database(s) first." % shipping.database)
    del session.instance.log_shipping_primary[given["@database"].lower()]
    del session.instance.jobs[shipping.job.job_id]


def add_secondary_primary(session, given):
    shipping = jobs.add_secondary(
        session.instance, given["@primary_server"], given["@primary_database"], given["@backup_source_directory"],
        given["@backup_destination_directory"], given.get("@copy_job_name"), given.get("@restore_job_name"))
    return {"@copy_job_id": shipping.copy_job.job_id, "@restore_job_id": shipping.restore_job.job_id,
            "@secondary_id": shipping.secondary_id}


def secondary_of(session, given):
    for shipping in session.instance.log_shipping_secondary.values():
        if (shipping.server.lower(), shipping.database.lower()) == (
                given["@primary_server"].lower(), given["@primary_database"].lower()):
            return shipping
    return None


def add_secondary_database(session, given):
    shipping = secondary_of(session, given)
    if not shipping:
        raise SQLError(32018, text="Log shipping primary %s.%s does not exist on this secondary." % (
            given["@primary_server"], given["@primary_database"]))
    session.instance.database(given["@secondary_database"])
    jobs.add_secondary_database(
        shipping, given["@secondary_database"], int(given.get("@restore_mode") or 0), int(given.get("@restore_delay") or 0),
        bool(given.get("@disconnect_users")), given.get("@restore_threshold", 45))


def change_secondary_database(session, given):
    name = given["@secondary_database"].lower()
    for shipping in session.instance.log_shipping_secondary.values():
        if name in shipping.secondaries and given.get("@restore_delay") is not None:
            shipping.secondaries[name].delay = int(given["@restore_delay"])


def delete_secondary_database(session, given):
    for shipping in list(session.instance.log_shipping_secondary.values()):
        if shipping.secondaries.pop(given["@secondary_database"].lower(), None) and not shipping.secondaries:
            forget(session, shipping)


def delete_secondary_primary(session, given):
    shipping = secondary_of(session, given)
    if shipping:
        forget(session, shipping)


def forget(session, shipping):
    del session.instance.log_shipping_secondary[shipping.secondary_id]
    for job in (shipping.copy_job, shipping.restore_job):
        session.instance.jobs.pop(job.job_id, None)


# The old ways to give access


def grant_login(session, given):
    session.forbid_transaction("sp_grantlogin")
    if given["@loginame"].lower() not in session.instance.logins:
        principals.create_login(session, given["@loginame"], windows=True)


def grant_access(session, given):
    if session.in_transaction:
        raise SQLError(15002, "sys.sp_grantdbaccess")
    principals.create_user(session, given.get("@name_in_db") or given["@loginame"], given["@loginame"])


def add_role_member(session, given):
    principals.change_member(session, given["@rolename"], given["@membername"], adds=True)


def nothing(_, __):
    """What drivers call while connecting, and what has no effect here."""


def columns(text):
    return ["@" + name for name in text.split()]


SCHEDULE = "backup_retention_period monitor_server monitor_server_security_mode monitor_server_login monitor_server_password"
PROCEDURES = {
    "sp_executesql": ([], None),
    "sp_reset_connection": ([], nothing),
    "sp_update_job": (columns("job_id job_name new_name enabled"), jobs.update),
    "sp_start_job": (columns("job_name job_id"), jobs.start),
    "sp_stop_job": (columns("job_name job_id"), jobs.stop),
    "sp_add_jobschedule": (
        columns("job_id job_name name enabled freq_type freq_interval freq_subday_type freq_subday_interval "
                "freq_relative_interval freq_recurrence_factor active_start_date active_end_date active_start_time active_end_time"),
        jobs.add_schedule),
    "sp_add_log_shipping_primary_database": (
        columns("database backup_directory backup_share backup_job_name " + SCHEDULE + " backup_threshold threshold_alert "
                "threshold_alert_enabled history_retention_period backup_job_id primary_id backup_compression overwrite"),
        administrator(add_primary)),
    "sp_add_log_shipping_primary_secondary": (
        columns("primary_database secondary_server secondary_database overwrite"), administrator(add_primary_secondary)),
    "sp_delete_log_shipping_primary_secondary": (
        columns("primary_database secondary_server secondary_database"), administrator(delete_primary_secondary)),
    "sp_delete_log_shipping_primary_database": (columns("database ignoreremotemonitor"), administrator(delete_primary)),
    "sp_add_log_shipping_secondary_primary": (
        columns("primary_server primary_database backup_source_directory backup_destination_directory copy_job_name "
                "restore_job_name file_retention_period monitor_server monitor_server_security_mode monitor_server_login "
                "monitor_server_password overwrite copy_job_id restore_job_id secondary_id"), administrator(add_secondary_primary)),
    "sp_add_log_shipping_secondary_database": (
        columns("secondary_database primary_server primary_database restore_delay restore_all restore_mode disconnect_users "
                "block_size buffer_count max_transfer_size restore_threshold threshold_alert threshold_alert_enabled "
                "history_retention_period overwrite"), administrator(add_secondary_database)),
    "sp_change_log_shipping_secondary_database": (
        columns("secondary_database restore_delay restore_all restore_mode disconnect_users"),
        administrator(change_secondary_database)),
    "sp_delete_log_shipping_secondary_database": (columns("secondary_database"), administrator(delete_secondary_database)),
    "sp_delete_log_shipping_secondary_primary": (
        columns("primary_server primary_database"), administrator(delete_secondary_primary)),
    "sp_grantlogin": (columns("loginame"), grant_login),
    "sp_grantdbaccess": (columns("loginame name_in_db"), grant_access),
    "sp_addrolemember": (columns("rolename membername"), add_role_member),
}
