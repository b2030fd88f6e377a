/* catalog.c - the catalog over SQLite.
 *
 *     main.object   what is stored     space | key | kind | name | sql | comment
 *     temp.object   temporary ones     the same table in memory, gone with the session
 *
 * space 0 holds tables, views and models, space 1 functions, so that one primary key keeps names
 * apart as catalog.h promises. key is the name as bytes (functions: in lower case). Both are
 * BLOBs: no collation, no encoding and no NUL has a say in what equals what.
 *
 * PRAGMA user_version counts versions of this schema and application_id marks the file as ours. A
 * file may come from anywhere: triggers and views in it never run, and a row that cannot have been
 * written by this file is an error, not a surprise.
 *
 * Not here: what a text means (planner/), SHOW and DESCRIBE (weir.c). */
#include "catalog/catalog.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    SCHEMA_VERSION = 1,
    APPLICATION_ID = 0x77656972, /* "weir" */
    BUSY_WAIT_MS = 5000,
    NAME_SHOWN_MAX = 100, /* bytes of a name in a message */
};

struct Catalog {
    sqlite3 *db;
    char *path; /* for messages; "" in memory */
};

typedef enum Space { SPACE_RELATION, SPACE_FUNCTION } Space;
/* Where an object lies; looked at in this order. */
typedef enum Store { STORE_TEMP, STORE_MAIN, STORE_COUNT } Store;

static const char *const kind_names[CATALOG_KIND_COUNT] = {
    [CATALOG_TABLE] = "table",
    [CATALOG_VIEW] = "view",
    [CATALOG_FUNCTION] = "function",
    [CATALOG_MODEL] = "model",
};
static const char *const kind_words[CATALOG_KIND_COUNT] = {
    [CATALOG_TABLE] = "TABLE",
    [CATALOG_VIEW] = "VIEW",
    [CATALOG_FUNCTION] = "FUNCTION",
    [CATALOG_MODEL] = "MODEL",
};

static const char create_sql[] =
    "CREATE TABLE %s.object(space INTEGER NOT NULL, key BLOB NOT NULL, kind INTEGER NOT NULL,"
    " name BLOB NOT NULL, sql BLOB NOT NULL, comment BLOB NOT NULL, PRIMARY KEY(space, key))"
    " WITHOUT ROWID";

/* ---- errors and statements ------------------------------------------------------------------ */

static const char *
catalog_shown(const Catalog *c)
{
    return c->path[0] ? c->path : "in memory";
}

/* What SQLite said, as an error of ours. rc is not SQLITE_OK. */
static Status
catalog_failed(const Catalog *c, int rc, Err *err)
{
    const char *path = catalog_shown(c);
    switch (rc & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return err_hint(err,
                        err_set(err, W5002, POS_NONE,
                                "the catalog \"%.200s\" is locked by another process", path),
                        "Close the other program, or give another file with --catalog.");
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
        return err_hint(err,
                        err_set(err, W5002, POS_NONE,
                                "the catalog \"%.200s\" is damaged or not a catalog", path),
                        "Move the file away to start with an empty catalog.");
    case SQLITE_READONLY:
        return err_hint(
            err, err_set(err, W5002, POS_NONE, "the catalog \"%.200s\" is read-only", path),
            "Create temporary objects (CREATE TEMPORARY TABLE), or make the file writable.");
    case SQLITE_FULL:
        return err_set(err, W7002, POS_NONE, "no space left for the catalog \"%.200s\"", path);
    case SQLITE_TOOBIG:
        return err_set(err, W7003, POS_NONE, "the definition is too long for the catalog");
    default:
        return err_set(err, W5002, POS_NONE, "the catalog \"%.200s\" cannot be used: %.150s", path,
                       c->db ? sqlite3_errmsg(c->db) : sqlite3_errstr(rc));
    }
}

static Status
catalog_damaged(const Catalog *c, Err *err)
{
    return catalog_failed(c, SQLITE_CORRUPT, err);
}

