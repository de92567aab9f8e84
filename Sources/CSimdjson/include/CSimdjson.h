#ifndef STILLWATCH_CSIMDJSON_H
#define STILLWATCH_CSIMDJSON_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Bytes that must be readable after the end of every buffer given to `sw_json_parse`.
#define SW_JSON_PADDING 64

/// Outcome of a parse. Values are ours, so that Swift never depends on simdjson's numbering.
enum sw_json_status {
    SW_JSON_OK = 0,
    SW_JSON_SYNTAX = 1,
    SW_JSON_UTF8 = 2,
    SW_JSON_DEPTH = 3,
    SW_JSON_MEMORY = 4,
    SW_JSON_NUMBER = 5,
    SW_JSON_STRING = 6,
    SW_JSON_EMPTY = 7
};

/// A parsed document: simdjson's tape and its string buffer. Owned by the parser, valid until its next parse.
/// Layout: https://github.com/simdjson/simdjson/blob/master/doc/tape.md
typedef struct sw_json_document {
    const uint64_t *tape;
    const uint8_t *strings;
    int status;
} sw_json_document;

typedef struct sw_json_parser sw_json_parser;

/// A parser that accepts documents nested at most `max_depth` deep. NULL when out of memory.
sw_json_parser *sw_json_parser_create(size_t max_depth);
void sw_json_parser_destroy(sw_json_parser *parser);

/// Parses one JSON document. `bytes` must be followed by SW_JSON_PADDING readable bytes.
sw_json_document sw_json_parse(sw_json_parser *parser, const uint8_t *bytes, size_t count);

#ifdef __cplusplus
}
#endif
#endif
