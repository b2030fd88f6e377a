/* fn_json.c - JSON_VALUE, JSON_EXISTS, JSON_QUERY, IS JSON, JSON_STRING, JSON_QUOTE, JSON_UNQUOTE.
 *
 * The clauses behind the arguments come as constant texts, all or none of them:
 *     JSON_EXISTS(x, path, on_error)             TRUE, FALSE, UNKNOWN, ERROR
 *     JSON_VALUE(x, path, on_empty, default, on_error, default)
 *                                                NULL, ERROR, DEFAULT; a default is a text or NULL
 *     JSON_QUERY(x, path, wrapper, on_empty, on_error)
 *                                                WITHOUT, CONDITIONAL, UNCONDITIONAL;
 *                                                NULL, EMPTY ARRAY, EMPTY OBJECT, ERROR
 * RETURNING is a CAST around the call. A path must be constant. A text that is no JSON is an error
 * of the path's kind: it is answered by ON ERROR. */
#include "base/value_text.h"
#include "exec/funcs/funcs.h"
#include "exec/funcs/json_path.h"

typedef enum JsonAnswer {
    ANSWER_NULL, /* UNKNOWN too */
    ANSWER_ERROR,
    ANSWER_DEFAULT,
    ANSWER_TRUE,
    ANSWER_FALSE,
    ANSWER_ARRAY,
    ANSWER_OBJECT,
} JsonAnswer;

typedef struct JsonCall {
    JsonPath path;
    JsonAnswer on_empty, on_error;
    Str empty_default, error_default;
    bool wrap, wrap_always;
} JsonCall;

typedef enum JsonResult { JSON_FOUND, JSON_EMPTY, JSON_FAILED } JsonResult;

static JsonResult
json_lookup(const JsonCall *j, Str text, Str *ret_value)
{
    if (!json_check(text)) return JSON_FAILED;
    if (json_find(text, &j->path, ret_value)) return JSON_FOUND;
    return j->path.strict ? JSON_FAILED : JSON_EMPTY;
}

/* ---- binding -------------------------------------------------------------------------------- */

static Status
json_word_bind(FuncCall *call, u32 arg, JsonAnswer *ret, Err *err)
{
    static const struct {
        Str word;
        JsonAnswer answer;
    } words[] = {
        {STR("NULL"), ANSWER_NULL},         {STR("UNKNOWN"), ANSWER_NULL},
        {STR("ERROR"), ANSWER_ERROR},       {STR("DEFAULT"), ANSWER_DEFAULT},
        {STR("TRUE"), ANSWER_TRUE},         {STR("FALSE"), ANSWER_FALSE},
        {STR("EMPTY ARRAY"), ANSWER_ARRAY}, {STR("EMPTY OBJECT"), ANSWER_OBJECT},
    };
    Str word;
    TRY(call_const_text(call, arg, &word, err));
    for (u32 i = 0; i < ARRAY_LEN(words); i++) {
        if (!str_eq_nocase(words[i].word, word)) continue;
        *ret = words[i].answer;
        return ERR_OK;
    }
    return call_misfit(call, err);
}

static Status
json_default_bind(FuncCall *call, u32 arg, Str *ret, Err *err)
{
    const Vector *v = call->constant[arg];
    if (v && vector_is_null(v, 0)) return ERR_OK;
    Str text;
    TRY(call_const_text(call, arg, &text, err));
    *ret = (Str){arena_copy(call->arena, text.ptr ? text.ptr : "", text.len), text.len};
    return ERR_OK;
}

static Status
json_bind(FuncCall *call, JsonCall **ret, Err *err)
{
    JsonCall *j = arena_make(call->arena, JsonCall);
    *ret = j;
    if (call->arg_type[0].kind == TYPE_NULL) call->arg_type[0] = type_string();
    if (!type_is(call->arg_type[0], KIND_TEXT)) return call_misfit(call, err);
    Str path;
    TRY(call_const_text(call, 1, &path, err));
    u32 pos = call->arg_pos ? call->arg_pos[1] : call->pos;
    TRY(json_path_compile(call->arena, path, pos, &j->path, err));
    call->data = j;
    call->ret = type_string();
    return ERR_OK;
}

static Status
json_value_bind(FuncCall *call, Err *err)
{
    JsonCall *j = NULL;
    TRY(json_bind(call, &j, err));
    if (call->nargs == 2) return ERR_OK;
    if (call->nargs != 6) return call_misfit(call, err);
    TRY(json_word_bind(call, 2, &j->on_empty, err));
    TRY(json_default_bind(call, 3, &j->empty_default, err));
    TRY(json_word_bind(call, 4, &j->on_error, err));
    return json_default_bind(call, 5, &j->error_default, err);
}

