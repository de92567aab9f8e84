// swift-tools-version: 6.2
import PackageDescription

/// `./test` and CI set this so that a warning fails the build; a user's newer compiler does not.
let strict = Context.environment["STILLWATCH_WARNINGS_AS_ERRORS"] == "1"

let settings: [SwiftSetting] =
    [.enableUpcomingFeature("MemberImportVisibility"), .enableUpcomingFeature("ExistentialAny")]
    + (strict ? [.treatAllWarnings(as: .error)] : [])

/// The program of `Benchmarks`, built a second time as a part of this package so that `./test`, which counts its
/// instructions, need not build everything twice.
let counted: [Target] =
    strict
    ? [
        .executableTarget(
            name: "counted",
            dependencies: [
                "Exchanges", "Sketches", "Detection", "Scanning", "Simulation", "Watermarking",
            ],
            path: "Benchmarks/Sources/benchmarks", swiftSettings: settings)
    ] : []

let package = Package(
    name: "stillwatch",
    products: [
        .executable(name: "stillwatch", targets: ["stillwatch"]),
        .executable(name: "stillwatch-gateway", targets: ["stillwatch-gateway"]),
    ]
        // What Benchmarks takes.
        + ["Exchanges", "Sketches", "Detection", "Scanning", "Simulation", "Watermarking"].map {
            module in
            .library(name: module, targets: [module])
        },
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        // The gateway's alone: `swift build --product stillwatch` builds none of them.
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(
            url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // Debian's C and C++ libraries.
        .systemLibrary(name: "CCompression", pkgConfig: "libzstd"),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(
            name: "CHyperscan", pkgConfig: "libhs", providers: [.apt(["libhyperscan-dev"])]),
        .target(
            name: "CLeiden", linkerSettings: [.linkedLibrary("igraph")]),
        .target(name: "CSimdjson", linkerSettings: [.linkedLibrary("simdjson")]),
        .target(name: "CNative"),
        .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
        .systemLibrary(
            name: "CPostgreSQL", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),

        // The pipeline, left to right.
        .target(name: "Exchanges", dependencies: ["CSimdjson"], swiftSettings: settings),
        .target(name: "Sketches", swiftSettings: settings),
        .target(
            name: "Detection",
            dependencies: ["Exchanges", "Sketches", "CHyperscan", "CLeiden", "CNative"],
            swiftSettings: settings),
        .target(
            name: "Scanning",
            dependencies: [
                "Exchanges", "Sketches", "Detection", "CCompression", "CCrypto", "CSimdjson",
            ],
            swiftSettings: settings),
        .target(name: "CaseFiles", dependencies: ["Detection"], swiftSettings: settings),
        .target(
            name: "Watching", dependencies: ["Exchanges", "Sketches", "Detection", "Scanning"],
            swiftSettings: settings),
        .target(name: "Simulation", dependencies: ["CCompression"], swiftSettings: settings),

        // Marks in answers, beside the pipeline.
        .target(name: "CWatermark"),
        .target(
            name: "Watermarking", dependencies: ["CWatermark", "CCrypto"], swiftSettings: settings),
        .systemLibrary(
            name: "CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),
        .target(
            name: "Tokenizing", dependencies: ["CPCRE2", "CCrypto"], swiftSettings: settings),
        .target(name: "Charts", swiftSettings: settings),
        .target(
            name: "Documents", dependencies: ["Scanning", "Watermarking", "CSimdjson"],
            swiftSettings: settings),
        .target(
            name: "Drills",
            dependencies: ["Exchanges", "Sketches", "Detection", "Scanning", "Simulation"],
            swiftSettings: settings),

        // The gateway.
        .target(
            name: "Store",
            dependencies: [
                "CPostgreSQL", "CCrypto", .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: settings),
        .target(
            name: "Enforcement",
            dependencies: [
                "CHiredis", "CCrypto", "CSimdjson", .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: settings),
        .target(
            name: "Gateway",
            dependencies: [
                "Exchanges", "Sketches", "Detection", "Scanning", "Store", "Enforcement",
                "Watermarking", "CCompression",
                "CCrypto",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOHTTPCompression", package: "swift-nio-extras"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ], swiftSettings: settings),
        .executableTarget(
            name: "stillwatch-gateway",
            dependencies: [
                "Gateway",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ], swiftSettings: settings),
        .executableTarget(
            name: "stillwatch",
            dependencies: [
                "Exchanges", "Detection", "Scanning", "CaseFiles", "Watching", "Simulation",
                "Drills", "Watermarking", "Documents", "Tokenizing", "Charts",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Yams", package: "Yams"),
            ], swiftSettings: settings),

        .testTarget(
            name: "ExchangesTests", dependencies: ["Exchanges"], exclude: ["Fixtures"],
            swiftSettings: settings),
        .testTarget(name: "SketchesTests", dependencies: ["Sketches"], swiftSettings: settings),
        .testTarget(
            name: "DetectionTests", dependencies: ["Detection", "Exchanges", "Sketches"],
            swiftSettings: settings),
        .testTarget(
            name: "ScanningTests",
            dependencies: [
                "Scanning", "Exchanges", "Detection", "Sketches", "Simulation", "CCompression",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "CaseFilesTests", dependencies: ["CaseFiles", "Detection"],
            swiftSettings: settings),
        .testTarget(
            name: "DrillsTests",
            dependencies: ["Drills", "Scanning", "Detection", "Simulation", "Sketches"],
            swiftSettings: settings),
        .testTarget(
            name: "WatchingTests",
            dependencies: [
                "Watching", "Scanning", "Exchanges", "Detection", "Sketches", "Simulation",
                "CCompression",
            ], exclude: ["Receiver.py"], swiftSettings: settings),
        .testTarget(
            name: "StoreTests",
            dependencies: [
                "Store", "CPostgreSQL", "CCrypto", .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "EnforcementTests", dependencies: ["Enforcement", "CHiredis"],
            swiftSettings: settings),
        .testTarget(
            name: "GatewayTests",
            dependencies: [
                "Gateway", "Enforcement", "Store", "Exchanges", "Sketches", "Detection", "Scanning",
                "Simulation", "Watermarking",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ], swiftSettings: settings),
        .testTarget(
            name: "WatermarkingTests", dependencies: ["Watermarking", "CWatermark", "CCrypto"],
            exclude: ["Fixtures", "ProvenanceModel.py"], swiftSettings: settings),
        .testTarget(
            name: "TokenizingTests", dependencies: ["Tokenizing"], exclude: ["Fixtures"],
            swiftSettings: settings),
        .testTarget(name: "ChartsTests", dependencies: ["Charts"], swiftSettings: settings),
        .testTarget(
            name: "DocumentsTests", dependencies: ["Documents", "Scanning", "Watermarking"],
            swiftSettings: settings),
        .testTarget(name: "SimulationTests", dependencies: ["Simulation"], swiftSettings: settings),
    ] + counted,
    cLanguageStandard: .c11,
    cxxLanguageStandard: .cxx17
)
