"""The built-in functions whose answer depends on who asks, and where."""

from errors import syntax

VERSION = "16.0.4175.1"
BANNER = ("Lifeboat's SQL Server double (not Microsoft's): speaks TDS 7.4 as Microsoft SQL Server 2022 - %s (X64)\n"
          "\tFor tests only" % VERSION)


class SessionFunctions:
    def __init__(self, session):
        self.session = session

    def variable(self, name):
        session = self.session
        values = {
            "@@SERVERNAME": session.instance.name, "@@SERVICENAME": "MSSQLSERVER", "@@VERSION": BANNER,
            "@@TRANCOUNT": session.transaction_count, "@@ROWCOUNT": session.row_count, "@@SPID": session.number,
            "@@ERROR": session.error_number, "@@OPTIONS": 5496, "@@LOCK_TIMEOUT": session.lock_timeout,
            "@@LANGUAGE": "us_english", "@@MAX_PRECISION": 38}
        return values[name]

    def xact_state(self):
        return -1 if self.session.is_doomed else 1 if self.session.transaction_count else 0

    # Errors that a CATCH has caught

    def error_number(self):
        return self.session.caught and self.session.caught.number

    def error_message(self):
        return self.session.caught and self.session.caught.text

    def error_severity(self):
        return self.session.caught and self.session.caught.severity

    def error_state(self):
        return self.session.caught and self.session.caught.state

    def error_line(self):
        return self.session.caught and self.session.caught.line

    def error_procedure(self):
        return None

    # Databases and what is in them

    def database_named(self, name):
        return self.session.instance.databases.get(name.lower())

    def db_name(self, number=None):
        if number is None:
            return self.session.database.name
        return next((each.name for each in self.session.instance.databases.values() if each.database_id == number), None)

    def db_id(self, name=None):
        database = self.session.database if name is None else self.database_named(name)
        return database.database_id if database else None

    def named_table(self, name):
        """By `[schema].[table]`, in whatever quotes."""
        from lexer import Cursor
        parts = Cursor(name).qualified_name()
        database = self.database_named(parts[-3]) if len(parts) == 3 else self.session.database
        schema = parts[-2].lower() if len(parts) > 1 and parts[-2] else "dbo"
        return database.tables.get("%s.%s" % (schema, parts[-1].lower())) if database else None

    def object_id(self, name, kind="U"):
        table = self.named_table(name) if name is not None else None
        return table.object_id if table and kind.upper() == "U" else None

    def table_numbered(self, number, database_id=None):
        database = self.session.database if database_id is None else self.database_named(self.db_name(database_id))
        return next((each for each in database.tables.values() if each.object_id == number), None)

    def object_name(self, number, database_id=None):
        table = self.table_numbered(number, database_id)
        return table.name if table else None

    def schema_name(self, number=1):
        return {1: "dbo", 4: "sys"}.get(number)

    def schema_id(self, name="dbo"):
        return {"dbo": 1, "sys": 4}.get(name.lower())

    def type_name(self, number):
        from catalogue import TYPE_NUMBERS
        return next((name for name, each in TYPE_NUMBERS.items() if each == number), None)

    def databasepropertyex(self, name, property_):
        database = self.database_named(name)
        if not database:
            return None
        values = {
            "status": database.shown_state, "updateability": database.updateability, "recovery": database.recovery_model,
            "useraccess": "MULTI_USER", "isinstandby": int(database.is_in_standby), "collation": "SQL_Latin1_General_CP1_CI_AS",
            "version": 957}
        if property_.lower() not in values:
            raise syntax(property_)
        return values[property_.lower()]

    def serverproperty(self, name):
        instance = self.session.instance
        values = {
            "servername": instance.name, "machinename": instance.name, "instancename": None, "productversion": VERSION,
            "productlevel": "RTM", "productmajorversion": "16", "edition": "Lifeboat double", "engineedition": 3,
            "ishadrenabled": int(bool(instance.world.groups)), "hadrmanagerstatus": 1, "isclustered": 0,
            "isintegratedsecurityonly": 0, "collation": "SQL_Latin1_General_CP1_CI_AS", "processid": 4242,
            "computernamephysicalnetbios": instance.name}
        if name.lower() not in values:
            raise syntax(name)
        return values[name.lower()]

    # Who asks

    def login_named(self, name):
        return self.session.login if name is None else self.session.instance.logins.get(name.lower())

    def suser_id(self, name=None):
        login = self.login_named(name)
        return login.principal_id if login else None

    def suser_sid(self, name=None, _=0):
        """Also of a Windows account that has no login."""
        login = self.login_named(name)
        if login:
            return login.sid
        from principals import account_sid
        return account_sid(self.session.instance, name)

    def suser_name(self, number=None):
        if number is None:
            return self.session.login.name
        return next((each.name for each in self.session.instance.logins.values() if each.principal_id == number), None)

    def suser_sname(self, sid=None):
        if sid is None:
            return self.session.login.name
        return next((each.name for each in self.session.instance.logins.values() if each.sid == sid), None)

    def original_login(self):
        return self.session.login.name

    system_user = original_login

    def user_name(self, _=None):
        user = self.session.database.user_of(self.session.login)
        return "dbo" if self.session.login.sysadmin else user.name if user else "guest"

    current_user = user_name

    def database_principal_id(self, name):
        from principals import principal_numbers
        return principal_numbers(self.session.database).get(name.lower())

    def is_srvrolemember(self, role, name=None):
        login = self.login_named(name)
        return int(login.sysadmin if login else False) if role.lower() == "sysadmin" else 0

    def is_member(self, role):
        from runner import roles
        held = {each.lower() for each in roles(self.session, self.session.database)}
        return int(role.lower() in held)

    def is_rolemember(self, role, name=None):
        if name is None:
            return self.is_member(role)
        user = self.session.database.users.get(name.lower())
        return int(role.lower() in {each.lower() for each in user.roles}) if user else None

    def has_perms_by_name(self, securable, kind, permission):
        """NULL for what isn't known, as the server does."""
        from principals import has_permission
        return has_permission(self.session, securable, kind, permission.upper())

    def has_dbaccess(self, name):
        database = self.database_named(name)
        return None if not database else int(self.session.login.sysadmin or database.user_of(self.session.login) is not None)

    # The connection

    def connectionproperty(self, name):
        values = {"net_transport": "TCP", "protocol_type": "TSQL", "auth_scheme": "SQL",
                  "encrypt_option": "TRUE" if self.session.client.is_encrypted else "FALSE"}
        if name.lower() not in values:
            raise syntax(name)
        return values[name.lower()]

    def host_name(self):
        return self.session.host

    def app_name(self):
        return self.session.program
