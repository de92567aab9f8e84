import CHiredis
import Glibc

/// An answer of Redis.
enum RedisReply: Equatable {
    case integer(Int64)
    case text(String)
    case list([RedisReply])
    case null
    /// The first word of an error: `NOSCRIPT`, `WRONGPASS`. The rest may repeat what was sent, and is dropped.
    case error(String)

    init(_ reply: redisReply, depth: Int = 0) {
        switch reply.type {
        case REDIS_REPLY_INTEGER: self = .integer(reply.integer)
        case REDIS_REPLY_STRING, REDIS_REPLY_STATUS: self = .text(Self.text(reply))
        case REDIS_REPLY_ARRAY where depth < 4:
            self = .list(
                (0..<reply.elements).map { place in
                    reply.element[place].map { RedisReply($0.pointee, depth: depth + 1) } ?? .null
                })
        case REDIS_REPLY_ERROR:
            self = .error(Self.text(reply).split(separator: " ").first.map(String.init) ?? "")
        default: self = .null
        }
    }

    private static func text(_ reply: redisReply) -> String {
        guard let bytes = reply.str else { return "" }
        return String(
            decoding: UnsafeRawBufferPointer(start: bytes, count: reply.len), as: UTF8.self)
    }

    /// The numbers of a list of numbers.
    var integers: [Int64]? {
        guard case .list(let parts) = self else { return nil }
        var numbers: [Int64] = []
        for part in parts {
            guard case .integer(let number) = part else { return nil }
            numbers.append(number)
        }
        return numbers
    }
}

/// One connection, for one thread: at first each call waits for its answer, then `pipeline` makes that the caller's part.
struct RedisConnection: ~Copyable {
    private let context: UnsafeMutablePointer<redisContext>

    /// Connects, and lets no later call of the handshake take longer than `milliseconds` either.
    init(_ address: RedisAddress, milliseconds: Int) throws(SharedBudget.Failure) {
        let timeout = timeval(tv_sec: milliseconds / 1000, tv_usec: milliseconds % 1000 * 1000)
        let made =
            switch address.endpoint {
            case .host(let host, let port): redisConnectWithTimeout(host, port, timeout)
            case .socket(let path): redisConnectUnixWithTimeout(path, timeout)
            }
        guard let made else { throw .connecting }
        guard made.pointee.err == 0, redisSetTimeout(made, timeout) == REDIS_OK else {
            redisFree(made)
            throw .connecting
        }
        // A program that the process starts does not inherit it.
        _ = fcntl(made.pointee.fd, F_SETFD, FD_CLOEXEC)
        context = made
    }

    deinit { redisFree(context) }

    var descriptor: Int32 { context.pointee.fd }

    /// Sends a command and waits for the answer.
    func call(_ command: RedisCommand) throws(SharedBudget.Failure) -> RedisReply {
        try append(command)
        var reply: UnsafeMutableRawPointer?
        guard redisGetReply(context, &reply) == REDIS_OK, let reply else { throw .connecting }
        return Self.taken(reply)
    }

    /// From here on nothing waits.
    func pipeline() throws(SharedBudget.Failure) {
        let flags = fcntl(context.pointee.fd, F_GETFL)
        guard flags >= 0, fcntl(context.pointee.fd, F_SETFL, flags | O_NONBLOCK) == 0 else {
            throw .connecting
        }
        context.pointee.flags &= ~REDIS_BLOCK
    }

    /// Puts a command behind those that wait to be sent.
    func append(_ command: RedisCommand) throws(SharedBudget.Failure) {
        let done = command.bytes.withUnsafeBytes { bytes in
            redisAppendFormattedCommand(
                context, bytes.bindMemory(to: CChar.self).baseAddress, bytes.count)
        }
        guard done == REDIS_OK else { throw .closed }
    }

    /// Sends what the socket takes.
    ///
    /// - Returns: whether that was all.
    func send() throws(SharedBudget.Failure) -> Bool {
        var done: Int32 = 0
        guard redisBufferWrite(context, &done) == REDIS_OK else { throw .closed }
        return done == 1
    }

    /// Takes what has come.
    func receive() throws(SharedBudget.Failure) {
        guard redisBufferRead(context) == REDIS_OK else { throw .closed }
    }

    /// The next answer of what has come, if it is whole.
    func next() throws(SharedBudget.Failure) -> RedisReply? {
        var reply: UnsafeMutableRawPointer?
        guard redisGetReplyFromReader(context, &reply) == REDIS_OK else { throw .answer }
        return reply.map(Self.taken)
    }

    private static func taken(_ reply: UnsafeMutableRawPointer) -> RedisReply {
        defer { freeReplyObject(reply) }
        return RedisReply(reply.assumingMemoryBound(to: redisReply.self).pointee)
    }
}