static Status
catalog_exec(Catalog *c, const char *sql, Err *err)
{
    int rc = sqlite3_exec(c->db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? ERR_OK : catalog_failed(c, rc, err);
}

/* Prepare sql, in which %s stands for the store's schema name. */
static Status
catalog_prepare(Catalog *c, Store store, const char *sql, sqlite3_stmt **ret_stmt, Err *err)
{
    StrBuf text = {0};
    strbuf_printf(&text, "%.*s%s%s", (int)(strstr(sql, "@") - sql), sql,
                  store == STORE_TEMP ? "temp" : "main", strstr(sql, "@") + 1);
    int rc = sqlite3_prepare_v2(c->db, text.ptr, -1, ret_stmt, NULL);
    strbuf_done(&text);
    return rc == SQLITE_OK ? ERR_OK : catalog_failed(c, rc, err);
}

static void
stmt_close(sqlite3_stmt **stmt)
{
    (void)sqlite3_finalize(*stmt);
}

static int
stmt_bind(sqlite3_stmt *stmt, int at, Str s)
{
    return sqlite3_bind_blob(stmt, at, s.len ? s.ptr : "", (int)MIN(s.len, (u32)INT32_MAX),
                             SQLITE_STATIC);
}

static Str
stmt_text(sqlite3_stmt *stmt, int col)
{
    const char *ptr = sqlite3_column_blob(stmt, col);
    return (Str){ptr, ptr ? (u32)sqlite3_column_bytes(stmt, col) : 0};
}

/* ---- names ---------------------------------------------------------------------------------- */

static Space
catalog_space(CatalogKind kind)
{
    return kind == CATALOG_FUNCTION ? SPACE_FUNCTION : SPACE_RELATION;
}

/* The key under which a name is stored; out owns the bytes. */
static Str
catalog_key(CatalogKind kind, Str name, StrBuf *out)
{
    strbuf_str(out, name);
    for (size_t i = 0; kind == CATALOG_FUNCTION && i < out->len; i++) {
        char ch = out->ptr[i];
        if (ch >= 'A' && ch <= 'Z') out->ptr[i] = (char)(ch + 32);
    }
    return strbuf_view(out);
}

/* A name for a message: short, cut between characters, without what ends a line. */
typedef struct Shown {
    char text[NAME_SHOWN_MAX + 4];
} Shown;

static Shown
name_shown(Str name)
{
    Shown s;
    u32 n = MIN(name.len, (u32)NAME_SHOWN_MAX);
    while (n < name.len && n > 0 && ((u8)name.ptr[n] & 0xC0) == 0x80) n--;
    for (u32 i = 0; i < n; i++) s.text[i] = (u8)name.ptr[i] < 0x20 ? '?' : name.ptr[i];
    memcpy(s.text + n, n < name.len ? "..." : "", n < name.len ? 4 : 1);
    return s;
}

static Status
name_absent(Catalog *c, CatalogKind kind, Str name, u32 pos, Err *err)
{
    ErrCode code = kind == CATALOG_FUNCTION ? W2004 : W2002;
    Status st = err_set(err, code, pos, "%s \"%s\" does not exist", kind_names[kind],
                        name_shown(name).text);
    Arena *a = arena_new();
    Str near = catalog_nearest(c, a, kind, name);
    if (near.len) (void)err_hint(err, st, "Did you mean \"%s\"?", name_shown(near).text);
    arena_free(a);
    return st;
}

static Status
name_taken(CatalogKind found, Str name, u32 pos, Err *err)
{
    return err_set(err, W2003, pos, "%s \"%s\" exists already", kind_names[found],
                   name_shown(name).text);
}

static Status
name_other_kind(CatalogKind wanted, CatalogKind found, Str name, const char *verb, u32 pos,
                Err *err)
{
    Shown shown = name_shown(name);
    Status st = err_set(err, W2023, pos, "\"%s\" is a %s, not a %s", shown.text, kind_names[found],
                        kind_names[wanted]);
    return err_hint(err, st, "Write %s %s %s.", verb, kind_words[found], shown.text);
}

/* ---- opening -------------------------------------------------------------------------------- */

/* Make the folders above path; those that are new are the owner's alone. */
static void
folders_make(const char *path)
{
    StrBuf b = {0};
    for (const char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
        strbuf_clear(&b);
        strbuf_add(&b, path, (size_t)(p - path));
        (void)mkdir(b.ptr, 0700); /* what fails here fails again, with a reason, at open() */
    }
    strbuf_done(&b);
}

/* The file exists afterwards, with access for its owner alone if it is new. */
static Status
file_prepare(const char *path, bool *ret_read_only, Err *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
    bool read_only = false;
    if (fd < 0 && (errno == EACCES || errno == EROFS || errno == EPERM)) {
        int why = errno;
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (fd < 0) errno = why;
        read_only = true;
    }
    if (fd < 0) {
        return err_set(err, W5002, POS_NONE, "the catalog \"%.200s\" cannot be opened: %s", path,
                       strerror(errno));
    }
    struct stat about;
    bool plain = fstat(fd, &about) == 0 && S_ISREG(about.st_mode);
    (void)close(fd);
    if (!plain) {
        return err_set(err, W5002, POS_NONE, "the catalog \"%.200s\" is not a plain file", path);
    }
    *ret_read_only = read_only;
    return ERR_OK;
}

static Status
pragma_get(Catalog *c, const char *sql, i64 *ret_value, Err *err)
{
    AUTO(stmt_close) sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(c->db, sql, -1, &stmt, NULL);
    if (rc == SQLITE_OK) rc = sqlite3_step(stmt);
    if (rc != SQLITE_ROW) return catalog_failed(c, rc, err);
    *ret_value = sqlite3_column_int64(stmt, 0);
    return ERR_OK;
}

static Status
schema_create(Catalog *c, const char *schema, Err *err)
{
    StrBuf sql = {0};
    strbuf_printf(&sql, create_sql, schema);
    Status st = catalog_exec(c, sql.ptr, err);
    strbuf_done(&sql);
    return st;
}

/* A new file becomes a catalog; an old one is checked. Within one write transaction, so that two
 * programs that start together do it once. */
static Status
schema_prepare(Catalog *c, bool read_only, Err *err)
{
    i64 version = 0, objects = 0, owner = 0;
    TRY(pragma_get(c, "PRAGMA user_version", &version, err));
    if (version == 0 && !read_only) {
        TRY(catalog_exec(c, "BEGIN IMMEDIATE", err));
        TRY(pragma_get(c, "PRAGMA user_version", &version, err));
    }
    TRY(pragma_get(c, "SELECT count(*) FROM sqlite_schema", &objects, err));
    TRY(pragma_get(c, "PRAGMA application_id", &owner, err));
    if (version == 0 && objects == 0 && !read_only) {
        TRY(schema_create(c, "main", err));
        TRY(catalog_exec(c, "PRAGMA application_id = 0x77656972", err));
        TRY(catalog_exec(c, "PRAGMA user_version = 1", err));
        return catalog_exec(c, "COMMIT", err);
    }
    if (!sqlite3_get_autocommit(c->db)) TRY(catalog_exec(c, "COMMIT", err));
    if (owner != APPLICATION_ID) {
        return err_hint(err,
                        err_set(err, W5002, POS_NONE,
                                "\"%.200s\" is an SQLite file of another program", c->path),
                        "Give another file with --catalog.");
    }
    if (version > SCHEMA_VERSION) {
        return err_hint(err,
                        err_set(err, W5002, POS_NONE,
                                "the catalog \"%.200s\" was written by a newer weir (schema %lld, "
                                "this one knows %d)",
                                c->path, (long long)version, SCHEMA_VERSION),
                        "Run the newer weir, or give another file with --catalog.");
    }
    TRY(pragma_get(c, "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'object'",
                   &objects, err));
    if (version != SCHEMA_VERSION || objects != 1) return catalog_damaged(c, err);
    return ERR_OK;
}

static Status
catalog_configure(Catalog *c, Err *err)
{
    (void)sqlite3_extended_result_codes(c->db, 1);
    (void)sqlite3_busy_timeout(c->db, BUSY_WAIT_MS);
    static const int off[] = {SQLITE_DBCONFIG_ENABLE_TRIGGER, SQLITE_DBCONFIG_ENABLE_VIEW,
                              SQLITE_DBCONFIG_TRUSTED_SCHEMA, SQLITE_DBCONFIG_DQS_DML,
                              SQLITE_DBCONFIG_DQS_DDL};
    for (size_t i = 0; i < ARRAY_LEN(off); i++) (void)sqlite3_db_config(c->db, off[i], 0, NULL);
    (void)sqlite3_db_config(c->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    TRY(catalog_exec(c, "PRAGMA temp_store = MEMORY", err));
    TRY(catalog_exec(c, "PRAGMA cell_size_check = ON", err));
    return schema_create(c, "temp", err);
}

Status
catalog_open(const char *path, Catalog **ret_catalog, Err *err)
{
    bool in_memory = !path || !path[0] || strcmp(path, ":memory:") == 0;
    bool read_only = false;
    if (!in_memory) {
        folders_make(path);
        TRY(file_prepare(path, &read_only, err));
    }
    Catalog *c = mem_make(Catalog);
    c->path = mem_strdup(in_memory ? "" : path, in_memory ? 0 : strlen(path));
    /* "./" keeps a relative name that begins with ':' or "file:" a name. */
    StrBuf name = {0};
    bool relative = !in_memory && path[0] != '/';
    strbuf_printf(&name, "%s%s", relative ? "./" : "", in_memory ? ":memory:" : path);
    int flags = read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    int rc = sqlite3_open_v2(name.ptr, &c->db, flags, NULL);
    strbuf_done(&name);

    Status st = rc == SQLITE_OK ? ERR_OK : catalog_failed(c, rc, err);
    if (!st) st = catalog_configure(c, err);
    if (!st) st = schema_prepare(c, read_only, err);
    if (st) {
        catalog_close(c);
        return st;
    }
    *ret_catalog = c;
    return ERR_OK;
}

void
catalog_close(Catalog *c)
{
    if (!c) return;
    (void)sqlite3_close(c->db); /* an open transaction is rolled back */
    mem_free(c->path);
    mem_free(c);
}

/* ---- one object ----------------------------------------------------------------------------- */

/* Copies the row that stmt stands on (kind, name, sql, comment). */
static Status
entry_read(Catalog *c, sqlite3_stmt *stmt, Store store, Arena *a, CatalogEntry *ret_entry, Err *err)
{
    i64 kind = sqlite3_column_int64(stmt, 0);
    if (kind < 0 || kind >= CATALOG_KIND_COUNT) return catalog_damaged(c, err);
    Str texts[3];
    for (int i = 0; i < 3; i++) {
        Str t = stmt_text(stmt, i + 1);
        texts[i] = (Str){arena_copy(a, t.len ? t.ptr : "", t.len), t.len};
    }
    *ret_entry = (CatalogEntry){.kind = (CatalogKind)kind,
                                .name = texts[0],
                                .sql = texts[1],
                                .comment = texts[2],
                                .temporary = store == STORE_TEMP};
    return ERR_OK;
}

/* The kind of the object in one store; a NULL arena: no texts wanted. */
static Status
object_find(Catalog *c, Store store, Space space, Str key, Arena *a, CatalogEntry *ret_entry,
            bool *ret_found, Err *err)
{
    AUTO(stmt_close) sqlite3_stmt *stmt = NULL;
    TRY(catalog_prepare(
        c, store, "SELECT kind, name, sql, comment FROM @.object WHERE space = ?1 AND key = ?2",
        &stmt, err));
    int rc = sqlite3_bind_int(stmt, 1, (int)space);
    if (rc == SQLITE_OK) rc = stmt_bind(stmt, 2, key);
    if (rc == SQLITE_OK) rc = sqlite3_step(stmt);
    *ret_found = rc == SQLITE_ROW;
    if (rc == SQLITE_DONE) return ERR_OK;
    if (rc != SQLITE_ROW) return catalog_failed(c, rc, err);
    if (a) return entry_read(c, stmt, store, a, ret_entry, err);
    i64 kind = sqlite3_column_int64(stmt, 0);
    if (kind < 0 || kind >= CATALOG_KIND_COUNT) return catalog_damaged(c, err);
    ret_entry->kind = (CatalogKind)kind;
    return ERR_OK;
}

static Status
object_put(Catalog *c, Store store, const CatalogEntry *e, Str key, Err *err)
{
    AUTO(stmt_close) sqlite3_stmt *stmt = NULL;
    TRY(catalog_prepare(c, store,
                        "INSERT OR REPLACE INTO @.object(space, key, kind, name, sql, comment)"
                        " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                        &stmt, err));
    int rc = sqlite3_bind_int(stmt, 1, (int)catalog_space(e->kind));
    if (rc == SQLITE_OK) rc = stmt_bind(stmt, 2, key);
    if (rc == SQLITE_OK) rc = sqlite3_bind_int(stmt, 3, (int)e->kind);
    if (rc == SQLITE_OK) rc = stmt_bind(stmt, 4, e->name);
    if (rc == SQLITE_OK) rc = stmt_bind(stmt, 5, e->sql);
    if (rc == SQLITE_OK) rc = stmt_bind(stmt, 6, e->comment);
    if (rc == SQLITE_OK) rc = sqlite3_step(stmt);
    return rc == SQLITE_DONE ? ERR_OK : catalog_failed(c, rc, err);
}

static Status
object_delete(Catalog *c, Store store, Space space, Str key, Err *err)
{
    AUTO(stmt_close) sqlite3_stmt *stmt = NULL;
    TRY(catalog_prepare(c, store, "DELETE FROM @.object WHERE space = ?1 AND key = ?2", &stmt,
                        err));
    int rc = sqlite3_bind_int(stmt, 1, (int)space);
    if (rc == SQLITE_OK) rc = stmt_bind(stmt, 2, key);
    if (rc == SQLITE_OK) rc = sqlite3_step(stmt);
    return rc == SQLITE_DONE ? ERR_OK : catalog_failed(c, rc, err);
}

/* ---- transactions --------------------------------------------------------------------------- */

/* Temporary objects change without the file's lock, which a read-only file could not give. */
static Status
change_begin(Catalog *c, Store store, Err *err)
{
    return catalog_exec(c, store == STORE_TEMP ? "BEGIN" : "BEGIN IMMEDIATE", err);
}

static Status
change_end(Catalog *c, Status st, Err *err)
{
    if (!st) st = catalog_exec(c, "COMMIT", err);
    /* A failed ROLLBACK says that SQLite has rolled back already. */
    if (st && !sqlite3_get_autocommit(c->db)) {
        (void)sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
    }
    return st;
}

static Status
create_in(Catalog *c, Store store, const CatalogEntry *e, Str key, bool or_replace,
          bool if_not_exists, u32 pos, bool *ret_done, Err *err)
{
    CatalogEntry found;
    bool exists = false;
    *ret_done = false;
    TRY(object_find(c, store, catalog_space(e->kind), key, NULL, &found, &exists, err));
    if (exists && if_not_exists) return ERR_OK;
    if (exists && !or_replace) return name_taken(found.kind, e->name, pos, err);
    if (exists && found.kind != e->kind) {
        return name_other_kind(e->kind, found.kind, e->name, "CREATE OR REPLACE", pos, err);
    }
    TRY(object_put(c, store, e, key, err));
    *ret_done = true;
    return ERR_OK;
}

Status
catalog_create(Catalog *c, const CatalogEntry *e, bool or_replace, bool if_not_exists, u32 pos,
               bool *ret_done, Err *err)
{
    assert(e->kind < CATALOG_KIND_COUNT);
    Store store = e->temporary ? STORE_TEMP : STORE_MAIN;
    TRY(change_begin(c, store, err));
    StrBuf key = {0};
    Status st = create_in(c, store, e, catalog_key(e->kind, e->name, &key), or_replace,
                          if_not_exists, pos, ret_done, err);
    strbuf_done(&key);
    return change_end(c, st, err);
}

/* Where an object of this name lies. */
static Status
object_locate(Catalog *c, Space space, Str key, Arena *a, CatalogEntry *ret_entry, Store *ret_store,
              bool *ret_found, Err *err)
{
    *ret_found = false;
    for (Store s = STORE_TEMP; s < STORE_COUNT && !*ret_found; s++) {
        TRY(object_find(c, s, space, key, a, ret_entry, ret_found, err));
        *ret_store = s;
    }
    return ERR_OK;
}

static Status
drop_key(Catalog *c, CatalogKind kind, Str name, Str key, bool if_exists, u32 pos, bool *ret_done,
         Err *err)
{
    CatalogEntry found;
    Store store = STORE_MAIN;
    bool exists = false;
    *ret_done = false;
    TRY(object_locate(c, catalog_space(kind), key, NULL, &found, &store, &exists, err));
    if (!exists) return if_exists ? ERR_OK : name_absent(c, kind, name, pos, err);
    if (found.kind != kind) return name_other_kind(kind, found.kind, name, "DROP", pos, err);
    /* One statement, hence one transaction: a read before it needs no lock to be right. */
    TRY(object_delete(c, store, catalog_space(kind), key, err));
    *ret_done = true;
    return ERR_OK;
}

Status
catalog_drop(Catalog *c, CatalogKind kind, Str name, bool if_exists, u32 pos, bool *ret_done,
             Err *err)
{
    StrBuf key = {0};
    Str k = catalog_key(kind, name, &key);
    Status st = drop_key(c, kind, name, k, if_exists, pos, ret_done, err);
    strbuf_done(&key);
    return st;
}

static Status
replace_in(Catalog *c, Store store, Str key, const CatalogEntry *e, Str new_key, u32 pos, Err *err)
{
    Space space = catalog_space(e->kind);
    if (!str_eq(key, new_key)) {
        CatalogEntry other;
        bool taken = false;
        TRY(object_find(c, store, space, new_key, NULL, &other, &taken, err));
        if (taken) return name_taken(other.kind, e->name, pos, err);
    }
    TRY(object_delete(c, store, space, key, err));
    return object_put(c, store, e, new_key, err);
}

static Status
replace_key(Catalog *c, CatalogKind kind, Str name, Str key, const CatalogEntry *e, Str new_key,
            u32 pos, Err *err)
{
    CatalogEntry found;
    Store store = STORE_MAIN;
    bool exists = false;
    TRY(object_locate(c, catalog_space(kind), key, NULL, &found, &store, &exists, err));
    if (!exists) return name_absent(c, kind, name, pos, err);
    if (found.kind != kind) return name_other_kind(kind, found.kind, name, "ALTER", pos, err);
    TRY(change_begin(c, store, err));
    return change_end(c, replace_in(c, store, key, e, new_key, pos, err), err);
}

Status
catalog_replace(Catalog *c, CatalogKind kind, Str name, const CatalogEntry *e, u32 pos, Err *err)
{
    assert(e->kind == kind);
    StrBuf old_key = {0}, new_key = {0};
    Str from = catalog_key(kind, name, &old_key), to = catalog_key(kind, e->name, &new_key);
    Status st = replace_key(c, kind, name, from, e, to, pos, err);
    strbuf_done(&old_key);
    strbuf_done(&new_key);
    return st;
}

Status
catalog_find(Catalog *c, Arena *a, CatalogKind kind, Str name, CatalogEntry *ret_entry,
             bool *ret_found, Err *err)
{
    StrBuf key = {0};
    Store store;
    Status st = object_locate(c, catalog_space(kind), catalog_key(kind, name, &key), a, ret_entry,
                              &store, ret_found, err);
    strbuf_done(&key);
    return st;
}

/* ---- many objects --------------------------------------------------------------------------- */

static u32
char_bytes(Str s, u32 at)
{
    u32 n = 1;
    while (at + n < s.len && ((u8)s.ptr[at + n] & 0xC0) == 0x80) n++;
    return n;
}

/* SQL LIKE over bytes: % any run, _ one character, \ takes the next one as it is. One point to go
 * back to is enough, because a later % makes earlier ones irrelevant. */
static bool
like_match(Str text, Str pattern)
{
    u32 t = 0, p = 0, back_t = 0, back_p = UINT32_MAX;
    for (;;) {
        if (p < pattern.len && pattern.ptr[p] == '%') {
            back_p = ++p;
            back_t = t;
            continue;
        }
        if (t == text.len && p == pattern.len) return true;
        bool literal = p + 1 < pattern.len && pattern.ptr[p] == '\\';
        u32 at = p + literal;
        if (t < text.len && p < pattern.len && !literal && pattern.ptr[p] == '_') {
            t += char_bytes(text, t);
            p++;
        } else if (t < text.len && p < pattern.len && text.ptr[t] == pattern.ptr[at]) {
            t++;
            p = at + 1;
        } else if (back_p != UINT32_MAX && back_t < text.len) {
            t = ++back_t;
            p = back_p;
        } else {
            return false;
        }
    }
}

typedef struct EntryList {
    CatalogEntry *at;
    u32 len, cap;
} EntryList;

static Status
list_store(Catalog *c, Store store, Arena *a, Space space, EntryList *list, Err *err)
{
    AUTO(stmt_close) sqlite3_stmt *stmt = NULL;
    TRY(catalog_prepare(c, store, "SELECT kind, name, sql, comment FROM @.object WHERE space = ?1",
                        &stmt, err));
    int rc = sqlite3_bind_int(stmt, 1, (int)space);
    if (rc == SQLITE_OK) rc = sqlite3_step(stmt);
    for (; rc == SQLITE_ROW; rc = sqlite3_step(stmt)) {
        mem_grow(list->at, list->len, list->cap);
        TRY(entry_read(c, stmt, store, a, &list->at[list->len], err));
        list->len++;
    }
    return rc == SQLITE_DONE ? ERR_OK : catalog_failed(c, rc, err);
}

static u8
name_letter(const CatalogEntry *e, u32 i)
{
    u8 ch = (u8)e->name.ptr[i];
    bool folds = e->kind == CATALOG_FUNCTION && ch >= 'A' && ch <= 'Z';
    return folds ? (u8)(ch + 32) : ch;
}

/* In order of keys. */
static int
name_order(const CatalogEntry *x, const CatalogEntry *y)
{
    u32 n = MIN(x->name.len, y->name.len);
    for (u32 i = 0; i < n; i++) {
        int d = name_letter(x, i) - name_letter(y, i);
        if (d) return d;
    }
    return (x->name.len > y->name.len) - (x->name.len < y->name.len);
}

/* A temporary object comes before the stored one that it hides. */
static int
entry_order(const void *a, const void *b)
{
    const CatalogEntry *x = a, *y = b;
    int order = name_order(x, y);
    return order ? order : y->temporary - x->temporary;
}

/* Keeps what is of the kind, matches, and is not hidden; into the arena. */
static void
list_choose(const EntryList *list, Arena *a, CatalogKind kind, Str like, CatalogEntry **ret_entries,
            u32 *ret_len)
{
    CatalogEntry *out = arena_array(a, CatalogEntry, MAX(list->len, 1u));
    u32 n = 0;
    for (u32 i = 0; i < list->len; i++) {
        const CatalogEntry *e = &list->at[i];
        bool hidden = i > 0 && name_order(&list->at[i - 1], e) == 0;
        if (hidden || e->kind != kind) continue;
        if (like.len && !like_match(e->name, like)) continue;
        out[n++] = *e;
    }
    *ret_entries = out;
    *ret_len = n;
}

Status
catalog_list(Catalog *c, Arena *a, CatalogKind kind, Str like, CatalogEntry **ret_entries,
             u32 *ret_len, Err *err)
{
    EntryList list = {0};
    Status st = ERR_OK;
    for (Store s = STORE_TEMP; s < STORE_COUNT && !st; s++) {
        st = list_store(c, s, a, catalog_space(kind), &list, err);
    }
    if (!st) {
        if (list.len) qsort(list.at, list.len, sizeof *list.at, entry_order);
        list_choose(&list, a, kind, like, ret_entries, ret_len);
    }
    mem_free(list.at);
    return st;
}

Str
catalog_nearest(Catalog *c, Arena *a, CatalogKind kind, Str name)
{
    EntryList list = {0};
    Err ignored;
    Nearest near = {0};
    for (Store s = STORE_TEMP; s < STORE_COUNT; s++) {
        if (list_store(c, s, a, catalog_space(kind), &list, &ignored)) break;
    }
    for (u32 i = 0; i < list.len; i++) nearest_offer(&near, name, list.at[i].name);
    mem_free(list.at);
    return near.best;
}
