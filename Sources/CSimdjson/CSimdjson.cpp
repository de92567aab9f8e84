#include "CSimdjson.h"

#include <new>
#include <simdjson.h>

struct sw_json_parser {
    simdjson::dom::parser parser;
    size_t max_depth;
};

extern "C" sw_json_parser *sw_json_parser_create(size_t max_depth) {
    return new (std::nothrow) sw_json_parser{simdjson::dom::parser(), max_depth};
}

extern "C" void sw_json_parser_destroy(sw_json_parser *parser) { delete parser; }

static int status_of(simdjson::error_code error) {
    switch (error) {
    case simdjson::SUCCESS: return SW_JSON_OK;
    case simdjson::UTF8_ERROR: return SW_JSON_UTF8;
    case simdjson::DEPTH_ERROR: return SW_JSON_DEPTH;
    case simdjson::CAPACITY:
    case simdjson::MEMALLOC: return SW_JSON_MEMORY;
    case simdjson::NUMBER_ERROR: return SW_JSON_NUMBER;
    case simdjson::STRING_ERROR:
    case simdjson::UNESCAPED_CHARS: return SW_JSON_STRING;
    case simdjson::EMPTY: return SW_JSON_EMPTY;
    default: return SW_JSON_SYNTAX;
    }
}

extern "C" sw_json_document sw_json_parse(sw_json_parser *parser, const uint8_t *bytes, size_t count) {
    sw_json_document result{nullptr, nullptr, SW_JSON_OK};
    if (parser->parser.capacity() < count || parser->parser.max_depth() != parser->max_depth) {
        // Growing in powers of two keeps the number of reallocations logarithmic in the longest line.
        size_t capacity = 4096;
        while (capacity < count) capacity *= 2;
        if (auto error = parser->parser.allocate(capacity, parser->max_depth)) {
            result.status = status_of(error);
            return result;
        }
    }
    auto element = parser->parser.parse(bytes, count, false);
    if (auto error = element.error()) {
        result.status = status_of(error);
        return result;
    }
    result.tape = parser->parser.doc.tape.get();
    result.strings = parser->parser.doc.string_buf.get();
    return result;
}
