/* test_catalog.c - the catalog: names of every kind, transactions, and files that are not ours. */
#include "base/mem.h"
#include "catalog/catalog.h"
#include "tests/unit/test.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder of this test's own, and a path inside it. */
typedef struct Place {
    char folder[64];
    char path[128];
} Place;

static Place
place_make(const char *file)
{
    Place p = {.folder = "/tmp/weir-catalog-XXXXXX"};
    CHECK(mkdtemp(p.folder) != NULL);
    (void)snprintf(p.path, sizeof p.path, "%s/%s", p.folder, file);
    return p;
}

static void
place_remove(const Place *p)
{
    char command[256];
    (void)snprintf(command, sizeof command, "chmod -R u+rwx '%s'; rm -rf '%s'", p->folder,
                   p->folder);
    CHECK(system(command) == 0);
}

static Catalog *
must_open(const char *path)
{
    Err err = {0};
    Catalog *c = NULL;
    Status st = catalog_open(path, &c, &err);
    if (st) fprintf(stderr, "%s\n", err.text);
    CHECK(st == ERR_OK);
    return c;
}

static CatalogEntry
entry(CatalogKind kind, Str name, const char *sql)
{
    return (CatalogEntry){.kind = kind, .name = name, .sql = str_from(sql)};
}

static ErrCode
create(Catalog *c, CatalogEntry e, bool or_replace, bool if_not_exists, bool *ret_done)
{
    Err err = {0};
    return catalog_create(c, &e, or_replace, if_not_exists, 7, ret_done, &err) ? err.code : W0000;
}

static ErrCode
add(Catalog *c, CatalogKind kind, Str name, const char *sql)
{
    bool done = false;
    return create(c, entry(kind, name, sql), false, false, &done);
}

static ErrCode
drop(Catalog *c, CatalogKind kind, Str name)
{
    Err err = {0};
    bool done = false;
    return catalog_drop(c, kind, name, false, 3, &done, &err) ? err.code : W0000;
}

/* The text of an object; empty when there is none. */
static Str
sql_of(Catalog *c, Arena *a, CatalogKind kind, Str name)
{
    Err err = {0};
    CatalogEntry e;
    bool found = false;
    CHECK(catalog_find(c, a, kind, name, &e, &found, &err) == ERR_OK);
    return found ? e.sql : (Str){0};
}

static void
names_and_kinds(void)
{
    Arena *a = arena_new();
    Catalog *c = must_open(NULL);
    CHECK(add(c, CATALOG_TABLE, STR("clicks"), "CREATE TABLE clicks") == W0000);
    CHECK(add(c, CATALOG_TABLE, STR("Clicks"), "other case, other table") == W0000);
    CHECK(add(c, CATALOG_VIEW, STR("clicks"), "a view") == W2003);
    CHECK(add(c, CATALOG_FUNCTION, STR("clicks"), "a function") == W0000);
    CHECK(add(c, CATALOG_FUNCTION, STR("CLICKS"), "the same function") == W2003);
    CHECK(str_eq(sql_of(c, a, CATALOG_FUNCTION, STR("ClIcKs")), STR("a function")));
    CHECK(str_eq(sql_of(c, a, CATALOG_TABLE, STR("Clicks")), STR("other case, other table")));

    bool done = true;
    CHECK(create(c, entry(CATALOG_TABLE, STR("clicks"), "2"), false, true, &done) == W0000);
    CHECK(!done && str_eq(sql_of(c, a, CATALOG_TABLE, STR("clicks")), STR("CREATE TABLE clicks")));
    CHECK(create(c, entry(CATALOG_TABLE, STR("clicks"), "2"), true, false, &done) == W0000);
    CHECK(done && str_eq(sql_of(c, a, CATALOG_TABLE, STR("clicks")), STR("2")));
    CHECK(create(c, entry(CATALOG_VIEW, STR("clicks"), "3"), true, false, &done) == W2023);

    CHECK(drop(c, CATALOG_VIEW, STR("clicks")) == W2023);
    CHECK(drop(c, CATALOG_TABLE, STR("clickz")) == W2002);
    CHECK(drop(c, CATALOG_FUNCTION, STR("nope")) == W2004);
    CHECK(drop(c, CATALOG_TABLE, STR("clicks")) == W0000);
    CHECK(sql_of(c, a, CATALOG_TABLE, STR("clicks")).len == 0);
    CHECK(str_eq(catalog_nearest(c, a, CATALOG_TABLE, STR("Clikcs")), STR("Clicks")));
    CHECK(catalog_nearest(c, a, CATALOG_TABLE, STR("zebra")).len == 0);
    catalog_close(c);
    arena_free(a);
}

