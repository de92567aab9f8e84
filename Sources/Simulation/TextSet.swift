/// What a set of texts was found or made as.
enum Layout: String, CaseIterable {
    /// Made to train or instruct a model.
    case harvest = "A"
    /// People talking to an assistant.
    case organic = "B"
    /// Pipelines, agents and evaluations.
    case automation = "C"
}

/// One corpus set: texts of one source, with the topics that its words suggest.
struct TextSet {
    var name: String
    var layout: Layout
    var texts: [TextID] = []
    /// System text of each entry of `texts`; zero where it has none.
    var systems: [TextID] = []
    /// Groups of entries (indices into `texts`) that share an uncommon word; only of organic sets.
    var topics: [[Int32]] = []
    /// The most frequent language.
    var language = Language.english
    /// Mean length in bytes.
    var meanLength = 0

    /// Fills `topics`, `language` and `meanLength`. O(total length).
    mutating func index(_ pool: TextPool) {
        var counts = [Int](repeating: 0, count: Language.allCases.count)
        var total = 0
        for id in texts {
            total += pool.length(id)
            counts[Int(pool.language(id).rawValue)] += 1
        }
        let most = counts.indices.max { counts[$0] < counts[$1] } ?? 0
        language = Language(rawValue: UInt8(most)) ?? .english
        meanLength = texts.isEmpty ? 0 : total / texts.count
        if layout == .organic { topics = subjects(pool) }
    }

    /// Groups of entries that share an uncommon word, ordered by a hash of it. O(total length).
    func subjects(_ pool: TextPool) -> [[Int32]] {
        var postings: [UInt64: [Int32]] = [:]
        for (entry, id) in texts.enumerated() {
            forEachTerm(pool.bytes(id)) { term in
                if postings[term]?.last != Int32(entry) {
                    postings[term, default: []].append(Int32(entry))
                }
            }
        }
        let largest = max(40, texts.count / 25)
        let found = postings.filter { $0.value.count >= 5 && $0.value.count <= largest }
        return found.sorted { $0.key < $1.key }.map(\.value)
    }

    /// Calls `body` with a hash of every word of 5 to 14 ASCII letters and of every pair of CJK characters in
    /// the first 400 bytes.
    private func forEachTerm(_ bytes: UnsafeBufferPointer<UInt8>, _ body: (UInt64) -> Void) {
        let length = min(bytes.count, 400)
        var index = 0
        while index < length {
            let byte = bytes[index]
            if byte >= 0xE3 && byte <= 0xE9 && index + 6 <= length && bytes[index + 3] >= 0xE3 {
                var hash: UInt64 = 1
                for offset in 0..<6 { hash = hash << 8 | UInt64(bytes[index + offset]) }
                body(Random.mix(hash))
                index += 3
                continue
            }
            var hash: UInt64 = 0xcbf2_9ce4_8422_2325
            let start = index
            while index < length, bytes[index] | 0x20 >= 97, bytes[index] | 0x20 <= 122 {
                hash = (hash ^ UInt64(bytes[index] | 0x20)) &* 0x100_0000_01b3
                index += 1
            }
            let letters = index - start
            if letters >= 5 && letters <= 14 { body(hash) }
            if letters == 0 { index += 1 }
        }
    }
}

/// The texts that a world draws from, by layout, with recorded arrivals where the corpus has them.
struct Corpus {
    var sets: [TextSet] = []
    /// Gaps between consecutive recorded requests in seconds, one array for each trace.
    var gapTraces: [[Float]] = []

    func sets(_ layout: Layout) -> [Int] {
        sets.indices.filter { sets[$0].layout == layout }
    }

    /// Indices of sets whose name contains one of `words`, or all of `layout` when none does.
    func sets(_ layout: Layout, named words: [String]) -> [Int] {
        let all = sets(layout)
        let some = all.filter { set in words.contains { sets[set].name.contains($0) } }
        return some.isEmpty ? all : some
    }
}
