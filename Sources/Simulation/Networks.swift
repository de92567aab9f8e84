/// Index of an address in `Networks.addresses`.
typealias AddressID = Int32

/// What kind of network an address belongs to.
enum NetworkKind {
    case residential, carrier, office, dataCentre, vpn
}

/// The world's address plan.
///
/// Addresses come from 240.0.0.0/4 (reserved, RFC 1112) and 2001:db8::/32 (documentation, RFC 3849), autonomous
/// systems from the private range of RFC 6996: a made-up log must not accuse anybody's real network.
struct Networks {
    struct Address {
        var text: String
        var asn: UInt32
    }

    private struct Network {
        var asn: UInt32
        var prefix: Int
        var isVersion6: Bool
        /// Exit addresses that all its users share; empty where each has their own.
        var shared: [AddressID]
    }

    private(set) var addresses: [Address] = []
    private var networks: [Network] = []
    private var nextPrefix = 0
    private var residential: [String: [Int]] = [:]
    private var carrier: [String: [Int]] = [:]
    private(set) var clouds: [Int] = []
    private(set) var vpns: [Int] = []
    private var random: Random

    init(seed: UInt64) {
        random = Random(seed: seed, stream: "networks")
        for country in Country.all {
            residential[country.code] = (0..<4).map { _ in make(.residential) }
            carrier[country.code] = (0..<2).map { _ in make(.carrier, exits: random.int(10...40)) }
        }
        clouds = (0..<6).map { _ in make(.dataCentre) }
        vpns = (0..<5).map { _ in make(.vpn, exits: random.int(8...24)) }
    }

    /// Makes a network; with `exits`, all its users share that many addresses.
    mutating func make(_ kind: NetworkKind, exits: Int = 0) -> Int {
        let isVersion6 = kind == .residential && random.chance(0.25)
        let network = Network(
            asn: UInt32(4_200_000_000 + random.int(90_000_000)), prefix: nextPrefix,
            isVersion6: isVersion6, shared: [])
        nextPrefix += 1
        networks.append(network)
        let id = networks.count - 1
        let shared = (0..<exits).map { _ in address(in: id) }
        networks[id].shared = shared
        return id
    }

    /// An address of `network`: one of its shared exits, or a new one.
    mutating func address(in network: Int) -> AddressID {
        let found = networks[network]
        if !found.shared.isEmpty { return random.pick(found.shared) }
        let text: String
        if found.isVersion6 {
            text =
                "2001:db8:\(hex(found.prefix)):\(hex(random.int(1...0xFFFF)))::\(hex(random.int(1...0xFFFF)))"
        } else {
            let block = found.prefix % 4096
            text =
                "\(240 + block / 256 % 15).\(block % 256).\(random.int(256)).\(random.int(1...254))"
        }
        addresses.append(Address(text: text, asn: found.asn))
        return AddressID(addresses.count - 1)
    }

    mutating func residential(_ country: Country) -> Int {
        random.pick(residential[country.code] ?? clouds)
    }

    mutating func carrier(_ country: Country) -> Int {
        random.pick(carrier[country.code] ?? clouds)
    }

    mutating func cloud() -> Int { random.pick(clouds) }

    private func hex(_ value: Int) -> String { String(value, radix: 16) }
}

/// Where people live: time zone, languages and how many of the world's accounts are there.
struct Country {
    var code: String
    var hours: Double
    var language: Language
    var share: Double

    static let all: [Country] = [
        Country(code: "US", hours: -6, language: .english, share: 24),
        Country(code: "IN", hours: 5.5, language: .english, share: 13),
        Country(code: "GB", hours: 0, language: .english, share: 6),
        Country(code: "CA", hours: -5, language: .english, share: 4),
        Country(code: "DE", hours: 1, language: .german, share: 6),
        Country(code: "FR", hours: 1, language: .french, share: 5),
        Country(code: "ES", hours: 1, language: .spanish, share: 3),
        Country(code: "MX", hours: -6, language: .spanish, share: 3),
        Country(code: "BR", hours: -3, language: .portuguese, share: 6),
        Country(code: "JP", hours: 9, language: .japanese, share: 4),
        Country(code: "SG", hours: 8, language: .chinese, share: 4),
        Country(code: "TW", hours: 8, language: .chinese, share: 4),
        Country(code: "HK", hours: 8, language: .chinese, share: 3),
        Country(code: "AU", hours: 10, language: .english, share: 3),
        Country(code: "NG", hours: 1, language: .english, share: 3),
        Country(code: "PL", hours: 1, language: .other, share: 3),
        Country(code: "VN", hours: 7, language: .other, share: 3),
        Country(code: "KR", hours: 9, language: .other, share: 3),
    ]

    static func draw(_ random: inout Random) -> Country {
        all[random.weighted(all.map(\.share))]
    }
}
