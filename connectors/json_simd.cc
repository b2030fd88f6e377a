/* json_simd.cc - simdjson's On-Demand parser behind the C face of json_simd.h.
 *
 * Compiled once per processor level; the build makes every symbol of a copy local but
 * json_simd_<level>, or the linker would merge the inline functions of all copies and old
 * processors die of SIGILL. Nothing here throws, and no C++ type leaves the file. */
#define SIMDJSON_EXCEPTIONS 0
#define NDEBUG 1 /* simdjson's checks of itself; what we ask of records is no assertion */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include <simdjson.h>
#pragma GCC diagnostic pop

#include "connectors/json_simd.h"

#include <new>

namespace od = simdjson::ondemand;
using simdjson::error_code;

struct JsonWalker {
    od::parser parser;
};

namespace
{

/* One record's walk. */
struct Walk {
    const JsonNode *nodes;
    const char *base;
    const char *end; /* of the record */
    JsonToken *tokens;
    size_t stride;
    bool escaped; /* the record holds a backslash somewhere */

    JsonToken &token(uint32_t column) const { return tokens[column * stride]; }
    void forget(const JsonNode &node) const;
    void keep(const JsonNode &node, std::string_view text) const;
    const JsonNode *child(const JsonNode &node, od::field &field) const;
    error_code value(const JsonNode &node, od::value value) const;
    error_code object(const JsonNode &node, od::object object) const;
};

/* A later occurrence of a key replaces all that an earlier one gave. */
void
Walk::forget(const JsonNode &node) const
{
    if (node.column != JSON_COLUMN_NONE) token(node.column) = JsonToken{0, 0};
    for (uint32_t i = 0; i < node.children; i++) forget(nodes[node.first + i]);
}

void
Walk::keep(const JsonNode &node, std::string_view text) const
{
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r' ||
                             text.back() == '\n'))
        text.remove_suffix(1);
    uint32_t mark = escaped ? JSON_TOKEN_ESCAPED : 0, at = uint32_t(text.data() - base);
    token(node.column) = {at, (at + uint32_t(text.size())) | mark};
}

/* The child that the field's key names, or NULL: also for a key with an escape that means nothing,
 * which names none and is nobody's value. */
const JsonNode *
Walk::child(const JsonNode &node, od::field &field) const
{
    const char *raw = field.key().raw();
    std::string_view key;
    if (escaped && field.unescaped_key().get(key)) return nullptr;
    for (uint32_t i = 0; i < node.children; i++) {
        const JsonNode &c = nodes[node.first + i];
        if (escaped) {
            if (key == std::string_view(c.name, c.name_len)) return &c;
        } else if (size_t(end - raw) > c.name_len && raw[c.name_len] == '"' &&
                   !memcmp(raw, c.name, c.name_len) && !c.quoted) {
            return &c;
        }
    }
    return nullptr;
}

error_code
Walk::value(const JsonNode &node, od::value value) const
{
    /* Not simdjson's type(), whose answer to a scalar that is none depends on its version: such a
     * token is kept like others, and refused where it is converted. */
    std::string_view token = value.raw_json_token();
    const char first = *token.data();
    if (first == ',' || first == ':' || first == '}' || first == ']') return simdjson::TAPE_ERROR;
    error_code error;
    if (node.children) forget(node);
    if (first == '{') {
        od::object o;
        if ((error = value.get_object().get(o))) return error;
        if (node.column != JSON_COLUMN_NONE) {
            std::string_view text;
            if ((error = o.raw_json().get(text))) return error;
            keep(node, text);
            if (node.children && (error = o.reset().error())) return error;
        }
        return node.children ? object(node, o) : simdjson::SUCCESS;
    }
    if (node.column == JSON_COLUMN_NONE) return simdjson::SUCCESS;
    if (first == '[') {
        od::array a;
        std::string_view text;
        if ((error = value.get_array().get(a))) return error;
        if ((error = a.raw_json().get(text))) return error;
        keep(node, text);
        return simdjson::SUCCESS;
    }
    keep(node, token);
    return simdjson::SUCCESS;
}

error_code
Walk::object(const JsonNode &node, od::object object) const
{
    for (auto entry : object) {
        od::field field;
        error_code error = std::move(entry).get(field);
        if (error) return error;
        const JsonNode *c = child(node, field);
        if (c && (error = value(*c, field.value()))) return error;
    }
    return simdjson::SUCCESS;
}

JsonWalker *
walker_open()
{
    return new (std::nothrow) JsonWalker;
}

void
walker_close(JsonWalker *w)
{
    delete w;
}

JsonFault
walker_fault(error_code error, const char **ret_why)
{
    *ret_why = simdjson::error_message(error);
    if (error == simdjson::UTF8_ERROR) return JSON_BAD_UTF8;
    if (error == simdjson::INCORRECT_TYPE) return JSON_NOT_OBJECT;
    return JSON_BROKEN;
}

JsonFault
walker_walk(JsonWalker *w, const JsonNode *nodes, const char *text, size_t len, const char *base,
            JsonToken *tokens, size_t stride, const char **ret_why)
{
    od::document document;
    auto padded = simdjson::padded_string_view(text, len, len + simdjson::SIMDJSON_PADDING);
    error_code error = w->parser.iterate(padded).get(document);
    if (error) return walker_fault(error, ret_why);
    od::object root;
    error = document.get_object().get(root);
    if (error) return walker_fault(error, ret_why);
    Walk walk = {nodes, base, text + len, tokens, stride, memchr(text, '\\', len) != nullptr};
    error = walk.object(nodes[0], root);
    if (error == simdjson::INCORRECT_TYPE) error = simdjson::TAPE_ERROR; /* within the record */
    if (error) return walker_fault(error, ret_why);
    if (!document.current_location().error())
        return walker_fault(simdjson::TRAILING_CONTENT, ret_why);
    return JSON_FINE;
}

bool
walker_utf8_valid(const char *text, size_t len)
{
    return simdjson::validate_utf8(text, len);
}

#define KERNEL_TEXT2(name) #name
#define KERNEL_TEXT(name) KERNEL_TEXT2(name)

} /* namespace */

static_assert(simdjson::SIMDJSON_PADDING <= 64, "a chunk has 64 readable bytes behind it");

extern "C" __attribute__((visibility("default"))) const JsonSimd CPU_SYMBOL(json_simd);
const JsonSimd CPU_SYMBOL(json_simd) = {
    walker_open,
    walker_close,
    walker_walk,
    walker_utf8_valid,
    KERNEL_TEXT(SIMDJSON_BUILTIN_IMPLEMENTATION),
};