static void
errors_have_place_and_hint(void)
{
    Catalog *c = must_open(NULL);
    CHECK(add(c, CATALOG_VIEW, STR("hot"), "CREATE VIEW hot") == W0000);
    Err err = {0};
    bool done = true;
    Status st = catalog_drop(c, CATALOG_TABLE, STR("hot"), true, 11, &done, &err);
    CHECK(st == ERR_BIND && err.code == W2023 && err.pos == 11);
    CHECK(strcmp(err.text, "\"hot\" is a view, not a table") == 0);
    CHECK(strcmp(err.hint, "Write DROP VIEW hot.") == 0);
    st = catalog_drop(c, CATALOG_VIEW, STR("hop"), false, 5, &done, &err);
    CHECK(st == ERR_BIND && err.code == W2002 && err.pos == 5);
    CHECK(strcmp(err.hint, "Did you mean \"hot\"?") == 0);
    CHECK(catalog_drop(c, CATALOG_VIEW, STR("hop"), true, 5, &done, &err) == ERR_OK && !done);
    catalog_close(c);
}

static void
hostile_names_are_names(void)
{
    char *big = mem_alloc(1 << 20);
    memset(big, 'x', 1 << 20);
    const Str names[] = {
        STR("it's"),
        STR("a\"b"),
        STR("x'); DROP TABLE object; --"),
        STR("nul\0inside"),
        STR("nul"),
        STR("\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d \xe2\x80\xae right to left"),
        STR("\xff\xfe not utf-8"),
        STR("line\nend"),
        STR(" "),
        STR(""),
        STR("`tick`"),
        STR("%"),
        {big, 1 << 20},
    };
    Arena *a = arena_new();
    Place p = place_make("c.db");
    Catalog *c = must_open(p.path);
    char sql[32];
    for (u32 i = 0; i < ARRAY_LEN(names); i++) {
        (void)snprintf(sql, sizeof sql, "text %u", i);
        CHECK(add(c, CATALOG_TABLE, names[i], sql) == W0000);
    }
    catalog_close(c);
    c = must_open(p.path);
    for (u32 i = 0; i < ARRAY_LEN(names); i++) {
        (void)snprintf(sql, sizeof sql, "text %u", i);
        CHECK(str_eq(sql_of(c, a, CATALOG_TABLE, names[i]), str_from(sql)));
        CHECK(add(c, CATALOG_VIEW, names[i], sql) == W2003);
    }
    CatalogEntry *all;
    u32 n = 0;
    Err err = {0};
    CHECK(catalog_list(c, a, CATALOG_TABLE, (Str){0}, &all, &n, &err) == ERR_OK);
    CHECK(n == ARRAY_LEN(names));
    for (u32 i = 1; i < n; i++) CHECK(str_cmp(all[i - 1].name, all[i].name) < 0);
    for (u32 i = 0; i < ARRAY_LEN(names); i++) CHECK(drop(c, CATALOG_TABLE, names[i]) == W0000);
    catalog_close(c);
    place_remove(&p);
    arena_free(a);
    mem_free(big);
}

static void
long_name_is_cut_in_messages(void)
{
    StrBuf name = {0};
    for (int i = 0; i < 1000; i++) strbuf_add(&name, "\xc3\xa9", 2);
    Catalog *c = must_open(NULL);
    Err err = {0};
    bool done;
    CHECK(catalog_drop(c, CATALOG_TABLE, strbuf_view(&name), false, 0, &done, &err) == ERR_BIND);
    CHECK(strlen(err.text) < 200 && strstr(err.text, "\xc3\xa9...\"") != NULL);
    catalog_close(c);
    strbuf_done(&name);
}

