// unixODBC, with its cast macros as functions that Swift can import.
#pragma once
#include <sql.h>
#include <sqlext.h>

static inline SQLHANDLE odbc_null_handle(void) { return SQL_NULL_HANDLE; }
