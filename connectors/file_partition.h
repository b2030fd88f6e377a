/* file_partition.h - folders that hold the values of PARTITIONED BY columns:
 * "day=2024-05-01/c=x%2Fy/".
 *
 * The names are Hive's: what could be misread in a path is written as % and two hexadecimal digits,
 * NULL and the empty text as PARTITION_NULL. Values are text as CAST writes them. */
#pragma once
#include "base/timezone.h"
#include "connectors/connector.h"

#define PARTITION_NULL "__HIVE_DEFAULT_PARTITION__"

/* Appends "name=value/"; slot NULL is NULL. */
void partition_add(StrBuf *out, const FieldSpec *field, const void *slot, const TimeZone *zone);
/* The value of a column in a path, with escapes taken back into *scratch; the last folder of that
 * name counts. False: no folder has it. *ret_null: it stands for NULL. */
bool partition_find(Str path, Str column, StrBuf *scratch, bool *ret_null);
/* One value for `rows` rows of a column, from the file's path. W4002: not there; W3102: no value of
 * its type. */
Status partition_vector(const FieldSpec *field, const char *path, u32 rows, const TimeZone *zone,
                        Vector *ret_vector, Err *err) MUST_USE;
/* Is `dir` what partition_add() makes of these columns, as far as its form tells? */
bool partition_valid(Str dir, const TableSpec *table);
/* The table without some of its columns, as a format sees it. `left_out` has a bit per column;
 * *ret_fields are the others. Both are freed by the caller; settings are shared. */
TableSpec *table_without(const TableSpec *table, const u64 *left_out, u32 **ret_fields);
void table_without_free(TableSpec *inner);
