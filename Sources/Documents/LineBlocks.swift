import CSimdjson
import Foundation
import Scanning

/// Whole lines of one file, one after the other in memory, followed by padding for the parser.
package final class LineBlock: @unchecked Sendable {
    /// Where its first line stands among the file's lines, from 1.
    package let firstLine: Int
    package let path: String
    private let memory: UnsafeMutablePointer<UInt8>
    private let count: Int
    /// A line that was too long to be read stands in for the block.
    package let isTooLong: Bool

    init(
        path: String, firstLine: Int, memory: UnsafeMutablePointer<UInt8>, count: Int,
        isTooLong: Bool = false
    ) {
        self.path = path
        self.firstLine = firstLine
        self.memory = memory
        self.count = count
        self.isTooLong = isTooLong
    }

    deinit { memory.deallocate() }

    /// Each line that is not blank, without its line feed, with its number in the file.
    package func forEachLine(_ body: (UnsafeBufferPointer<UInt8>, Int) -> Void) {
        var start = 0
        var line = firstLine
        while start < count {
            var end = start
            while end < count, memory[end] != 0x0A { end += 1 }
            var isBlank = true
            for index in start..<end where ![0x20, 0x09, 0x0D].contains(memory[index]) {
                isBlank = false
                break
            }
            if !isBlank {
                body(UnsafeBufferPointer(start: memory + start, count: end - start), line)
            }
            start = end + 1
            line += 1
        }
    }
}

/// Cuts files into blocks of whole lines.
package struct LineBlocks: ~Copyable {
    /// Bytes of a block, but for one that holds a longer line.
    static let size = 4 << 20

    private let files: [InputFile]
    private let longestLine: Int
    private var nextFile = 0
    private var source: (any ByteSource)?
    private var path = ""
    private var rest: [UInt8] = []
    private var line = 1
    /// Whether the last block is of an input that may be waited for, such as a pipe: its lines are handed on as they come.
    package private(set) var isStreaming = false

    /// - Parameter longestLine: bytes; a longer line is skipped and told of, without being held.
    package init(_ files: [InputFile], longestLine: Int) {
        self.files = files
        self.longestLine = longestLine
    }

    /// The next block, `nil` after the last.
    package mutating func next() throws(ScanError) -> LineBlock? {
        while true {
            if source == nil {
                guard nextFile < files.count else { return nil }
                source = try files[nextFile].source()
                isStreaming = !files[nextFile].isRegular
                path = files[nextFile].path
                nextFile += 1
                rest = []
                line = 1
            }
            if let block = try fill() { return block }
        }
    }

    private mutating func fill() throws(ScanError) -> LineBlock? {
        guard let source else { return nil }
        var capacity = max(Self.size, rest.count + Self.size / 2)
        var memory = UnsafeMutablePointer<UInt8>.allocate(
            capacity: capacity + Int(SW_JSON_PADDING))
        memory.update(from: rest, count: rest.count)
        var count = rest.count
        rest = []
        var searched = 0
        while true {
            var isAtEnd = false
            while count < capacity {
                let got = try source.read(into: memory + count, count: capacity - count)
                if got == 0 {
                    isAtEnd = true
                    break
                }
                count += got
                if isStreaming, memchr(memory + count - got, 0x0A, got) != nil { break }
            }
            if isAtEnd { self.source = nil }
            var end = count
            if !isAtEnd { while end > searched, memory[end - 1] != 0x0A { end -= 1 } }
            if end > searched || isAtEnd {
                rest = Array(UnsafeBufferPointer(start: memory + end, count: count - end))
                return block(memory, end)
            }
            searched = count
            guard count < longestLine else {
                memory.deallocate()
                return try skipLine()
            }
            let larger = min(2 * capacity, max(longestLine, capacity + 1))
            let bigger = UnsafeMutablePointer<UInt8>.allocate(
                capacity: larger + Int(SW_JSON_PADDING))
            bigger.update(from: memory, count: count)
            memory.deallocate()
            memory = bigger
            capacity = larger
        }
    }

    private mutating func block(_ memory: UnsafeMutablePointer<UInt8>, _ count: Int) -> LineBlock? {
        guard count > 0 else {
            memory.deallocate()
            return nil
        }
        (memory + count).initialize(repeating: 0, count: Int(SW_JSON_PADDING))
        let block = LineBlock(path: path, firstLine: line, memory: memory, count: count)
        for index in 0..<count where memory[index] == 0x0A { line += 1 }
        return block
    }

    /// Reads on to the end of a line that is too long.
    private mutating func skipLine() throws(ScanError) -> LineBlock {
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: 1 << 16)
        defer { line += 1 }
        while let source {
            let got = try source.read(into: memory, count: 1 << 16)
            if got == 0 {
                self.source = nil
                break
            }
            if let end = (0..<got).first(where: { memory[$0] == 0x0A }) {
                rest = Array(UnsafeBufferPointer(start: memory + end + 1, count: got - end - 1))
                break
            }
        }
        return LineBlock(
            path: path, firstLine: line, memory: memory, count: 0, isTooLong: true)
    }
}
