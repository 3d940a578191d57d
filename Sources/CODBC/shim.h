// unixODBC, with its cast macros as functions that Swift can import.
#pragma once
#include <sql.h>
#include <sqlext.h>
#include <sqlucode.h>
#include <sys/syscall.h>
#include <unistd.h>

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

// A file that is nowhere on disk and ends with the process; 1 is MFD_CLOEXEC. Less than zero: there is none, and errno says why.
static inline int odbc_memory_file(const char *name) { return (int)syscall(SYS_memfd_create, name, 1U); }