static u32
count_like(Catalog *c, Arena *a, CatalogKind kind, Str like)
{
    CatalogEntry *all;
    u32 n = 99;
    Err err = {0};
    CHECK(catalog_list(c, a, kind, like, &all, &n, &err) == ERR_OK);
    return n;
}

static void
list_by_pattern(void)
{
    Arena *a = arena_new();
    Catalog *c = must_open(NULL);
    CHECK(add(c, CATALOG_TABLE, STR("ab"), "1") == W0000);
    CHECK(add(c, CATALOG_TABLE, STR("a\xc3\xa9"), "2") == W0000);
    CHECK(add(c, CATALOG_TABLE, STR("a_b"), "3") == W0000);
    CHECK(add(c, CATALOG_TABLE, STR("abcabd"), "4") == W0000);
    CHECK(add(c, CATALOG_VIEW, STR("av"), "5") == W0000);
    CHECK(count_like(c, a, CATALOG_TABLE, (Str){0}) == 4);
    CHECK(count_like(c, a, CATALOG_TABLE, STR("a%")) == 4);
    CHECK(count_like(c, a, CATALOG_VIEW, STR("a%")) == 1);
    CHECK(count_like(c, a, CATALOG_TABLE, STR("a_")) == 2);
    CHECK(count_like(c, a, CATALOG_TABLE, STR("a\\_b")) == 1);
    CHECK(count_like(c, a, CATALOG_TABLE, STR("%ab_")) == 1);
    CHECK(count_like(c, a, CATALOG_TABLE, STR("%b%")) == 3);
    CHECK(count_like(c, a, CATALOG_TABLE, STR("A%")) == 0);
    CHECK(count_like(c, a, CATALOG_TABLE, STR("%%%%%%%%%%%%%%%%%%%%%%%%z")) == 0);
    catalog_close(c);
    arena_free(a);
}

static void
temporary_hides_stored(void)
{
    Arena *a = arena_new();
    Place p = place_make("c.db");
    Catalog *c = must_open(p.path);
    CHECK(add(c, CATALOG_TABLE, STR("t"), "stored") == W0000);
    CatalogEntry temp = entry(CATALOG_VIEW, STR("t"), "temporary");
    temp.temporary = true;
    bool done = false;
    CHECK(create(c, temp, false, false, &done) == W0000 && done);
    CHECK(create(c, temp, false, false, &done) == W2003);
    CHECK(str_eq(sql_of(c, a, CATALOG_TABLE, STR("t")), STR("temporary")));
    CHECK(count_like(c, a, CATALOG_TABLE, (Str){0}) == 0);
    CHECK(count_like(c, a, CATALOG_VIEW, (Str){0}) == 1);
    CHECK(drop(c, CATALOG_TABLE, STR("t")) == W2023);
    CHECK(drop(c, CATALOG_VIEW, STR("t")) == W0000);
    CHECK(str_eq(sql_of(c, a, CATALOG_TABLE, STR("t")), STR("stored")));
    CHECK(create(c, temp, false, false, &done) == W0000);
    catalog_close(c);
    c = must_open(p.path);
    CHECK(str_eq(sql_of(c, a, CATALOG_TABLE, STR("t")), STR("stored")));
    catalog_close(c);
    place_remove(&p);
    arena_free(a);
}

static ErrCode
replace(Catalog *c, CatalogKind kind, Str name, CatalogEntry e)
{
    Err err = {0};
    return catalog_replace(c, kind, name, &e, 0, &err) ? err.code : W0000;
}

