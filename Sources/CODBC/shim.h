// unixODBC, with its cast macros as functions that Swift can import.
#pragma once
#include <sql.h>
#include <sqlext.h>
#include <sqlucode.h>

static inline SQLHANDLE odbc_null_handle(void) { return SQL_NULL_HANDLE; }

static inline SQLRETURN odbc_use_version_3(SQLHENV environment) {
  return SQLSetEnvAttr(environment, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3, 0);
}

static inline SQLRETURN odbc_set_connection_number(SQLHDBC connection, SQLINTEGER attribute, SQLULEN value) {
  return SQLSetConnectAttr(connection, attribute, (SQLPOINTER)value, SQL_IS_UINTEGER);
}

static inline SQLRETURN odbc_set_statement_number(SQLHSTMT statement, SQLINTEGER attribute, SQLULEN value) {
  return SQLSetStmtAttr(statement, attribute, (SQLPOINTER)value, SQL_IS_UINTEGER);
}
