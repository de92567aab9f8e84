/// The prompts that one person or job draws from.
struct Interests {
    private var candidates: [TextID]
    private var position = 0

    init(_ candidates: [TextID]) { self.candidates = candidates }

    /// The next prompt; starts over when all have been used.
    mutating func next(_ random: inout Random) -> TextID {
        if candidates.isEmpty { return 0 }
        if position == candidates.count {
            position = 0
            random.shuffle(&candidates)
        }
        position += 1
        return candidates[position - 1]
    }

    /// How many prompts there are before any is repeated.
    var count: Int { candidates.count }
}

extension WorldPlan {
    /// A person's own interests: a few sources, and in each a few topics that share a word.
    func interests(_ sets: [Int], topics wanted: Int, _ random: inout Random) -> Interests {
        var candidates: [TextID] = []
        var left = wanted
        while left > 0 {
            let set = corpus.sets[random.pick(sets)]
            let here = min(left, random.int(1...3))
            left -= here
            for _ in 0..<here {
                if set.topics.isEmpty {
                    let width = min(40, set.texts.count)
                    let from = random.int(set.texts.count - width + 1)
                    candidates.append(contentsOf: set.texts[from..<from + width])
                } else {
                    for entry in random.pick(set.topics).prefix(80) {
                        candidates.append(set.texts[Int(entry)])
                    }
                }
            }
            // Now and then anybody asks about anything.
            for _ in 0..<max(2, candidates.count / 8) {
                candidates.append(random.pick(set.texts))
            }
        }
        random.shuffle(&candidates)
        return Interests(candidates)
    }

    /// All texts of `sets` in random order: a data set.
    func dataset(_ sets: [Int], _ random: inout Random) -> Interests {
        var all = sets.flatMap { corpus.sets[$0].texts }
        random.shuffle(&all)
        return Interests(all)
    }

    /// Organic sets that somebody who speaks `language` would write in.
    func organicSets(_ language: Language, _ random: inout Random) -> [Int] {
        let all = corpus.sets(.organic)
        let own = all.filter { corpus.sets[$0].language == language }
        let english = all.filter { corpus.sets[$0].language == .english }
        if language != .english && !own.isEmpty && random.chance(0.75) { return own }
        return english.isEmpty ? all : english
    }
}
