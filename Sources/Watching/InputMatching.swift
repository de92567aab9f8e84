import Scanning

extension WatchedInput {
    /// Whether `file` begins with what was read of this input.
    func isBeginning(of file: InputFile) throws(ScanError) -> Bool {
        // A packed file that was not touched need not be unpacked again.
        if !file.isSeekable, file.identity == identity, file.size == packedSize { return true }
        if file.isSeekable, file.size < marks.length { return false }
        do throws(ScanError) {
            return try file.marks(length: marks.length) == marks
        } catch {
            if case .damaged = error { return false }
            throw error
        }
    }
}

/// Tells which files go on from inputs that were read before, under whatever name.
struct InputMatching {
    private let inputs: [WatchedInput]
    private let files: [InputFile]
    private var claimed: Set<Int> = []
    /// For each file the input that it goes on from; `nil` for a new one.
    private(set) var found: [Int?]

    /// Matches each file to at most one input: by device and inode first (a file that was renamed), then by path, then, for
    /// files that were moved or packed, by contents alone. Nothing counts without the same contents.
    init(_ files: [InputFile], to inputs: [WatchedInput]) throws(ScanError) {
        self.inputs = inputs
        self.files = files
        found = Array(repeating: nil, count: files.count)
        let byIdentity = Dictionary(grouping: inputs.indices) { inputs[$0].identity }
        for (index, file) in files.enumerated() where file.identity != nil {
            try claim(index, among: byIdentity[file.identity] ?? [])
        }
        let byPath = Dictionary(grouping: inputs.indices) { inputs[$0].path }
        for (index, file) in files.enumerated() where found[index] == nil {
            try claim(index, among: byPath[file.path] ?? [])
        }
        try claimByContents()
    }

    private mutating func claim(_ index: Int, among candidates: [Int]) throws(ScanError) {
        for candidate in candidates.reversed() where !claimed.contains(candidate) {
            if try inputs[candidate].isBeginning(of: files[index]) {
                claimed.insert(candidate)
                found[index] = candidate
                return
            }
        }
    }

    private mutating func claimByContents() throws(ScanError) {
        // By the digest of the beginning, so that few pairs are compared.
        var byHead: [Int64: [[UInt8]: [Int]]] = [:]
        for index in inputs.indices
        where !claimed.contains(index) && inputs[index].identity != nil {
            let marks = inputs[index].marks
            // An empty file is the beginning of every other.
            if marks.length == 0 { continue }
            byHead[min(marks.length, FileMarks.span), default: [:]][marks.head, default: []]
                .append(index)
        }
        if byHead.isEmpty { return }
        for (index, file) in files.enumerated() where found[index] == nil {
            for (length, candidates) in byHead.sorted(by: { $0.key > $1.key }) {
                guard found[index] == nil, let head = try Self.head(of: file, length: length)
                else { continue }
                try claim(index, among: candidates[head] ?? [])
            }
        }
    }

    private static func head(of file: InputFile, length: Int64) throws(ScanError) -> [UInt8]? {
        if file.isSeekable, file.size < length { return nil }
        do throws(ScanError) {
            return try file.marks(length: length)?.head
        } catch {
            // Still being written; `InputReading` says so.
            if case .damaged = error { return nil }
            throw error
        }
    }
}
