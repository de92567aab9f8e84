// Reads a file and parses each line with simdjson's DOM parser, on one thread: the least work that any reader of JSON
// Lines does. Prints the number of documents and of bytes in strings of the first level, so that nothing is optimised away.

#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <simdjson.h>
#include <unistd.h>
#include <vector>

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    int file = open(argv[1], O_RDONLY);
    if (file < 0) return 2;
    std::vector<char> buffer((size_t(64) << 20) + simdjson::SIMDJSON_PADDING);
    const size_t room = buffer.size() - simdjson::SIMDJSON_PADDING;
    simdjson::dom::parser parser;
    size_t held = 0, documents = 0, fields = 0;
    for (;;) {
        ssize_t got = read(file, buffer.data() + held, room - held);
        if (got < 0) return 2;
        size_t end = held + size_t(got), start = 0;
        while (const char *feed = static_cast<const char *>(memchr(buffer.data() + start, '\n', end - start))) {
            size_t stop = size_t(feed - buffer.data());
            simdjson::dom::element document;
            if (parser.parse(buffer.data() + start, stop - start, false).get(document)) return 1;
            simdjson::dom::object object;
            if (!document.get(object)) fields += object.size();
            documents++;
            start = stop + 1;
        }
        held = end - start;
        memmove(buffer.data(), buffer.data() + start, held);
        if (got == 0 || held == room) break;
    }
    std::printf("%zu documents, %zu fields\n", documents, fields);
    return 0;
}
