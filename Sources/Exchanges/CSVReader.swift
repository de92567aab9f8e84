/// Splits comma-separated text into rows and fields by RFC 4180.
struct CSVReader {
    /// One row.
    struct Row {
        /// Line of the row's start, from 1.
        let line: Int
        /// The fields without their quotes.
        let fields: [[UInt8]]
    }

    private let input: Slice<UnsafeRawBufferPointer>
    private var position: Int
    private var line = 1

    init(_ input: Slice<UnsafeRawBufferPointer>) {
        self.input = input
        position = input.startIndex
    }

    /// The next row; `nil` at the end. Lines end in LF or CR LF; a quoted field may hold line ends.
    mutating func nextRow() throws(AccountTableError) -> Row? {
        guard position < input.endIndex else { return nil }
        let start = line
        var fields: [[UInt8]] = []
        while true {
            let field: [UInt8]
            if position < input.endIndex && input[position] == UInt8(ascii: "\"") {
                field = try quotedField(column: fields.count + 1)
            } else {
                field = plainField()
            }
            fields.append(field)
            guard position < input.endIndex else { break }
            let byte = input[position]
            position += 1
            if byte == UInt8(ascii: "\n") {
                line += 1
                break
            }
        }
        return Row(line: start, fields: fields)
    }

    /// Text up to the next comma or line end.
    private mutating func plainField() -> [UInt8] {
        let start = position
        while position < input.endIndex, input[position] != UInt8(ascii: ","),
            input[position] != UInt8(ascii: "\n")
        {
            position += 1
        }
        var end = position
        let endsLine = position == input.endIndex || input[position] == UInt8(ascii: "\n")
        if endsLine && end > start && input[end - 1] == UInt8(ascii: "\r") { end -= 1 }
        return Array(input[start..<end])
    }

    private mutating func quotedField(column: Int) throws(AccountTableError) -> [UInt8] {
        let opened = line
        position += 1
        var field: [UInt8] = []
        while position < input.endIndex {
            let byte = input[position]
            position += 1
            if byte == UInt8(ascii: "\"") {
                if position < input.endIndex && input[position] == byte {
                    position += 1
                } else {
                    // What stands between the closing quote and the comma belongs to no grammar: keep it visible.
                    return field + plainField()
                }
            } else if byte == UInt8(ascii: "\n") {
                line += 1
            }
            field.append(byte)
        }
        throw .unclosedQuote(line: opened, column: column)
    }
}
