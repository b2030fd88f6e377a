/* fuzz_json.c - JSON lines by any way: learned shapes and simdjson must agree on rows and errors,
 * at every processor level, and nothing may read past the text. The first bytes choose options. */
#include "base/mem.h"
#include "tests/unit/json_harness.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int
LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
    static const char *const plain[] = {"a", "b", "c", "d", "e", "n", "all", NULL};
    static const char *const nested[] = {"a", "b", "c", "e", "n", "nn", "a_b", NULL};
    if (size < 3 || size > 1 << 16) return 0;
    u8 choice = data[0], rows = data[1];
    u32 block = data[2];
    Str text = {(const char *)data + 3, (u32)size - 3};

    OptionSetting settings[] = {
        {.name = STR("json.path.n"), .value = STR("$.d.a")},
        {.name = STR("json.path.all"), .value = STR("$")},
        {.name = STR("json.path.nn"), .value = STR("$.d.d.b")},
        {.name = STR("json.path.a_b"), .value = STR("$['a\"b']")},
    };
    JsonRun run = {.columns = plain, .batch_rows = rows % 64 + 1, .block = block * 16 + 1};
    run.types[0] = type_of(TYPE_BIGINT);
    run.types[1] = type_of(TYPE_INT);
    run.types[2] = type_of(TYPE_DOUBLE);
    run.types[3] = type_string();
    run.types[4] = type_timestamp(TYPE_TIMESTAMP, 3);
    run.types[5] = choice & 64 ? type_decimal(20, 4) : type_bytes();
    run.types[6] = type_string();
    if (choice & 128) {
        run.columns = nested;
        run.types[0] = type_timestamp(TYPE_TIMESTAMP_LTZ, 3);
        run.types[1] = type_of(TYPE_FLOAT);
        run.types[2] = type_of(TYPE_BOOLEAN);
        run.types[3] = type_of(TYPE_DATE);
        run.types[4] = choice & 64 ? type_string() : type_nullable(type_of(TYPE_BIGINT), false);
        run.types[5] = type_timestamp(TYPE_TIMESTAMP_LTZ, 6);
    }
    run.options.settings = settings;
    run.options.nsettings = choice & 1 ? ARRAY_LEN(settings) : 0;
    run.options.on_error = choice & 2 ? JSON_ON_ERROR_SKIP : JSON_ON_ERROR_FAIL;
    run.options.ignore_errors = choice & 4;
    run.options.fail_on_missing = choice & 8;
    run.level = (CpuLevel)(CPU_V2 + (choice >> 4 & 3) % 3);

    StrBuf walked = {0}, shaped = {0};
    run.walk = true;
    Str expected = json_run(&run, text, &walked);
    run.walk = false;
    Str got = json_run(&run, text, &shaped);
    if (!str_eq(expected, got)) {
        fprintf(stderr, "---- simdjson\n%s\n---- shapes\n%s\n", expected.ptr, got.ptr);
        abort();
    }
    strbuf_done(&walked);
    strbuf_done(&shaped);
    return 0;
}