static void
replace_and_rename(void)
{
    Arena *a = arena_new();
    Catalog *c = must_open(NULL);
    CHECK(add(c, CATALOG_TABLE, STR("t"), "one") == W0000);
    CHECK(add(c, CATALOG_TABLE, STR("u"), "two") == W0000);
    CHECK(replace(c, CATALOG_TABLE, STR("t"), entry(CATALOG_TABLE, STR("t"), "1")) == W0000);
    CHECK(str_eq(sql_of(c, a, CATALOG_TABLE, STR("t")), STR("1")));
    CHECK(replace(c, CATALOG_TABLE, STR("t"), entry(CATALOG_TABLE, STR("u"), "x")) == W2003);
    CHECK(str_eq(sql_of(c, a, CATALOG_TABLE, STR("t")), STR("1"))); /* rolled back */
    CHECK(replace(c, CATALOG_TABLE, STR("t"), entry(CATALOG_TABLE, STR("v"), "3")) == W0000);
    CHECK(sql_of(c, a, CATALOG_TABLE, STR("t")).len == 0);
    CHECK(str_eq(sql_of(c, a, CATALOG_TABLE, STR("v")), STR("3")));
    CHECK(replace(c, CATALOG_TABLE, STR("w"), entry(CATALOG_TABLE, STR("w"), "")) == W2002);
    CHECK(replace(c, CATALOG_VIEW, STR("v"), entry(CATALOG_VIEW, STR("v"), "")) == W2023);
    catalog_close(c);
    arena_free(a);
}

static ErrCode
open_code(const char *path, Err *err)
{
    Catalog *c = NULL;
    *err = (Err){0};
    Status st = catalog_open(path, &c, err);
    catalog_close(c);
    return st ? err->code : W0000;
}

static void
file_is_private(void)
{
    Place p = place_make("deep/er/c.db");
    Catalog *c = must_open(p.path);
    catalog_close(c);
    struct stat about;
    CHECK(stat(p.path, &about) == 0 && (about.st_mode & 0777) == 0600);
    (void)snprintf(p.path, sizeof p.path, "%s/deep/er", p.folder);
    CHECK(stat(p.path, &about) == 0 && (about.st_mode & 0777) == 0700);
    place_remove(&p);
}

static void
write_file(const char *path, const void *bytes, size_t len)
{
    FILE *f = fopen(path, "wb");
    CHECK(f && fwrite(bytes, 1, len, f) == len);
    if (f) CHECK(fclose(f) == 0);
}

static void
sqlite_run(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    CHECK(sqlite3_open(path, &db) == SQLITE_OK);
    CHECK(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK);
    CHECK(sqlite3_close(db) == SQLITE_OK);
}

static void
foreign_files_are_refused(void)
{
    Err err;
    Place p = place_make("c.db");
    write_file(p.path,
               "this is no catalog, it is a text of more than a hundred bytes, which is "
               "what the header of such a file has at least",
               110);
    CHECK(open_code(p.path, &err) == W5002 && strstr(err.text, "damaged") != NULL);
    CHECK(open_code(p.folder, &err) == W5002);

    CHECK(unlink(p.path) == 0);
    sqlite_run(p.path, "CREATE TABLE notes(x)");
    CHECK(open_code(p.path, &err) == W5002 && strstr(err.text, "another program") != NULL);

    CHECK(unlink(p.path) == 0);
    CHECK(open_code(p.path, &err) == W0000);
    sqlite_run(p.path, "PRAGMA user_version = 99");
    CHECK(open_code(p.path, &err) == W5002 && strstr(err.text, "newer weir") != NULL);

    /* Where the table should be there is a view: nothing of it runs. */
    sqlite_run(p.path, "PRAGMA user_version = 1; DROP TABLE object;"
                       "CREATE VIEW object AS SELECT 0 AS space, x'61' AS key, 0 AS kind,"
                       " x'61' AS name, x'61' AS sql, x'' AS comment");
    CHECK(open_code(p.path, &err) == W5002 && strstr(err.text, "damaged") != NULL);
    place_remove(&p);
}

