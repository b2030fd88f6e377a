/* catalog.h - tables, views and macros by name, kept in SQLite as their canonical SQL text.
 *
 * The catalog knows names and texts; what a text means is the planner's business. Each DDL
 * statement is one SQLite transaction. Temporary objects live in memory beside it and hide stored
 * ones of the same name. */
#pragma once
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

typedef struct Catalog Catalog;

typedef enum CatalogKind {
    CATALOG_TABLE,
    CATALOG_VIEW,
    CATALOG_FUNCTION,
    CATALOG_MODEL,
    CATALOG_KIND_COUNT
} CatalogKind;

typedef struct CatalogEntry {
    CatalogKind kind;
    Str name;
    Str sql;     /* the CREATE statement, canonical */
    Str comment; /* empty: none */
    bool temporary;
} CatalogEntry;

/* path NULL: in memory. Creates file and schema when absent; an older schema is upgraded, a newer
 * one refused (W5002). Waits up to 5 s for another process's lock. */
Status catalog_open(const char *path, Catalog **ret_catalog, Err *err) MUST_USE;
void catalog_close(Catalog *c); /* NULL is fine */

/* Tables, views and models share one name space; functions have their own (names without case).
 * W2003 if it exists and neither flag is given. *ret_done: false if IF NOT EXISTS found it. */
Status catalog_create(Catalog *c, const CatalogEntry *e, bool or_replace, bool if_not_exists,
                      u32 pos, bool *ret_done, Err *err) MUST_USE;
/* W2002 unless if_exists; W2023 when the object is of another kind. */
Status catalog_drop(Catalog *c, CatalogKind kind, Str name, bool if_exists, u32 pos, bool *ret_done,
                    Err *err) MUST_USE;
/* New text (and perhaps name) for an object that exists, in one transaction. */
Status catalog_replace(Catalog *c, CatalogKind kind, Str name, const CatalogEntry *e, u32 pos,
                       Err *err) MUST_USE;
/* *ret_found false if there is none. Texts are copied into the arena. kind: tables, views and
 * models are found together by CATALOG_TABLE; look at ret_entry->kind. */
Status catalog_find(Catalog *c, Arena *a, CatalogKind kind, Str name, CatalogEntry *ret_entry,
                    bool *ret_found, Err *err) MUST_USE;
/* All objects of a kind, by name. like: SQL LIKE pattern, empty: all. */
Status catalog_list(Catalog *c, Arena *a, CatalogKind kind, Str like, CatalogEntry **ret_entries,
                    u32 *ret_len, Err *err) MUST_USE;
/* The stored name nearest to a misspelled one; empty if none is near. */
Str catalog_nearest(Catalog *c, Arena *a, CatalogKind kind, Str name);