static Status
json_exists_bind(FuncCall *call, Err *err)
{
    JsonCall *j = NULL;
    TRY(json_bind(call, &j, err));
    j->on_error = ANSWER_FALSE;
    if (call->nargs == 3) TRY(json_word_bind(call, 2, &j->on_error, err));
    call->ret = type_of(TYPE_BOOLEAN);
    return ERR_OK;
}

static Status
json_query_bind(FuncCall *call, Err *err)
{
    JsonCall *j = NULL;
    TRY(json_bind(call, &j, err));
    if (call->nargs == 2) return ERR_OK;
    if (call->nargs != 5) return call_misfit(call, err);
    Str wrapper;
    TRY(call_const_text(call, 2, &wrapper, err));
    j->wrap_always = str_eq_nocase(wrapper, STR("UNCONDITIONAL"));
    j->wrap = j->wrap_always || str_eq_nocase(wrapper, STR("CONDITIONAL"));
    if (!j->wrap && !str_eq_nocase(wrapper, STR("WITHOUT"))) return call_misfit(call, err);
    TRY(json_word_bind(call, 3, &j->on_empty, err));
    return json_word_bind(call, 4, &j->on_error, err);
}

/* ---- kernels -------------------------------------------------------------------------------- */

static Status
json_error(const EvalCtx *ctx, JsonResult why, Err *err)
{
    LANE_FAIL(W3006, why == JSON_EMPTY ? "the JSON path leads to nothing"
                                       : "the text is not JSON or lacks what the path names");
}

/* Lane i gets what ON EMPTY or ON ERROR says. */
static Status
json_answer(const EvalCtx *ctx, Vector *out, u32 i, JsonResult why, Err *err)
{
    const JsonCall *j = ctx->data;
    JsonAnswer answer = why == JSON_EMPTY ? j->on_empty : j->on_error;
    Str text = why == JSON_EMPTY ? j->empty_default : j->error_default;
    if (answer == ANSWER_ERROR && eval_lane_counts(ctx, out, i)) return json_error(ctx, why, err);
    if (answer == ANSWER_DEFAULT && text.ptr)
        lane_set_text(out, i, text);
    else if (answer == ANSWER_ARRAY)
        lane_set_text(out, i, STR("[]"));
    else if (answer == ANSWER_OBJECT)
        lane_set_text(out, i, STR("{}"));
    else
        vector_set_null(out, i);
    return ERR_OK;
}

static Status
json_value_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs;
    StrBuf text = {0};
    Status st = ERR_OK;
    for (u32 i = 0; i < ctx->rows && !st; i++) {
        if (vector_is_null(&args[0], i)) {
            vector_set_null(out, i);
            continue;
        }
        const JsonCall *j = ctx->data;
        Str value;
        JsonResult r = json_lookup(j, lane_str(&args[0], i), &value);
        char first = r == JSON_FOUND ? value.ptr[0] : 0;
        if (first == '{' || first == '[') r = j->path.strict ? JSON_FAILED : JSON_EMPTY;
        if (first == 'n') r = JSON_EMPTY; /* null */
        if (r != JSON_FOUND) {
            st = json_answer(ctx, out, i, r, err);
        } else if (first == '"') {
            strbuf_clear(&text);
            json_unescape(&text, value);
            lane_set_text(out, i, strbuf_view(&text));
        } else {
            lane_set_text(out, i, value);
        }
    }
    strbuf_done(&text);
    return st;
}

static Status
json_exists_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs;
    const JsonCall *j = ctx->data;
    for (u32 i = 0; i < ctx->rows; i++) {
        vector_data(out, u8)[i] = 0;
        if (vector_is_null(&args[0], i)) {
            vector_set_null(out, i);
            continue;
        }
        Str value;
        JsonResult r = json_lookup(j, lane_str(&args[0], i), &value);
        if (r != JSON_FAILED) {
            vector_data(out, u8)[i] = r == JSON_FOUND && value.ptr[0] != 'n';
        } else if (j->on_error == ANSWER_ERROR) {
            if (eval_lane_counts(ctx, out, i)) return json_error(ctx, r, err);
        } else if (j->on_error == ANSWER_NULL) {
            vector_set_null(out, i);
        } else {
            vector_data(out, u8)[i] = j->on_error == ANSWER_TRUE;
        }
    }
    return ERR_OK;
}