static void
damaged_rows_are_errors(void)
{
    Arena *a = arena_new();
    Place p = place_make("c.db");
    Catalog *c = must_open(p.path);
    CHECK(add(c, CATALOG_TABLE, STR("t"), "text") == W0000);
    catalog_close(c);
    sqlite_run(p.path, "UPDATE object SET kind = 77");
    c = must_open(p.path);
    CatalogEntry e;
    bool found;
    Err err = {0};
    CHECK(catalog_find(c, a, CATALOG_TABLE, STR("t"), &e, &found, &err) == ERR_IO);
    CHECK(err.code == W5002 && drop(c, CATALOG_TABLE, STR("t")) == W5002);
    catalog_close(c);

    /* Pages overwritten in the middle: whatever is read, the answer is a Status. */
    FILE *f = fopen(p.path, "r+b");
    CHECK(f && fseek(f, 4096, SEEK_SET) == 0);
    for (int i = 0; f && i < 4096; i++) CHECK(fputc(0xAA, f) != EOF);
    if (f) CHECK(fclose(f) == 0);
    c = NULL;
    Status st = catalog_open(p.path, &c, &err);
    if (!st) st = catalog_find(c, a, CATALOG_TABLE, STR("t"), &e, &found, &err);
    CHECK(st == ERR_IO && err.code == W5002);
    catalog_close(c);
    place_remove(&p);
    arena_free(a);
}

static void
locked_file_says_so(void)
{
    Arena *a = arena_new();
    Place p = place_make("c.db");
    Catalog *c = must_open(p.path);
    CHECK(add(c, CATALOG_TABLE, STR("t"), "text") == W0000);
    sqlite3 *other = NULL;
    CHECK(sqlite3_open(p.path, &other) == SQLITE_OK);
    CHECK(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK);
    Err err = {0};
    bool done = false;
    CatalogEntry e = entry(CATALOG_TABLE, STR("u"), "text");
    CHECK(catalog_create(c, &e, false, false, 0, &done, &err) == ERR_IO);
    CHECK(err.code == W5002 && strstr(err.text, "locked") != NULL);
    CHECK(sql_of(c, a, CATALOG_TABLE, STR("t")).len == 4); /* reading goes on */
    CHECK(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL) == SQLITE_OK);
    CHECK(sqlite3_close(other) == SQLITE_OK);
    CHECK(create(c, e, false, false, &done) == W0000 && done);
    catalog_close(c);
    place_remove(&p);
    arena_free(a);
}

static void
read_only_file_is_read(void)
{
    if (geteuid() == 0 && seteuid(65534) != 0) return; /* root may write everything */
    Arena *a = arena_new();
    Place p = place_make("c.db");
    Catalog *c = must_open(p.path);
    CHECK(add(c, CATALOG_TABLE, STR("t"), "text") == W0000);
    catalog_close(c);
    CHECK(chmod(p.path, 0400) == 0);
    c = must_open(p.path);
    CHECK(sql_of(c, a, CATALOG_TABLE, STR("t")).len == 4);
    Err err = {0};
    bool done = false;
    CatalogEntry e = entry(CATALOG_TABLE, STR("u"), "text");
    CHECK(catalog_create(c, &e, false, false, 0, &done, &err) == ERR_IO);
    CHECK(err.code == W5002 && strstr(err.text, "read-only") != NULL);
    e.temporary = true;
    CHECK(catalog_create(c, &e, false, false, 0, &done, &err) == ERR_OK && done);
    catalog_close(c);

    CHECK(chmod(p.folder, 0500) == 0);
    char absent[192];
    (void)snprintf(absent, sizeof absent, "%s/new.db", p.folder);
    CHECK(open_code(absent, &err) == W5002 && strstr(err.text, "cannot be opened") != NULL);
    place_remove(&p);
    arena_free(a);
    if (getuid() == 0) CHECK(seteuid(0) == 0);
}

TESTS(TEST(names_and_kinds), TEST(errors_have_place_and_hint), TEST(hostile_names_are_names),
      TEST(long_name_is_cut_in_messages), TEST(list_by_pattern), TEST(temporary_hides_stored),
      TEST(replace_and_rename), TEST(file_is_private), TEST(foreign_files_are_refused),
      TEST(damaged_rows_are_errors), TEST(locked_file_says_so), TEST(read_only_file_is_read))
