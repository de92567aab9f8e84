import Detection
import Exchanges
import Simulation
import Sketches

/// One campaign as it would stand in the user's profiles.
struct Injection {
    /// Its profiles.
    private(set) var profiles: [AccountProfile] = []
    /// Moments of its harvest exchanges, in order.
    private(set) var harvestMicroseconds: [Int64] = []
    /// Its exchanges, cover included.
    private(set) var exchanges = 0

    /// Its first moment, microseconds since 1970.
    var firstMicroseconds: Int64 { profiles.map(\.firstMicroseconds).min() ?? 0 }

    /// Makes the campaign and reads it as a scan reads logs: rendered, decoded, reduced to signals and profiles.
    ///
    /// - Parameter taken: names of the user's accounts, which no injected account gets.
    init(
        _ shape: CampaignSource.Shape, dilution: Double, cover: DrillCover, source: CampaignSource,
        host: HostTraffic, extractor: SignalExtractor, taken: Set<String>
    ) {
        let decoder = RecordDecoder(format: .stillwatch)
        var positions: [String: Int] = [:]
        var disguises: [Disguise] = []
        let offset = Hash64.mix(shape.seed ^ 0x0d15_9015)
        source.cleanHydra(shape) { record in
            decoder.decode(
                record,
                exchange: { exchange in
                    let name = exchange.account.id.string
                    let position =
                        positions[name]
                        ?? {
                            let donor = Self.donor(
                                positions.count, of: host.donors, offset: offset)
                            positions[name] = profiles.count
                            let free = taken.contains(name) ? name + "-drill" : name
                            disguises.append(Disguise(donor, account: free))
                            profiles.append(AccountProfile(account: free))
                            return profiles.count - 1
                        }()
                    add(
                        &exchange, to: position, &disguises[position], dilution: dilution, cover,
                        draw: Hash64.combine(offset, UInt64(exchanges)), host, extractor)
                },
                fault: { _ in })
        }
    }

    /// Distinct donors while there are any, in an order of the trial's own: a walk by a step that shares no factor with
    /// their number.
    private static func donor(
        _ number: Int, of donors: [AccountProfile], offset: UInt64
    ) -> AccountProfile? {
        guard !donors.isEmpty else { return nil }
        let count = UInt64(donors.count)
        func divisor(_ a: UInt64, _ b: UInt64) -> UInt64 { b == 0 ? a : divisor(b, a % b) }
        var step = Hash64.mix(offset) % count
        while divisor(step, count) != 1 { step += 1 }
        return donors[Int((offset % count + UInt64(number) * step) % count)]
    }

    private mutating func add(
        _ exchange: inout Exchange, to position: Int, _ disguise: inout Disguise,
        dilution: Double, _ cover: DrillCover, draw: UInt64, _ host: HostTraffic,
        _ extractor: SignalExtractor
    ) {
        func view(_ bytes: UnsafeBufferPointer<UInt8>) -> ByteView {
            bytes.isEmpty ? .empty : ByteView(base: bytes.baseAddress, count: bytes.count)
        }
        var signals = extractor.signals(of: exchange)
        host.mask(&exchange)
        if let parameters = disguise.parameters { signals.parameters = parameters }
        var sample: SampledExchange?
        if Double(draw >> 11) * 0x1p-53 < dilution {
            sample = cover == .personal ? disguise.ownSample() : host.anySample(draw)
        }
        if let sample {
            disguise.cover(&signals, with: sample)
        } else {
            harvestMicroseconds.append(signals.timeMicroseconds)
        }
        host.mask(&signals)
        exchanges += 1
        let looks = disguise
        looks.model.withUnsafeBufferPointer { model in
            looks.userAgent.withUnsafeBufferPointer { agent in
                looks.tlsFingerprint.withUnsafeBufferPointer { tls in
                    exchange.model = view(model)
                    exchange.client.userAgent = view(agent)
                    exchange.client.tlsFingerprint = view(tls)
                    profiles[position].add(exchange, signals, keepText: false)
                }
            }
        }
    }
}
