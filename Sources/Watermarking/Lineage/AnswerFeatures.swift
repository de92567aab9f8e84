import Foundation

/// What of an answer is compared with others.
struct AnswerFeatures: Sendable {
    /// Bytes of an answer that are looked at.
    static let longest = 20_000
    /// Words in a row that two answers hardly share by chance.
    static let longRun = 6
    /// Characters in a row.
    static let characterRun = 5

    /// Hashes of what an answer is made of, each once, with 1 + log of how often.
    typealias Bag = [(hash: UInt64, weight: Double)]

    /// Single words and pairs.
    let words: Bag
    let characters: Bag
    /// Runs of ``longRun`` words.
    let runs: Bag
    let style: [Double]

    init(_ answer: String) {
        let text =
            answer.utf8.count > Self.longest
            ? String(decoding: answer.utf8.prefix(Self.longest), as: UTF8.self) : answer
        let words = AnswerWords(text).words
        let hashes = words.map { Self.hash($0.utf8) }
        var single = hashes
        for index in hashes.indices.dropFirst() {
            single.append(Self.joined(hashes[index - 1], hashes[index]))
        }
        self.words = Self.bag(single)
        var runs: [UInt64] = []
        if hashes.count >= Self.longRun {
            for start in 0...(hashes.count - Self.longRun) {
                runs.append(hashes[start..<start + Self.longRun].reduce(1, Self.joined))
            }
        }
        self.runs = Self.bag(runs)
        // Words with one space between them: wording without layout.
        let scalars = Array(words.joined(separator: " ").unicodeScalars.map(\.value))
        var characters: [UInt64] = []
        if scalars.count >= Self.characterRun {
            characters.reserveCapacity(scalars.count)
            for start in 0...(scalars.count - Self.characterRun) {
                var hash: UInt64 = 2
                for index in start..<start + Self.characterRun {
                    hash = Self.joined(hash, UInt64(scalars[index]))
                }
                characters.append(hash)
            }
        }
        self.characters = Self.bag(characters)
        style = Self.style(text, words)
    }

    /// Length, layout and opening, each a number of its own scale.
    private static func style(_ text: String, _ words: [String]) -> [Double] {
        let lines = text.split(whereSeparator: \.isNewline)
        let trimmed = lines.map { $0.drop(while: \.isWhitespace) }
        let count = Double(max(1, lines.count))
        let bullets = trimmed.count {
            $0.hasPrefix("- ") || $0.hasPrefix("* ") || $0.hasPrefix("•")
        }
        let numbers = trimmed.count { line in
            let digits = line.prefix(while: \.isNumber)
            return !digits.isEmpty
                && line.dropFirst(digits.count).first.map { ".)".contains($0) } == true
        }
        let headings = trimmed.count { $0.hasPrefix("#") }
        let bytes = Array(text.utf8)
        func share(_ characters: String) -> Double {
            let wanted = Set(characters.utf8)
            return Double(bytes.count { wanted.contains($0) }) / Double(max(1, bytes.count))
        }
        let letters = words.reduce(0) { $0 + $1.count }
        let opening = hash((words.first ?? "").utf8)
        let pair = words.prefix(3).map { hash($0.utf8) }.reduce(3, joined)
        return [
            log(1 + Double(words.count)), log(count), Double(bullets) / count,
            Double(numbers) / count, Double(headings) / count, share("*_"), share("`"),
            share(",;"), share("!?"), share("()"),
            Double(letters) / Double(max(1, words.count)),
            // Equal openings are equal numbers, different ones far apart.
            Double(opening >> 40), Double(pair >> 40),
        ]
    }

    private static func bag(_ hashes: [UInt64]) -> Bag {
        let sorted = hashes.sorted()
        var bag: Bag = []
        bag.reserveCapacity(sorted.count)
        var start = 0
        while start < sorted.count {
            var end = start + 1
            while end < sorted.count, sorted[end] == sorted[start] { end += 1 }
            bag.append((sorted[start], end - start == 1 ? 1 : 1 + log(Double(end - start))))
            start = end
        }
        return bag
    }

    private static func hash(_ bytes: String.UTF8View) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return hash
    }

    private static func joined(_ a: UInt64, _ b: UInt64) -> UInt64 {
        var z = (a &* 0x9E37_79B9_7F4A_7C15) ^ b
        z = (z ^ z >> 32) &* 0xD6E8_FEB8_6659_FD93
        return z ^ z >> 32
    }
}

