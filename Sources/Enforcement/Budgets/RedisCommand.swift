/// A command in Redis' protocol (RESP2): the number of arguments, then each with its length, so that every byte is data.
struct RedisCommand {
    private(set) var bytes: [UInt8] = []

    /// Nothing yet; for a part of a command.
    init() {}

    /// A command that so many arguments will follow.
    init(arguments: Int) { header(UInt8(ascii: "*"), arguments) }

    /// A command of these arguments.
    init(_ arguments: [String]) {
        self.init(arguments: arguments.count)
        for argument in arguments { self.argument(argument) }
    }

    mutating func argument(_ text: String) { argument(text.utf8) }

    mutating func argument(_ number: Int64) {
        // 20 bytes hold every number, the sign too.
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var place = 20
            var rest = number.magnitude
            repeat {
                place -= 1
                digits[place] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            } while rest > 0
            if number < 0 {
                place -= 1
                digits[place] = UInt8(ascii: "-")
            }
            argument(UnsafeMutableBufferPointer(rebasing: digits[place...]))
        }
    }

    mutating func argument(_ content: some Collection<UInt8>) {
        header(UInt8(ascii: "$"), content.count)
        bytes.append(contentsOf: content)
        endLine()
    }

    /// Arguments that were encoded before.
    mutating func encoded(_ arguments: [UInt8]) { bytes.append(contentsOf: arguments) }

    private mutating func header(_ type: UInt8, _ count: Int) {
        bytes.append(type)
        bytes.append(contentsOf: String(count).utf8)
        endLine()
    }

    private mutating func endLine() {
        bytes.append(UInt8(ascii: "\r"))
        bytes.append(UInt8(ascii: "\n"))
    }
}
