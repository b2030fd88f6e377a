/* test_functions.c - the example of every function row, folded by the planner and run unfolded; and
 * that no row lacks what the manual prints. */
#include "base/rng.h"
#include "tests/unit/eval_fixture.h"
#include "tests/unit/test.h"

static u32
example_run(EvalFixture *f, const FuncDef *d)
{
    const char *arrow = strstr(d->example, " -> ");
    if (!arrow) return 1;
    StrBuf expression = {0}, got = {0};
    strbuf_add(&expression, d->example, (size_t)(arrow - d->example));
    Status st = fixture_eval(f, expression.ptr, &got);
    bool same = !st && str_eq(strbuf_view(&got), str_from(arrow + 4));
    if (!same) fprintf(stderr, "%s\n  gave %s\n", d->example, got.len ? got.ptr : "nothing");
    strbuf_done(&expression);
    strbuf_done(&got);
    return !same;
}

static void
examples_run(bool optimize)
{
    EvalFixture f;
    fixture_open(&f, optimize);
    u32 rows = 0, failed = 0;
    for (u32 i = 0; i < exec_func_table.nfamilies; i++) {
        for (const FuncDef *d = exec_func_table.families[i]; d->name; d++) {
            rows++;
            failed += example_run(&f, d);
        }
    }
    CHECK(rows > 180);
    CHECK(failed == 0);
    fixture_close(&f);
}

static void
examples_hold_when_folded(void)
{
    examples_run(true);
}

static void
examples_hold_when_run(void)
{
    examples_run(false);
}

static void
rows_are_documented(void)
{
    for (u32 i = 0; i < exec_func_table.nfamilies; i++) {
        for (const FuncDef *d = exec_func_table.families[i]; d->name; d++) {
            CHECK(d->category && d->syntax && d->doc && d->example);
            CHECK(d->kernel || d->bind);
        }
    }
    for (u32 i = 0; i < exec_func_table.nagg_families; i++) {
        for (const AggDef *d = exec_func_table.agg_families[i]; d->name; d++)
            CHECK(d->bind && d->syntax && d->doc && d->example);
    }
}

static void
check_eval(EvalFixture *f, const char *expression, const char *expected)
{
    StrBuf got = {0};
    Status st = fixture_eval(f, expression, &got);
    Str text = strbuf_view(&got);
    bool same = st ? str_starts(text, str_from(expected)) : str_eq(text, str_from(expected));
    if (!same) fprintf(stderr, "%s gave %s, not %s\n", expression, got.ptr, expected);
    CHECK(same);
    strbuf_done(&got);
}

static void
errors_name_what_is_wrong(void)
{
    EvalFixture f;
    fixture_open(&f, true);
    check_eval(&f, "1 / 0", "W3001");
    check_eval(&f, "CAST('x' AS INT)", "W3002");
    check_eval(&f, "TRY_CAST('x' AS INT)", "NULL");
    check_eval(&f, "UPPERR('x')", "W2004");
    check_eval(&f, "UPPER(1)", "W2005");
    check_eval(&f, "CAST(CURRENT_DATE AS STRING) = 1", "W2006");
    check_eval(&f, "CAST(1 AS DATE)", "W2006");
    check_eval(&f, "'a' LIKE 'a&b' ESCAPE '&'", "W3004");
    check_eval(&f, "REGEXP('a', '(')", "W3004");
    check_eval(&f, "REGEXP(REPEAT('a', 40) || '!', '^(a+)+$')", "W3004");
    check_eval(&f, "REPEAT('ab', 2000000000)", "W7003");
    check_eval(&f, "SHA2('a', 7)", "W3006");
    fixture_close(&f);
}

static void
branches_guard_errors(void)
{
    EvalFixture f;
    fixture_open(&f, false);
    check_eval(&f, "FALSE AND 1 / 0 = 1", "FALSE");
    check_eval(&f, "TRUE OR 1 / 0 = 1", "TRUE");
    check_eval(&f, "CASE WHEN 1 = 1 THEN 2 ELSE 1 / 0 END", "2");
    check_eval(&f, "CASE WHEN 1 = 2 THEN 2 ELSE 1 / 0 END", "W3001");
    check_eval(&f, "CASE WHEN 1 = 2 THEN 2 END", "NULL");
    fixture_close(&f);
}

/* LIKE by its definition, one character or two-byte letter at a time. */
static bool
like_by_definition(const char *s, const char *p)
{
    if (!*p) return !*s;
    u32 s_bytes = (u8)*s >= 0x80 ? 2 : 1, p_bytes = (u8)*p >= 0x80 ? 2 : 1;
    if (*p == '%')
        return like_by_definition(s, p + 1) || (*s && like_by_definition(s + s_bytes, p));
    if (!*s) return false;
    if (*p == '_') return like_by_definition(s + s_bytes, p + 1);
    return strncmp(s, p, p_bytes) == 0 && like_by_definition(s + p_bytes, p + p_bytes);
}

static void
random_text(Rng *rng, const char *const *letters, u32 nletters, u32 len_max, char *to)
{
    *to = 0;
    for (u64 n = rng_below(rng, len_max + 1); n; n--) {
        const char *letter = letters[rng_below(rng, nletters)];
        memcpy(to, letter, strlen(letter) + 1);
        to += strlen(letter);
    }
}

static void
like_agrees_with_its_definition(void)
{
    static const char *const letters[] = {"a", "b", "\xC3\xA9", "%", "_", "%"};
    EvalFixture f;
    fixture_open(&f, true);
    Rng rng = rng_seed(11);
    for (u32 i = 0; i < 3000; i++) {
        char text[32], pattern[32], expression[128];
        random_text(&rng, letters, 3, 10, text);
        random_text(&rng, letters, ARRAY_LEN(letters), 7, pattern);
        (void)snprintf(expression, sizeof expression, "'%s' LIKE '%s'", text, pattern);
        check_eval(&f, expression, like_by_definition(text, pattern) ? "TRUE" : "FALSE");
    }
    fixture_close(&f);
}

TESTS(TEST(like_agrees_with_its_definition), TEST(rows_are_documented),
      TEST(examples_hold_when_folded), TEST(examples_hold_when_run),
      TEST(errors_name_what_is_wrong), TEST(branches_guard_errors))