/// Compares answers to one prompt, weighing what few of a pool of answers have.
struct PromptComparison {
    /// words, characters, runs, style.
    static let components = ["words", "characters", "runs", "style"]

    private let counts: [FeatureCounts]
    private let pool: Int
    /// The standard deviations of style in the pool.
    private let spreads: [Double]

    /// - Parameter pool: answers in which a feature is counted; the order does not matter.
    init(pool: [AnswerFeatures]) {
        counts = [\AnswerFeatures.words, \.characters, \.runs].map { bag in
            FeatureCounts(pool.map { $0[keyPath: bag] })
        }
        self.pool = pool.count
        let n = Double(max(1, pool.count))
        spreads = (pool.first?.style.indices ?? 0..<0).map { feature in
            let mean = pool.reduce(0) { $0 + $1.style[feature] } / n
            let square = pool.reduce(0) {
                $0 + ($1.style[feature] - mean) * ($1.style[feature] - mean)
            }
            return (square / n).squareRoot()
        }
    }

    /// An answer whose features are weighed: each bag has length 1, or is empty.
    struct Weighed: Sendable {
        fileprivate let bags: [AnswerFeatures.Bag]
        fileprivate let style: [Double]
    }

    /// Weights are log((n + 1) / (answers of the pool with the feature + 1)): what everybody answers to this prompt weighs
    /// nothing.
    func weigh(_ answer: AnswerFeatures) -> Weighed {
        let bags = zip([answer.words, answer.characters, answer.runs], counts).map { bag, counts in
            var weighed = bag
            var square = 0.0
            for index in weighed.indices {
                weighed[index].weight *= log(
                    Double(pool + 1) / Double(counts[weighed[index].hash] + 1))
                square += weighed[index].weight * weighed[index].weight
            }
            guard square > 0 else { return AnswerFeatures.Bag() }
            let scale = 1 / square.squareRoot()
            for index in weighed.indices { weighed[index].weight *= scale }
            return weighed
        }
        return Weighed(bags: bags, style: answer.style)
    }

    /// Similarity of two answers by each component, 0...1.
    func similarity(_ a: Weighed, _ b: Weighed) -> [Double] {
        zip(a.bags, b.bags).map(Self.product) + [closeness(a.style, b.style)]
    }

    private static func product(_ a: AnswerFeatures.Bag, _ b: AnswerFeatures.Bag) -> Double {
        a.withUnsafeBufferPointer { a in
            b.withUnsafeBufferPointer { b in
                var product = 0.0
                var i = 0
                var j = 0
                while i < a.count, j < b.count {
                    if a[i].hash == b[j].hash {
                        product += a[i].weight * b[j].weight
                        i += 1
                        j += 1
                    } else if a[i].hash < b[j].hash {
                        i += 1
                    } else {
                        j += 1
                    }
                }
                return product
            }
        }
    }

    /// 1 for the same style, 0 where every feature is three deviations of the pool or more apart.
    private func closeness(_ a: [Double], _ b: [Double]) -> Double {
        var total = 0.0
        var features = 0
        for index in spreads.indices where spreads[index] > 0 {
            total += 1 - min(3, abs(a[index] - b[index]) / spreads[index]) / 3
            features += 1
        }
        return features > 0 ? total / Double(features) : 0
    }
}

/// In how many bags a feature is. Features are hashes already, so that their lower bits are as good a place as any.
private struct FeatureCounts: Sendable {
    private var hashes: [UInt64]
    private var counts: [Int32]
    private let mask: Int

    init(_ bags: [AnswerFeatures.Bag]) {
        let total = bags.reduce(0) { $0 + $1.count }
        var size = 64
        while size < 2 * total { size *= 2 }
        hashes = [UInt64](repeating: 0, count: size)
        counts = [Int32](repeating: 0, count: size)
        mask = size - 1
        for bag in bags {
            for entry in bag {
                let slot = slot(entry.hash)
                hashes[slot] = entry.hash
                counts[slot] += 1
            }
        }
    }

    subscript(hash: UInt64) -> Int { Int(counts[slot(hash)]) }

    /// Where a hash is, or the free slot for it.
    private func slot(_ hash: UInt64) -> Int {
        var slot = Int(truncatingIfNeeded: hash ^ hash >> 32) & mask
        while counts[slot] != 0, hashes[slot] != hash { slot = (slot + 1) & mask }
        return slot
    }
}
