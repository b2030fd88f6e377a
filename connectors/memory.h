/* memory.h - the session's memory tables: batches in order of insertion, behind one lock.
 *
 * 'connector' = 'memory' reads and writes them by name. A table comes to be when it is first named
 * here. A scan sees the batches that were there when it was opened; a scan of a live table also
 * those that come later, until the table is closed: that is how tests feed running queries. */
#pragma once
#include "base/batch.h"

typedef struct MemoryStore MemoryStore;

MemoryStore *memory_store_new(void);
void memory_store_free(MemoryStore *store); /* NULL is fine; scans must be closed */

/* Append b, which is taken. Columns are the table's fields in order; row kinds are kept. */
void memory_table_push(MemoryStore *store, Str name, Batch *b);
/* A live table's scans are unbounded: at its end they wait. Set it before a scan is opened. */
void memory_table_set_live(MemoryStore *store, Str name, bool live);
/* No more rows will come: scans of a live table end. set_live(true) opens it again. */
void memory_table_close(MemoryStore *store, Str name);
/* Forget the table and its rows (DROP TABLE); scans under way go on with what they saw. */
void memory_table_drop(MemoryStore *store, Str name);
u64 memory_table_rows(MemoryStore *store, Str name); /* 0 if there is none */
