/// Campaigns made one at a time and record by record, to be put into traffic that was not simulated.
///
/// Prompts come from the built-in grammar or a corpus folder, read once. Not thread-safe.
public final class CampaignSource {
    /// What a campaign looks like from outside.
    public struct Shape: Sendable {
        /// Accounts.
        public var accounts: Int
        /// Exchanges an account and day, on average.
        public var exchangesPerDay: Double
        /// Days that it runs.
        public var days: Int
        /// The moment at which it ends, in seconds since 1970.
        public var endSeconds: Int64
        /// Seed; the same shape and seed give the same records.
        public var seed: UInt64

        /// Makes a shape.
        public init(
            accounts: Int, exchangesPerDay: Double, days: Int, endSeconds: Int64, seed: UInt64
        ) {
            self.accounts = accounts
            self.exchangesPerDay = exchangesPerDay
            self.days = days
            self.endSeconds = endSeconds
            self.seed = seed
        }
    }

    private let corpus: Corpus
    private let pool = TextPool()

    /// A source of about `prompts` harvest-like prompts, or of all in the folder `corpus` (layouts `A` to `D`).
    ///
    /// - Throws: when the folder cannot be read or holds no usable set.
    public init(corpus folder: String?, seed: UInt64, prompts: Int) throws(SimulationError) {
        if let folder {
            corpus = try CorpusReader(folder: folder, pool: pool).read()
        } else {
            // Seven sets share the prompts; some more, since the grammar makes a few twice.
            corpus = Grammar(pool: pool, seed: seed).corpus(
                size: min(12_000, max(150, prompts / 6)))
        }
    }

    /// Calls `body` with each record of one clean hydra, in the native format without a line feed and in event-time order:
    /// residential addresses, cards and clients of each account's own, bare prompts of one collection dealt out in turn,
    /// sign-ups within three days, one to twenty days before the start.
    ///
    /// The bytes are valid during the call and followed by 64 readable ones.
    public func cleanHydra(_ shape: Shape, _ body: (UnsafeRawBufferPointer) -> Void) {
        let from = shape.endSeconds - Int64(shape.days) * 86_400
        let settings = WorldSettings(
            out: "", seed: shape.seed, accounts: shape.accounts, days: shape.days,
            campaigns: .none, start: from)
        let plan = WorldPlan(
            settings, corpus: corpus, pool: pool, honestScale: 1, campaignScale: 1)
        plan.runCleanHydra(accounts: shape.accounts, perDay: shape.exchangesPerDay)
        plan.sortEvents()
        let renderer = Renderer(plan)
        let writer = NativeWriter()
        let exchange = Rendered()
        let line = ByteBuffer(capacity: 1 << 14)
        let padding = [UInt8](repeating: 0, count: 64)
        for (number, event) in plan.events.enumerated() {
            line.removeAll()
            renderer.render(event, number: number, into: exchange)
            writer.write(exchange, to: line)
            let length = line.count - 1
            padding.withUnsafeBufferPointer { line.append($0) }
            body(UnsafeRawBufferPointer(line.bytes(0..<length)))
        }
    }
}