static Status
json_query_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs;
    const JsonCall *j = ctx->data;
    StrBuf text = {0};
    Status st = ERR_OK;
    for (u32 i = 0; i < ctx->rows && !st; i++) {
        if (vector_is_null(&args[0], i)) {
            vector_set_null(out, i);
            continue;
        }
        Str value;
        JsonResult r = json_lookup(j, lane_str(&args[0], i), &value);
        char first = r == JSON_FOUND ? value.ptr[0] : 0;
        bool container = first == '{' || first == '[';
        bool wrap = j->wrap_always || (j->wrap && !container);
        if (first == 'n' && !wrap)
            r = JSON_EMPTY;
        else if (first && !container && !wrap)
            r = j->path.strict ? JSON_FAILED : JSON_EMPTY;
        if (r != JSON_FOUND) {
            st = json_answer(ctx, out, i, r, err);
            continue;
        }
        strbuf_clear(&text);
        if (wrap) strbuf_char(&text, '[');
        json_compact(&text, value);
        if (wrap) strbuf_char(&text, ']');
        lane_set_text(out, i, strbuf_view(&text));
    }
    strbuf_done(&text);
    return st;
}

/* data: which kind of value it must be, '\0' for any. */
static Status
is_json_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs, (void)err;
    char wanted = *(const char *)ctx->data;
    for (u32 i = 0; i < ctx->rows; i++) {
        char first = vector_is_null(&args[0], i) ? 0 : json_check(lane_str(&args[0], i));
        bool container = first == '{' || first == '[';
        bool fits = wanted == 0 || (wanted == 's' ? !container : first == wanted);
        vector_data(out, u8)[i] = first && fits;
    }
    return ERR_OK;
}

static Status
is_json_bind(FuncCall *call, Err *err)
{
    static const char any = 0, scalar = 's', array = '[', object = '{';
    call->data = &any;
    Str kind = STR("VALUE");
    if (call->nargs > 1) TRY(call_const_text(call, 1, &kind, err));
    if (str_eq_nocase(kind, STR("SCALAR")))
        call->data = &scalar;
    else if (str_eq_nocase(kind, STR("ARRAY")))
        call->data = &array;
    else if (str_eq_nocase(kind, STR("OBJECT")))
        call->data = &object;
    else if (!str_eq_nocase(kind, STR("VALUE")))
        return call_misfit(call, err);
    if (call->arg_type[0].kind == TYPE_NULL) call->arg_type[0] = type_string();
    if (!type_is(call->arg_type[0], KIND_TEXT)) return call_misfit(call, err);
    call->ret = type_of(TYPE_BOOLEAN);
    return ERR_OK;
}

/* ---- making JSON ---------------------------------------------------------------------------- */

void
json_print(StrBuf *to, Type t, const void *slot, const TimeZone *zone)
{
    StrBuf plain = {0};
    if (t.kind == TYPE_TIMESTAMP || t.kind == TYPE_TIMESTAMP_LTZ) {
        char text[DATETIME_TEXT_MAX];
        u32 len = timestamp_print_iso(text, *(const i64 *)slot, t.scale);
        if (t.kind == TYPE_TIMESTAMP_LTZ) text[len++] = 'Z';
        json_quote(to, (Str){text, len}, false);
        return;
    }
    if (type_is(t, KIND_BYTES))
        base64_print(&plain, strview_str(slot));
    else
        value_print(&plain, t, slot, zone);
    Str s = strbuf_view(&plain);
    if (t.kind == TYPE_BOOLEAN)
        strbuf_str(to, *(const u8 *)slot ? STR("true") : STR("false"));
    else if (type_is(t, KIND_NUMERIC) && s.ptr[s.len - 1] >= '0' && s.ptr[s.len - 1] <= '9')
        strbuf_str(to, s);
    else
        json_quote(to, s, false);
    strbuf_done(&plain);
}

static Status
json_string_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs, (void)err;
    StrBuf text = {0};
    size_t slot = type_slot_bytes[args[0].type.kind];
    for (u32 i = 0; i < ctx->rows; i++) {
        if (vector_is_null(out, i)) continue;
        size_t at = args[0].form == VEC_CONST ? 0 : i * slot;
        strbuf_clear(&text);
        json_print(&text, args[0].type, args[0].data->bytes + at, ctx_zone(ctx));
        lane_set_text(out, i, strbuf_view(&text));
    }
    strbuf_done(&text);
    return ERR_OK;
}

static Status
json_string_bind(FuncCall *call, Err *err)
{
    Type *t = &call->arg_type[0];
    if (t->kind == TYPE_NULL) *t = type_string();
    (void)err;
    call->ret = type_string();
    return ERR_OK;
}

static Status
json_quote_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs, (void)err;
    StrBuf text = {0};
    for (u32 i = 0; i < ctx->rows; i++) {
        if (vector_is_null(out, i)) continue;
        strbuf_clear(&text);
        json_quote(&text, lane_str(&args[0], i), true);
        lane_set_text(out, i, strbuf_view(&text));
    }
    strbuf_done(&text);
    return ERR_OK;
}

/* What is not quoted, or has an escape that is none, stays as it is. */
static Status
json_unquote_kernel(const EvalCtx *ctx, const Vector *args, u32 nargs, Vector *out, Err *err)
{
    (void)nargs, (void)err;
    StrBuf text = {0};
    for (u32 i = 0; i < ctx->rows; i++) {
        if (vector_is_null(out, i)) continue;
        Str s = lane_str(&args[0], i);
        strbuf_clear(&text);
        bool quoted = s.len >= 2 && s.ptr[0] == '"' && s.ptr[s.len - 1] == '"';
        if (quoted && json_unescape_inside(&text, (Str){s.ptr + 1, s.len - 2}))
            s = strbuf_view(&text);
        lane_set_text(out, i, s);
    }
    strbuf_done(&text);
    return ERR_OK;
}

const FuncDef funcs_json[] = {
    {.name = "JSON_VALUE",
     .args_min = 2,
     .args_max = 6,
     .flags = FUNC_NULLS | FUNC_CAN_FAIL,
     .kernel = json_value_kernel,
     .bind = json_value_bind,
     .category = "json",
     .syntax = "JSON_VALUE(text, path [RETURNING type] [... ON EMPTY] [... ON ERROR])",
     .doc = "The text, number or boolean that the path leads to, as STRING.",
     .example = "JSON_VALUE('{\"a\":{\"b\":[7]}}', '$.a.b[0]') -> 7"},
    {.name = "JSON_EXISTS",
     .args_min = 2,
     .args_max = 3,
     .flags = FUNC_NULLS | FUNC_CAN_FAIL,
     .kernel = json_exists_kernel,
     .bind = json_exists_bind,
     .category = "json",
     .syntax = "JSON_EXISTS(text, path [TRUE | FALSE | UNKNOWN | ERROR ON ERROR])",
     .doc = "True if the path leads to a value.",
     .example = "JSON_EXISTS('{\"a\":1}', '$.a') -> TRUE"},
    {.name = "JSON_QUERY",
     .args_min = 2,
     .args_max = 5,
     .flags = FUNC_NULLS | FUNC_CAN_FAIL,
     .kernel = json_query_kernel,
     .bind = json_query_bind,
     .category = "json",
     .syntax = "JSON_QUERY(text, path [... WRAPPER] [... ON EMPTY] [... ON ERROR])",
     .doc = "The object or array that the path leads to, as text.",
     .example = "JSON_QUERY('{\"a\": [1, 2]}', '$.a') -> [1,2]"},
    {.name = "IS JSON",
     .args_min = 1,
     .args_max = 2,
     .flags = FUNC_OPERATOR | FUNC_NULLS | FUNC_NOT_NULL,
     .kernel = is_json_kernel,
     .bind = is_json_bind,
     .category = "json",
     .syntax = "text IS JSON [VALUE | SCALAR | ARRAY | OBJECT]",
     .doc = "True if the text is JSON (of that kind).",
     .example = "'[1]' IS JSON ARRAY -> TRUE"},
    {.name = "JSON_STRING",
     .args_min = 1,
     .args_max = 1,
     .kernel = json_string_kernel,
     .bind = json_string_bind,
     .category = "json",
     .syntax = "JSON_STRING(value)",
     .doc = "The value as JSON; bytes in base64.",
     .example = "JSON_STRING(TRUE) -> true"},
    {.name = "JSON_QUOTE",
     .args = {ARG_STRING},
     .ret = TYPE_VARCHAR,
     .kernel = json_quote_kernel,
     .category = "json",
     .syntax = "JSON_QUOTE(text)",
     .doc = "The text as a JSON string.",
     .example = "JSON_QUOTE('a\"b') -> \"a\\\"b\""},
    {.name = "JSON_UNQUOTE",
     .args = {ARG_STRING},
     .ret = TYPE_VARCHAR,
     .kernel = json_unquote_kernel,
     .category = "json",
     .syntax = "JSON_UNQUOTE(text)",
     .doc = "The text that a JSON string stands for; anything else stays as it is.",
     .example = "JSON_UNQUOTE('\"abc\"') -> abc"},
    {0},
};
